"""How far a policy has gone from the one it started as, and what holds it back.

Of tokens sampled from the policy p, with q the original and x = log p(token) - log q(token), Schulman's "Approximating
KL Divergence" (2020) has two estimators of KL(p || q) that need no other tokens:

    k1 = x                    unbiased, of either sign for one token
    k3 = exp(-x) - 1 + x      unbiased, never negative; heavy-tailed once p and q have parted

k1 stands in the reward, where its gradient is that of the KL (k3's in the loss is not). Both are reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float

from plaudit.alignment.advantages import PerToken, TokenMask

# exp of more would end training in infinities; k1 is never clamped.
_LARGEST_LOG_RATIO = 20.0


def k1(log_probs: PerToken, reference_log_probs: PerToken, mask: TokenMask) -> PerToken:
    """log p - log q of each sampled token, 0 where there is none.

    Example:
        >>> k1(torch.tensor([[-1.0, -2.0]]), torch.tensor([[-1.5, -1.0]]), torch.tensor([[True, True]]))
        tensor([[ 0.5000, -1.0000]])
    """
    return (log_probs - reference_log_probs) * mask


def k3(log_probs: PerToken, reference_log_probs: PerToken, mask: TokenMask) -> PerToken:
    """exp(-x) - 1 + x of each sampled token, x = log p - log q; 0 where there is none.

    Example:
        >>> k3(torch.tensor([[0.0, -2.0]]), torch.tensor([[0.0, -1.0]]), torch.tensor([[True, True]]))
        tensor([[0.0000, 0.7183]])
    """
    x = (log_probs - reference_log_probs).clamp(-_LARGEST_LOG_RATIO, _LARGEST_LOG_RATIO)
    return ((-x).exp() - 1 + x) * mask


def per_response(values: PerToken) -> Float[torch.Tensor, " samples"]:
    """The sum over each response's tokens: the KL of whole responses, in nats.

    Example:
        >>> per_response(torch.tensor([[0.5, 0.25], [1.0, 0.0]]))
        tensor([0.7500, 1.0000])
    """
    return values.sum(dim=1)


@dataclass(slots=True)
class KLController:
    """The coefficient of the KL in the reward: fixed, or adapted to keep the KL near a target.

    Ziegler et al. 2019 (section 2.2): after `samples` responses whose mean KL was `kl`,

        coefficient *= 1 + clip(kl / target - 1, -0.2, 0.2) * samples / horizon

    Attributes:
        coefficient: the present one.
        target: nats a response; None leaves the coefficient as it is.
        horizon: of how many responses a full correction takes.

    Example:
        >>> controller = KLController(0.1, target=4.0, horizon=1000)
        >>> controller.update(kl=8.0, samples=500)
        >>> round(controller.coefficient, 3)  # 0.1 * (1 + 0.2 / 2)
        0.11
    """

    coefficient: float
    target: float | None = None
    horizon: float = 10_000.0

    def update(self, kl: float, samples: int) -> None:
        """Adapt after a step of so many responses whose mean KL was `kl`."""
        if self.target is not None:
            error = min(max(kl / self.target - 1, -0.2), 0.2)
            self.coefficient *= 1 + error * samples / self.horizon
