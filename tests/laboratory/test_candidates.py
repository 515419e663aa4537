"""Which losses are compared on which judgements."""

import pytest

from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking, Rating
from plaudit.laboratory.candidates import choose_losses
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES
from plaudit.training import TrainingSettings

SETTINGS = TrainingSettings()


def ranked(*tiers):
    return [Group(f"g{i}", f"p{i}", ("a", "b", "c"), (Ranking(tiers),)) for i in range(4)]


def rated(*values):
    return [Group(f"g{i}", f"p{i}", ("a",), ratings=(Rating(0, value),)) for i, value in enumerate(values)]


def names(chosen):
    return [candidate.name for candidate in chosen.candidates]


def test_on_pairs_the_losses_that_are_one_are_run_once():
    chosen = choose_losses(ranked((0,), (1,)), SETTINGS)
    assert names(chosen) == ["bradley-terry", "hinge", "best-worst"]
    assert chosen.same == dict.fromkeys(("ranknet", "plackett-luce", "infonce"), "bradley-terry")
    assert set(chosen.left_out) == set(RATING_LOSSES)


def test_a_tie_tells_the_best_against_the_rest_from_bradley_terry():
    chosen = choose_losses([*ranked((0,), (1,)), *ranked((0, 1))], SETTINGS)
    assert "infonce" in names(chosen)
    assert "infonce" not in chosen.same


def test_of_three_all_ranking_losses_differ():
    chosen = choose_losses(ranked((0,), (1,), (2,)), SETTINGS)
    assert names(chosen) == list(RANKING_LOSSES)
    assert not chosen.same


def test_levels_decide_which_rating_losses_apply():
    assert names(choose_losses(rated(1, 2, 3, 1), SETTINGS)) == list(RATING_LOSSES)
    many = choose_losses(rated(*range(20)), SETTINGS)
    assert names(many) == ["mse", "mae", "huber"]
    assert "too many values" in many.left_out["ordinal"]


def test_each_kind_learns_from_its_own_judgements():
    group = Group("g", "p", ("a", "b"), (Ranking(((0,), (1,))),), (Rating(0, 1.0), Rating(1, 3.0)))
    chosen = {one.name: one for one in choose_losses([group], SETTINGS).candidates}
    assert chosen["hinge"].restrict([group])[0].ratings == ()
    assert chosen["mse"].restrict([group])[0].rankings == ()


def test_only_likelihoods_of_a_comparison_go_without_a_temperature():
    chosen = choose_losses([*ranked((0,), (1,), (2,)), *rated(1, 2)], SETTINGS)
    likelihoods = {one.name for one in chosen.candidates if one.likelihood}
    assert likelihoods == {"bradley-terry", "ranknet", "plackett-luce", "infonce"}
    margin = choose_losses(ranked((0,), (1,)), TrainingSettings(margin=1.0))
    assert not any(one.likelihood for one in margin.candidates)


def test_a_setting_that_a_loss_does_not_take_leaves_it_out():
    chosen = choose_losses(ranked((0,), (1,), (2,)), TrainingSettings(margin=1.0))
    assert names(chosen) == ["bradley-terry", "ranknet", "hinge"]
    assert "margin" in chosen.left_out["plackett-luce"]


@pytest.mark.parametrize(
    ("groups", "named", "message"),
    [
        ([Group("g", "p", ("a", "b"))], None, "none of 1 group has a ranking"),
        (ranked((0,), (1,)), ["hnge"], "no loss 'hnge'"),
        (ranked((0,), (1,)), ["mse", "hinge"], "mse learns from ratings, and there are none"),
        (ranked((0,), (1,)), ["hinge"], "nothing to compare: hinge is one loss; give two or more"),
        (ranked((0,), (1,)), ["infonce", "ranknet"], "ranknet and infonce are the same loss; give one that differs"),
    ],
)
def test_what_cannot_be_compared_is_one_line(groups, named, message):
    with pytest.raises(PlauditError) as error:
        choose_losses(groups, SETTINGS, named)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
