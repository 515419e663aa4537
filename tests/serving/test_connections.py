"""What happens below HTTP: upgrades, sockets that a killed server left, signals at the start, the wrong scheme."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest
from serving.served import Served, serving

from plaudit.errors import InvalidInputError, NotFoundError, PlauditError, TooLongError
from plaudit.groups import Group
from plaudit.model import AsyncClient, Client
from plaudit.serving import Access, HostedModels, ServingSettings, running_server
from plaudit.serving.server import ModelServer
from plaudit.web import Tokens


@pytest.mark.parametrize("size", [10, 200_000])
def test_an_offer_to_upgrade_is_declined_and_the_body_read(folder, size):
    """As `curl --http2` asks over plain HTTP/1.1."""
    body = b'{"prompt": "' + b"a " * size + b'", "response": "b"}'
    head = (
        "POST /reward HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        f"HTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with running_server({"tiny": str(folder)}) as address:
        plain = httpx2.post(f"{address}/reward", content=body, timeout=600)
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=600) as caller:
            # Head and body apart, then the next request over the same connection.
            caller.sendall(head.encode())
            caller.sendall(body)
            answer = _answer(caller)
            caller.sendall(b"GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b"live" in _answer(caller)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(plain.content)


def _answer(caller):
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += caller.recv(65536)
    length = int(re.search(rb"content-length: (\d+)", data, re.IGNORECASE)[1])
    while len(data) < end + 4 + length:
        data += caller.recv(65536)
    return data


def test_a_socket_that_a_killed_server_left_is_taken_over(tmp_path):
    file = tmp_path / "s"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(file))
    left.close()
    with Access(socket_path=file).bind():
        for path in (file, tmp_path / "missing" / "s", tmp_path / ("x" * 200)):
            with pytest.raises(InvalidInputError, match="; choose another --uds") as refused:
                Access(socket_path=path).bind()
            assert "--port" not in str(refused.value)
        with pytest.raises(InvalidInputError, match="a server listens there"):
            Access(socket_path=file).bind()
    other = tmp_path / "text"
    other.write_text("mine")
    with pytest.raises(InvalidInputError, match="there is a file of that name"):
        Access(socket_path=other).bind()
    assert other.read_text() == "mine"


def test_two_servers_do_not_both_begin_on_one_port():
    with (
        Access(port=0).bind() as first,
        pytest.raises(InvalidInputError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address already in use"),
    ):
        Access(port=first.getsockname()[1]).bind()


def test_a_server_that_ends_leaves_its_socket_to_the_next(folder, tmp_path, monkeypatch):
    """Who is told to stop listens no more, works off what waits, and may find that the next one has begun."""
    access, finish, taken = Access(socket_path=tmp_path / "s"), ModelServer.finish, []

    def slowly(self):
        taken.append(access.bind())
        finish(self)

    with running_server({"tiny": str(folder)}, access=access):
        monkeypatch.setattr(ModelServer, "finish", slowly)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(access.socket_path))
    access.release(*taken)
    assert not access.socket_path.exists()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says which signals are caught")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_heeded_while_it_still_imports(number, folder, tmp_path):
    log = tmp_path / "log"
    command = [sys.executable, "-m", "plaudit.cli", "serve", str(folder), "--port", "0"]
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    server = Served("", process, log)
    try:
        bit = 1 << (signal.SIGHUP - 1)
        status = Path(f"/proc/{process.pid}/status")
        while not int(re.search(r"SigCgt:\s+(\w+)", status.read_text())[1], 16) & bit:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGHUP)
        server.wait_for("starting|serving")
        assert server.end(number) == 0
    finally:
        if process.poll() is None:
            process.kill()
    assert "Traceback" not in server.printed()


def test_hanging_up_at_the_start_does_not_keep_it_from_serving(folder):
    with serving(folder) as server:
        process = server.process
        process.send_signal(signal.SIGHUP)
        server.wait_for("reloaded")
        assert httpx2.get(f"{server.url}/health", timeout=600).status_code == 200
        assert server.end() == 0


def test_after_its_delay_a_server_ends_by_itself(folder):
    with running_server({"tiny": str(folder)}, ServingSettings(drain_delay=0.1)) as url:
        pass
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url, timeout=600)


def test_a_server_that_has_ended_before_it_is_told_to_says_why(folder, monkeypatch):
    def broken(self):
        raise PlauditError("no such weights")

    end = ModelServer.handle_exit

    def late(self, number, frame):
        while not self._loop.is_closed():
            time.sleep(0.001)
        end(self, number, frame)

    monkeypatch.setattr(HostedModels, "load", broken)
    monkeypatch.setattr(ModelServer, "handle_exit", late)
    running = running_server({"tiny": str(folder)}, ServingSettings(drain_delay=1))
    with pytest.raises(PlauditError, match="no such weights"), running:
        raise AssertionError("it runs")


@pytest.mark.anyio
async def test_https_to_a_server_of_http_is_said_at_once(monkeypatch):
    def never(*arguments):
        raise AssertionError("it is tried again")

    monkeypatch.setattr("plaudit.model.remote.client.pause_before", never)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            for _ in range(2):
                caller, _ = listener.accept()
                with caller:
                    caller.recv(4096)
                    caller.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        groups = [Group("q", "a", ("b",))]
        with pytest.raises(NotFoundError, match="does not speak TLS: give http://127"):
            Client(url).score(groups)
        async with AsyncClient(url) as client:
            with pytest.raises(NotFoundError, match="does not speak TLS: give http://127"):
                await client.score(groups)
        thread.join()


def test_a_token_of_any_script_opens_and_blanks_around_one_are_no_part_of_it(folder, monkeypatch):
    monkeypatch.setenv("PLAUDIT_TOKEN", " schlüssel\n")
    access = Access(port=0, tokens=Tokens.of_environment("PLAUDIT_TOKEN"))
    with running_server({"tiny": str(folder)}, access=access) as url:
        for token in (None, "schlüssel"):
            assert len(Client(url, token=token).score([Group("q", "a", ("b",))])) == 1
        for header in ("Bearer schlüssel".encode(), "Bearer schlüssel".encode("latin-1")):
            assert asked(url, header).status_code == 200
        assert asked(url, b"Bearer x").status_code == 401


def asked(url, header):
    return httpx2.get(f"{url}/v1/models", headers={b"Authorization": header}, timeout=600)


def test_a_caller_is_told_of_a_group_by_its_id(folder):
    long = "why is the sea green " * 100
    groups = [Group("first", "a", ("b",)), Group("mine", "a", ("b", long))]
    with running_server({"tiny": str(folder)}) as url, pytest.raises(TooLongError) as refused:
        Client(url).score(groups)
    assert f"a response of group 'mine' ({long[:40]!r}…) does not fit the context of 256 tokens" in str(refused.value)
