"""Estimators of the KL against the KL itself, and the controller of its price."""

import pytest
import torch

from plaudit.alignment.divergence import KLController, k1, k3, per_response


def test_both_estimators_have_the_kl_as_their_mean():
    p, q = torch.tensor([0.7, 0.2, 0.1]).log(), torch.tensor([0.5, 0.25, 0.25]).log()
    exact = float((p.exp() * (p - q)).sum())
    everything = torch.ones(3, 1, dtype=torch.bool)
    for estimator in (k1, k3):
        by_token = estimator(p[:, None], q[:, None], everything)[:, 0]
        assert float((p.exp() * by_token).sum()) == pytest.approx(exact, abs=1e-6)


def test_k3_is_never_negative_and_never_infinite():
    log_ratios = torch.tensor([[-50.0, -1.0, 0.0, 1.0, 50.0]])
    values = k3(log_ratios, torch.zeros(1, 5), log_ratios < 99)
    assert (values >= 0).all() and torch.isfinite(values).all()


def test_padding_has_none():
    mask = torch.tensor([[True, False]])
    assert per_response(k1(torch.tensor([[1.0, 9.0]]), torch.zeros(1, 2), mask)).tolist() == [1.0]


def test_a_fixed_price_stays():
    controller = KLController(0.1)
    controller.update(kl=100.0, samples=64)
    assert controller.coefficient == 0.1


@pytest.mark.parametrize(
    ("kl", "expected"),
    [(8.0, 0.1 * 1.02), (4.4, 0.1 * 1.01), (0.0, 0.1 * 0.98)],
    ids=["far above", "a little above", "far below"],
)
def test_a_price_follows_its_target(kl, expected):
    # error = clip(kl / 4 - 1, -0.2, 0.2); 100 of a horizon of 1,000 responses move it by a tenth of that.
    controller = KLController(0.1, target=4.0, horizon=1000)
    controller.update(kl=kl, samples=100)
    assert controller.coefficient == pytest.approx(expected)
