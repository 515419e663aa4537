"""ScoredGroups: from every form of scores, checked against groups; and `evaluate(groups, model.score(groups))`."""

import math
from pathlib import Path

import numpy as np
import pytest

import plaudit
from plaudit import Group, Ranking, Score
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.model.linear import Linear, LinearModel
from plaudit.model.linear.features import LengthFeatures
from plaudit.scoring import ScoredGroups
from plaudit.scoring.scored import scales_of

GROUPS = [
    Group(f"g{i}", f"p{i}", ("a long answer", "short"), (Ranking(((0,), (1,))),) if i else (Ranking(((1,), (0,))),))
    for i in range(4)
]


def full(group, response, score, **more):
    return Score(group, response, score, 5, more.pop("truncated", False), **more)


def test_evaluate_takes_what_a_model_returns():
    model = LinearModel(LengthFeatures(), Linear(np.array([2.0])))
    found = plaudit.evaluate(GROUPS, model.score(GROUPS))
    assert found.overall["accuracy"].value == 0.75
    numbers = [[score.score for score in row] for row in model.score(GROUPS)]
    assert plaudit.evaluate(GROUPS, numbers).to_json() == found.to_json()
    assert plaudit.compare(GROUPS, model.score(GROUPS), numbers).overall["accuracy"].a.value == 0.75
    assert plaudit.best_of(GROUPS, {"length": model.score(GROUPS)}, numbers).counts["prompts"] == 4


def test_one_row_of_everything():
    rows = [
        [full("g0", 0, 1.5, scores={"helpful": 3.0}, spread=0.5), full("g0", 1, -0.5, truncated=True)],
        [full("g1", 0, math.nan, scores={"safe": 1.0, "helpful": 2.0})],
    ]
    scored = ScoredGroups.of(rows)
    assert scored.sizes.tolist() == [2, 1]
    assert len(scored) == 2
    np.testing.assert_array_equal(scored.scores, [1.5, -0.5, math.nan])
    assert list(scored.attributes) == ["helpful", "safe"]
    np.testing.assert_array_equal(scored.attributes["helpful"], [3.0, math.nan, 2.0])
    np.testing.assert_array_equal(scored.spreads, [0.5, math.nan, math.nan])
    assert scored.truncated.tolist() == [False, True, False]
    assert scored.per_group("safe")[1] == [1.0]
    assert scored.per_group("unknown")[0] == scored.per_group()[0] == [1.5, -0.5]
    assert repr(scored) == "ScoredGroups(2 groups, 3 responses, scores from -0.5 to 1.5; attributes: helpful, safe)"


def test_no_groups_and_no_spread():
    scored = ScoredGroups.of([])
    assert (len(scored), scored.per_group(), scored.spreads) == (0, [], None)
    assert repr(scored) == "ScoredGroups(0 groups, 0 responses, no finite score)"
    assert ScoredGroups.of([[1, 2], []]).per_group() == [[1.0, 2.0], []]


def test_scores_in_any_order_find_their_responses():
    loose = [full("g1", 0, 2.0), full("g0", 1, 1.0), full("g0", 0, 0.0), full("g1", 1, 3.0), full("elsewhere", 0, 9.0)]
    scored = ScoredGroups.matching(GROUPS[:2], loose)
    assert scored.per_group() == [[0.0, 1.0], [2.0, 3.0]]
    assert scored.unused == 1
    with pytest.raises(PlauditError, match="has no score"):
        ScoredGroups.matching(GROUPS, loose)


def test_scales_come_from_the_record():
    outputs = {"attributes": [{"name": "helpful", "low": 0, "high": 4}, {"name": "r", "readout": "reward"}]}
    record = {"outputs": outputs, "attributes": {"safe": {"low": 1, "high": 5}}}
    assert scales_of(record) == {"helpful": (0, 4), "safe": (1, 5)}
    assert ScoredGroups.of([[1.0]], record=record).scales == {"helpful": (0, 4), "safe": (1, 5)}
    assert ScoredGroups.of([[1.0]], record=record, scales={}).scales == {}


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ("scores.jsonl", "not str"),
        (Path("scores.jsonl"), "not PosixPath"),
        ([1.0, 2.0], "not a list of float"),
        (["ab", "cd"], "not a list of str"),
        ([[1.0, full("g0", 1, 1.0)]], "either Score objects or numbers"),
    ],
)
def test_what_is_no_scores_is_one_clear_type_error(scores, message):
    with pytest.raises(TypeError, match=message):
        plaudit.evaluate(GROUPS, scores)


def test_scores_of_another_shape():
    with pytest.raises(InvalidInputError, match="4 groups and scores for 1; give one list of scores a group"):
        ScoredGroups.matching(GROUPS, [[1.0, 2.0]])
    with pytest.raises(InvalidInputError, match="group 'g1' has 2 responses and 1 score"):
        ScoredGroups.matching(GROUPS[:2], [[1.0, 2.0], [1.0]])
    with pytest.raises(InvalidInputError, match="another number of values"):
        ScoredGroups.of([[1.0, 2.0]], spreads=[[1.0]])
    with pytest.raises(InvalidInputError, match="the baseline bow has scores for other responses"):
        ScoredGroups.of([[1.0, 2.0]], baselines={"bow": [[1.0]]})


def test_a_file_whose_rows_are_merged_is_evaluated_by_its_own_scores(tmp_path):
    # Two rows of one prompt: scored apart, and one group of three responses when their judgements are read.
    file = tmp_path / "pairs.jsonl"
    file.write_text(
        '{"prompt": "p", "chosen": "long answer", "rejected": "short"}\n'
        '{"prompt": "p", "chosen": "no", "rejected": "long answer"}\n'
    )
    model, groups = LinearModel(LengthFeatures(), Linear(np.array([2.0]))), plaudit.load_groups(file)
    scores = model.score(file)
    assert ([len(row) for row in scores], [len(group.responses) for group in groups]) == ([2, 2], [3])
    assert plaudit.evaluate(groups, scores).overall["accuracy"].value == 0.5
