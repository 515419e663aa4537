"""What is malformed, or too much, is refused at its first fault, before anything is made of it, and counted."""

import asyncio
import json
import re
import threading

import httpx2
import pytest
from pydantic import ValidationError

from plaudit.serving import HostedModels, ServerMetrics, ServingSettings, create_app
from plaudit.serving.wires import bodies, exchange, llama_factory, native, openrlhf, rerank, slime, vllm
from plaudit.web import Tokens

pytestmark = pytest.mark.anyio

NUMBERS = list(range(1000))
MISSHAPEN = {
    "responses": (native.RewardsRequest, {"prompt": "a", "responses": NUMBERS}, "responses[0]"),
    "a prompt": (native.RewardsRequest, {"prompt": NUMBERS, "responses": ["b"]}, "prompt[0]"),
    "messages": (native.RewardsRequest, {"prompt": "a", "responses": ["b", NUMBERS]}, "responses[1][0]"),
    "groups": (native.RewardsRequest, {"groups": NUMBERS}, "groups[0]"),
    "responses of a group": (
        native.RewardsRequest,
        {"groups": [{"prompt": "a", "responses": ["b"]}, {"prompt": "a", "responses": ["b", *NUMBERS]}]},
        "groups[1].responses[1]",
    ),
    "tools": (native.RewardsRequest, {"prompt": "a", "responses": ["b"], "tools": NUMBERS}, "tools[0]"),
    "queries": (openrlhf.GetRewardRequest, {"query": NUMBERS}, "query[0]"),
    "input": (vllm.PoolingRequest, {"input": NUMBERS}, "input[0]"),
    "text": (vllm.ClassifyRequest, {"text": NUMBERS}, "text[0]"),
    "a conversation": (vllm.EmbeddingsRequest, {"messages": NUMBERS}, "messages[0]"),
    "pairs": (rerank.ScoreRequest, {"queries": NUMBERS, "documents": NUMBERS}, "queries[0]"),
    "documents": (rerank.RerankRequest, {"query": "a", "documents": NUMBERS}, "documents[0]"),
    "documents' texts": (rerank.RerankRequest, {"query": "a", "documents": [{"text": 1}] * 1000}, "documents[0].text"),
    "a sample": (slime.SampleRequest, {"prompt": NUMBERS, "response": "b"}, "prompt[0]"),
    "conversations": (llama_factory.ScoreEvaluationRequest, {"messages": NUMBERS}, "messages[0]"),
}


@pytest.mark.parametrize("case", MISSHAPEN)
def test_the_first_wrong_element_ends_the_reading_of_a_list(case):
    shape, body, place = MISSHAPEN[case]
    with pytest.raises(ValidationError) as wrong:
        shape.model_validate(body)
    # Two lists, of two kinds at most: not one error for each of a thousand elements.
    assert wrong.value.error_count() <= 6
    refused = bodies._misshapen(wrong.value)
    assert (refused.status, refused.param) == (400, place)
    assert refused.message.startswith(f"{place} must be ")


async def test_errors_say_what_would_be_right(host, folder):
    client, _ = host({"tiny": folder})
    for body, words in {
        '{"prompt": "a", "responses": [1]}': "responses[0] must be a text or a list",
        '{"prompt": "a", "responses": [[1]]}': "responses[0][0] must be an object",
        '{"groups": [{"responses": ["b"]}]}': "groups[0].prompt is missing",
        "[1]": "the body must be an object",
        '{"prompt": "a", "responses": ["b"], "truncate_responses": 1}': "truncate_responses must be true or false",
    }.items():
        answer = await client.post("/v1/rewards", content=body)
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, words)
    missing = await client.post("/v1/embeddings", json={"input": "a", "encoding_format": "hex"})
    assert missing.json()["error"]["message"] == "encoding_format must be 'float' or 'base64'"


TOO_MUCH = {
    "responses": ("/v1/rewards", {"prompt": "a", "responses": ["b"] * 5}, "5 responses are more than 4"),
    "responses of two groups": (
        "/v1/rewards",
        {"groups": [{"prompt": "a", "responses": ["b"] * 3}] * 2},
        "6 responses are more than 4",
    ),
    "groups": ("/v1/rewards", {"groups": [{"prompt": "a", "responses": []}] * 5}, "5 groups are more than 4"),
    "messages of a prompt": (
        "/v1/rewards",
        {"prompt": [{"role": "user", "content": "a"}] * 9, "responses": ["b"] * 3},
        "30 messages are more than 25",
    ),
    "characters": (
        "/v1/rewards",
        {"prompt": "a" * 400, "responses": ["b"] * 3},
        "1,203 characters are more than 1,000",
    ),
    "queries": ("/get_reward", {"query": ["a"] * 5}, "5 query are more than 4"),
    "documents": ("/v1/rerank", {"query": "a", "documents": ["a"] * 5}, "5 documents are more than 4"),
    "pairs": ("/score", {"queries": "a", "items": ["a"] * 5}, "5 items are more than 4"),
    "input": ("/classify", {"input": ["a"] * 5}, "5 input are more than 4"),
    "text": ("/classify", {"text": ["a"] * 5}, "5 text are more than 4"),
    "conversations": ("/v1/score/evaluation", {"messages": ["a"] * 5}, "5 messages are more than 4"),
    "a conversation": ("/pooling", {"messages": [{"role": "user", "content": "a"}] * 30}, "31 messages are more"),
    "a sample": (
        "/reward",
        {"prompt": "a" * 1000, "response": "b"},
        "one response are more than 600; shorten it",
    ),
    "values": ("/reward", {"prompt": "a", "response": "b", "label": [0] * 200}, "values, more than 200"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
async def test_too_much_is_refused_before_anything_is_made_of_it(case, host, folder, monkeypatch):
    path, body, words = TOO_MUCH[case]
    client, _ = host({"tiny": folder}, responses=4, messages=25, characters=1000, longest=600, values=200)

    def make(*arguments, **options):
        raise AssertionError("something was made of it")

    for module, name in [
        (native, "Group"),
        (rerank, "Group"),
        (vllm, "Group"),
        (slime, "Group"),
        (exchange, "WrittenText"),
    ]:
        monkeypatch.setattr(module, name, make)
    answer = await client.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert words in answer.json()["error"]["message"]


async def test_large_bodies_are_read_and_built_beside_the_event_loop(host, folder, monkeypatch):
    client, _ = host({"tiny": folder})
    seen = []

    def noted(name, real):
        return lambda *arguments: (seen.append((name, threading.current_thread().name)), real(*arguments))[1]

    monkeypatch.setattr(bodies, "read_json", noted("read", bodies.read_json))
    monkeypatch.setattr(native, "messages_of", noted("built", native.messages_of))
    for words in (1, 20_000):
        prompt = [{"role": "user", "content": "word " * words}]
        assert (await client.post("/v1/rewards", json={"prompt": prompt, "responses": ["b"]})).status_code == 200
    here = threading.current_thread().name
    assert seen[:2] == [("read", here), ("built", here)]
    assert [name for name, _ in seen[2:]] == ["read", "built"]
    assert all(thread.startswith("plaudit-reading") for _, thread in seen[2:])


async def test_long_prompts_are_tokenised_a_few_at_a_time(host, folder):
    from plaudit.groups import Group
    from plaudit.serving import hosted

    groups = [Group(f"{n}", "x" * (1 << 19), ("b",)) for n in range(5)] + [
        Group(f"{n}", "a", ("b",)) for n in range(70)
    ]
    sizes = [len(chunk) for chunk in hosted._chunks(groups)]
    assert sum(sizes) == 75
    # Two prompts of half a mebi, with their answers, are above a mebi; and never more than 64 at a time.
    assert sizes == [1, 1, 1, 1, 64, 7]


async def test_nothing_to_score_is_called_so(host, folder):
    client, _ = host({"tiny": folder})
    user = [{"role": "user", "content": ""}]
    for path, body, place in [
        ("/v1/rewards", {"prompt": "a", "responses": []}, "responses"),
        ("/v1/rewards", {"groups": [{"prompt": "a", "responses": ["b"]}, {"prompt": "a", "responses": []}]},
         "groups[1].responses"),
        ("/v1/rewards", {"groups": [{"prompt": "", "responses": ["b", ""]}]}, "groups[0].responses[1]"),
        ("/v1/rewards", {"prompt": user, "responses": [[{"role": "assistant", "content": ""}]]}, "responses[0]"),
        ("/reward", {"prompt": "", "response": ""}, "response"),
        ("/score", {"queries": "", "documents": ["a", ""]}, "documents[1]"),
        ("/rerank", {"query": "", "documents": ["a", ""]}, "documents[1]"),
        ("/pooling", {"messages": [*user, {"role": "assistant", "content": ""}]}, "messages"),
    ]:  # fmt: skip
        error = (await client.post(path, json=body)).json()["error"]
        assert (error["code"], error["param"]) == ("empty", place)
        assert error["message"].startswith(place)
    assert (await client.post("/v1/rewards", json={"prompt": "", "responses": ["b"]})).status_code == 200
    assert (await client.post("/v1/rewards", json={"prompt": "a", "responses": [""]})).status_code == 200


LONG = "why is the sea green " * 100
TOO_LONG = {
    "responses[1]": ("/v1/rewards", {"prompt": "a", "responses": ["b", LONG]}),
    "groups[1].responses[1]": (
        "/v1/rewards",
        {"groups": [{"prompt": "a", "responses": ["b"]}, {"prompt": "a", "responses": ["b", LONG]}]},
    ),
    "query[1]": ("/get_reward", lambda text: {"query": [text("b"), text(LONG)]}),
    "input": ("/pooling", lambda text: {"input": text(LONG)}),
    "input[1]": ("/v1/embeddings", lambda text: {"input": [text("b"), text(LONG)]}),
    "text[1]": ("/classify", lambda text: {"text": [text("b"), text(LONG)]}),
    "messages": ("/classify", {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": LONG}]}),
    "messages[1]": ("/v1/score/evaluation", lambda text: {"messages": [text("b"), text(LONG)]}),
    "items[2]": ("/score", {"queries": ["a", "a", "a"], "items": ["b", "b", LONG]}),
    "text_2": ("/v1/score", {"text_1": "a", "text_2": LONG}),
    "documents[1]": ("/v1/rerank", {"query": "a", "documents": ["b", {"text": LONG}]}),
    "response": ("/reward", {"prompt": "a", "response": LONG}),
}


@pytest.mark.parametrize("place", TOO_LONG)
async def test_what_is_too_long_is_called_as_its_protocol_calls_it(place, host, folder):
    path, body = TOO_LONG[place]
    if callable(body):
        body = body(lambda answer: f"<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>")
    client, _ = host({"tiny": folder})
    error = (await client.post(path, json=body)).json()["error"]
    assert (error["code"], error["param"]) == ("response_too_long", place)
    assert error["message"].startswith(f"{place} does not fit the context of 256 tokens")


async def test_half_a_surrogate_pair_is_answered(host, folder):
    client, _ = host({"tiny": folder})
    half = "a\ud83d"
    for path in ("/rerank", "/v1/rerank", "/v2/rerank"):
        body = json.dumps({"query": half, "documents": [half, {"text": half}]})
        answer = await client.post(path, content=body)
        assert [row["document"] for row in answer.json()["results"]] == [{"text": half}] * 2
        silent = await client.post(path, content=body[:-1] + ', "return_documents": false}')
        assert all(set(row) == {"index", "relevance_score"} for row in silent.json()["results"])
    groups = [{"id": half, "prompt": half, "responses": [half]}]
    answer = await client.post("/v1/rewards", content=json.dumps({"groups": groups, "model": half}))
    assert answer.json()["results"][0]["id"] == half
    for path, body in {
        "/get_reward": {"query": [half]},
        "/v1/rewards": {"prompt": [{"role": half, "content": half}], "responses": [[{"role": half, "content": half}]]},
        "/reward": {"prompt": [{"role": half, "content": half}], "response": half},
    }.items():
        assert (await client.post(path, content=json.dumps(body))).status_code in (200, 400, 422)


async def test_every_refusal_is_counted_once_by_its_code(host, folder, monkeypatch):
    client, _ = host({"tiny": folder}, tokens=Tokens(["s"]), responses=3, body_mib=0.01)
    assert (await client.get("/metrics")).status_code == 401
    client.auth = ("any", "s")
    body = {"prompt": "a", "responses": ["b"]}
    await client.post("/v1/rewards", content=b"a" * 20_000)
    await client.post("/v1/rewards", json={"prompt": "a", "responses": ["b"] * 4})
    await client.post("/v1/rewards", content=b"a", headers={"Content-Type": "text/plain"})
    await client.post("/v1/rewards", content=b"{")
    await client.get("/v1/rewards")
    await client.get("/nothing")
    await client.post("/v1/rewards", json=body, headers={"X-Timeout-Seconds": "1e-9"})
    await client.post("/v1/rewards", json={"prompt": "", "responses": [""]})

    def broken(*arguments, **options):
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(native, "_heading", broken)
        assert (await client.post("/v1/rewards", json=body)).status_code == 500
    counts = dict(re.findall(r'plaudit_rejected_total{reason="(\w+)"} (\S+)', (await client.get("/metrics")).text))
    assert {reason: int(float(count)) for reason, count in counts.items()} == {
        "unauthorized": 1,
        "too_large": 2,
        "unsupported_media_type": 1,
        "invalid_request": 1,
        "method_not_allowed": 1,
        "not_found": 1,
        "deadline_exceeded": 1,
        "empty": 1,
        "internal": 1,
    }


@pytest.mark.parametrize("whole", [False, True])
async def test_a_client_that_leaves_is_499_also_in_the_middle_of_its_body(whole, folder):
    hosted = HostedModels({"tiny": str(folder)}, ServingSettings(), ServerMetrics())
    hosted.load()
    body = json.dumps({"prompt": "a", "response": "b " * 60}).encode()
    messages = [{"type": "http.request", "body": body if whole else body[:5], "more_body": not whole}]
    sent = []

    async def receive():
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/reward", "raw_path": b"/reward", "query_string": b""}
    scope |= {"headers": [], "http_version": "1.1", "scheme": "http", "server": ("host", 80), "client": ("c", 1)}
    if whole:

        async def never(*arguments, **options):
            await asyncio.sleep(60)

        hosted.models[0].score = never
    await create_app(hosted)(scope, receive, send)
    hosted.close(5)
    assert sent[0]["status"] == 499
    text = hosted.metrics.text().decode()
    assert 'plaudit_rejected_total{reason="client_gone"} 1.0' in text
    assert "plaudit_disconnected_total 1.0" in text


async def test_a_slash_at_the_end_of_a_path_is_no_other_path(host, folder):
    client, _ = host({"tiny": folder}, tokens=Tokens(["s"]))
    assert (await client.get("/health/")).status_code == 200
    assert (await client.get("/v1/models/")).status_code == 401
    client.auth = ("any", "s")
    answer = await client.post("/reward/", json={"prompt": "a", "response": "b"})
    assert (answer.status_code, type(answer.json())) == (200, float)
    assert (await client.post("/models/tiny/reward/", json={"prompt": "a", "response": "b"})).status_code == 200
    missing = await client.post("/rewards/", json={})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")


async def test_a_page_may_ask_with_a_token_and_read_refusals(folder):
    """A browser asks first, without credentials, whether the page may send such a request; here as Chromium does."""
    hosted = HostedModels({"tiny": str(folder)}, ServingSettings(responses=1), ServerMetrics())
    hosted.load()
    origin = "https://page.example"
    app = create_app(hosted, tokens=Tokens(["s"]), origins=(origin,))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://host") as client:
        asking = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-timeout-seconds",
        }
        before = await client.options("/v1/rewards", headers=asking)
        assert before.status_code == 200
        assert before.headers["access-control-allow-origin"] == origin
        assert "POST" in before.headers["access-control-allow-methods"]
        assert "authorization" in before.headers["access-control-allow-headers"]
        assert (await client.options("/v1/rewards", headers=asking | {"Origin": "https://other"})).status_code == 400
        headers = {"Origin": origin, "Authorization": "Bearer s"}
        body = {"prompt": "a", "responses": ["b"]}
        answers = {
            200: await client.post("/v1/rewards", json=body, headers=headers),
            401: await client.post("/v1/rewards", json=body, headers={"Origin": origin}),
            413: await client.post("/v1/rewards", json={"prompt": "a", "responses": ["b", "c"]}, headers=headers),
            415: await client.post("/v1/rewards", content=b"a", headers=headers | {"Content-Type": "text/plain"}),
        }
        native_heading, native._heading = native._heading, None
        try:
            answers[500] = await client.post("/v1/rewards", json=body, headers=headers)
        finally:
            native._heading = native_heading
        for status, answer in answers.items():
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == origin
            exposed = answer.headers["access-control-expose-headers"].lower()
            for name in ("x-request-id", "x-plaudit-version", "x-plaudit-cut", "retry-after", "server-timing"):
                assert name in exposed
        assert (
            "access-control-allow-origin" not in (await client.get("/health", headers={"Origin": "https://x"})).headers
        )
    hosted.close(5)
