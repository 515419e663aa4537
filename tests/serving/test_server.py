"""A server at work, in a process of its own: nothing lost, nothing swapped, whatever happens to it."""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import time

import httpx2
import numpy as np
import pytest
from forking import run
from serving.served import client, serving
from tiny import tiny_model_folder

from plaudit.cli import main
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model import AsyncClient, Client, RemoteScorer, RewardModel, open_model
from plaudit.serving import Access, named_sources

pytestmark = pytest.mark.anyio

PROMPTS = ["why is the sky blue", "please answer", "the cat sat on the mat"]


def groups(count):
    return [Group(f"{n}", PROMPTS[n % 3], (f"because {n} the air",)) for n in range(count)]


async def until(condition):
    ends = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)


def sample(group):
    return {"prompt": group.prompt, "response": group.responses[0]}


@pytest.fixture(scope="module")
def offline(folder):
    """The scores of `groups(2000)`, as `plaudit score` gives them."""
    return [row[0].score for row in RewardModel.from_pretrained(folder).score(groups(2000))]


async def test_two_thousand_at_once(folder, offline):
    with serving(folder) as server:
        async with client(server.url) as http:
            answers = await asyncio.gather(*(http.post("/reward", json=sample(group)) for group in groups(2000)))
        assert {answer.status_code for answer in answers} == {200}
        np.testing.assert_allclose([answer.json() for answer in answers], offline, rtol=1e-5, atol=1e-5)
        assert len(server.requests()) == 2000


async def test_half_of_the_clients_leave_and_the_others_lose_nothing(folder, offline):
    long = [f"{n} the sea and the air " * 8 for n in range(400)]
    with serving(folder, set="cache_mib=0") as server:
        async with client(server.url) as http, client(server.url) as leaving:

            async def leave(number):
                with pytest.raises(httpx2.TimeoutException):
                    await leaving.post("/v1/rewards", json={"prompt": f"{number}", "responses": long}, timeout=1)

            async def stay(number):
                mine = groups(2000)[number * 10 : number * 10 + 10]
                rows = [{"prompt": group.prompt, "responses": list(group.responses)} for group in mine]
                answer = (await http.post("/v1/rewards", json={"groups": rows})).json()
                return [result["scores"][0]["score"] for result in answer["results"]]

            *_, scores = await asyncio.gather(
                *(leave(number) for number in range(30)), asyncio.gather(*(stay(number) for number in range(30)))
            )
            np.testing.assert_allclose(np.ravel(scores), offline[:300], rtol=1e-5, atol=1e-5)
            metrics, ends = "", time.monotonic() + 600
            # That they have left is seen when their turn comes.
            while "plaudit_disconnected_total 0.0" in metrics or 'queued_tokens{model="tiny"} 0.0' not in metrics:
                assert time.monotonic() < ends, metrics
                metrics = (await http.get("/metrics")).text
        # What nobody waited for was not computed.
        assert float(re.search(r"^plaudit_forward_responses_sum\S* (\S+)", metrics, re.MULTILINE)[1]) < 30 * 400


async def test_told_to_stop_with_a_full_queue_it_answers_everybody_and_ends_well(folder, offline):
    with serving(folder) as server:
        async with client(server.url) as http:
            asked = [asyncio.ensure_future(http.post("/reward", json=sample(group))) for group in groups(500)]
            await until(lambda: any(task.done() for task in asked))
            server.process.send_signal(signal.SIGTERM)
            answers = await asyncio.gather(*asked, return_exceptions=True)
        assert await asyncio.to_thread(server.process.wait, 600) == 0
        assert "stopping" in server.printed()
        taken = [n for n, answer in enumerate(answers) if not isinstance(answer, Exception)]
        assert {answers[n].status_code for n in taken} <= {200, 503}
        scored = [n for n in taken if answers[n].status_code == 200]
        np.testing.assert_allclose([answers[n].json() for n in scored], [offline[n] for n in scored], atol=1e-5)
        # Whoever had connected before the signal is answered; the rest were told at once, and may try elsewhere.
        refused = [answer for answer in answers if isinstance(answer, Exception)]
        assert all(isinstance(error, (httpx2.NetworkError, httpx2.RemoteProtocolError)) for error in refused)
        assert len(server.requests()) == len(taken)


async def test_before_it_stops_it_says_so_to_the_proxy_and_a_second_signal_ends_it_at_once(folder):
    with serving(folder, set="drain_delay=3600") as server:
        async with client(server.url) as http:
            assert (await http.get("/health/ready")).status_code == 200
            server.process.send_signal(signal.SIGTERM)
            server.wait_for("stopping")
            assert (await http.get("/health/ready")).status_code == 503
            assert (await http.get("/health/live")).status_code == 200
            # A request that comes before the proxy knows is answered.
            assert (await http.post("/reward", json=sample(groups(1)[0]))).status_code == 200
        assert await asyncio.to_thread(server.end, signal.SIGINT) == 0


async def test_reloading_under_load_loses_nothing_and_a_broken_folder_changes_nothing(tmp_path, folder, offline):
    model = tmp_path / "model"
    shutil.copytree(folder, model)
    second = RewardModel.from_pretrained(tiny_model_folder(tmp_path / "second", seed=1))
    other = [row[0].score for row in second.score(groups(300))]
    secret = {"PLAUDIT_ADMIN_TOKEN": "root"}
    with serving(model, set="cache_mib=0", environment=secret) as server:
        async with client(server.url) as http:
            versions = {(await http.get("/v1/models")).json()["data"][0]["version"]}
            stop = asyncio.Event()
            seen = {}

            async def keep_asking():
                while not stop.is_set():
                    for number, group in enumerate(groups(300)):
                        answer = await http.post("/reward", json=sample(group))
                        seen.setdefault(answer.headers["x-plaudit-version"], {})[number] = answer
                        if stop.is_set():
                            break

            asking = [asyncio.ensure_future(keep_asking()) for _ in range(4)]
            await until(lambda: seen)
            assert (await http.post("/admin/reload", content=b"{}")).status_code == 401
            (model / "config.json").rename(model / "config.json.away")
            broken = await http.post("/admin/reload", auth=("any", "root"))
            assert (broken.status_code, broken.json()["error"]["code"]) == (422, "reload_failed")
            assert {(await http.get("/v1/models")).json()["data"][0]["version"]} == versions
            shutil.rmtree(model)
            shutil.copytree(tmp_path / "second", model)
            os.kill(server.process.pid, signal.SIGHUP)
            await asyncio.to_thread(server.wait_for, "reloaded model")
            await until(lambda: len(seen) == 2)
            stop.set()
            await asyncio.gather(*asking)
    for version, answers in seen.items():
        expected = offline if version in versions else other
        assert {answer.status_code for answer in answers.values()} == {200}
        got = [answer.json() for answer in answers.values()]
        np.testing.assert_allclose(got, [expected[n] for n in answers], rtol=1e-5, atol=1e-5)


async def test_one_of_two_replicas_is_killed_and_clients_that_try_again_lose_nothing(folder, offline):
    """Behind a proxy that sends each connection to the replica with the fewest."""
    with serving(folder, set="cache_mib=0") as first, serving(folder, set="cache_mib=0") as second:
        ports = [int(server.url.rsplit(":", 1)[1]) for server in (first, second)]
        load = dict.fromkeys(ports, 0)

        async def pipe(reader, writer):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
            finally:
                writer.close()

        async def connect(reader, writer):
            for port in sorted(ports, key=load.get):
                try:
                    to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    continue
                load[port] += 1
                await asyncio.gather(pipe(reader, to_writer), pipe(to_reader, writer))
                load[port] -= 1
                return
            writer.close()

        proxy = await asyncio.start_server(connect, "127.0.0.1", 0, backlog=2048)
        url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        async with proxy:
            clients = [AsyncClient(url) for _ in range(20)]
            mine = groups(400)

            async def ask(number):
                return [(await clients[number].score([group]))[0][0].score for group in mine[number::20]]

            asking = asyncio.gather(*(ask(number) for number in range(20)))
            await asyncio.sleep(0.4)
            first.process.kill()
            answers = await asking
            for one in clients:
                await one.close()
        for number, scores in enumerate(answers):
            np.testing.assert_allclose(scores, offline[number:400:20], rtol=1e-5, atol=1e-5)


def test_a_url_stands_in_a_models_place(folder, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt":"why","responses":["because","the sea"]}\n{"prompt":"hm","responses":["ok"]}\n')
    (tmp_path / "token").write_text("s3cret\n")
    with serving(folder, token_file=tmp_path / "token") as server:
        url = server.url.replace("http://", "http://any:s3cret@")

        remote, local = run("score", url, rows, "--no-record"), run("score", folder, rows, "--no-record")
        assert remote.returncode == 0, remote.stderr
        assert len(remote.stdout.splitlines()) == 3
        for line, other in zip(remote.stdout.splitlines(), local.stdout.splitlines(), strict=True):
            here, there = json.loads(line), json.loads(other)
            assert here.pop("score") == pytest.approx(there.pop("score"), abs=1e-5)
            assert here == there
        spelled_out = run("score", "--server", url, rows, "--no-record")
        assert spelled_out.stdout == remote.stdout
        refused = run("score", server.url, rows)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        assert "wants a token; set PLAUDIT_TOKEN" in refused.stderr
        assert "s3cret" not in run("score", url, rows).stdout
        scorer = open_model(url)
        with pytest.raises(InvalidInputError, match="is a server; its model is saved where it was trained"):
            scorer.save(tmp_path / "copy")
        with pytest.raises(InvalidInputError, match="takes no precision"):
            open_model(url, precision="fp32")
        assert [score.response for score in scorer.rank("why", ["because", "because"])] == [0, 1]
        probed = run("probe", url, rows, "--json")
        assert probed.returncode == 0, probed.stderr
        long = tmp_path / "long.jsonl"
        long.write_text(json.dumps({"prompt": "why is the sky blue " * 200, "responses": ["because", "so"]}) + "\n")
        warned, here = run("score", url, long, "--no-record").stderr, run("score", folder, long, "--no-record").stderr
        assert "2 responses were read with the middle of their prompt cut to fit 256 tokens" in warned
        assert warned == here


def test_a_server_that_was_started_anew_is_the_same_scorer():
    infos = [{"id": "helpful", "version": version, "created": at} for at, version in ((1, "a"), (2, "a"), (3, "b"))]
    records = [RemoteScorer(Client("http://localhost:8000"), info).run_record("scores") for info in infos]
    assert records[0] == records[1] != records[2]


def test_nobody_there_is_said_in_seconds(tmp_path, monkeypatch):
    pauses = tmp_path / "pauses"

    def pause(attempt, retry_after=None):
        with pauses.open("a") as file:
            file.write(f"{attempt} {retry_after}\n")
        return 0.0

    monkeypatch.setattr("plaudit.model.remote.client.pause_before", pause)
    done = run("score", "http://127.0.0.1:9", "-", stdin='{"prompt":"a","responses":["b"]}')
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot be reached" in done.stderr
    # Once more, after about a second.
    assert pauses.read_text() == "0 None\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-model"], "no model folder"),
        (["MODEL", "--host", "0.0.0.0"], "there is no token; set PLAUDIT_TOKEN"),
        (["MODEL", "--host", "192.0.2.1", "--no-auth"], "cannot listen on 192.0.2.1:0"),
        (["MODEL", "a=MODEL", "a=MODEL"], "two models are called 'a'"),
        (["MODEL", "--affine", "3"], "--affine is '3'; give MEAN:SD"),
        (["MODEL", "--patience", "-1"], "patience"),
        (["MODEL", "--set", "nothing=1"], "nothing"),
        (["MODEL", "--token-file", "no-such-file"], "the tokens cannot be read"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(arguments, words, folder, monkeypatch, capsys):
    # Lines of requests would go to the stream of this test for good.
    monkeypatch.setattr("plaudit.serving.log_requests", lambda: None)
    line = ["plaudit", "serve", "--port", "0", *(argument.replace("MODEL", str(folder)) for argument in arguments)]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as end:
        main()
    told = capsys.readouterr().err
    assert (end.value.code, told.count("\n")) == (2, 1), told
    assert words in told


def test_names_and_addresses():
    assert named_sources(["a/b", "c=a/b", "org/model"]) == {"b": "a/b", "c": "a/b", "model": "org/model"}
    Access(host="127.0.0.2").check()
    Access(host="::1").check()
    Access(host="localhost").check()
    with pytest.raises(InvalidInputError, match="can be reached from other machines"):
        Access(host="::").check()
