"""Annotators whose reliability is known are recovered, from given rewards and while a model learns."""

import json

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from toys import accuracy, toy_backbone, toy_groups

import plaudit
from plaudit.groups import Group, Ranking
from plaudit.training.annotators import AnnotatorReliability, fit_reliability
from plaudit.training.targets import ComparisonTargets

TRUE = np.array([1.5, 1.0, 0.4, 0.0, -1.0])


def votes(rewards, count, seed=0):
    """`count` votes of each annotator on random pairs of responses."""
    numbers = np.random.default_rng(seed)
    rankings = []
    for name, beta in enumerate(TRUE):
        for _ in range(count):
            a, b = numbers.choice(len(rewards), 2, replace=False)
            if numbers.random() > expit(beta * (rewards[a] - rewards[b])):
                a, b = b, a
            rankings.append(Ranking(((int(a),), (int(b),)), annotator=str(name)))
    texts = tuple(f"r{number}" for number in range(len(rewards)))
    return Group("g", "p", texts, tuple(numbers.permutation(np.array(rankings, dtype=object))))


def test_given_the_rewards_it_is_the_penalised_likelihoods_maximum():
    rewards = np.random.default_rng(1).normal(0, 2, 40)
    names = {str(number): number for number in range(len(TRUE))}
    said = ComparisonTargets.of(votes(rewards, 400), annotators=names)
    # A model that has just begun: the right order, tiny gaps.
    timid = rewards / 50
    reliability = AnnotatorReliability(len(TRUE))
    reliability.fit([(torch.tensor(timid), said)])
    gap = timid[said.better] - timid[said.worse]

    def loss(parameters):
        beta, slope = parameters[:-1], parameters[-1]
        return -log_expit(beta[said.annotator] * slope * gap).sum() + 2 * ((beta - 1) ** 2).sum() + 5e-4 * slope**2

    best = minimize(loss, [*np.ones(len(TRUE)), 10.0], tol=1e-10)
    assert reliability.mean.numpy() == pytest.approx(best.x[:-1], abs=2e-3)
    for name, slope in enumerate(reliability.mean.tolist()):
        x = best.x[-1] * gap[said.annotator == name]
        information = 4 + (x**2 * expit(slope * x) * expit(-slope * x)).sum()
        assert float(reliability.precision[name]) == pytest.approx(information, rel=0.01)
    # What is true of each beside the first is recovered.
    error = reliability.precision.numpy() ** -0.5
    assert np.abs(reliability.mean.numpy() / reliability.mean[0].item() - TRUE / TRUE[0]).max() < 4 * error.max()


def test_ties_and_the_unnamed_say_nothing():
    group = Group("g", "p", ("a", "b"), (Ranking(((0, 1),), annotator="x"), Ranking(((0,), (1,)))))
    reliability = AnnotatorReliability(1)
    reliability.fit([(torch.tensor([3.0, -3.0]), ComparisonTargets.of(group, annotators={"x": 0}))])
    assert (reliability.mean.tolist(), reliability.precision.tolist()) == ([1.0], [4.0])


@pytest.mark.parametrize("gap", [1e-6, 1.0, 1e6])
def test_a_crowd_that_is_always_right_stays_finite_and_alike(gap):
    mean, precision = fit_reliability(np.full(60, gap), np.repeat([0, 1, 2], 20), np.ones(60), annotators=4)
    assert np.isfinite(mean).all() and np.isfinite(precision).all()
    assert mean[:3] == pytest.approx(np.full(3, mean[0]))
    assert (mean[3], precision[3]) == (1.0, 4.0)


def test_a_model_that_tells_nothing_apart_says_nothing_of_anybody():
    mean, precision = fit_reliability(np.zeros(5), np.zeros(5, int), np.ones(5), annotators=1)
    assert (mean.tolist(), precision.tolist()) == ([1.0], [4.0])


def crowd(groups, seed=0):
    """Each comparison judged by six annotators: three who are mostly right, and three who toss a coin."""
    numbers = np.random.default_rng(seed)
    judged = []
    for group in groups:
        said = []
        for ranking in group.rankings:
            for name in ("good 1", "good 2", "good 3", "coin 1", "coin 2", "coin 3"):
                right = numbers.random() < (0.9 if name.startswith("good") else 0.5)
                said.append(Ranking(ranking.tiers if right else ranking.tiers[::-1], annotator=name))
        judged.append(Group(group.id, group.prompt, group.responses, tuple(said)))
    return judged


def test_bad_annotators_are_found_while_the_model_learns(tmp_path):
    backbone = toy_backbone(tmp_path / "backbone")
    options = {"epochs": 4, "learning_rate": 5e-3, "precision": "fp32", "report_to": "none", "baselines": "none"}
    model = plaudit.train(crowd(toy_groups(96)), tmp_path / "model", backbone, annotators=True, **options)
    found = json.loads((tmp_path / "model" / "plaudit.json").read_text())["annotators"]
    assert set(found) == {f"{kind} {number}" for kind in ("good", "coin") for number in (1, 2, 3)}
    assert list(found) == sorted(found, key=lambda name: found[name]["reliability"])
    good = [found[f"good {n}"]["reliability"] for n in (1, 2, 3)]
    coin = [found[f"coin {n}"] for n in (1, 2, 3)]
    assert min(good) > 2 * max(abs(one["reliability"]) for one in coin)
    assert all(abs(one["reliability"]) < 4 * one["error"] for one in coin)
    assert accuracy(model, toy_groups(40, seed=9)) > 0.9
