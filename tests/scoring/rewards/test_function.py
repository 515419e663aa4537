"""A reward function gives what `plaudit score` gives, to one caller or to many, from a model or from a server."""

import asyncio
import inspect
import logging
import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from serving.served import scores_of_file
from spawned import ask
from tiny import tiny_model_folder

import plaudit
from plaudit.errors import GroupError, InvalidInputError, NotFoundError, PlauditError, TooLongError
from plaudit.groups import Group
from plaudit.model import Ensemble, RewardModel, open_model
from plaudit.scoring import RewardFunction, reward_function
from plaudit.training import train

QUESTION, OTHER = "why is the sky blue", "please answer"
LONG = "the sea and the air " * 100


def said(role, text):
    return [{"role": role, "content": text}]


def close_to(expected):
    return pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.fixture
def reward(source):
    with reward_function(source, name="helpful") as function:
        yield function


# ---- the scores of a file


@pytest.mark.parametrize("conversational", [False, True], ids=["plain", "conversational"])
def test_48_completions_of_12_prompts(reward, samples, offline, conversational):
    prompts, completions = map(list, zip(*samples, strict=True))
    if conversational:
        prompts = [said("user", prompt) for prompt in prompts]
        completions = [said("assistant", completion) for completion in completions]
    assert reward(prompts=prompts, completions=completions) == close_to(offline)
    assert asyncio.run(reward.asynchronous()(prompts=prompts, completions=completions)) == close_to(offline)
    assert reward(prompts=[], completions=[]) == []


def test_48_threads_at_once(reward, samples, offline):
    with ThreadPoolExecutor(48) as threads:
        rewards = list(threads.map(lambda sample: reward([sample[0]], [sample[1]]), samples))
    assert [one for (one,) in rewards] == close_to(offline)


def test_48_coroutines_at_once(reward, samples, offline):
    async def ask():
        awaited = reward.asynchronous()
        return await asyncio.gather(*(awaited(prompts=[p], completions=[c]) for p, c in samples))

    for _ in range(2):  # a second loop is as good as the first
        assert [one for (one,) in asyncio.run(ask())] == close_to(offline)


def test_what_arrives_together_is_computed_together(folder, samples):
    model = open_model(folder)
    batches = []
    score_prepared = model.score_prepared
    model.score_prepared = lambda batch, **how: batches.append(len(batch)) or score_prepared(batch, **how)
    with reward_function(model) as reward:
        prompts, completions = map(list, zip(*samples, strict=True))
        reward(prompts=prompts, completions=completions)
        # All of one call are one batch, and fewer tokens are computed than are read: trunks are shared.
        assert batches == [48]
        alone = sum(model.prepare(Group("", p, (c,))).cost for p, c in samples)
        assert model.computed_tokens < alone


def test_groups_of_our_own(reward, samples, offline):
    prompts = list(dict.fromkeys(prompt for prompt, _ in samples))
    groups = [Group(prompt, prompt, tuple(c for p, c in samples if p == prompt)) for prompt in prompts]
    rows = reward.score(groups)
    by_text = dict(zip(samples, offline, strict=True))
    for group, row in zip(groups, rows, strict=True):
        assert [(score.group, score.response) for score in row] == [(group.id, n) for n in range(4)]
        assert [score.score for score in row] == close_to([by_text[group.prompt, text] for text in group.responses])


def test_siblings_travel_together(guarded):
    before = len(guarded.requests())
    reward_function(guarded.url)(prompts=[QUESTION] * 8 + [OTHER] * 8, completions=[f"{n}" for n in range(16)])
    (request,) = guarded.requests()[before:]
    assert (request["path"], request["responses"]) == ("/v1/rewards", 16)


def test_every_kind_of_model(folder, tmp_path):
    other = tiny_model_folder(tmp_path / "other", seed=1)
    Ensemble([RewardModel.from_pretrained(name) for name in (folder, other)]).save(tmp_path / "ensemble")
    groups = [Group(f"{n}", "why", ("because", "no"), (plaudit.Ranking(((0,), (1,))),)) for n in range(6)]
    train(groups, tmp_path / "bow", "bow")
    for model in (tmp_path / "ensemble", str(tmp_path / "bow"), open_model(folder)):
        expected = (model if isinstance(model, RewardModel) else open_model(model)).score(groups[:1])[0]
        with reward_function(model) as reward:
            assert reward(["why"] * 2, ["because", "no"]) == close_to([score.score for score in expected])


# ---- how trainers handle it


@pytest.mark.parametrize("asynchronous", [False, True])
def test_it_can_be_pickled_and_keeps_its_token_to_itself(reward, samples, asynchronous):
    face = reward.asynchronous() if asynchronous else reward
    copy = pickle.loads(pickle.dumps(face))
    prompts, completions = map(list, zip(*samples[:3], strict=True))
    rewards = copy(prompts, completions)
    assert (asyncio.run(rewards) if asynchronous else rewards) == close_to(reward(prompts, completions))
    assert copy.__name__ == "helpful"
    assert "s3cret" not in repr(copy) + repr(face)
    assert not isinstance(face, torch.nn.Module)
    assert inspect.iscoroutinefunction(face.__call__) is asynchronous
    copy.close()


def test_a_spawned_worker_gets_the_same(reward):
    """As asynchronous GRPO sends its reward functions to the worker that samples."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    worker = context.Process(target=ask, args=(reward, queue, QUESTION, "the sea"))
    worker.start()
    rewards = queue.get(timeout=600)
    worker.join()
    assert rewards == close_to(reward([QUESTION], ["the sea"]))


def test_an_open_model_can_be_pickled_with_its_function(folder):
    with reward_function(RewardModel.from_pretrained(folder)) as reward, pickle.loads(pickle.dumps(reward)) as copy:
        assert copy([QUESTION], ["the sea"]) == close_to(reward([QUESTION], ["the sea"]))


def test_cuts_are_told_to_the_trainer_or_end_the_run(source):
    logged = []
    log = lambda *one: logged.append(one)  # noqa: E731
    with reward_function(source) as reward, pytest.raises(TooLongError):
        reward([QUESTION] * 2, ["yes", LONG])
    with reward_function(source, name="helpful", truncate_responses=True) as reward:
        reward([QUESTION] * 3 + [LONG], ["yes", LONG, "no", "so"], log_metric=log)
        # The long answer takes all the room; the long prompt loses its middle.
        assert logged == [("helpful/cut", 0.25), ("helpful/cut_prompts", 0.5)]
        logged.clear()
        reward([QUESTION], ["yes"], log_metric=log)
        assert logged == [("helpful/cut", 0.0), ("helpful/cut_prompts", 0.0)]
        logged.clear()

        async def at_once():
            asked = reward.asynchronous()
            await asyncio.gather(*(asked([LONG], ["so"], log_metric=log) for _ in range(8)))

        asyncio.run(at_once())
        # Of each call its own.
        assert sorted(logged) == [("helpful/cut", 0.0)] * 8 + [("helpful/cut_prompts", 1.0)] * 8


def test_the_spread_of_an_ensemble_is_told(folder, tmp_path):
    members = [folder, tiny_model_folder(tmp_path / "other", seed=1)]
    logged = {}
    with reward_function(Ensemble([RewardModel.from_pretrained(name) for name in members])) as reward:
        reward([QUESTION] * 2, ["yes", "no"], log_metric=logged.__setitem__)
        spreads = [score.spread for score in reward.score([Group("q", QUESTION, ("yes", "no"))])[0]]
    assert logged["plaudit/spread"] == pytest.approx(np.mean(spreads), abs=1e-5)


# ---- completions without an end


def test_what_was_cut_is_replaced(reward, folder, tmp_path):
    answers = ["the sea", "no", "because light is scattered by the air", "the cat"]
    raw = reward([QUESTION] * 4, answers)
    best = int(np.argmax(raw))
    ids = [[7, 2]] * 4
    ids[best] = [7, 8]
    logged = {}

    def paid(**how):
        with RewardFunction(reward.model, name="r", ends=frozenset({2, 4}), options=reward.options, **how) as function:
            return function([QUESTION] * 4, answers, completion_ids=ids, log_metric=logged.__setitem__)

    worst = min(one for number, one in enumerate(raw) if number != best)
    expected = [worst if number == best else one for number, one in enumerate(raw)]
    assert paid() == close_to(expected)
    assert logged["r/unfinished"] == 0.25
    assert paid(unfinished=-100) == close_to([-100 if number == best else one for number, one in enumerate(raw)])
    assert paid(unfinished=1e6) == close_to(expected)
    assert paid(unfinished="score") == close_to(raw)


def test_a_cut_completion_that_is_paid_is_said_loudly_once(folder, caplog):
    with reward_function(folder, end_token_ids=[2], unfinished="score") as reward, caplog.at_level(logging.WARNING):
        for _ in range(3):
            reward([QUESTION] * 2, ["yes", "no"], completion_ids=[[7, 2], []])
    (record,) = caplog.records
    assert "1 of 2 completions have no end and are paid as if they had ended" in record.getMessage()


def test_not_knowing_what_ends_a_completion_is_said_once(folder, caplog):
    with reward_function(folder) as reward, caplog.at_level(logging.WARNING):
        for _ in range(2):
            reward([QUESTION], ["yes"], completion_ids=[[7]])
        reward([QUESTION], ["yes"])
    (record,) = caplog.records
    assert "give reward_function(..., tokenizer=POLICY)" in record.getMessage()
    caplog.clear()
    with reward_function(folder, unfinished="score") as reward:
        reward([QUESTION], ["yes"], completion_ids=[[7]])
    assert not caplog.records


def test_the_tokenizer_of_the_policy_says_what_ends(folder):
    # <eos> is the end of its configuration, <|im_end|> that of its tokenizer.
    with reward_function(folder, tokenizer=str(folder)) as reward:
        assert reward.ends == {2, 4}
    with reward_function(folder, tokenizer=open_model(folder).tokenizer) as reward:
        assert reward.ends == {4}


# ---- what cannot be


def test_it_raises_where_there_is_no_reward(guarded, folder):
    reward = reward_function(guarded.url)
    with pytest.raises(InvalidInputError, match="2 prompts and 1 completions"):
        reward([QUESTION] * 2, ["yes"])
    with pytest.raises(GroupError, match="prompt 0 is neither a text nor a list of messages"):
        reward([None], ["yes"])
    with pytest.raises(InvalidInputError, match="wants a token"):
        reward_function(guarded.url.replace("s3cret", "guess"))([QUESTION], ["yes"])
    with pytest.raises(NotFoundError, match="cannot be reached"):
        reward_function("http://127.0.0.1:9", tries=1)([QUESTION], ["yes"])
    with pytest.raises(NotFoundError, match="no model folder"):
        reward_function(folder / "nothing")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_nan_is_no_reward(folder, asynchronous):
    model = RewardModel.from_pretrained(folder)
    with torch.no_grad():
        next(model.network.model.parameters()).fill_(float("nan"))
    with reward_function(model) as reward:
        for ask in (reward, lambda *texts: asyncio.run(reward.asynchronous()(*texts))):
            with pytest.raises(PlauditError, match="gave completion 0 no number for a reward"):
                ask([QUESTION] * 2, ["yes", "no"])
        with pytest.raises(PlauditError, match="no number"):
            reward.score([Group("q", QUESTION, ("yes",))])


def test_a_wrong_completion_spares_those_that_were_scored_with_it(folder):
    """Calls from many threads share batches, but not their errors."""

    def ask(completion):
        try:
            return reward([QUESTION], [completion])[0]
        except TooLongError:
            return None

    with reward_function(folder) as reward, ThreadPoolExecutor(8) as threads:
        rewards = list(threads.map(ask, ["yes", LONG, "no", LONG, "so"]))
        assert [one is None for one in rewards] == [False, True, False, True, False]


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"unfinished": "zero"}, TypeError, "unfinished as a number or 'lowest' or 'score'"),
        ({"unfinished": float("nan")}, InvalidInputError, "it must be lowest, score or a number"),
        ({"end_token_ids": []}, InvalidInputError, "end_token_ids is empty"),
        ({"end_token_ids": [1], "tokenizer": "x"}, InvalidInputError, "give one of the two"),
        ({"tokenizer": "./nowhere"}, NotFoundError, "no folder './nowhere'"),
        ({"token": "s3cret"}, InvalidInputError, "is no server, and takes no token"),
    ],
)
def test_wrong_options_are_refused(folder, more, error, message):
    with pytest.raises(error, match=message):
        reward_function(folder, **more)


def test_a_server_takes_no_precision(guarded):
    with pytest.raises(InvalidInputError, match="a server takes no precision"):
        reward_function(guarded.url, precision="bf16")


def test_a_closed_function_says_so(source):
    reward = reward_function(source)
    reward([QUESTION], ["yes"])
    reward.close()
    reward.close()
    with pytest.raises(PlauditError, match="is closed"):
        reward([QUESTION], ["yes"])


def test_scores_are_those_of_plaudit_score_for_conversations_too(folder, tmp_path):
    prompt = (
        {"role": "user", "content": "why"},
        {"role": "assistant", "content": "so"},
        {"role": "user", "content": "?"},
    )
    group = Group("q", prompt, ("the sea", "no"))
    with reward_function(folder) as reward:
        rewards = reward([list(prompt)] * 2, [said("assistant", text) for text in group.responses])
    assert rewards == close_to(scores_of_file(folder, [group], tmp_path))
