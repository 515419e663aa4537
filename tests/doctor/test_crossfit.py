"""Nothing is scored by a model that trained on it."""

import numpy as np
import pytest
from toys import toy_backbone, toy_groups

from plaudit.doctor.crossfit import crossfit
from plaudit.groups import Group, Ranking, Rating
from plaudit.training import TrainingSettings
from plaudit.training.linear import fit_linear

SETTINGS = TrainingSettings()


def test_each_fold_is_scored_by_the_fit_on_all_others():
    """`length` has one feature, so each fold's scores are a plain fit's on the others but for a constant."""
    groups = toy_groups(30, seed=1)
    fold = np.arange(30) % 3
    (scores,) = crossfit(groups, "length", [fold], SETTINGS)
    for number in range(3):
        model = fit_linear([g for g, f in zip(groups, fold, strict=True) if f != number], "length", SETTINGS)
        expected = np.array(
            [s.score for g, f in zip(groups, fold, strict=True) if f == number for s in model.score(g)[0]]
        )
        actual = scores.reward[np.repeat(fold == number, 2)]
        assert actual - actual[0] == pytest.approx(expected - expected[0], abs=1e-6)


def test_a_judgement_cannot_speak_for_itself():
    """What one fold says decides its own scores in nothing: turning it round leaves them as they are."""
    groups = toy_groups(40, seed=2)
    fold = np.arange(40) % 4
    turned = [
        Group(g.id, g.prompt, g.responses, (Ranking(g.rankings[0].tiers[::-1]),)) if f == 0 else g
        for g, f in zip(groups, fold, strict=True)
    ]
    rows = np.repeat(fold == 0, 2)
    one, other = (crossfit(some, "bow", [fold], SETTINGS)[0].reward for some in (groups, turned))
    assert one[rows] == pytest.approx(other[rows])
    assert (one[~rows] != other[~rows]).any()


def test_ratings_are_predicted_in_their_own_units():
    numbers = np.random.default_rng(0)
    groups = []
    for i in range(60):
        good = bool(numbers.random() < 0.5)
        text = f"{'good' if good else 'bad'} w{numbers.integers(9)}"
        groups.append(
            Group(f"q{i}", f"p{i}", (text,), ratings=(Rating(0, 9.0 if good else 1.0, "fun", scale=(0, 10)),))
        )
    (scores,) = crossfit(groups, "bow", [np.arange(60) % 5], SETTINGS)
    truth = np.array([group.ratings[0].value for group in groups])
    assert np.abs(scores.ratings["fun"] - truth).mean() < 1


def test_a_fold_that_has_nothing_to_learn_from_has_no_scores(caplog):
    groups = [Group("a", "p", ("x", "y"), (Ranking(((0,), (1,))),)), Group("b", "q", ("x", "y"))]
    (scores,) = crossfit(groups, "length", [np.array([0, 1])], SETTINGS)
    assert np.isnan(scores.reward[:2]).all()
    assert np.isfinite(scores.reward[2:]).all()
    assert "one fold has no model of its own" in caplog.text


def test_what_training_warns_of_is_not_said_for_every_fold(caplog):
    """Rankings beside ratings that are all 3: a plain fit says of both that there is nothing to gain from them."""
    groups = [
        Group(f"q{i}", f"p{i}", ("x", "y"), (Ranking(((0,), (1,))),), (Rating(0, 3.0, "fun", scale=(0, 4)),))
        for i in range(4)
    ]
    fit_linear(groups, "length", SETTINGS)
    assert len(caplog.records) == 2
    caplog.clear()
    crossfit(groups, "length", [np.arange(4) % 2], SETTINGS)
    assert caplog.records == []
    fit_linear(groups, "length", SETTINGS)
    assert len(caplog.records) == 2


def test_why_folds_have_no_model_is_said_once(caplog):
    """A rating without a scale, and too few of them to tell one."""
    groups = [Group(f"q{i}", f"p{i}", ("x",), ratings=(Rating(0, 3.0),)) for i in range(6)]
    (scores,) = crossfit(groups, "length", [np.arange(6) % 3], SETTINGS)
    assert np.isnan(scores.reward).all()
    (message,) = caplog.messages
    assert message.startswith("length has no model for 3 of 3 folds: ")


def test_a_backbone_is_fine_tuned_for_each_fold(tmp_path):
    groups = toy_groups(40, seed=4)
    settings = TrainingSettings(epochs=6, groups_per_step=4, learning_rate=0.01)
    (scores,) = crossfit(groups, str(toy_backbone(tmp_path / "toy")), [np.arange(40) % 2], settings)
    gaps = [
        scores.reward[2 * i + better] - scores.reward[2 * i + worse]
        for i, group in enumerate(groups)
        for better, worse, _ in group.rankings[0].comparisons()
    ]
    assert np.mean(np.array(gaps) > 0) > 0.7
