"""The Bradley-Terry loss, with margins, smoothed labels and two ways to read a tie.

A response with score r_a is preferred to one with score r_b with probability σ(r_a - r_b) (Bradley & Terry 1952); the
loss is the negative log-likelihood of what people said. As a reward-model loss: Stiennon et al. 2020, equation 1.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

TIES = ("half", "rao-kupper", "ignore")


def bradley_terry(
    gap: torch.Tensor,
    tie: torch.Tensor,
    *,
    margin: torch.Tensor | float = 0.0,
    label_smoothing: float = 0.0,
    ties: str = "half",
    threshold: float = math.log(2),
) -> torch.Tensor:
    """Negative log-likelihood of each comparison, in nats.

    Args:
        gap: `[C]`, the score of the better response minus that of the worse; for a tie, of either minus the other.
        tie: `[C]` bool, whether people called it a tie.
        margin: `[C]` or a number >= 0: how far the gap should be before the loss is at log 2 (Touvron et al. 2023,
            Llama 2, equation 2). Ties have none.
        label_smoothing: ε in [0, 0.5): the chance that a comparison's label is the wrong way round; the loss is
            (1 - ε) l(gap) + ε l(-gap) (Mitchell 2023, "conservative DPO", for the same likelihood).
        ties: `half`: a tie is half a win each way, -½ log σ(gap) - ½ log σ(-gap), least where the scores are equal.
            `rao-kupper`: ties are a third outcome (Rao & Kupper 1967): a win must clear a threshold η,
            P(a wins) = σ(gap - η), and P(tie) is what the two wins leave, σ(gap + η) σ(η - gap) (1 - e^{-2η}).
            `ignore`: a tie's loss is 0.
        threshold: η > 0 of `rao-kupper`; log 2 makes a tie between equals as likely as a win either way (⅓).

    Returns:
        `[C]`, one loss a comparison.
    """
    if ties not in TIES:
        raise ValueError(f"ties={ties!r}; it can be {', '.join(TIES)}")
    shift = torch.as_tensor(margin, dtype=gap.dtype, device=gap.device)
    if ties == "rao-kupper":
        shift = shift + threshold
    win = -(1 - label_smoothing) * F.logsigmoid(gap - shift) - label_smoothing * F.logsigmoid(-gap - shift)
    if ties == "half":
        draw = -0.5 * (F.logsigmoid(gap) + F.logsigmoid(-gap))
    elif ties == "rao-kupper":
        draw = -(F.logsigmoid(gap + threshold) + F.logsigmoid(threshold - gap) + math.log1p(-math.exp(-2 * threshold)))
    else:
        draw = torch.zeros_like(gap)
    return torch.where(tie, draw, win)


def centering(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """(r_a + r_b)² of each comparison: pulls the mean score to zero, which Bradley-Terry leaves free, without touching
    the gap (Eisenstein et al. 2023, "Helping or Herding?", section 3.1).

    Args:
        first, second: `[C]`, the two scores of each comparison.

    Returns:
        `[C]`.
    """
    return (first + second).square()
