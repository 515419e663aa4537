"""Integrated gradients of the reward (Sundararajan, Taly & Yan, ICML 2017), by captum.

The way goes in a straight line from a reference, where the embeddings of the response's tokens are all the same and the
prompt and the template are as they were, to the response. A token's attribution is the integral of the gradient along
the way times how far its embedding moved, so that attributions sum to score(response) - score(reference). All points of
the way are branches of one tree: a decoder reads their prompt once.

Left out: noise tunnels and other smoothing, which give up that sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from plaudit.errors import PlauditError
from plaudit.explaining.embedding_path import Path
from plaudit.explaining.views import NO_CAPTUM, Integration


def captum_class() -> Any:
    """captum's `IntegratedGradients`.

    Raises:
        PlauditError: if captum is not installed.
    """
    try:
        from captum.attr import IntegratedGradients
    except ImportError as error:
        raise PlauditError(NO_CAPTUM) from error
    return IntegratedGradients


def integrate(path: Path, reference: torch.Tensor, how: Integration) -> tuple[np.ndarray, float, int, float, bool]:
    """Integrate until the attributions sum to what they have to explain, or the steps are spent.

    Args:
        path: the response.
        reference: `[m, E]`, where the way starts.

    Returns:
        `[m]` float64, an attribution a token; the reference's score; the steps taken; (score - baseline) minus the sum
        of the attributions; and whether that is within the tolerance.

    Raises:
        PlauditError: if captum is not installed.
    """
    method = captum_class()(path.rewards)
    with torch.no_grad():
        score, baseline = (float(path.rewards(point[None])) for point in (path.end, reference))
    if not len(path.end):
        return np.zeros(0), baseline, 0, 0.0, True
    steps = how.steps
    while True:
        found = method.attribute(
            path.end[None], reference[None], n_steps=steps, internal_batch_size=path.batch(how.batch_tokens)
        )
        values = found[0].sum(-1).double().cpu().numpy()
        gap = score - baseline - float(values.sum())
        complete = abs(gap) <= how.tolerance * max(abs(score - baseline), float(np.abs(values).sum()))
        if complete or 2 * steps > how.most_steps or not np.isfinite(gap):
            return values, baseline, steps, gap, complete
        steps *= 2
