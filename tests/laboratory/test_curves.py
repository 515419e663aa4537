"""Each loss falls as the gap widens."""

import numpy as np
import pytest

from plaudit.laboratory.curves import BEST, ERROR, GAP, RIGHT, loss_curves
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES

CURVES = {curve.loss: curve for curve in loss_curves()}


def test_every_loss_has_a_curve():
    assert set(CURVES) == {*RANKING_LOSSES, *RATING_LOSSES}


@pytest.mark.parametrize("name", [name for name, curve in CURVES.items() if curve.against in (GAP, BEST, RIGHT)])
def test_it_falls_with_the_gap(name):
    y = np.array(CURVES[name].y)
    assert (np.diff(y) <= 1e-12).all()
    assert y[0] - y[-1] > 1


@pytest.mark.parametrize("name", [name for name, curve in CURVES.items() if curve.against == ERROR])
def test_it_falls_towards_the_rating(name):
    x, y = np.array(CURVES[name].x), np.array(CURVES[name].y)
    nearer = np.argsort(-np.abs(x), kind="stable")
    assert (np.diff(y[nearer]) <= 1e-12).all()
    assert x[y.argmin()] == pytest.approx(0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bradley-terry", np.log(2)),
        ("hinge", 1.0),
        # Of four equal ones: the best among 4, 3 and 2, averaged; the best among 4; a pair among 12.
        ("plackett-luce", np.log(24) / 3),
        ("infonce", np.log(4)),
        ("best-worst", np.log(12)),
        ("classes", np.log(3)),
        ("mse", 0.0),
        # The middle of three levels has σ(½) - σ(-½) of the probability.
        ("ordinal", -np.log(2 / (1 + np.exp(-0.5)) - 1)),
    ],
)
def test_where_all_scores_are_equal(name, value):
    curve = CURVES[name]
    assert curve.y[np.abs(np.array(curve.x)).argmin()] == pytest.approx(value)
