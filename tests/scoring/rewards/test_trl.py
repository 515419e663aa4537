"""TRL's own trainers, driven: two steps of GRPO with a tiny policy, and what GRPO and RLOO compute rewards with."""

import asyncio
import inspect
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from serving.served import scores_of_file
from tiny import tiny_language_model_folder, tiny_tokenizer

from plaudit.groups import Group
from plaudit.scoring import AsyncRewardFunction, RewardFunction, reward_function, settle_unfinished

trl = pytest.importorskip("trl")
datasets = pytest.importorskip("datasets")

QUESTION, OTHER = "why is the sky blue", "please answer"
END = 4  # <|im_end|>


def said(role, text):
    return [{"role": role, "content": text}]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", ["GRPOTrainer", "RLOOTrainer"])
def test_what_the_trainers_compute_rewards_with(kind, asynchronous, source, samples, offline):
    calculate = inspect.unwrap(getattr(trl, kind)._calculate_rewards)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    logged = []
    reward = reward_function(source, end_token_ids=[END])
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(device="cpu", is_main_process=True, gather=lambda rewards: rewards),
        reward_funcs=[reward.asynchronous() if asynchronous else reward],
        reward_processing_classes=[None],
        reward_func_names=["plaudit"],
        state=SimpleNamespace(global_step=0),
        environments=None,
        async_loop=loop,
        _log_completion_extra=None,
        _log_metric=lambda *one: logged.append(one),
        _metrics={"train": {}},
        model=SimpleNamespace(training=True),
        args=SimpleNamespace(report_to=[]),
    )
    inputs = [{"prompt": said("user", prompt), "solution": "42"} for prompt, _ in samples]
    completions = [said("assistant", answer) for _, answer in samples]
    ids = [[7, END]] * 48
    rewards = calculate(trainer, inputs, [row["prompt"] for row in inputs], completions, ids)
    np.testing.assert_allclose(rewards[:, 0], offline, rtol=1e-5, atol=1e-5)
    assert logged == [("plaudit/cut", 0.0), ("plaudit/cut_prompts", 0.0), ("plaudit/unfinished", 0.0)]
    loop.call_soon_threadsafe(loop.stop)
    reward.close()


class Recording(RewardFunction):
    """Keeps what it is asked, and what it answers."""

    def __call__(self, prompts, completions, **columns):
        rewards = super().__call__(prompts, completions, **columns)
        self.calls.append((prompts, completions, columns, rewards))
        return rewards


class RecordingAsync(AsyncRewardFunction):
    async def __call__(self, prompts, completions, **columns):
        rewards = await super().__call__(prompts, completions, **columns)
        self.reward.calls.append((prompts, completions, columns, rewards))
        return rewards


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return tiny_language_model_folder(tmp_path_factory.mktemp("policy") / "policy")


@pytest.mark.filterwarnings("ignore")  # What TRL says of transformers, and of a policy this small, is theirs.
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("conversational", [False, True], ids=["plain", "conversational"])
def test_two_steps_of_grpo(asynchronous, conversational, folder, policy, tmp_path):
    reward = Recording(str(folder), name="helpful", ends=frozenset({2, END}))
    reward.calls = []
    rows = [{"prompt": said("user", text) if conversational else text, "aim": 1} for text in (QUESTION, OTHER)]
    settings = trl.GRPOConfig(
        output_dir=str(tmp_path / "run"), max_steps=2, per_device_train_batch_size=8, num_generations=4,
        max_completion_length=12, logging_steps=1, report_to="none", save_strategy="no", use_cpu=True, seed=0,
        bf16=False,
    )  # fmt: skip
    trainer = trl.GRPOTrainer(
        model=str(policy),
        reward_funcs=RecordingAsync(reward) if asynchronous else reward,
        args=settings,
        train_dataset=datasets.Dataset.from_list(rows),
        processing_class=tiny_tokenizer(),
    )
    trainer.train()
    assert len(reward.calls) == 2
    for step, (prompts, completions, columns, rewards) in enumerate(reward.calls):
        assert columns["aim"] == [1] * 8
        texts = [answer[0]["content"] if conversational else answer for answer in completions]
        asked = [tuple(prompt) if conversational else prompt for prompt in prompts]
        groups = [Group(f"{n}", prompt, (text,)) for n, (prompt, text) in enumerate(zip(asked, texts, strict=True))]
        scores = scores_of_file(folder, groups, tmp_path)
        ended = [bool(ids) and ids[-1] in (2, END) for ids in columns["completion_ids"]]
        np.testing.assert_allclose(rewards, settle_unfinished(scores, ended), rtol=1e-5, atol=1e-5)
        told = trainer.state.log_history[step]
        assert told["rewards/helpful/mean"] == pytest.approx(np.mean(rewards), abs=1e-5)
        assert told["helpful/unfinished"] == pytest.approx(1 - np.mean(ended))
        assert told["helpful/cut"] == 0
        assert np.isfinite(told["loss"])
    reward.close()
