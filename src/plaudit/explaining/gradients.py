"""Integrated gradients of the reward (Sundararajan, Taly & Yan, ICML 2017), by captum.

The path is a straight line from a reference, where the embeddings of the response's tokens are all the same and the
prompt and the template are as they were, to the response. A token's attribution is the integral of the gradient along
the path times the change of its embedding, so that attributions sum to score(response) - score(reference). All points
of the path are branches of one tree: a decoder reads their prompt once.

Left out: noise tunnels and other smoothing, which give up that sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from plaudit.errors import MissingExtraError
from plaudit.explaining.embedding_path import EmbeddingPath
from plaudit.explaining.views import NO_CAPTUM, Integration


@dataclass(frozen=True, slots=True)
class Integral:
    """Integrated gradients of m tokens.

    Attributes:
        attributions: [m], one for each token.
        baseline: the reference's score.
        steps: points of the path.
        completeness: (score - baseline) minus the sum of the attributions.
        complete: whether that is within the tolerance.
    """

    attributions: Float[np.ndarray, " tokens"]
    baseline: float
    steps: int
    completeness: float
    complete: bool


def captum_class() -> Any:
    """captum's `IntegratedGradients`.

    Raises:
        MissingExtraError: if captum is not installed.
    """
    try:
        from captum.attr import IntegratedGradients
    except ImportError as error:
        raise MissingExtraError(NO_CAPTUM) from error
    return IntegratedGradients


def integrate(
    path: EmbeddingPath, reference: Float[torch.Tensor, "tokens hidden"], integration: Integration
) -> Integral:
    """Integrate until the attributions sum to what they have to explain, or the steps are spent.

    Args:
        path: the response.
        reference: [m, E], where the path starts.
        integration: steps, tolerance and tokens of a forward pass.

    Raises:
        MissingExtraError: if captum is not installed.
    """
    method = captum_class()(path.rewards)
    with torch.no_grad():
        score, baseline = (float(path.rewards(point[None])) for point in (path.embeddings, reference))
    if not len(path.embeddings):
        return Integral(attributions=np.zeros(0), baseline=baseline, steps=0, completeness=0.0, complete=True)
    steps = integration.steps
    while True:
        (by_dimension,) = method.attribute(
            path.embeddings[None],
            reference[None],
            n_steps=steps,
            internal_batch_size=path.batch(integration.batch_tokens),
        )
        values = by_dimension.sum(-1).double().cpu().numpy()
        gap = score - baseline - float(values.sum())
        complete = abs(gap) <= integration.tolerance * max(abs(score - baseline), float(np.abs(values).sum()))
        if complete or 2 * steps > integration.max_steps or not np.isfinite(gap):
            return Integral(attributions=values, baseline=baseline, steps=steps, completeness=gap, complete=complete)
        steps *= 2
