"""Ratings far from what models and other raters lead one to expect."""

import numpy as np
import pytest

from plaudit.doctor.crossfit import OutOfFoldScores
from plaudit.doctor.ratings import gross_errors, leave_one_out, suspicious_ratings
from plaudit.groups import Group, Rating


def rated(planted=(), responses=60, raters=3, seed=0):
    """Responses of true quality 1 to 5, each rated by three people to within half a point or so; what is planted is
    (response, rater, value). And a model that knows the quality to within half a point."""
    numbers = np.random.default_rng(seed)
    quality = numbers.uniform(1, 5, responses)
    value = np.clip(quality[:, None] + numbers.normal(scale=0.4, size=(responses, raters)), 1, 5)
    for response, rater, wrong in planted:
        value[response, rater] = wrong
    groups = [
        Group(
            f"q{i}",
            f"prompt {i}",
            ("a",),
            ratings=tuple(Rating(0, float(v), "helpful", f"r{j}", scale=(1, 5)) for j, v in enumerate(value[i])),
        )
        for i in range(responses)
    ]
    model = OutOfFoldScores(np.zeros(responses), {"helpful": quality + numbers.normal(scale=0.5, size=responses)})
    return groups, {"model": [model]}, quality


def test_planted_ratings_are_found_and_nothing_else():
    _, _, quality = rated()
    good = [int(i) for i in np.flatnonzero(quality > 4)[:4]]
    groups, out_of_fold, _ = rated([(i, 1, 1.0) for i in good])
    items, reasons = suspicious_ratings(groups, out_of_fold)
    assert reasons == {}
    assert {(item.group, item.target.rating) for item in items} == {(f"q{i}", 1) for i in good}
    assert all(not item.keep and item.target.judgement == 1.0 for item in items)
    assert "r1 rates response 0 1 on helpful; the models and 2 other ratings of it lead one to expect" in items[0].what


def test_clean_ratings_give_nothing():
    groups, out_of_fold, _ = rated(seed=1)
    items, reasons = suspicious_ratings(groups, out_of_fold)
    assert reasons == {}
    assert len(items) <= 1
    assert all(item.keep for item in items)


def test_without_a_model_the_other_raters_speak():
    _, _, quality = rated()
    best = int(np.argmax(quality))
    items, _ = suspicious_ratings(rated([(best, 0, 1.0)])[0], {})
    assert [(item.group, item.target.rating) for item in items] == [(f"q{best}", 0)]


def test_others_count_by_their_share_of_the_variance():
    """Residuals (1, 1) and (-1, -1): nothing within responses, so the other rating predicts each exactly."""
    residual, spread, others = leave_one_out(np.array([1.0, 1, -1, -1]), np.array([4, 4, 7, 7]), np.ones(4))
    assert residual == pytest.approx([0, 0, 0, 0])
    assert others.tolist() == [1, 1, 1, 1]
    assert spread == pytest.approx([0, 0, 0, 0])


def test_others_do_not_count_where_responses_have_nothing_in_common():
    """(1, -1) twice: within variance (2 + 2) / 2 = 2 exceeds the whole, 1, so tau^2 is 0."""
    residual, spread, _ = leave_one_out(np.array([1.0, -1, 1, -1]), np.array([0, 0, 1, 1]), np.ones(4))
    assert residual == pytest.approx([1, -1, 1, -1])
    assert spread == pytest.approx([np.sqrt(2)] * 4)


def test_a_rating_without_weight_does_not_count_for_others():
    """Of 0, 0 and -9 the last has no weight: for the first two it does not exist."""
    residual, _, others = leave_one_out(
        np.array([0.0, 0, -9, 1, -1]), np.array([0, 0, 0, 1, 1]), np.array([1, 1, 1e-9, 1, 1])
    )
    assert residual[:2] == pytest.approx([0, 0], abs=1e-6)
    assert others.tolist() == [2, 2, 2, 1, 1]


def test_gross_errors_are_told_from_noise():
    numbers = np.random.default_rng(0)
    z = np.concatenate([numbers.normal(size=2_000), numbers.uniform(-10, 10, 100)])
    wrong = gross_errors(z, np.full(len(z), 0.05))
    assert wrong[np.abs(z) > 5].min() > 0.95
    assert wrong[np.abs(z) < 2].max() < 0.1


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        (
            [Group("q", "p", ("a",), ratings=(Rating(0, 3.0, scale=(1, 5)),))],
            "it takes 3 with weight 1 to have a spread, and there are 1",
        ),
        ([Group("q", "p", ("a",) * 9, ratings=tuple(Rating(i, 3.0) for i in range(9)))], "scale"),
    ],
)
def test_what_has_no_spread_is_said(groups, reason):
    items, reasons = suspicious_ratings(groups, {})
    assert items == []
    assert reason in next(iter(reasons.values()))


def test_all_one_value_accuses_nobody_and_is_said():
    group = Group("q", "p", ("a",) * 9, ratings=tuple(Rating(i, 3.0, scale=(1, 5)) for i in range(9)))
    items, reasons = suspicious_ratings([group], {})
    assert items == []
    assert reasons["ratings of overall"].startswith("every one is 3, so none is far")


def test_shares_of_a_crowd_are_no_ones_judgement():
    votes = tuple(Rating(0, float(v), scale=(1, 3), weight=w) for v, w in ((1, 0.9), (2, 0.08), (3, 0.02)))
    groups = [Group(f"q{i}", f"p{i}", ("a",), ratings=votes) for i in range(20)]
    items, reasons = suspicious_ratings(groups, {})
    assert items == []
    assert reasons == {"ratings of overall": "it takes 3 with weight 1 to have a spread, and there are 0"}
