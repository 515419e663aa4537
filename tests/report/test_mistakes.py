"""The worst mistakes and their kinds, by hand."""

import math

import pytest
from report_samples import voted

from plaudit.report import kinds_of_mistakes, worst_mistakes

SHORT_LONG = ("ab", "a longer response")


def test_the_most_confident_mistake_comes_first_and_one_a_group():
    groups = [
        voted("right", [(0, 1, "a")], SHORT_LONG),
        voted("slightly", [(0, 1, "a")], SHORT_LONG),
        voted("badly", [(0, 1, "a"), (2, 1, "a")], ("x", "y", "z")),
    ]
    first, second = worst_mistakes(groups, [[1, 0], [0, 0.5], [0, 3, 1]])
    assert (first.group, first.better, first.worse, first.gap) == ("badly", 0, 1, 3)
    assert first.responses == ("x", "y")
    assert first.confidence == pytest.approx(1 / (1 + math.exp(-3)))
    assert second.group == "slightly"
    assert [mistake.group for mistake in worst_mistakes(groups, [[1, 0], [0, 0.5], [0, 3, 1]], most=1)] == ["badly"]


def test_votes_decide_together_and_an_even_split_decides_nothing():
    outvoted = voted("outvoted", [(0, 1, "a"), (1, 0, "b"), (1, 0, "c")], SHORT_LONG)
    split = voted("split", [(0, 1, "a"), (1, 0, "b")], SHORT_LONG)
    (found,) = worst_mistakes([outvoted, split], [[2, 0], [2, 0]])
    assert (found.group, found.better, found.votes, found.annotators) == ("outvoted", 1, (2, 1), ("b", "c"))


@pytest.mark.parametrize("scores", [[0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0], [1.0, 0.0]])
def test_equal_broken_and_right_scores_are_no_mistakes(scores):
    assert worst_mistakes([voted("g", [(0, 1, None)], SHORT_LONG)], [scores]) == []


def test_kinds_of_mistakes_are_shares_of_the_wrong_comparisons():
    """Four prompts, one vote each but the last; wrong are 2, 3 and both votes of 4 for response 0."""
    groups = [
        voted("1", [(0, 1, "a")], SHORT_LONG, "one"),
        voted("2", [(0, 1, "a")], SHORT_LONG, "two"),
        voted("3", [(1, 0, "a")], SHORT_LONG, "three"),
        voted("4", [(0, 1, "a"), (0, 1, "b")], SHORT_LONG, "four"),
    ]
    # Gaps for the wrong one: 2: 0.5 (the longer), 3: 3 (the shorter), 4: 2 (the longer), twice.
    kinds = kinds_of_mistakes(groups, [[1, 0], [0, 0.5], [3, 0], [0, 2]])
    assert kinds["longer"].value == pytest.approx(3 / 4)
    # sigma(0.5) = 0.62, sigma(3) = 0.95, sigma(2) = 0.88.
    assert kinds["sure"].value == pytest.approx(3 / 4)
    # Only the two votes of 4 have another vote beside them, and it agrees.
    assert (kinds["disputed"].value, kinds["disputed"].n) == (0, 2)


def test_without_mistakes_there_are_no_shares():
    kinds = kinds_of_mistakes([voted("1", [(0, 1, "a")], SHORT_LONG)], [[1, 0]])
    assert {kind.reason for kind in kinds.values()} == {"the model made no mistake"}
