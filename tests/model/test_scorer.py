"""Every scorer's interface: what it takes for groups, what it refuses, its kind, and how it shows itself."""

import json
from pathlib import Path

import numpy as np
import pytest
from ruled import by_text
from toys import toy_backbone

from plaudit.data import Scale
from plaudit.errors import PlauditError, TooLongError
from plaudit.groups import Group
from plaudit.model import Ensemble, LinearModel, RewardModel, open_model
from plaudit.model.linear.features import LengthFeatures
from plaudit.model.linear.model import Linear
from plaudit.model.prepared import Prepared
from plaudit.model.scorer import windows

GROUPS = [Group("a", "w1 w2", ("good w3", "bad")), Group("b", "w4", ("w5",))]


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory):
    return RewardModel.from_backbone(toy_backbone(tmp_path_factory.mktemp("backbone")))


@pytest.fixture(scope="module")
def linear():
    return LinearModel(LengthFeatures(), Linear(np.array([1.0]), {"fun": (np.array([0.1]), 0.0, Scale(1.0, 5.0))}))


@pytest.fixture(params=["reward model", "ensemble", "linear model", "somebody's own"])
def scorer(request, reward_model, linear):
    return {
        "reward model": reward_model,
        "ensemble": Ensemble([reward_model, reward_model]),
        "linear model": linear,
        "somebody's own": by_text(len),
    }[request.param]


def test_one_group_many_an_iterator_or_a_file(scorer, tmp_path):
    expected = scorer.score(GROUPS)
    assert [len(row) for row in expected] == [2, 1]
    assert scorer.score(GROUPS[0]) == expected[:1]
    assert scorer.score(iter(GROUPS)) == scorer.score(tuple(GROUPS)) == list(scorer.stream(GROUPS)) == expected
    path = tmp_path / "groups.jsonl"
    path.write_text("".join(json.dumps(group.to_dict()) + "\n" for group in GROUPS))
    assert scorer.score(path) == scorer.score(str(path)) == expected
    assert scorer.score([]) == []
    with pytest.raises(PlauditError, match="no such file"):
        scorer.score(tmp_path / "nothing.jsonl")


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a text", "another"], "not with 'a text' in it"),
        ([GROUPS[0], None], "not a list"),
        (3, "not 3"),
        (None, "not None"),
        ({"prompt": "p", "responses": ["a"]}, "not a dict"),
        ([[GROUPS[0]]], "not with a list in it"),
    ],
)
def test_what_is_no_group_is_one_clear_type_error(scorer, groups, message):
    with pytest.raises(TypeError, match=message):
        scorer.score(groups)


def test_ranking(scorer):
    ranked = scorer.rank("w1", ["w2 w3 w4", "bad"])
    assert sorted(score.response for score in ranked) == [0, 1]
    assert ranked[0].score >= ranked[1].score
    assert scorer.rank("w1", ("bad",))[0].response == 0
    with pytest.raises(TypeError, match="takes responses as a list of texts or lists of dicts, not 'bad'"):
        scorer.rank("w1", "bad")


def test_what_is_too_long_names_the_response_and_the_remedy(reward_model):
    long = Group("q", "w1", ("w2", "w3 " * 100))
    for scorer in (reward_model, Ensemble([reward_model, reward_model])):
        with pytest.raises(TooLongError) as caught:
            scorer.prepare(long)
        assert str(caught.value).startswith("response 1 of group 'q' ('w3 w3")
        assert "does not fit the context of 64 tokens (102 with its prompt); leave it out, or cut" in str(caught.value)
        assert scorer.prepare(long, truncate_responses=True).cost == len(["w1", "w2", "<eos>"]) + 64
        with pytest.raises(TooLongError):
            scorer.score(long)


def test_windows_are_by_tokens():
    prepared = [Prepared(group, cost) for group, cost in zip([*GROUPS, *GROUPS], (3, 4, 9, 1), strict=True)]
    assert [[item.cost for item in batch] for batch in windows(prepared, 6)] == [[3, 4], [9], [1]]
    assert [len(batch) for batch in windows(prepared, 100)] == [4]
    assert list(windows([], 5)) == []


def test_kinds_are_those_of_plaudit_json(scorer, reward_model, tmp_path):
    if type(scorer).__module__ == "ruled":
        assert scorer.kind == "scorer"
        return
    scorer.save(tmp_path / "model")
    assert json.loads((tmp_path / "model/plaudit.json").read_text())["plaudit"] == scorer.kind
    assert type(open_model(tmp_path / "model")) is type(scorer)


def test_a_scorer_shows_what_it_is(reward_model, linear, tmp_path):
    assert repr(linear) == "LinearModel('length': 1 feature, attributes: fun)"
    reward_model.save(tmp_path / "my-model")
    opened = open_model(tmp_path / "my-model")
    count = sum(parameter.numel() for parameter in opened.network.parameters())
    shown = f"LlamaForSequenceClassification, {count / 1000:.3g}K parameters, context 64, {opened.network.device}"
    assert repr(opened) == f"RewardModel('{tmp_path / 'my-model'}': {shown})"
    assert repr(Ensemble([opened, opened])) == f"Ensemble({opened!r}, {opened!r})"
    assert repr(RewardModel(opened.network, opened.tokenizer)) == f"RewardModel({shown})"


def test_an_unknown_folder_is_refused(tmp_path):
    with pytest.raises(PlauditError, match="no model folder"):
        open_model(Path("nowhere") / "at" / "all")
