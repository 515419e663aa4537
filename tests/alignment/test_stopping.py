"""When a run stops and what it keeps, on curves drawn by hand."""

import numpy as np
import pytest

from plaudit.alignment.evaluating import PolicyEvaluation, mean_over_prompts
from plaudit.alignment.settings import AlignmentSettings
from plaudit.alignment.stopping import (
    COLLAPSED,
    GOLD_FELL,
    GOLD_FLAT,
    KL_BUDGET,
    NARROWED,
    UNSURE,
    best_evaluation,
    find_alarm,
)

SETTINGS = AlignmentSettings(method="ppo")
STEADY = {"kl": 1.0, "distinct": 1.0, "ended": 1.0, "entropy": 1.0, "reward": 0.0}


def evaluations(settings=SETTINGS, **curves):
    """One evaluation a step, of twelve prompts that differ a little; figures that are not given stay as they are."""
    count = len(next(iter(curves.values())))
    noise = np.linspace(-0.01, 0.01, 12)
    result = []
    for step in range(count):
        values = {**STEADY, **{name: curve[step] for name, curve in curves.items()}}
        by_prompt = {name: value + noise * ((step * 5) % 3 - 1) for name, value in values.items()}
        figures = {name: mean_over_prompts(column) for name, column in by_prompt.items()}
        result.append(PolicyEvaluation(step, "validation", figures, by_prompt, [], {}, [], np.zeros(0), None))
    return result


@pytest.mark.parametrize(
    ("curves", "settings", "reason"),
    [
        ({"kl": [0, 3, 9]}, {"kl_budget": 8.0}, KL_BUDGET),
        ({"distinct": [1.0, 0.7, 0.4]}, {}, COLLAPSED),
        ({"distinct": [0.6, 0.5, 0.4]}, {}, None),
        ({"ended": [0.9, 0.4]}, {}, COLLAPSED),
        ({"entropy": [1.0, 0.1]}, {}, COLLAPSED),
        ({"gold": [0.0, 1.0, 0.5]}, {}, GOLD_FELL),
        ({"gold": [0.0, 0.5, 1.0]}, {}, None),
        ({"gold": [1.0, 1.0, 1.0, 1.0, 1.0], "reward": [0.0, 1.0, 2.0, 3.0, 4.0]}, {}, GOLD_FLAT),
        ({"gold": [0.0, 0.1, 0.2, 0.3, 0.4], "reward": [0.0, 1.0, 2.0, 3.0, 4.0]}, {}, None),
        ({"gold": [1.0, 1.0, 1.0, 1.0, 1.0], "reward": [0.0] * 5}, {}, None),
        ({"spread": [0.2, 0.3]}, {}, UNSURE),
        ({"spread": [0.2, 0.2]}, {}, None),
        ({"reward": [0.0, 5.0, 9.0]}, {}, None),
        ({"entropy": [1.0, 0.6], "distinct": [1.0, 0.7]}, {}, NARROWED),
        ({"entropy": [1.0, 0.6], "repeated": [0.02, 0.06]}, {}, NARROWED),
        ({"entropy": [1.0, 0.6], "repeated": [0.001, 0.02]}, {}, None),
        ({"entropy": [1.0, 0.6]}, {}, None),
        ({"entropy": [1.0, 0.6]}, {"narrowing_signs": 1}, NARROWED),
        ({"entropy": [1.0, 0.6], "distinct": [1.0, 0.7]}, {"narrowing_signs": 0}, None),
        ({"entropy": [1.0, 0.6], "distinct": [1.0, 0.7], "gold": [0.0, 1.0]}, {}, None),
    ],
)
def test_alarms(curves, settings, reason):
    alarm = find_alarm(evaluations(**curves), AlignmentSettings(method="ppo", **settings))
    assert (alarm and alarm.reason) == reason
    if alarm:
        assert alarm.needs_gold == (reason in (GOLD_FELL, GOLD_FLAT))
        assert alarm.says


def test_the_first_evaluation_is_no_alarm():
    assert find_alarm(evaluations(kl=[99.0]), AlignmentSettings(method="ppo", kl_budget=1.0)) is None


def test_the_best_by_gold_is_kept():
    assert best_evaluation(evaluations(gold=[0.0, 2.0, 1.0], reward=[0.0, 1.0, 2.0]), SETTINGS) == 1


def test_the_untrained_policy_is_kept_where_nothing_is_better():
    assert best_evaluation(evaluations(gold=[0.0, -2.0, -1.0]), SETTINGS) == 0


def test_without_gold_the_last_before_an_alarm_is_kept():
    assert best_evaluation(evaluations(distinct=[1.0, 0.9, 0.3, 0.2], reward=[0.0, 1.0, 2.0, 3.0]), SETTINGS) == 1
    assert best_evaluation(evaluations(distinct=[1.0, 0.9, 0.8], reward=[0.0, 1.0, 2.0]), SETTINGS) == 2
