"""Losses of comparisons: the gap between two scores in, one loss out.

The likelihood of Bradley & Terry 1952, in which a response with score r_a is preferred to one with score r_b with
probability σ(r_a - r_b) (as a reward-model loss: Stiennon et al. 2020, equation 1), and the hinge of the ranking SVM.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float

from plaudit.losses.table import RANKING_LOSSES, RankingLoss

TIES = ("half", "rao-kupper", "ignore")

Gaps = Float[torch.Tensor, "*comparisons"]
Ties = Bool[torch.Tensor, "*#comparisons"]


def bradley_terry(
    gap: Gaps,
    tie: Ties,
    *,
    margin: Float[torch.Tensor, "*#comparisons"] | float = 0.0,
    label_smoothing: float = 0.0,
    ties: str = "half",
    threshold: float = math.log(2),
) -> Gaps:
    """Negative log-likelihood of each comparison, in nats.

    Args:
        gap: the score of the better response minus that of the worse; for a tie, of either minus the other.
        tie: whether people called it a tie.
        margin: at least 0: how far the gap should be before the loss is at log 2 (Touvron et al. 2023,
            Llama 2, equation 2). Ties have none.
        label_smoothing: ε in [0, 0.5): the chance that a comparison's label is the wrong way round; the loss is
            (1 - ε) l(gap) + ε l(-gap) (Mitchell 2023, "conservative DPO", for the same likelihood).
        ties: `half`: a tie is half a win each way, -½ log σ(gap) - ½ log σ(-gap), least where the scores are equal.
            `rao-kupper`: ties are a third outcome (Rao & Kupper 1967): a win must clear a threshold η,
            P(a wins) = σ(gap - η), and P(tie) is what the two wins leave, σ(gap + η) σ(η - gap) (1 - e^{-2η}).
            `ignore`: a tie's loss is 0.
        threshold: η > 0 of `rao-kupper`; log 2 makes a tie between equals as likely as a win either way (⅓).

    Example:
        >>> gap, tie = torch.tensor([0.0, 2.0, 0.0]), torch.tensor([False, False, True])
        >>> bradley_terry(gap, tie)  # log 2 where nothing is told apart
        tensor([0.6931, 0.1269, 0.6931])
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


def hinge(
    gap: Gaps, tie: Ties, *, margin: Float[torch.Tensor, "*#comparisons"] | float = 0.0, ties: str = "half"
) -> Gaps:
    """max(0, 1 + margin - gap) of each comparison: it costs nothing once its gap clears a margin (Herbrich, Graepel &
    Obermayer 2000, "Large margin rank boundaries for ordinal regression"; Joachims 2002, the ranking SVM).

    Args:
        gap: the score of the better response minus that of the worse.
        tie: whether people called it a tie.
        margin: at least 0: what the gap must clear beyond 1. Ties have none.
        ties: `half`: a tie is half a win each way, ½ max(0, 1 - gap) + ½ max(0, 1 + gap): flat while |gap| <= 1.
            `ignore`: a tie's loss is 0.

    Example:
        >>> hinge(torch.tensor([0.0, 0.5, 3.0]), torch.tensor([False]))
        tensor([1.0000, 0.5000, 0.0000])
    """
    if ties not in ("half", "ignore"):
        raise ValueError(f"ties={ties!r} has no meaning for hinge; it can be half or ignore")
    win = torch.relu(1 + margin - gap)
    draw = (torch.relu(1 - gap) + torch.relu(1 + gap)) / 2 if ties == "half" else torch.zeros_like(gap)
    return torch.where(tie, draw, win)


def centering(first: Gaps, second: Gaps) -> Gaps:
    """(r_a + r_b)² of each comparison: pulls the mean score to zero, which Bradley-Terry leaves free, without touching
    the gap (Eisenstein et al. 2023, "Helping or Herding?", section 3.1).

    Args:
        first, second: the two scores of each comparison.

    Example:
        >>> centering(torch.tensor([1.0]), torch.tensor([-1.0]))
        tensor([0.])
    """
    return (first + second).square()


_LOGISTIC = frozenset({"ties", "margin", "label_smoothing"})

RANKING_LOSSES.register(
    "bradley-terry", RankingLoss(function=bradley_terry, unit="comparisons", takes=_LOGISTIC, likelihood=True)
)
# Burges et al. 2005, "Learning to rank using gradient descent": the same loss, every pair an example of its own.
RANKING_LOSSES.register(
    "ranknet",
    RankingLoss(function=bradley_terry, unit="comparisons", takes=_LOGISTIC, share_weight=False, likelihood=True),
)
RANKING_LOSSES.register(
    "hinge",
    RankingLoss(
        function=hinge,
        unit="comparisons",
        takes=frozenset({"ties", "margin"}),
        tie_rules=frozenset({"half", "ignore"}),
    ),
)
