"""TRL's trainers get from a server what `plaudit score` gives."""

import inspect
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from serving.served import scores_of_file
from tiny import tiny_language_model_folder

from plaudit.errors import GroupError, InvalidInputError, NotFoundError, TooLongError
from plaudit.groups import Group
from plaudit.serving import RemoteReward

QUESTION, OTHER = "why is the sky blue", "please answer"
ANSWERS = ["because light is scattered", "the sea", "the cat sat on the mat", ""]


@pytest.fixture(scope="module")
def offline(folder, tmp_path_factory):
    groups = [Group("a", QUESTION, tuple(ANSWERS)), Group("b", OTHER, tuple(ANSWERS[:2]))]
    return scores_of_file(folder, groups, tmp_path_factory.mktemp("offline"))


def said(role, text):
    return [{"role": role, "content": text}]


def test_rewards_are_the_scores_of_a_file_whatever_their_order(guarded, offline):
    reward = RemoteReward(guarded.url)
    prompts = [QUESTION, OTHER, QUESTION, QUESTION, OTHER, QUESTION]
    answers = [ANSWERS[2], ANSWERS[0], ANSWERS[0], ANSWERS[3], ANSWERS[1], ANSWERS[1]]
    expected = [offline[n] for n in (2, 4, 0, 3, 5, 1)]
    np.testing.assert_allclose(reward(prompts=prompts, completions=answers), expected, rtol=1e-5, atol=1e-5)
    messages = [said("user", prompt) for prompt in prompts]
    completions = [said("assistant", answer) for answer in answers]
    np.testing.assert_allclose(reward(prompts=messages, completions=completions), expected, rtol=1e-5, atol=1e-5)
    assert reward(prompts=[], completions=[]) == []


def test_siblings_travel_together(guarded):
    before = len(guarded.requests())
    RemoteReward(guarded.url)(prompts=[QUESTION] * 8 + [OTHER] * 8, completions=[f"{n}" for n in range(16)])
    (request,) = guarded.requests()[before:]
    assert (request["path"], request["responses"]) == ("/v1/rewards", 16)


def test_it_can_be_pickled_and_keeps_its_token_to_itself(guarded, offline):
    reward = RemoteReward(guarded.url, name="helpful")
    copy = pickle.loads(pickle.dumps(reward))
    assert copy([QUESTION], [ANSWERS[0]]) == reward([QUESTION], [ANSWERS[0]])
    assert copy.__name__ == "helpful"
    assert "s3cret" not in repr(copy)


def test_cuts_are_told_to_the_trainer_or_end_the_run(guarded):
    long, logged = "the sea and the air " * 100, []
    with pytest.raises(TooLongError):
        RemoteReward(guarded.url)([QUESTION] * 2, ["yes", long])
    reward = RemoteReward(guarded.url, name="helpful", truncate_responses=True)
    reward([QUESTION] * 3 + [long], ["yes", long, "no", "so"], log_metric=lambda *one: logged.append(one))
    # The long answer takes all the room; the long prompt loses its middle.
    assert logged == [("helpful/cut", 0.25), ("helpful/cut_prompts", 0.5)]
    logged.clear()
    reward([QUESTION], ["yes"], log_metric=lambda *one: logged.append(one))
    assert logged == [("helpful/cut", 0.0), ("helpful/cut_prompts", 0.0)]


def test_it_raises_where_there_is_no_number(guarded, monkeypatch):
    with pytest.raises(InvalidInputError, match="2 prompts and 1 completions"):
        RemoteReward(guarded.url)([QUESTION] * 2, ["yes"])
    with pytest.raises(GroupError, match="prompt 0 is neither a text nor a list of messages"):
        RemoteReward(guarded.url)([None], ["yes"])
    with pytest.raises(InvalidInputError, match="wants a token"):
        RemoteReward(guarded.url.replace("s3cret", "guess"))([QUESTION], ["yes"])
    with pytest.raises(NotFoundError, match="cannot be reached"):
        RemoteReward("http://127.0.0.1:9", tries=1)([QUESTION], ["yes"])
    reward = RemoteReward(guarded.url)
    score = reward._client.score

    def broken(groups, **how):
        (row,) = score(groups, **how)
        object.__setattr__(row[1], "score", float("nan"))
        return [row]

    monkeypatch.setattr(reward._client, "score", broken)
    with pytest.raises(Exception, match="gave completion 1 no number"):
        reward([QUESTION] * 2, ["yes", "no"])


@pytest.mark.parametrize("kind", ["GRPOTrainer", "RLOOTrainer"])
def test_what_the_trainers_compute_rewards_with(kind, guarded, offline):
    trl = pytest.importorskip("trl")
    calculate = inspect.unwrap(getattr(trl, kind)._calculate_rewards)
    logged = []
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(device="cpu", is_main_process=True, gather=lambda rewards: rewards),
        reward_funcs=[RemoteReward(guarded.url)],
        reward_processing_classes=[None],
        reward_func_names=["plaudit"],
        state=SimpleNamespace(global_step=0),
        environments=None,
        _log_completion_extra=None,
        _log_metric=lambda *one: logged.append(one),
        _metrics={"train": {}},
        model=SimpleNamespace(training=True),
        args=SimpleNamespace(report_to=[]),
    )
    inputs = [{"prompt": said("user", QUESTION), "solution": "42"}] * 4
    completions = [said("assistant", answer) for answer in ANSWERS]
    rewards = calculate(trainer, inputs, [row["prompt"] for row in inputs], completions, [[1]] * 4)
    np.testing.assert_allclose(rewards[:, 0], offline[:4], rtol=1e-5, atol=1e-5)
    assert logged == [("plaudit/cut", 0.0), ("plaudit/cut_prompts", 0.0)]


@pytest.mark.filterwarnings("ignore")  # What TRL says of transformers, and of a policy this small, is theirs.
def test_a_step_of_a_real_run(guarded, folder, tmp_path):
    trl = pytest.importorskip("trl")
    datasets = pytest.importorskip("datasets")
    asked = []

    class Recording(RemoteReward):
        def __call__(self, prompts, completions, **columns):
            rewards = super().__call__(prompts, completions, **columns)
            asked.extend(zip(prompts, completions, rewards, strict=True))
            return rewards

    rows = datasets.Dataset.from_list([{"prompt": said("user", text)} for text in (QUESTION, OTHER)])
    settings = trl.GRPOConfig(
        output_dir=str(tmp_path / "run"), max_steps=1, per_device_train_batch_size=8, num_generations=4,
        max_completion_length=12, logging_steps=1, report_to="none", save_strategy="no", use_cpu=True, seed=0,
        bf16=False,
    )  # fmt: skip
    trainer = trl.GRPOTrainer(
        model=str(tiny_language_model_folder(tmp_path / "policy")),
        reward_funcs=Recording(guarded.url, name="helpful"),
        args=settings,
        train_dataset=rows,
    )
    trainer.train()
    assert len(asked) == 8
    groups = [Group(f"{n}", tuple(prompt), (answer[0]["content"],)) for n, (prompt, answer, _) in enumerate(asked)]
    rewards = [reward for *_, reward in asked]
    np.testing.assert_allclose(rewards, scores_of_file(folder, groups, tmp_path), rtol=1e-5, atol=1e-5)
    told = trainer.state.log_history[0]
    assert told["rewards/helpful/mean"] == pytest.approx(np.mean(rewards), abs=1e-5)
    assert told["helpful/cut"] == 0
    assert torch.isfinite(torch.tensor(told["loss"]))
