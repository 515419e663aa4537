"""Every protocol gives the score of `plaudit score`, in its own shape, and refuses in one."""

import asyncio
import base64
import math
import struct

import httpx2
import numpy as np
import pytest
from tiny import tiny_model_folder

from plaudit import train
from plaudit.data import text_hash
from plaudit.groups import Group
from plaudit.model import Ensemble, RewardModel, open_model
from plaudit.serving import HostedModels, ServerMetrics, ServingSettings, create_app
from plaudit.web import Tokens

PROMPT = "why is the sky blue"
ANSWERS = ["because light is scattered", "the sea", "because light is scattered"]
CONVERSATION = [
    {"role": "user", "content": PROMPT},
    {"role": "assistant", "content": "because"},
    {"role": "user", "content": "and the sea?"},
]

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def offline(folder):
    """The scores, and the rendered conversations, of PROMPT with ANSWERS."""
    model = RewardModel.from_pretrained(folder)
    group = Group("q", PROMPT, tuple(ANSWERS))
    (scores,) = model.score(group)
    return [score.score for score in scores], [model.renderer.uncut(group, index)[0] for index in range(3)]


def from_base64(text):
    return struct.unpack("<f", base64.b64decode(text))[0]


# Wire -> (path, the request for these conversations, how the rewards stand in the answer).
TEXT_WIRES = {
    "OpenRLHF": ("/get_reward", lambda t: {"query": t, "prompts": t, "labels": [None] * len(t)},
                 lambda a: a["rewards"]),
    "vLLM classify": ("/classify", lambda t: {"model": "a/path", "input": t, "use_activation": False},
                      lambda a: [row["probs"][-1] for row in a["data"]]),
    "vLLM classify, activated": ("/classify", lambda t: {"input": t, "use_activation": True},
                                 lambda a: [row["probs"][-1] for row in a["data"]]),
    "SGLang classify": ("/classify", lambda t: {"text": t}, lambda a: [row["embedding"][0] for row in a]),
    "pooling": ("/pooling", lambda t: {"input": t}, lambda a: [row["data"][0] for row in a["data"]]),
    "embeddings": ("/v1/embeddings", lambda t: {"model": "m", "input": t},
                   lambda a: [row["embedding"][-1] for row in a["data"]]),
    "embeddings in base64": ("/v1/embeddings", lambda t: {"input": t, "encoding_format": "base64"},
                             lambda a: [from_base64(row["embedding"]) for row in a["data"]]),
    "LLaMA-Factory": ("/v1/score/evaluation", lambda t: {"model": "model", "messages": t}, lambda a: a["scores"]),
}  # fmt: skip
PAIR_WIRES = {
    "native": ("/v1/rewards", lambda p, r: {"prompt": p, "responses": r},
               lambda a: [row["score"] for row in a["results"][0]["scores"]]),
    "score": ("/score", lambda p, r: {"queries": p, "documents": r}, lambda a: [row["score"] for row in a["data"]]),
    "score, one for each": ("/v1/score", lambda p, r: {"text_1": [p] * len(r), "text_2": r},
                            lambda a: [row["score"] for row in a["data"]]),
    "rerank": ("/rerank", lambda p, r: {"query": p, "documents": r},
               lambda a: [row["relevance_score"] for row in sorted(a["results"], key=lambda row: row["index"])]),
    "rerank v2": ("/v2/rerank", lambda p, r: {"query": p, "documents": [{"text": text} for text in r]},
                  lambda a: [row["relevance_score"] for row in sorted(a["results"], key=lambda row: row["index"])]),
}  # fmt: skip


@pytest.mark.parametrize("wire", TEXT_WIRES)
async def test_rendered_conversations_have_the_score_of_their_messages(wire, host, folder, offline):
    path, request, rewards = TEXT_WIRES[wire]
    scores, texts = offline
    client, _ = host({"tiny": folder})
    answer = await client.post(path, json=request(texts))
    np.testing.assert_allclose(rewards(answer.json()), scores, rtol=1e-6, atol=1e-6)
    assert answer.headers["x-plaudit-model"] == "tiny"
    assert len(answer.headers["x-plaudit-version"]) == 12
    # Cut at the end of the turn, as policies stop, and without the line break after it.
    shorter = [text.removesuffix("\n").removesuffix("<|im_end|>") for text in texts]
    np.testing.assert_allclose(rewards((await client.post(path, json=request(shorter))).json()), scores, atol=1e-6)
    empty = await client.post(path, json=request([]))
    assert (empty.status_code, rewards(empty.json())) == (200, [])


@pytest.mark.parametrize("wire", PAIR_WIRES)
async def test_prompts_and_responses_have_the_score_of_a_file(wire, host, folder, offline):
    path, request, rewards = PAIR_WIRES[wire]
    client, _ = host({"tiny": folder})
    answer = await client.post(path, json=request(PROMPT, ANSWERS))
    np.testing.assert_allclose(rewards(answer.json()), offline[0], rtol=1e-6, atol=1e-6)
    empty = await client.post(path, json=request(PROMPT, []))
    if wire == "native":
        assert (empty.status_code, empty.json()["error"]["code"]) == (422, "empty")
    else:
        assert rewards(empty.json()) == []


async def test_slime_sends_a_sample_as_messages_as_written_or_as_said(host, folder, offline):
    scores, texts = offline
    client, _ = host({"tiny": folder})
    written = texts[0][: texts[0].index(ANSWERS[0])]
    for prompt in (PROMPT, [{"role": "user", "content": PROMPT}], written):
        # With its `--rollout-skip-special-tokens`, and without.
        for response in (ANSWERS[0], f"{ANSWERS[0]}<|im_end|>"):
            answer = await client.post("/reward", json={"prompt": prompt, "response": response, "label": None})
            assert answer.json() == pytest.approx(scores[0], abs=1e-6)


async def test_slime_s_written_prompts_are_read_by_ensembles_and_by_models_without_a_template(host, folder, tmp_path):
    ensemble, bert = tmp_path / "ensemble", tiny_model_folder(tmp_path / "bert", "bert")
    Ensemble([RewardModel.from_pretrained(folder), RewardModel.from_pretrained(folder)]).save(ensemble)
    client, _ = host({"ensemble": ensemble, "bert": bert})
    written = {
        "ensemble": "<|im_start|>user\nwhy<|im_end|>\n<|im_start|>assistant\n",
        "bert": "User: why\n\nAssistant: ",
    }
    for name, prompt in written.items():
        path = f"/models/{name}/reward"
        said, wrote = [
            (await client.post(path, json={"prompt": one, "response": "because"})).json() for one in ("why", prompt)
        ]
        assert wrote == pytest.approx(said, abs=1e-6)
    missing = await client.post("/models/none/reward", json={"prompt": "why", "response": "because"})
    assert (missing.status_code, missing.json()["error"]["param"]) == (404, "model")


async def test_what_is_wrong_with_a_request_is_said_with_its_place(host, folder):
    client, _ = host({"tiny": folder})
    broken = (await client.post("/reward", content='{"prompt":')).json()["error"]
    assert (broken["message"], broken["param"]) == ("the body is not JSON: Expecting value at character 10", None)
    deep = (await client.post("/reward", content="[" * 100_000)).json()["error"]
    assert (deep["code"], "nested too deeply" in deep["message"]) == ("invalid_request", True)
    wrong = await client.get("/reward")
    assert (wrong.status_code, wrong.json()["error"]["message"]) == (405, "/reward takes POST, not GET")


async def test_a_large_body_without_a_length_is_too_large(host, folder):
    client, _ = host({"tiny": folder}, body_mib=0.01)

    async def chunks():
        for _ in range(4):
            yield b'"' + b"a" * 5000

    refused = await client.post("/reward", content=chunks())
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")


async def test_a_server_that_loads_blames_no_field(folder):
    hosted = HostedModels({"tiny": str(folder)}, ServingSettings(), ServerMetrics())
    transport = httpx2.ASGITransport(create_app(hosted))
    async with httpx2.AsyncClient(transport=transport, base_url="http://host") as client:
        refused = await client.post("/reward", json={"prompt": "a", "response": "b"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert (refused.json()["error"]["code"], refused.json()["error"]["param"]) == ("loading", None)


async def test_warming_up_is_nobody_s_request(host, folder):
    client, _ = host({"tiny": folder})
    await client.post("/reward", json={"prompt": "why", "response": "because"})
    assert 'plaudit_forward_responses_sum{model="tiny"} 1.0' in (await client.get("/metrics")).text


async def test_native_says_everything_a_score_says(host, folder):
    client, hosted = host({"tiny": folder})
    groups = [
        {"id": "a", "prompt": CONVERSATION, "responses": ["blue too", [{"role": "assistant", "content": "blue too"}]]},
        {"prompt": "", "responses": ["yes"]},
    ]
    answer = (await client.post("/v1/rewards", json={"groups": groups, "model": "anything"})).json()
    assert answer["model"] == "tiny"
    assert answer["version"] == hosted.models[0].version
    first, second = answer["results"]
    assert [first["id"], second["id"]] == ["a", None]
    expected = Group("a", tuple(CONVERSATION), ("blue too",))
    assert first["scores"][0]["text"] == text_hash(expected, 0)
    assert first["scores"][0]["score"] == first["scores"][1]["score"]
    (offline,) = RewardModel.from_pretrained(folder).score(expected)
    assert first["scores"][0] == {
        "response": 0,
        "score": pytest.approx(offline[0].score, abs=1e-6),
        "tokens": offline[0].tokens,
        "truncated": False,
        "text": offline[0].hash,
    }
    assert set(second["scores"][0]) == {"response", "score", "tokens", "truncated", "text"}


async def test_cuts_are_said_and_responses_are_cut_only_when_asked(host, folder):
    client, _ = host({"tiny": folder})
    long = "why is the sea green " * 100
    answer = await client.post("/v1/rewards", json={"prompt": long, "responses": ["a", "b"]})
    assert answer.headers["x-plaudit-cut"] == "prompts=2"
    refused = await client.post("/v1/rewards", json={"prompt": "a", "responses": ["b", long]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "response_too_long")
    assert refused.json()["error"]["param"] == "responses[1]"
    cut = await client.post("/v1/rewards", json={"prompt": "a", "responses": [long], "truncate_responses": True})
    assert cut.json()["results"][0]["scores"][0]["truncated"]
    assert cut.headers["x-plaudit-cut"] == "prompts=1, responses=1"
    insisting, _ = host({"tiny": folder}, truncate_responses=True)
    assert (await insisting.post("/v1/rewards", json={"prompt": "a", "responses": [long]})).status_code == 200
    metrics = (await client.get("/metrics")).text
    assert 'plaudit_cut_prompts_total{model="tiny"} 3.0' in metrics
    assert 'plaudit_cut_responses_total{model="tiny"} 1.0' in metrics


async def test_text_of_another_template_is_refused_unless_insisted_on(host, folder):
    client, _ = host({"tiny": folder})
    foreign = {"query": ["<s>[INST] why [/INST] because</s>"]}
    refused = await client.post("/get_reward", json=foreign)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "template_mismatch")
    insisting, _ = host({"tiny": folder}, foreign_text=True)
    assert (await insisting.post("/get_reward", json=foreign)).status_code == 200


async def test_who_reads_pairs_wants_prompt_and_response_apart(host, tmp_path):
    encoder = tiny_model_folder(tmp_path / "bert", "bert")
    rows = [Group(f"{n}", "why", ("because " * (n + 2), "no"), rankings=()) for n in range(4)]
    client, _ = host({"bert": encoder})
    refused = await client.post("/classify", json={"input": "why because"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "needs_prompt")
    answer = await client.post("/v1/rewards", json={"prompt": "why", "responses": list(rows[0].responses)})
    expected = open_model(encoder).score(rows[0])[0]
    assert [row["score"] for row in answer.json()["results"][0]["scores"]] == pytest.approx(
        [score.score for score in expected], abs=1e-5
    )


ODD = {
    "not JSON": ("/v1/rewards", b"{", 400, "invalid_request"),
    "nothing": ("/v1/rewards", b"", 400, "invalid_request"),
    "too deep": ("/v1/rewards", b"[" * 100_000, 400, "invalid_request"),
    "a number": ("/v1/rewards", b"3", 400, "invalid_request"),
    "neither way": ("/v1/rewards", b"{}", 400, "invalid_request"),
    "both ways": ("/v1/rewards", b'{"prompt": "a", "responses": ["b"], "groups": []}', 400, "invalid_request"),
    "no responses": ("/v1/rewards", b'{"prompt": "a"}', 400, "invalid_request"),
    "a response that is a number": ("/v1/rewards", b'{"prompt": "a", "responses": [3]}', 400, "invalid_request"),
    "nothing to score": ("/v1/rewards", b'{"prompt": [], "responses": [[]]}', 422, "invalid_input"),
    "a picture": (
        "/v1/rewards",
        b'{"prompt": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}], "responses": ["b"]}',
        422,
        "invalid_input",
    ),
    "a conversation that a user ends": (
        "/classify",
        b'{"messages": [{"role": "user", "content": "a"}]}',
        422,
        "invalid_input",
    ),
    "one of no conversation": ("/pooling", b"{}", 400, "invalid_request"),
    "numbers that do not fit": ("/score", b'{"queries": ["a", "b"], "documents": ["c"]}', 400, "invalid_request"),
    "two kinds of names": ("/score", b'{"queries": ["a"], "text_2": ["c"]}', 400, "invalid_request"),
    "a text for a list": ("/get_reward", b'{"query": "a"}', 400, "invalid_request"),
    "another path": ("/v1/reward", b"{}", 404, "not_found"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
async def test_what_cannot_be_read_is_said_in_one_shape(case, host, folder):
    path, body, status, code = ODD[case]
    client, _ = host({"tiny": folder})
    answer = await client.post(path, content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert set(error) == {"message", "type", "code", "param"}
    assert "\n" not in error["message"].strip()


async def test_the_place_of_an_error_is_named(host, folder):
    client, _ = host({"tiny": folder})
    groups = [{"prompt": "a", "responses": ["b"]}, {"prompt": "a", "responses": ["b", [{"role": "robot"}]]}]
    answer = await client.post("/v1/rewards", json={"groups": groups})
    assert answer.json()["error"]["param"] == "groups[1].responses[1]"


async def test_too_many_responses_and_other_methods(host, folder):
    client, _ = host({"tiny": folder}, responses=3)
    many = await client.post("/v1/rewards", json={"prompt": "a", "responses": ["b"] * 4})
    assert (many.status_code, many.json()["error"]["code"]) == (413, "too_large")
    other = await client.get("/v1/rewards")
    assert (other.status_code, other.headers["allow"]) == (405, "POST")
    assert other.json()["error"]["code"] == "method_not_allowed"


async def test_scores_that_are_no_numbers(host, folder, monkeypatch):
    client, hosted = host({"tiny": folder}, cache_mib=0)
    scorer = hosted.models[0].scorer
    real = scorer.score_prepared
    from dataclasses import replace

    monkeypatch.setattr(
        scorer, "score_prepared", lambda *a, **k: [[replace(s, score=math.nan) for s in row] for row in real(*a, **k)]
    )
    native = await client.post("/v1/rewards", json={"prompt": "a", "responses": ["b"]})
    assert native.json()["results"][0]["scores"][0]["score"] is None
    trainers = await client.post("/reward", json={"prompt": "a", "response": "b"})
    assert (trainers.status_code, trainers.json()["error"]["code"]) == (500, "score_not_finite")


async def test_affine_scores_say_so_everywhere(host, folder, offline, tmp_path):
    client, _ = host({"tiny": folder}, affine_mean=0.5, affine_sd=2.0)
    answer = await client.post("/v1/rewards", json={"prompt": PROMPT, "responses": ANSWERS})
    scores = [row["score"] for row in answer.json()["results"][0]["scores"]]
    assert scores == pytest.approx([(score - 0.5) / 2 for score in offline[0]], abs=1e-6)
    assert answer.headers["x-plaudit-affine"] == "0.5:2"
    other = tiny_model_folder(tmp_path / "other", seed=1)
    Ensemble([RewardModel.from_pretrained(name) for name in (folder, other)]).save(tmp_path / "ensemble")
    asked, rows = {"prompt": PROMPT, "responses": ANSWERS[:1]}, {}
    for name, settings in {"raw": {}, "transformed": {"affine_mean": 0.5, "affine_sd": 2.0}}.items():
        one, _ = host({"both": tmp_path / "ensemble"}, **settings)
        (rows[name],) = (await one.post("/v1/rewards", json=asked)).json()["results"][0]["scores"]
    assert rows["transformed"]["members"] == pytest.approx([(one - 0.5) / 2 for one in rows["raw"]["members"]])
    assert rows["transformed"]["spread"] == pytest.approx(rows["raw"]["spread"] / 2)
    assert (await client.get("/v1/models")).json()["data"][0]["affine"] == "0.5:2"


async def test_several_models_are_named_in_the_body_or_in_the_path(host, folder, tmp_path):
    other = tiny_model_folder(tmp_path / "other", seed=1)
    client, _ = host({"tiny": folder, "other": other})
    scores = {}
    for name in ("tiny", "other"):
        answer = await client.post("/v1/rewards", json={"model": name, "prompt": "a", "responses": ["b"]})
        by_path = await client.post(f"/models/{name}/reward", json={"prompt": "a", "response": "b"})
        assert answer.headers["x-plaudit-model"] == name
        scores[name] = answer.json()["results"][0]["scores"][0]["score"]
        assert by_path.json() == pytest.approx(scores[name], abs=1e-6)
    assert scores["tiny"] != scores["other"]
    for request in ({"prompt": "a", "responses": ["b"]}, {"model": "third", "prompt": "a", "responses": ["b"]}):
        refused = await client.post("/v1/rewards", json=request)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
        assert "tiny, other" in refused.json()["error"]["message"]


async def test_ensembles_and_linear_models_are_served_too(host, folder, tmp_path):
    ensemble, bow = tmp_path / "ensemble", tmp_path / "bow"
    Ensemble([RewardModel.from_pretrained(folder), RewardModel.from_pretrained(folder)]).save(ensemble)
    from plaudit.groups import Ranking

    train([Group(f"{n}", "why", ("because", "no"), (Ranking(((0,), (1,))),)) for n in range(6)], bow, "bow")
    client, _ = host({"ensemble": ensemble, "bow": bow})
    row = (await client.post("/v1/rewards", json={"model": "ensemble", "prompt": "a", "responses": ["b"]})).json()
    (score,) = row["results"][0]["scores"]
    assert score["spread"] == pytest.approx(0, abs=1e-6)
    assert score["members"] == pytest.approx([score["score"]] * 2, abs=1e-6)
    logs = await client.post("/models/ensemble/get_reward", json={"query": ["<|im_start|>assistant\nb"]})
    assert all(isinstance(value, float) for values in logs.json()["extra_logs"].values() for value in values)
    row = (
        await client.post("/v1/rewards", json={"model": "bow", "prompt": "why", "responses": ["because", "no"]})
    ).json()
    good, bad = (score["score"] for score in row["results"][0]["scores"])
    assert good > bad
    refused = await client.post("/models/bow/get_reward", json={"query": ["why because"]})
    assert refused.json()["error"]["code"] == "needs_prompt"


async def test_health_models_and_metrics(host, folder):
    client, hosted = host({"tiny": folder}, tokens=Tokens(["s"]))
    for ask in (client.get, client.head):
        assert [(await ask(path)).status_code for path in ("/health", "/health/live", "/health/ready")] == [200] * 3
    for path in ("/v1/models", "/metrics", "/openapi.json"):
        assert (await client.get(path)).status_code == 401
    client.auth = ("any", "s")
    (info,) = (await client.get("/v1/models")).json()["data"]
    assert (info["id"], info["max_length"], info["dtype"], info["layout"]) == ("tiny", 256, "float32", "packed")
    assert (info["pooled_token"], info["version"]) == ("last", hosted.models[0].version)
    await client.post("/v1/rewards", json={"prompt": "a", "responses": ["b", "c"]})
    await client.post("/v1/rewards", json={"prompt": "a", "responses": ["b"]})
    metrics = (await client.get("/metrics")).text
    assert 'plaudit_requests_total{code="200",wire="native"} 2.0' in metrics
    assert 'plaudit_responses_total{model="tiny"} 3.0' in metrics
    assert 'kind="cached",model="tiny"}' in metrics
    assert "plaudit_ready 1.0" in metrics
    hosted.draining = True
    assert (await client.get("/health/ready")).status_code == 503
    assert (await client.get("/health/live")).status_code == 200


async def test_any_company_at_any_concurrency_gives_the_same_scores(host, folder):
    client, _ = host({"tiny": folder}, batch_tokens=512)
    model = RewardModel.from_pretrained(folder)
    prompts = ["why is the sky blue", "please answer", "the cat sat on the mat"]
    groups = [Group(f"{n}", prompts[n % 3], (f"because {n % 50} the air and {n}",)) for n in range(192)]
    texts = [model.renderer.uncut(group, 0)[0] for group in groups]
    alone = [model.score(group)[0][0].score for group in groups]

    async def ask(number):
        if number % 2:
            return (await client.post("/get_reward", json={"query": [texts[number]]})).json()["rewards"][0]
        answer = await client.post(
            "/reward", json={"prompt": groups[number].prompt, "response": groups[number].responses[0]}
        )
        return answer.json()

    for concurrency in (1, 7, 64):
        slots = asyncio.Semaphore(concurrency)

        async def held(number, slots=slots):
            async with slots:
                return await ask(number)

        scores = await asyncio.gather(*(held(number) for number in range(len(groups))))
        np.testing.assert_allclose(scores, alone, rtol=1e-5, atol=1e-5)
