"""Ensembles by hand."""

import numpy as np
import pytest

from plaudit.evaluation.best_of_n.estimators import combine
from plaudit.evaluation.best_of_n.pools import standardised
from plaudit.statistics.within_prompt import pooled_sd


def test_by_hand():
    # Three members, two candidates: 1, 2, 6 (mean 3, variance 14/3) and 2, 2, 2.
    found = combine(np.array([[1.0, 2.0], [2.0, 2.0], [6.0, 2.0]]), penalty=0.3)
    assert list(found) == ["mean", "worst case (min)", "mean - 0.3 variance"]
    mean, least, careful = found.values()
    assert mean == pytest.approx([3, 2])
    assert least == pytest.approx([1, 2])
    assert careful == pytest.approx([3 - 0.3 * 14 / 3, 2])


def test_without_a_penalty_it_is_the_mean():
    mean, _, careful = combine(np.array([[1.0, 2.0], [4.0, 2.0]]), penalty=0).values()
    assert careful == pytest.approx(mean)


def test_members_are_standardised_within_prompts():
    # Deviations -1, 1 and -2, 0, 2: (2 + 8) / (1 + 2) degrees of freedom. What a prompt adds to all does not count.
    values = [np.array([10.0, 12.0]), np.array([-2.0, 0.0, 2.0])]
    unit = np.sqrt(10 / 3)
    assert pooled_sd(values) == pytest.approx(unit)
    first, second = standardised(values)
    assert first == pytest.approx(np.array([-1, 1]) / unit)
    assert second == pytest.approx(np.array([-2, 0, 2]) / unit)
    assert standardised([np.array([3.0, 3.0])])[0] == pytest.approx([0, 0])
