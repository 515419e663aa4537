"""OpenRLHF's own client gets from a server what `plaudit score` gives, however many of it ask at once."""

import ast
import asyncio
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from serving.served import scores_of_file
from serving.wheels import load_file, unpacked_wheel
from tiny import tiny_tokenizer

from plaudit.groups import Group

pytest.importorskip("aiohttp")
pytestmark = pytest.mark.anyio

RELEASE = "openrlhf==0.11.2"
PROMPTS = ["why is the sky blue", "please answer", "the cat sat on the mat"]
CONVERSATIONS = [(PROMPTS[n % 3], f"because {n} the air") for n in range(64)]


@pytest.fixture(scope="module")
def sources(request):
    """The package's folder in its wheel."""
    (agent,) = unpacked_wheel(request.config, RELEASE).rglob("openrlhf/utils/agent.py")
    return agent.parents[1]


@pytest.fixture
def agent(sources, monkeypatch):
    return load_file(monkeypatch, sources / "utils" / "agent.py", "openrlhf_agent",
                     ["openrlhf", "openrlhf.utils", "openrlhf.utils.logging_utils"])  # fmt: skip


@pytest.fixture(scope="module")
def url(guarded):
    return guarded.url + "/get_reward"


@pytest.fixture(scope="module")
def offline(folder, tmp_path_factory):
    groups = [Group(f"{n}", prompt, (answer,)) for n, (prompt, answer) in enumerate(CONVERSATIONS)]
    return scores_of_file(folder, groups, tmp_path_factory.mktemp("offline"))


class Engine:
    """In vLLM's place: says what it is told, and ends as a policy does, at its end of turn, or cut by length."""

    def __init__(self, tokenizer, answer, ends):
        self.tokens = tokenizer(answer + ("<|im_end|>" if ends else ""), add_special_tokens=False)["input_ids"]
        self.reason = "stop" if ends else "length"

    async def generate(self, prompt, sampling, multi_modal_data=None):
        return SimpleNamespace(
            outputs=[SimpleNamespace(token_ids=self.tokens, finish_reason=self.reason, logprobs=None)]
        )


def asked(prompt):
    return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize("at_once", [1, 7, 64])
async def test_a_rollout_gets_the_scores_of_a_file(agent, url, offline, at_once):
    """Half of the answers stop at the end of turn, without the line break that the template writes after it, and half
    in the middle: both are the answer that `plaudit score` reads."""
    tokenizer, places = tiny_tokenizer(), asyncio.Semaphore(at_once)
    executor = agent.SingleTurnAgentExecutor(url)
    sampling = SimpleNamespace(max_tokens=32, logprobs=None)

    async def roll_out(number):
        prompt, answer = CONVERSATIONS[number]
        engine = Engine(tokenizer, answer, ends=number % 2 == 0)
        async with places:
            return await executor.execute(asked(prompt), "a label", sampling, 256, tokenizer, engine)

    outputs = await asyncio.gather(*map(roll_out, range(64)))
    assert [output["truncated"] for output in outputs] == [False, True] * 32
    rewards = [output["reward"] for output in outputs]
    np.testing.assert_allclose(np.ravel(rewards), offline, rtol=1e-5, atol=1e-5)
    assert [output["scores"] for output in outputs] == rewards


async def test_all_queries_of_one_request_come_back_in_order(agent, url, offline):
    executor = agent.SingleTurnAgentExecutor([url, url])
    queries = [f"{asked(prompt)}{answer}<|im_end|>" for prompt, answer in CONVERSATIONS]
    answers = await executor._fetch_rewards_via_http(queries, queries, [None] * 64)
    rewards = [reward for answer in answers for reward in answer["rewards"]]
    assert len(answers) == 2
    np.testing.assert_allclose(rewards, offline, rtol=1e-5, atol=1e-5)


async def test_what_comes_back_becomes_an_experience(agent, sources, url, offline):
    """Its own function, which makes a tensor of each number; a string or a null would end the rollout."""
    file = sources / "trainer" / "ppo_utils" / "samples_generator.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    (function,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "_process_response_into_experience"
    )
    names = {"torch": torch, "Experience": SimpleNamespace}
    exec(textwrap.dedent(ast.unparse(function)), names)
    prompt, answer = CONVERSATIONS[0]
    tokenizer = tiny_tokenizer()
    output = await agent.SingleTurnAgentExecutor(url).execute(
        asked(prompt), None, SimpleNamespace(max_tokens=32, logprobs=None), 256, tokenizer,
        Engine(tokenizer, answer, ends=True),
    )  # fmt: skip
    experience = names["_process_response_into_experience"](None, output, max_len=256)
    assert experience.rewards.item() == pytest.approx(offline[0], abs=1e-5)
    assert experience.info["reward_cut"].item() == 0
    read = len(tokenizer(f"{asked(prompt)}{answer}<|im_end|>\n", add_special_tokens=False)["input_ids"])
    assert experience.info["reward_tokens"].item() == read


async def test_what_it_makes_of_a_refusal(agent, url, monkeypatch):
    """It asks five times, then goes on without a reward."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr(agent.asyncio, "sleep", sleep)
    executor = agent.SingleTurnAgentExecutor(url)
    with pytest.raises(RuntimeError, match="5 times"):
        await executor._fetch_rewards_via_http(["<s>[INST] why [/INST] because</s>"], [""], [None])
    assert waited == [1] * 5
