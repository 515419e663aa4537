"""What is counted on the way: right, over all processes, and without waiting for the device."""

import numpy as np
import pytest
import torch
from stand_in_gpu import META, no_waiting

from plaudit.groups import Group, Ranking, Rating
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES
from plaudit.training import TrainingSettings
from plaudit.training.group_targets import concatenate_targets
from plaudit.training.objective import LossTerm, TrainingObjective
from plaudit.training.reader import target_reader
from plaudit.training.tally import Tally
from plaudit.training.targets import ComparisonTargets

RANKED = Group("g", "p", ("a", "b", "c"), (Ranking(((0,), (1, 2)), weight=2.0),))
RATED = Group("r", "p", ("a", "b"), (), (Rating(0, 4.0, "helpful"), Rating(1, 1.0, "helpful")))


def tally_of(rewards, rating_loss=None):
    tally = Tally(torch.device("cpu"))
    tally.add({"rankings": LossTerm(torch.tensor(3.0), 4.0)})
    if rating_loss is not None:
        tally.add({"ratings": LossTerm(torch.tensor(rating_loss), 1.0)})
    tally.add_decided(torch.tensor(rewards), ComparisonTargets.of(RANKED))
    return tally


def test_figures_by_hand():
    # Response 0 is better than 1 (won by 1.5) and equals 2; each comparison has the weight of its ranking.
    assert tally_of([2.0, 0.5, 2.0]).figures() == pytest.approx({"loss": 0.75, "accuracy": 0.75, "gap": 0.75})
    # Of two processes: losses 3 / 4 and 3 / 4 of rankings, 7 / 1 of ratings; three of four comparisons lost or even.
    one, other = tally_of([2.0, 0.5, 2.0]), tally_of([0.0, 1.0, 4.0], rating_loss=7.0)
    together = one.figures(lambda numbers: torch.cat([numbers, other._sums]))
    assert together == pytest.approx(
        {"loss": 13 / 9, "accuracy": 1.5 / 4, "gap": 6.5 / 4, "rankings_loss": 0.75, "ratings_loss": 7.0}
    )
    one.clear()
    assert one.figures() == {}


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_the_first_broken_step_of_any_process(loss):
    one, other = Tally(torch.device("cpu")), Tally(torch.device("cpu"))
    for step in range(1, 6):
        one.check(torch.tensor(loss if step >= 4 else 0.5), step)
        other.check(torch.tensor(loss if step == 3 else 0.5), step)
    assert one.broken_step(lambda numbers: numbers) == 4
    assert one.broken_step(lambda numbers: torch.cat([numbers, other._broken])) == 3
    assert Tally(torch.device("cpu")).broken_step(lambda numbers: numbers) is None


@pytest.mark.parametrize(
    ("loss", "rating_loss"),
    [*((name, "mse") for name in RANKING_LOSSES), *(("ranknet", name) for name in RATING_LOSSES)],
)
def test_a_step_does_not_wait_for_the_device(loss, rating_loss):
    settings = TrainingSettings(loss=loss, rating_loss=rating_loss, heads=2)
    groups = [RANKED, RATED]
    reader = target_reader(groups, settings)
    targets = concatenate_targets([reader(group, number) for number, group in enumerate(groups)], [3, 2])
    objective, tally = TrainingObjective(settings, reader.outputs), Tally(META)
    raw = torch.zeros(5, 2, reader.outputs.width, device=META, requires_grad=True)
    cuts = {a.name: torch.zeros(len(a.levels) - 1, device=META) for a in reader.outputs.attributes if a.levels}
    with no_waiting():
        terms = objective(raw, targets, cuts=cuts)
        total = torch.stack([term.loss for term in terms.values()]).sum()
        total.backward()
        tally.add(terms)
        tally.add_decided(objective.outputs.rewards(raw).mean(1), targets.comparisons)
        tally.check(total, 1)
    assert raw.grad is not None
    assert set(terms) == {"rankings", "ratings"}
    assert np.isfinite([term.weight for term in terms.values()]).all()
