"""Two models on the same judgements: figures by hand, p-values by scipy, and what cannot be said."""

import json
import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import permutation_test

from plaudit.errors import PlauditError
from plaudit.evaluation import evaluate
from plaudit.evaluation.pairing.paired import OTHER_SCALE, compare
from plaudit.groups import Group, Ranking, Rating
from plaudit.report import judge_pair
from plaudit.scoring import ScoredGroups
from plaudit.statistics.significance import benjamini_hochberg, mcnemar, sign_flip

BEST = Ranking(((0,), (1,)))
GROUPS = [Group(f"g{i}", f"p{i}", ("long one", "short"), (BEST,), subset="xy"[i % 2]) for i in range(10)]


def paired_verdict(paired):
    """What the report's rules say of two models."""
    return "\n".join(finding.sentence.plain("en") for finding in judge_pair(paired))


def right(*where, n=10):
    return [[1.0, 0.0] if i in where else [0.0, 1.0] for i in range(n)]


def test_figures_by_hand():
    # Both right on 0-3, only A on 4-8, only B on none, neither on 9.
    found = compare(GROUPS, right(*range(9)), right(*range(4)))
    accuracy = found.overall["accuracy"]
    assert (accuracy.a.value, accuracy.b.value) == (0.9, 0.4)
    assert accuracy.difference.value == pytest.approx(0.5)
    # Five prompts that differ, all one way: 2 of 2^5 patterns are as far out.
    assert accuracy.p == 2 / 32
    assert found.mcnemar.to_json() == {
        "both": 4, "only_a": 5, "only_b": 0, "neither": 1, "equal_scores": 0, "p": pytest.approx(2 / 32)
    }  # fmt: skip
    # Gaps are 1 or -1: a comparison that A alone gets right costs it log(1 + 1/e), and B log(1 + e), which is 1 more.
    assert found.overall["log_loss"].difference.value == pytest.approx(-0.5)
    # x: 4, 6, 8 of 0 2 4 6 8; y: 5, 7 of 1 3 5 7 9.
    assert found.subsets["x"].p == 2 / 8
    assert found.subsets["y"].p == 2 / 4
    assert (found.subsets["x"].q, found.subsets["y"].q) == (0.5, 0.5)
    assert list(found.lengths) == ["longer"]
    assert found.counts["groups_they_disagree_on"] == 5
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["accuracy"]["p"] == 2 / 32


def test_each_model_has_the_figures_of_eval():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 10, 2)).tolist()
    found = compare(GROUPS, a, b)
    for side, scores in (("a", a), ("b", b)):
        own = evaluate(GROUPS, scores)
        for name, contrast in found.overall.items():
            assert getattr(contrast, side) == own.overall[name]
        assert {name: getattr(contrast, side) for name, contrast in found.subsets.items()} == {
            name: part.overall["accuracy"] for name, part in own.subsets.items()
        }


def test_swapping_the_models_swaps_the_signs():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 10, 2)).tolist()
    one, other = compare(GROUPS, a, b), compare(GROUPS, b, a)
    assert one.overall["accuracy"].difference.value == pytest.approx(-other.overall["accuracy"].difference.value)
    assert one.overall["accuracy"].p == other.overall["accuracy"].p
    assert [d.group.id for d in one.disagreements] == [d.group.id for d in other.disagreements]


def test_the_sign_flip_agrees_with_scipy():
    rng = np.random.default_rng(2)
    for size in (6, 12):
        difference = rng.normal(0.4, 1, size)
        wanted = permutation_test(
            (difference,), np.mean, permutation_type="samples", n_resamples=math.inf, alternative="two-sided"
        )
        assert sign_flip(difference, np.ones(size), np.arange(size)) == pytest.approx(wanted.pvalue)


def test_the_sign_flip_flips_clusters_whole():
    # Cluster sums 2, 1 and -0.5 (weights 2 1, 1, 0.5): by hand, all eight patterns.
    difference, weight, cluster = np.array([0.5, 1, 1, -1.0]), np.array([2, 1, 1, 0.5]), np.array([0, 0, 1, 2])
    sums = [abs(s * 2 + t * 1 + u * 0.5) for s, t, u in product((1, -1), repeat=3)]
    wanted = sum(s >= 2.5 for s in sums) / 8
    assert sign_flip(difference, weight, cluster) == wanted == 0.5


def test_the_sign_flip_of_many_clusters_is_drawn():
    # 30 prompts differ, 22 for A: the patterns are a binomial's, of which the two tails of 22 or more are wanted.
    tail = 2 * sum(math.comb(30, k) for k in range(22, 31)) / 2**30
    difference = np.array([1.0] * 22 + [-1.0] * 8 + [0.0] * 50)
    p = sign_flip(difference, np.ones(80), np.arange(80))
    assert p == pytest.approx(tail, abs=4 * math.sqrt(tail / 9999))
    assert sign_flip(np.ones(200), np.ones(200), np.arange(200)) == 1 / 10_000


def test_the_sign_flip_of_no_difference_and_of_nothing():
    assert sign_flip(np.zeros(5), np.ones(5), np.arange(5)) == 1.0
    assert sign_flip(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64)) is None


def test_the_sign_flip_keeps_its_level():
    # Two models that are the same but for luck, in clusters that each swing one way: rejected at 5% about 5% of times.
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(12), 10)
    rejected = sum(
        sign_flip(rng.normal(size=12)[cluster] + rng.normal(size=120), np.ones(120), cluster) < 0.05 for _ in range(300)
    )
    assert rejected / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_mcnemar_leaves_equal_scores_out():
    found = mcnemar(np.array([1.0, 1, 1, 1, 0, -1]), np.array([-1.0, -1, -1, 1, 1, 0]))
    # Three for A alone: 2 * (1/2)^3.
    assert (found.only_a, found.both, found.equal_scores, found.p) == (3, 1, 2, pytest.approx(0.25))
    assert mcnemar(np.ones(3), np.ones(3)).p is None


def test_benjamini_hochberg_by_hand():
    # Three p-values in order 0.01, 0.02, 0.5: times 3/1, 3/2, 3/3, and never more than a later one's.
    found = benjamini_hochberg({"a": 0.02, "none": None, "b": 0.5, "c": 0.01})
    assert found == {"a": pytest.approx(0.03), "none": None, "b": pytest.approx(0.5), "c": pytest.approx(0.03)}
    assert benjamini_hochberg({}) == {}


def test_the_disagreements_stand_furthest_first_and_once_a_group():
    groups = [
        Group("ties", "p0", ("a", "b", "c"), (Ranking(((0, 1), (2,)), annotator="x"), Ranking(((0, 1),)))),
        Group("far", "p1", ("a", "b"), (Ranking(((1,), (0,))),)),
        Group("agreed", "p2", ("a", "b"), (BEST,)),
    ]
    a, b = [[2.0, 0.0, -1.0], [0.0, 8.0], [1.0, 0.0]], [[0.0, 2.0, -1.0], [6.0, 0.0], [9.0, 0.0]]
    found = compare(groups, a, b).disagreements
    assert [(d.group.id, d.better, d.worse, d.tie) for d in found] == [("far", 1, 0, False), ("ties", 0, 1, True)]
    assert (found[0].gap_a, found[0].gap_b) == (8.0, -6.0)
    # Comparisons: 0-1 tied (twice), 0-2, 1-2; 1-0; 0-1.
    rms_a = math.sqrt((4 + 9 + 1 + 4 + 64 + 1) / 6)
    rms_b = math.sqrt((4 + 1 + 9 + 4 + 36 + 81) / 6)
    assert found[0].apart == pytest.approx(8 / rms_a + 6 / rms_b)


RATED = [Group(f"g{i}", f"p{i}", ("a",), ratings=(Rating(0, float(i % 5), "help"),)) for i in range(10)]


def test_ratings_by_hand():
    truth = [[float(i % 5)] for i in range(10)]
    off = [[i % 5 + (1.0 if i < 5 else 2.0)] for i in range(10)]
    a, b = (ScoredGroups.of(truth, attributes={"help": values}) for values in (off, truth))
    found = compare(RATED, a, b).ratings["help"]
    assert found["mae"].difference.value == pytest.approx(1.5)
    assert (found["mae"].a.value, found["mae"].b.value) == (1.5, 0.0)
    own = evaluate(RATED, a).ratings["help"]
    assert found["spearman"].a == own["spearman"]
    assert found["spearman"].difference.value == pytest.approx(own["spearman"].value - 1)


def test_errors_in_other_units_are_not_compared():
    values = {"help": [[float(i % 3)] for i in range(10)]}
    one = ScoredGroups.of(values["help"], attributes=values, scales={"help": (0.0, 4.0)})
    assert compare(RATED, one, values["help"]).ratings["help"]["mae"].difference.reason.startswith("B: the model")
    two = ScoredGroups.of(values["help"], attributes=values, scales={"help": (0.0, 1.0)})
    other = compare(RATED, one, two)
    assert other.ratings["help"]["mae"].difference.reason == OTHER_SCALE


def test_hard_input_is_undefined_or_one_line():
    constant = [[0.0, 0.0]] * 10
    found = compare(GROUPS, constant, constant)
    assert found.overall["accuracy"].a.value == 0.5
    assert (found.mcnemar.equal_scores, found.mcnemar.p, found.disagreements) == (10, None, [])
    assert "neither is ever right where the other is not" in paired_verdict(found)
    one = compare(GROUPS[:1], right(0, n=1), right(n=1))
    assert one.overall["accuracy"].difference.low is None
    assert "how sure that is cannot be said" in paired_verdict(one)
    with pytest.raises(PlauditError, match="model B: 1 of 20 scores are not finite"):
        compare(GROUPS, constant, [[math.nan, 0.0], *constant[1:]])
    with pytest.raises(PlauditError, match="nothing to measure"):
        compare([Group("g", "p", ("a", "b"))], [[1.0, 0.0]], [[1.0, 0.0]])
    ties = [Group(f"g{i}", f"p{i}", ("a", "b"), (Ranking(((0, 1),)),), subset="s") for i in range(3)]
    tied = compare(ties, [[1.0, 0.0]] * 3, [[0.0, 1.0]] * 3)
    assert (tied.overall["accuracy"].p, tied.subsets["s"].q) == (None, None)
    assert "undefined: every comparison is a judged tie" in paired_verdict(tied)
    json.dumps(tied.to_json(), allow_nan=False)


def test_constant_scores_have_no_order():
    found = compare(RATED, [[1.0]] * 10, [[float(i)] for i in range(10)])
    assert found.ratings["help"]["spearman"].difference.value is None
    assert "help ratings better is undefined" in paired_verdict(found)


def many(n, ahead_a, ahead_b):
    groups = [Group(f"g{i}", f"p{i}", ("a", "b"), (BEST,)) for i in range(n)]
    a = right(*range(ahead_a), *range(50, n), n=n)
    b = right(*range(ahead_a, ahead_a + ahead_b), *range(50, n), n=n)
    return paired_verdict(compare(groups, a, b))


def test_the_verdict_says_no_more_than_the_figures():
    assert "A is more accurate" in many(100, 25, 5)
    assert "B is more accurate" in many(100, 5, 25)
    assert "they cannot be told apart" in many(100, 12, 11)
    # Always ahead has no interval, but 2 of 2^10 patterns.
    assert "A is more accurate" in paired_verdict(compare(GROUPS, right(*range(10)), right()))


def test_the_verdict_names_subsets():
    groups = [Group(f"g{i}", f"p{i}", ("a", "b"), (BEST,), subset="first" if i < 12 else "second") for i in range(24)]
    said = paired_verdict(compare(groups, right(*range(24), n=24), right(*range(12, 24), n=24)))
    assert "A is ahead in first." in said
    said = paired_verdict(compare(groups, right(0, n=24), right(1, n=24)))
    assert "In no subset can they be told apart" in said
