"""The hinge loss: a comparison costs nothing once its gap clears a margin (Herbrich, Graepel & Obermayer 2000, "Large
margin rank boundaries for ordinal regression"; Joachims 2002, the ranking SVM)."""

from __future__ import annotations

import torch


def hinge(
    gap: torch.Tensor, tie: torch.Tensor, *, margin: torch.Tensor | float = 0.0, ties: str = "half"
) -> torch.Tensor:
    """max(0, 1 + margin - gap) of each comparison.

    Args:
        gap: `[C]` or `[C, K]`, the score of the better response minus that of the worse.
        tie: bool of the same shape, or one that broadcasts to it.
        margin: of the same shape, or a number >= 0: what the gap must clear beyond 1. Ties have none.
        ties: `half`: a tie is half a win each way, ½ max(0, 1 - gap) + ½ max(0, 1 + gap): flat while |gap| <= 1.
            `ignore`: a tie's loss is 0.

    Returns:
        The shape of `gap`.
    """
    if ties not in ("half", "ignore"):
        raise ValueError(f"ties={ties!r} has no meaning for hinge; it can be half or ignore")
    win = torch.relu(1 + margin - gap)
    draw = (torch.relu(1 - gap) + torch.relu(1 + gap)) / 2 if ties == "half" else torch.zeros_like(gap)
    return torch.where(tie, draw, win)
