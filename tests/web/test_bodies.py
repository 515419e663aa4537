"""Bodies read as JSON: what is wrong with one is said, and how much one holds is known before anything is built."""

import json

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import plaudit.web.bodies as bodies
from plaudit.web import ApiError, BodyLimits, JsonAnswer, TrailingSlashes, count_values, read_json


def counted_one_by_one(text):
    """As `count_values`, with a state machine over single characters."""
    count, inside, escaped = 1, False, False
    for character in text:
        if not inside or escaped or character not in '\\"':
            count += not inside and character in "[{,:"
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            inside = not inside
    return count


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1 << 20])
@given(text=st.text(alphabet='"\\[{,:a', max_size=40))
def test_values_are_counted_outside_texts_whatever_the_pieces(piece, text):
    before, bodies._CHUNK = bodies._CHUNK, piece
    try:
        assert count_values(text.encode()) == counted_one_by_one(text)
    finally:
        bodies._CHUNK = before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def size(value):
    """Values in a value, itself included."""
    if isinstance(value, dict):
        return 1 + sum(map(size, value.values()))
    return 1 + sum(map(size, value)) if isinstance(value, list) else 1


@given(json_values, st.booleans())
def test_no_fewer_are_counted_than_there_are(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert count_values(body) >= size(value)
    assert read_json(body, 1000) == value


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "the body is empty"),
        (b" \n", 400, "the body is empty"),
        (b'{"a":', 400, "the body is not JSON: Expecting value at character 5"),
        (b'{"a": "\xff"}', 400, "the body is not UTF-8 (byte 7)"),
        ('{"a": 1}'.encode("utf-16"), 400, "the body is not UTF-8 (byte 0)"),
        (b"\x1f\x8b\x08\x00", 400, "the body is not UTF-8 (byte 1)"),
        (b"[" * 100_000 + b"]" * 100_000, 400, "nested too deeply"),
        (b"9" * 5000, 400, "a number in the body is too large to be read"),
        (b"[" + b"1," * 200_000 + b"1]", 413, "the body holds 200,002 values, more than 150,000"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(body, status, words):
    with pytest.raises(ApiError) as refused:
        read_json(body, 150_000)
    assert refused.value.status == status
    assert words in refused.value.message


def test_half_a_surrogate_pair_comes_back_as_it_was_sent():
    assert json.loads(JsonAnswer({"id": "a\ud83d 你好"}).body) == {"id": "a\ud83d 你好"}
    assert "你好" in JsonAnswer({"id": "你好"}).body.decode()


@pytest.mark.anyio
async def test_compressed_bodies_and_slashes_at_the_end():
    app = Starlette(routes=[Route("/a", lambda request: PlainTextResponse("here"), methods=["GET", "POST"])])
    app.router.redirect_slashes = False
    transport = httpx2.ASGITransport(TrailingSlashes(BodyLimits(app, most_bytes=100)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://host") as http:
        for path in ("/a", "/a/", "/a//"):
            assert (await http.get(path)).text == "here"
        assert (await http.get("/")).status_code == 404
        refused = await http.post("/a", content=b"x", headers={"Content-Encoding": "gzip"})
        assert (refused.status_code, refused.headers["accept-encoding"]) == (415, "identity")
        assert "Content-Encoding gzip" in refused.json()["error"]["message"]
        assert (await http.post("/a", content=b"x", headers={"Content-Encoding": "identity"})).status_code == 200
