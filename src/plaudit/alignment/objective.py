"""What proximal policy optimisation minimises (Schulman et al. 2017), as pure functions of `[samples, tokens]`."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float

from plaudit.alignment.advantages import PerToken, TokenMask, masked_mean

# exp of more overflows in half precision, and says nothing that 20 does not.
_LARGEST_LOG_RATIO = 20.0

Scalar = Float[torch.Tensor, ""]


class PolicyLoss(NamedTuple):
    """The policy's loss and what tells how it came about.

    Attributes:
        loss: to be minimised.
        clipped: share of the tokens whose ratio was clipped, so that they taught nothing.
        ratio_error: the mean of |ratio - 1|: how far the policy is from the one that wrote the samples.
    """

    loss: Scalar
    clipped: Scalar
    ratio_error: Scalar


def policy_loss(
    log_probs: PerToken, old_log_probs: PerToken, advantages: PerToken, mask: TokenMask, *, clip: float = 0.2
) -> PolicyLoss:
    """The clipped surrogate objective (Schulman et al. 2017, eq. 7), averaged over all tokens.

        ratio = exp(log p(token) - log p_old(token))
        loss  = -mean( min(ratio * A, clip(ratio, 1 - clip, 1 + clip) * A) )

    A token whose probability has moved by more than `clip` in the direction its advantage asks for has no gradient any
    more, so several steps on the same samples cannot run away.

    Args:
        log_probs: of the sampled tokens by the policy that learns.
        old_log_probs: of the policy that sampled them.
        advantages: of the tokens.
        mask: where there are tokens.
        clip: how far a ratio may go.

    Example:
        >>> zero = torch.zeros(1, 2)
        >>> policy_loss(zero, zero, torch.tensor([[1.0, -3.0]]), zero == 0)
        PolicyLoss(loss=tensor(1.), clipped=tensor(0.), ratio_error=tensor(0.))
    """
    log_ratio = (log_probs - old_log_probs).clamp(-_LARGEST_LOG_RATIO, _LARGEST_LOG_RATIO)
    ratio = log_ratio.exp()
    free, held = ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages
    return PolicyLoss(
        loss=-masked_mean(torch.minimum(free, held), mask),
        clipped=masked_mean((held < free).float(), mask).detach(),
        ratio_error=masked_mean((ratio - 1).abs(), mask).detach(),
    )


def value_loss(
    values: PerToken, old_values: PerToken, returns: PerToken, mask: TokenMask, *, clip: float = 0.2
) -> Scalar:
    """Half the squared error of the value network, clipped about what it said before (as in OpenAI's baselines).

        loss = mean( max((V - R)^2, (clip(V, V_old - clip, V_old + clip) - R)^2) ) / 2

    Args:
        values: expected returns by the network that learns.
        old_values: by the network before this batch.
        returns: what came.
        mask: where there are tokens.
        clip: how far a value may go.

    Example:
        >>> old, returns = torch.zeros(1, 1), torch.ones(1, 1)
        >>> value_loss(old + 0.5, old, returns, old == 0)  # (0.2 - 1)^2 / 2: it went further than 0.2
        tensor(0.3200)
    """
    held = old_values + (values - old_values).clamp(-clip, clip)
    return masked_mean(torch.maximum((values - returns).square(), (held - returns).square()), mask) / 2


def explained_variance(values: PerToken, returns: PerToken, mask: TokenMask) -> float:
    """1 - Var(R - V) / Var(R): the share of the returns' variance that the value network foresaw; below 0 it does harm.

    Example:
        >>> returns = torch.tensor([[1.0, 3.0]])
        >>> explained_variance(returns, returns, returns > 0), explained_variance(returns * 0, returns, returns > 0)
        (1.0, 0.0)
    """
    kept, foreseen = returns[mask], values[mask]
    variance = kept.var(unbiased=False) if len(kept) else kept.sum()
    if not variance > 1e-12:
        return 0.0
    return float(1 - (kept - foreseen).var(unbiased=False) / variance)
