"""Who is let in, and how an error looks."""

from base64 import b64encode

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from plaudit.errors import InvalidInputError
from plaudit.web import BodyLimits, FailureAnswers, RequestLog, TokenGate, Tokens


def client(app):
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://host")


async def hello(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await PlainTextResponse(f"{len(body)}")(scope, receive, send)


def basic(password, user="any"):
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "header",
    ["Bearer one", "bearer two", basic("one"), basic("two", user=""), "Basic " + b64encode(b"u:one").decode() + " "],
)
def test_a_token_opens_as_bearer_and_as_password(header):
    assert Tokens(["one", "two"]).accept(header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "one",
        "Bearer",
        "Bearer ",
        "Bearer three",
        basic("three"),
        basic(""),
        "Basic !!!",
        "Basic " + b64encode(b"one").decode(),
        "Basic " + b64encode(b"\xff:one\xff").decode(),
        "Digest one",
    ],
)
def test_nothing_else_does(header):
    assert not Tokens(["one", "two"]).accept(header)


def test_an_empty_token_opens_nothing():
    assert not Tokens([""]).accept(basic(""))
    assert not Tokens([])


def test_tokens_come_from_a_file(tmp_path):
    file = tmp_path / "tokens"
    file.write_text("# of the trainers\none\n\n  two  \n")
    tokens = Tokens.of_file(file)
    assert [tokens.accept(f"Bearer {token}") for token in ("one", "two", "# of the trainers")] == [True, True, False]
    file.write_text("# none\n")
    with pytest.raises(InvalidInputError, match="holds no token; write one a line"):
        Tokens.of_file(file)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        Tokens.of_file(tmp_path / "other")


@pytest.mark.anyio
async def test_the_gate_guards_every_path_but_the_open_ones():
    async with client(TokenGate(hello, tokens=Tokens(["one"]), open_paths=["/health"])) as http:
        assert (await http.get("/health")).status_code == 200
        refused = await http.get("/metrics")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.json()["error"]["code"] == "unauthorized"
        assert (await http.get("/metrics", auth=("any", "one"))).status_code == 200
        assert (await http.get("/health/../metrics")).status_code == 401
    async with client(TokenGate(hello, tokens=Tokens())) as http:
        assert (await http.get("/metrics")).status_code == 200


@pytest.mark.anyio
async def test_bodies_have_a_size_and_a_kind():
    async with client(BodyLimits(hello, most_bytes=10)) as http:
        assert (await http.post("/", content=b"1234567890")).text == "10"
        assert (await http.post("/", content=b"12345678901")).status_code == 413

        async def chunks():
            for _ in range(6):
                yield b"12"

        # Without a length said before.
        refused = await http.post("/", content=chunks())
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
        for kind, status in {
            "application/json": 200,
            "application/json; charset=utf-8": 200,
            "application/problem+json": 200,
            "text/plain": 415,
            "application/x-www-form-urlencoded": 415,
        }.items():
            assert (await http.post("/", content=b"{}", headers={"Content-Type": kind})).status_code == status


@pytest.mark.anyio
async def test_each_request_has_an_id_and_a_line_and_no_traceback(caplog):
    async def failing(scope, receive, send):
        raise KeyError("a secret text")

    seen = []
    with caplog.at_level("INFO", "plaudit.web.request_log"):
        async with client(RequestLog(hello, observe=lambda *row: seen.append(row))) as http:
            assert (await http.get("/a", headers={"X-Request-Id": "mine-1"})).headers["x-request-id"] == "mine-1"
            assert len((await http.get("/a", headers={"X-Request-Id": "a b\tc"})).headers["x-request-id"]) == 32
        async with client(RequestLog(FailureAnswers(failing), observe=lambda *row: seen.append(row))) as http:
            failed = await http.get("/b")
    assert [(wire, code, refused) for wire, code, _, refused in seen] == [
        ("other", 200, None),
        ("other", 200, None),
        ("other", 500, "internal"),
    ]
    assert failed.status_code == 500
    assert "secret" not in failed.text
    assert failed.headers["x-request-id"] in failed.json()["error"]["message"]
    assert '"path": "/a", "code": 200' in caplog.messages[0]
