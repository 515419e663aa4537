"""The belief about strengths, against exact integrals, by hand, and against the whole Hessian at once."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from plaudit.groups import Group, Ranking
from plaudit.judgements import Evidence, fit_strengths, sharpness_of


def evidence(*pairs, responses=3):
    rankings = tuple(Ranking(((a,), (b,))) for a, b in pairs)
    return Evidence.of(Group("q", "p", tuple("abcdefgh"[:responses]), rankings))


def test_without_evidence_the_belief_is_the_prior():
    features = np.array([[1.0], [-1.0], [0.0]])
    fit = fit_strengths([evidence()], [features], variances=(2.0, 0.5))
    assert fit.groups[0].mean == pytest.approx(np.zeros(3))
    assert fit.groups[0].covariance == pytest.approx(0.5 * np.eye(3) + 2.0 * features @ features.T)


def test_one_comparison_by_hand():
    """Gap g ~ N(0, 2t): the mode solves g = 2 t sigma(-g), and the precision there is 1/(2t) + p (1 - p)."""
    fit = fit_strengths([evidence((0, 1), responses=2)], variances=(1.0, 1.0))
    gap, variance = fit.groups[0].gaps(np.array([0]), np.array([1]))
    assert gap[0] == pytest.approx(2 * expit(-gap[0]), abs=1e-4)
    p = expit(gap[0])
    assert variance[0] == pytest.approx(1 / (1 / 2 + p * (1 - p)), abs=1e-4)


def test_three_answers_against_the_integral_over_all_strengths():
    """The mean is that of the mode, so near and not equal to the integral's; the probabilities are nearer."""
    pairs = [(0, 1), (0, 1), (1, 2), (2, 0)]
    axis = np.linspace(-6, 6, 121)
    a, b, c = np.meshgrid(axis, axis, axis, indexing="ij")
    strengths = np.stack([a, b, c])
    density = norm.pdf(strengths).prod(0)
    for better, worse in pairs:
        density = density * expit(strengths[better] - strengths[worse])
    density /= density.sum()
    belief = fit_strengths([evidence(*pairs)], variances=(1.0, 1.0)).groups[0]
    mean = (strengths * density).sum((1, 2, 3))
    assert belief.mean == pytest.approx(mean, abs=0.03)
    centred = strengths - mean[:, None, None, None]
    covariance = np.einsum("iabc,jabc,abc->ij", centred, centred, density)
    assert belief.covariance == pytest.approx(covariance, abs=0.06)
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])
    exact = [(expit(strengths[i] - strengths[j]) * density).sum() for i, j in zip(first, second, strict=True)]
    assert belief.probability(first, second) == pytest.approx(exact, abs=0.01)


def test_groups_of_several_sizes_share_a_model_as_the_whole_hessian_says():
    numbers = np.random.default_rng(0)
    sizes = [3, 2, 3, 4]
    features = [numbers.normal(size=(size, 2)) for size in sizes]
    judged = [evidence((0, 1), (1, 2)), evidence((1, 0), responses=2), evidence(), evidence((3, 0), responses=4)]
    fit = fit_strengths(judged, features, variances=(1.5, 0.7))
    # All strengths at once: r ~ N(0, 1.5 F F' + 0.7 I), and a comparison adds p (1 - p) x x' to the precision.
    rows = np.concatenate(features)
    prior = 1.5 * rows @ rows.T + 0.7 * np.eye(len(rows))
    precision, mode = np.linalg.inv(prior), np.concatenate([belief.mean for belief in fit.groups])
    gradient = -precision @ mode
    for start, one in zip(np.cumsum([0, *sizes]), judged, strict=False):
        for better, worse in zip(one.better + start, one.worse + start, strict=True):
            x = np.eye(len(rows))[better] - np.eye(len(rows))[worse]
            p = expit(x @ mode)
            precision = precision + p * (1 - p) * np.outer(x, x)
            gradient = gradient + (1 - p) * x
    assert gradient == pytest.approx(np.zeros(len(rows)), abs=1e-4)
    whole = np.linalg.inv(precision)
    for start, size, belief in zip(np.cumsum([0, *sizes]), sizes, fit.groups, strict=False):
        assert belief.covariance == pytest.approx(whole[start : start + size, start : start + size], abs=1e-4)
    assert fit.of_new(features[2]).mean == pytest.approx(fit.groups[2].mean)


def test_the_likeliest_variances_say_whether_the_model_or_the_rest_tells_people_apart():
    """With five judgements a pair."""
    numbers = np.random.default_rng(1)
    for share, own in ((4.0, 0.05), (0.01, 2.0)):
        features, judged = [], []
        weights = numbers.normal(size=2) * np.sqrt(share)
        for _ in range(150):
            rows = numbers.normal(size=(4, 2))
            strengths = rows @ weights + numbers.normal(size=4) * np.sqrt(own)
            pairs = [(i, j) for i in range(4) for j in range(i)] * 5
            won = [(i, j) if numbers.random() < expit(strengths[i] - strengths[j]) else (j, i) for i, j in pairs]
            features.append(rows)
            judged.append(evidence(*won, responses=4))
        fit = fit_strengths(judged, features)
        assert (fit.residual_variance > fit.shared_variance) == (own > share)
        assert fit.residual_variance == pytest.approx(own, rel=0.5, abs=0.2)


def test_nothing_judged_leaves_the_variances_where_they_start():
    fit = fit_strengths([evidence()], start=(1.0, 0.3))
    assert fit.residual_variance == 0.3


def test_who_throws_a_coin_is_blunt_and_weighs_less():
    numbers = np.random.default_rng(2)
    groups = []
    for number in range(60):
        better = numbers.permutation(2)
        rankings = [Ranking(((int(better[0]),), (int(better[1]),)), annotator=name) for name in ("ann", "bob", "cid")]
        coin = numbers.permutation(2)
        rankings.append(Ranking(((int(coin[0]),), (int(coin[1]),)), annotator="dan"))
        groups.append(Group(f"q{number}", f"{number}?", ("a", "b"), tuple(rankings)))
    judged = [Evidence.of(group) for group in groups]
    sharpness = sharpness_of(groups, judged, fit_strengths(judged))
    assert sharpness["dan"] < 0.7 < 1 < min(sharpness["ann"], sharpness["bob"], sharpness["cid"])
    blunt = judged[0].sharpened(np.array([1.0, 1.0, 1.0, 0.1]))
    assert blunt.sharpness.tolist() == [1.0, 1.0, 1.0, 0.1]
    assert abs(fit_strengths([blunt], variances=(1, 1)).groups[0].mean[0]) >= 0.3


def test_few_judgements_say_nothing_of_a_person():
    groups = [Group("q", "p", ("a", "b"), (Ranking(((0,), (1,)), annotator="ann"),) * 2)]
    judged = [Evidence.of(group) for group in groups]
    assert sharpness_of(groups, judged, fit_strengths(judged, variances=(1.0, 1.0))) == {}
