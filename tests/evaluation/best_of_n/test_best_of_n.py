"""Whole measurements: known worlds, what is said of them, and input that has little or nothing to say."""

import json
import math

import numpy as np
import pytest

from plaudit.errors import PlauditError
from plaudit.evaluation.best_of_n import best_of
from plaudit.evaluation.best_of_n.curves import NO_CHOICE, SAME_GOLD, SAME_REWARD
from plaudit.groups import Group
from plaudit.report import judge_curve
from plaudit.statistics.intervals import ONE_CLUSTER


def finding(curve, most):
    """What the report's rules say of a curve."""
    return judge_curve(curve, most).sentence.plain("en").replace("\u00a0", " ")


def world(prompts, candidates):
    return [Group(f"g{i}", f"prompt {i}", tuple("x" * (k + 1) for k in range(candidates))) for i in range(prompts)]


def named(found, name):
    return next(curve for curve in found.curves if curve.name == name)


def rows(array):
    return np.asarray(array, dtype=float).tolist()


@pytest.fixture(scope="module")
def hacked():
    """Rewards that see gold and a flaw they take for a virtue; the flaw's tail is longer. Each sees another flaw."""
    random = np.random.default_rng(0)
    good = random.normal(size=(60, 64))
    flaws = random.normal(size=(2, 60, 64)) ** 2
    gold = good - 0.4 * flaws.sum(axis=0)
    a, b = (good + flaw for flaw in flaws)
    return best_of(world(60, 64), {"a": rows(a), "b": rows(b), "true": rows(5 * gold + 3)}, rows(gold))


def test_gold_by_gold_is_the_ideal_in_any_unit(hacked):
    ideal, own = named(hacked, "gold itself"), named(hacked, "true")
    assert [point.value for point in own.gold] == pytest.approx([point.value for point in ideal.gold])
    assert own.of_ideal.value == pytest.approx(1)
    assert own.gold[-1].value == pytest.approx(own.reward[-1].value)
    assert (own.fall.value, own.fall.low, own.fall.high) == (0.0, 0.0, 0.0)
    assert "no sign of over-optimisation up to n = 64" in finding(own, 64)


def test_a_hacked_reward_rises_while_gold_falls(hacked):
    curve = named(hacked, "a")
    assert all(np.diff([point.value for point in curve.reward]) > 0)
    assert 1 < curve.highest_at < 32
    assert curve.fall.low > 0
    assert curve.fit.beta.low > 0
    assert curve.fit.peak.low < curve.highest_at < curve.fit.peak.high * 3
    assert "over-optimised" in finding(curve, 64) or "worse than a random answer" in finding(curve, 64)


def test_what_members_disagree_on_is_chosen_less(hacked):
    names = [curve.name for curve in hacked.curves if curve.kind == "ensemble"]
    assert names == ["mean", "worst case (min)", "mean - 0.5 variance"]
    for name in names:
        assert named(hacked, name).lead.low > 0
        assert "better than its members' average" in finding(named(hacked, name), 64)


def test_values_are_those_of_a_plain_computation(hacked):
    random = np.random.default_rng(3)
    gold, proxy = random.normal(size=(2, 8, 3))
    found = best_of(world(8, 3), {"p": rows(proxy)}, rows(gold))
    unit = math.sqrt(gold.var(axis=1, ddof=1).mean())
    best = gold[np.arange(8), proxy.argmax(axis=1)] - gold.mean(axis=1)
    assert found.n == (1, 2, 3)
    assert named(found, "p").gold[2].value == pytest.approx(best.mean() / unit)
    assert found.gold_sd == pytest.approx(unit)
    assert found.gold_mean == pytest.approx(gold.mean())
    # The longest of three is the last.
    assert named(found, "the longer answer").gold[2].value == pytest.approx(
        (gold[:, 2] - gold.mean(axis=1)).mean() / unit
    )


def test_a_curve_keeps_its_prompts():
    groups = [*world(4, 5), Group("short", "p", ("x", "y")), Group("one", "q", ("x",))]
    random = np.random.default_rng(0)
    scores = [random.normal(size=len(group.responses)).tolist() for group in groups]
    found = best_of(groups, {"p": scores}, scores)
    assert (found.most, found.counts["prompts"], found.counts["prompts_without_choice"]) == (2, 5, 1)
    longer = best_of(groups, {"p": scores}, scores, most=5)
    assert (longer.most, longer.counts["prompts"], longer.counts["prompts_with_fewer_candidates"]) == (5, 4, 1)
    with pytest.raises(PlauditError, match="no prompt has 6 candidates"):
        best_of(groups, {"p": scores}, scores, most=6)


def test_candidates_without_gold_take_no_part():
    gold = [[1.0, math.nan, 3.0], [2.0, 1.0, 0.0]]
    # The proxy's favourite has no gold value, nor a score that matters.
    found = best_of(world(2, 3), {"p": [[0.0, math.nan, 1.0], [2.0, 1.0, 0.0]]}, gold)
    assert (found.most, found.counts["candidates_without_gold"]) == (2, 1)
    assert found.counts["candidates"] == 5


@pytest.mark.parametrize("hole", [math.nan, math.inf])
def test_a_score_that_is_none_is_refused(hole):
    with pytest.raises(
        PlauditError, match=f"p: the score of response 1 of group 'g0' is {'inf' if hole > 0 else 'missing'}"
    ):
        best_of(world(2, 2), {"p": [[0.0, hole], [1.0, 2.0]]}, [[0.0, 1.0]] * 2)


def test_a_constant_proxy_chooses_at_random():
    # The mean of three times 0.1 is not 0.1 in floats.
    found = best_of(world(5, 4), {"flat": [[0.1] * 4] * 5}, [[0.1, 0.2, 0.3, 0.7]] * 5)
    assert named(found, "flat").gold[-1].reason == SAME_REWARD
    assert finding(named(found, "flat"), 4) == f"undefined: {SAME_REWARD}"


def test_constant_gold_says_nothing():
    found = best_of(world(5, 3), {"p": [[1.0, 2.0, 3.0]] * 5}, [[0.1] * 3] * 5)
    assert {curve.gold[-1].reason for curve in found.curves} == {SAME_GOLD}
    json.dumps(found.to_json(), allow_nan=False)


def test_values_near_the_end_of_floats():
    random = np.random.default_rng(6)
    gold = random.normal(size=(10, 4))
    plain, huge = (best_of(world(10, 4), {"p": rows(gold)}, rows(gold * scale)) for scale in (1.0, 1e250))
    assert named(huge, "p").gold[-1].value == pytest.approx(named(plain, "p").gold[-1].value)


def test_one_prompt_has_a_curve_and_no_interval():
    found = best_of(world(1, 4), {"p": [[1.0, 2.0, 3.0, 4.0]]}, [[1.0, 2.0, 3.0, 4.0]])
    last = named(found, "p").gold[-1]
    assert (last.low, last.reason) == (None, ONE_CLUSTER)
    assert last.value > 1
    assert finding(named(found, "p"), 4) == f"undefined: {ONE_CLUSTER}"
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("groups", [[], [Group("g", "p", ("only",))]])
def test_nothing_to_choose_from(groups):
    scores = [[1.0] * len(group.responses) for group in groups]
    found = best_of(groups, {"a": scores, "b": scores}, scores)
    assert found.counts["prompts"] == 0
    assert {curve.gold[-1].reason for curve in found.curves} == {NO_CHOICE}
    json.dumps(found.to_json(), allow_nan=False)


def test_a_proxy_that_is_wrong_from_the_start():
    random = np.random.default_rng(5)
    gold = random.normal(size=(30, 8))
    found = best_of(world(30, 8), {"p": rows(-gold)}, rows(gold))
    assert "worse than a random answer at n = 8" in finding(named(found, "p"), 8)
    assert "never above it" in finding(named(found, "p"), 8)


def test_refusals():
    groups, scores = world(2, 2), [[1.0, 2.0]] * 2
    with pytest.raises(PlauditError, match="no proxy"):
        best_of(groups, {}, scores)
    with pytest.raises(PlauditError, match="lambda is -1"):
        best_of(groups, {"p": scores}, scores, penalty=-1)
    with pytest.raises(PlauditError, match="2 responses and 1 score"):
        best_of(groups, {"p": [[1.0], [1.0]]}, scores)


def test_groups_and_named_proxies_are_asked_for():
    groups = [Group("q", "P", ("a", "b"))]
    with pytest.raises(TypeError, match=r"not 'pools.jsonl'; read them with load_groups\('pools.jsonl'\)"):
        best_of("pools.jsonl", {"proxy": [[1, 2]]}, [[1, 2]])
    with pytest.raises(TypeError, match="takes proxies as a dict, not a list"):
        best_of(groups, [[1, 2]], [[1, 2]])
