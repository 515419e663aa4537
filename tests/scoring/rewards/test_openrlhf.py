"""OpenRLHF's own executor loads a reward file and gets what `plaudit score` gives, from as many threads as it likes."""

import ast
import asyncio
import logging
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from serving.wheels import load_file, unpacked_wheel
from tiny import tiny_model_folder, tiny_tokenizer

import plaudit
from plaudit.errors import ForeignTextError, InvalidInputError
from plaudit.model import Ensemble, RewardModel
from plaudit.scoring import openrlhf_reward, write_reward_file
from plaudit.training import train

pytest.importorskip("aiohttp")

RELEASE = "openrlhf==0.11.2"


@pytest.fixture(scope="module")
def sources(request):
    """The package's folder in its wheel."""
    (agent,) = unpacked_wheel(request.config, RELEASE).rglob("openrlhf/utils/agent.py")
    return agent.parents[1]


@pytest.fixture
def executor(sources, monkeypatch):
    """Its executor, of a reward file."""
    stubs = ["openrlhf", "openrlhf.utils", "openrlhf.utils.logging_utils"]
    agent = load_file(monkeypatch, sources / "utils" / "agent.py", "openrlhf_agent", stubs)
    return lambda file: agent.SingleTurnAgentExecutor(str(file))


class Engine:
    """In vLLM's place: says what it is told, and ends as a policy does, at its end of turn, or cut by length."""

    def __init__(self, answer, ends):
        self.tokens = tiny_tokenizer()(answer + ("<|im_end|>" if ends else ""), add_special_tokens=False)["input_ids"]
        self.reason = "stop" if ends else "length"

    async def generate(self, prompt, sampling, multi_modal_data=None):
        output = SimpleNamespace(token_ids=self.tokens, finish_reason=self.reason, logprobs=None)
        return SimpleNamespace(outputs=[output])


def asked(prompt):
    return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"


def roll_out(executor, samples, ends=lambda number: True, length=256):
    sampling = SimpleNamespace(max_tokens=32, logprobs=None)

    async def all_at_once():
        rollouts = (
            executor.execute(asked(prompt), "a label", sampling, length, tiny_tokenizer(), Engine(answer, ends(number)))
            for number, (prompt, answer) in enumerate(samples)
        )
        return await asyncio.gather(*rollouts)

    return asyncio.run(all_at_once())


def test_a_rollout_gets_the_scores_of_a_file(executor, source, folder, samples, offline, tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_TOKEN", "s3cret")
    policy = folder if "://" in str(source) else None
    (line,) = write_reward_file(source, "openrlhf", tmp_path / "reward.py", policy=policy)
    flag, file = line.split()
    assert flag == "--reward.remote_url"
    outputs = roll_out(executor(file), samples)
    np.testing.assert_allclose(np.ravel([output["reward"] for output in outputs]), offline, rtol=1e-5, atol=1e-5)
    assert [output["scores"] for output in outputs] == [output["reward"] for output in outputs]
    assert {one for output in outputs for one in output["extra_logs"]["reward_unfinished"]} == {0.0}


def test_a_cut_response_never_pays(executor, folder, samples, offline, tmp_path):
    write_reward_file(folder, "openrlhf", tmp_path / "reward.py")
    run = executor(tmp_path / "reward.py")
    roll_out(run, samples)
    outputs = roll_out(run, samples, ends=lambda number: False)
    assert [output["truncated"] for output in outputs] == [True] * 48
    np.testing.assert_allclose(np.ravel([output["reward"] for output in outputs]), min(offline), rtol=1e-5, atol=1e-5)
    assert {one for output in outputs for one in output["extra_logs"]["reward_unfinished"]} == {1.0}


def test_what_comes_back_becomes_an_experience(executor, sources, folder, samples, offline, tmp_path):
    """Its own function, which makes a tensor of each number; a string or a null would end the rollout."""
    tree = ast.parse((sources / "trainer" / "ppo_utils" / "samples_generator.py").read_text(encoding="utf-8"))
    (function,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "_process_response_into_experience"
    )
    names = {"torch": torch, "Experience": SimpleNamespace}
    exec(textwrap.dedent(ast.unparse(function)), names)
    write_reward_file(folder, "openrlhf", tmp_path / "reward.py")
    (output,) = roll_out(executor(tmp_path / "reward.py"), samples[:1])
    experience = names["_process_response_into_experience"](None, output, max_len=256)
    assert experience.rewards.item() == pytest.approx(offline[0], abs=1e-5)
    assert experience.info["reward_unfinished"].item() == experience.info["reward_cut"].item() == 0
    text = f"{asked(samples[0][0])}{samples[0][1]}<|im_end|>\n"
    assert experience.info["reward_tokens"].item() == len(tiny_tokenizer()(text, add_special_tokens=False)["input_ids"])


def test_a_prompt_that_was_cut_at_the_left_is_scored_whole(executor, folder, samples, offline, tmp_path):
    write_reward_file(folder, "openrlhf", tmp_path / "reward.py")
    (output,) = roll_out(executor(tmp_path / "reward.py"), samples[:1], length=52)
    assert len(output["observation_tokens"]) < len(tiny_tokenizer()(asked(samples[0][0]))["input_ids"]) + 32
    np.testing.assert_allclose(np.ravel(output["reward"]), offline[:1], rtol=1e-5, atol=1e-5)


def test_a_policy_of_another_family(folder, samples, offline, tmp_path):
    """The reward model reads the conversation in its own template, whatever the policy's."""
    template = (
        "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }} </s> {% endfor %}"
        "{% if add_generation_prompt %}[assistant] {% endif %}"
    )
    reward_func = openrlhf_reward(folder, tokenizer=tiny_tokenizer(chat_template=template))
    prompts = [f"[user] {prompt} </s> [assistant] " for prompt, _ in samples]
    queries = [f"{prompt}{answer} </s> " for prompt, (_, answer) in zip(prompts, samples, strict=True)]
    answer = reward_func(queries, prompts, [None] * 48)
    assert answer["rewards"] == pytest.approx(offline, rel=1e-5, abs=1e-5)
    assert answer["extra_logs"]["reward_unfinished"] == [0.0] * 48


def test_what_it_makes_of_an_error(executor, folder, tmp_path, caplog):
    """It goes on without a reward, and says so at level INFO; we say it aloud."""
    write_reward_file(folder, "openrlhf", tmp_path / "reward.py")
    run = executor(tmp_path / "reward.py")
    sampling = SimpleNamespace(max_tokens=32, logprobs=None)
    with caplog.at_level(logging.ERROR):
        output = asyncio.run(run.execute("[INST] why [/INST]", "", sampling, 256, tiny_tokenizer(), Engine("so", True)))
    assert output["reward"] is None
    (record,) = caplog.records
    assert "a sample has no reward" in record.getMessage()
    assert "the policy's chat template did not write the prompt '[INST] why [/INST]'" in record.getMessage()


def test_what_it_cannot_read_raises(folder):
    reward_func = openrlhf_reward(folder)
    prompt = asked("why")
    with pytest.raises(InvalidInputError, match="there are 1 queries and 2 prompts"):
        reward_func([prompt], [prompt] * 2, [None])
    with pytest.raises(ForeignTextError, match="does not go on from its prompt"):
        reward_func(["so"], [prompt], [None])


def test_the_spread_of_an_ensemble_is_logged_and_its_template_read(folder, tmp_path):
    members = [folder, tiny_model_folder(tmp_path / "other", seed=1)]
    reward_func = openrlhf_reward(Ensemble([RewardModel.from_pretrained(name) for name in members]))
    answer = reward_func([asked("why") + "so<|im_end|>"], [asked("why")], [None])
    assert answer["extra_logs"]["reward_spread"][0] > 0


def test_the_policy_must_be_known(guarded, folder, tmp_path):
    groups = [plaudit.Group(f"{n}", "why", ("because", "no"), (plaudit.Ranking(((0,), (1,))),)) for n in range(6)]
    train(groups, tmp_path / "bow", "bow")
    for model in (guarded.url, tmp_path / "bow"):
        with pytest.raises(InvalidInputError, match="give tokenizer="):
            openrlhf_reward(model)
    reward_func = openrlhf_reward(tmp_path / "bow", tokenizer=str(folder))
    good, bad = reward_func([asked("why") + "because<|im_end|>", asked("why") + "no<|im_end|>"], [asked("why")] * 2)[
        "rewards"
    ]
    assert good > bad
