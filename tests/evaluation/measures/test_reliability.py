"""The reliability curve and accuracy by length: by hand, and against scikit-learn's calibration curve."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve

from plaudit.evaluation.measures.calibration import ece, reliability
from plaudit.evaluation.measures.lengths import by_length
from plaudit.groups import Group, Ranking
from plaudit.judgements import scored_comparisons


def compared(rows):
    """A prompt for each (gap, tie, length of the better, length of the other)."""
    groups = [
        Group(str(i), f"p{i}", ("a" * better, "a" * worse), (Ranking(((0, 1),) if tie else ((0,), (1,))),))
        for i, (_, tie, better, worse) in enumerate(rows)
    ]
    return scored_comparisons(groups, [[gap, 0.0] for gap, *_ in rows])


def of_gaps(gaps):
    return compared([(gap, False, 1, 1) for gap in gaps])


def test_the_curve_is_scikit_learns():
    gaps = np.random.default_rng(0).normal(0.5, 2, 300)
    # Folded: whether people preferred what the model prefers, against sigma of the absolute gap.
    right, confidence = calibration_curve(gaps > 0, 2 * expit(np.abs(gaps)) - 1, n_bins=10)
    found = reliability(*of_gaps(gaps))
    assert [row.right.value for row in found] == pytest.approx(right)
    assert [row.confidence for row in found] == pytest.approx((confidence + 1) / 2)
    assert all(row.low <= row.confidence <= row.high for row in found)


def test_empty_bins_are_left_out_and_ties_are_half_right():
    found = reliability(*compared([(logit(0.97), False, 1, 1), (-logit(0.97), False, 1, 1), (0.1, True, 1, 1)]))
    assert [(row.low, row.high, row.right.value, row.right.n) for row in found] == [
        (0.5, 0.55, 0.5, 1),
        (pytest.approx(0.95), 1.0, 0.5, 2),
    ]
    assert reliability(*of_gaps([])) == []


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=40))
def test_the_ece_is_the_curves_distance_from_the_diagonal(gaps):
    rows = reliability(*of_gaps(gaps))
    distance = sum(row.right.n * abs(row.right.value - row.confidence) for row in rows) / len(gaps)
    assert ece(*of_gaps(gaps)).value == pytest.approx(distance)


def test_lengths_by_hand():
    # Better response: 6, 5, 3, 3, 2 and 1 characters shorter, wrong down to the first of the 3s; as long, and right; 2
    # longer, and half right; a tie is in no bin.
    rows = [
        (-1.0, False, 1, 7),
        (-1.0, False, 2, 7),
        (-1.0, False, 1, 4),
        (1.0, False, 2, 5),
        (1.0, False, 1, 3),
        (1.0, False, 1, 2),
        (1.0, False, 3, 3),
        (0.0, False, 4, 2),
        (1.0, True, 9, 1),
    ]
    found = by_length(*compared(rows))
    assert [(row.low, row.high, row.accuracy.value, row.accuracy.n) for row in found] == [
        (-6, -5, 0.0, 2),
        (-3, -3, 0.5, 2),
        (-2, -1, 1.0, 2),
        (0, 0, 1.0, 1),
        (2, 2, 0.5, 1),
    ]


def test_a_model_that_rides_on_length_falls():
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 200, (600, 2))
    found = by_length(*compared([(a - b, False, a, b) for a, b in lengths.tolist()]))
    assert {row.accuracy.value for row in found if row.high < 0} == {0.0}
    assert {row.accuracy.value for row in found if row.low > 0} == {1.0}
    sizes = [row.accuracy.n for row in found if row.high < 0]
    assert max(sizes) - min(sizes) < 20


@given(st.lists(st.tuples(st.floats(-3, 3), st.booleans(), st.integers(1, 30), st.integers(1, 30)), max_size=40))
def test_every_decided_comparison_is_in_one_bin(rows):
    found = by_length(*compared(rows))
    assert sum(row.accuracy.n for row in found) == sum(not tie for _, tie, _, _ in rows)
    edges = [edge for row in found for edge in (row.low, row.high)]
    assert edges == sorted(edges)
    assert all(a.high < b.low for a, b in pairwise(found))
