"""What validation scores warn of. The groups are built so that each figure can be counted by hand."""

import numpy as np
import pytest

from plaudit.groups import Group, Ranking
from plaudit.training.run.warnings import warnings


def pair(better: str, worse: str) -> Group:
    return Group("g", "p", (better, worse), (Ranking(((0,), (1,))),))


# 100 pairs, the better response longer in half of them: the length rule scores 0.5, chance is 0.5 ± 0.1.
PAIRS = [pair("longer one", "short"), pair("short", "longer one")] * 50


def scores(right: int, gap: float = 1.0) -> np.ndarray:
    """Scores of PAIRS with the first `right` of them the right way round."""
    return np.array([[gap, 0.0] if index < right else [0.0, gap] for index in range(len(PAIRS))]).ravel()


def test_a_sound_model_is_not_warned_of():
    assert warnings(PAIRS, scores(70)) == []


@pytest.mark.parametrize("right", [0, 45, 59])
def test_chance(right):
    found = warnings(PAIRS, scores(right))
    assert f"validation accuracy {right / 100:.3f} is not clearly above chance (0.5 ± 0.100, 100 groups)" in found[0]


def test_clearly_above_chance_is_not_chance():
    assert warnings(PAIRS, scores(61)) == []


def test_the_length_rule_explains_it():
    # The better response is the longer in 80 of 100, and that is exactly what the model scores.
    groups = [pair("longer one", "short")] * 80 + [pair("short", "longer one")] * 20
    (found,) = warnings(groups, np.array([[1.0, 0.0]] * 80 + [[0.0, 1.0]] * 20).ravel())
    assert "preferring the longer response scores 0.800" in found
    assert "no worse than this model (0.800)" in found
    assert warnings(groups, np.array([[1.0, 0.0]] * 81 + [[0.0, 1.0]] * 19).ravel()) == []


def test_saturation():
    (found,) = warnings(PAIRS, scores(90, gap=8.1))
    assert "half of the validation score gaps are wider than 8" in found
    assert warnings(PAIRS, scores(90, gap=7.9)) == []


@pytest.mark.parametrize(
    "groups", [[], [Group("g", "p", ("a", "b"), (Ranking(((0, 1),)),))], [Group("g", "p", ("a",))]]
)
def test_nothing_is_decided(groups):
    (found,) = warnings(groups, np.zeros(sum(len(group.responses) for group in groups)))
    assert "no validation group has a decided comparison" in found


def test_ties_and_equal_scores():
    # Equal scores earn half; ties are not counted: accuracy 0.5 over 16 groups, chance 0.5 ± 0.25.
    group = Group("g", "p", ("a", "b", "c"), (Ranking(((0,), (1, 2))),))
    found = warnings([group] * 16, np.array([[0.0, 0.0, 5.0], [5.0, 5.0, 0.0]] * 8).ravel())
    # First kind: 0 against 1 equal (½), 0 against 2 lost (0); second: ½ and won (1). Mean ½.
    assert "validation accuracy 0.500 is not clearly above chance (0.5 ± 0.250, 16 groups)" in found[0]
