"""What each token of a response was worth: from rewards and expected returns to advantages.

All tensors are `[samples, tokens]`: a row a response, padded on the right; `mask` is True where there is a token.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float

# In standard deviations of the reward, which advantages are measured in.
_INDISTINCT = 1e-4

PerToken = Float[torch.Tensor, "samples tokens"]
TokenMask = Bool[torch.Tensor, "samples tokens"]


def estimate_advantages(
    rewards: PerToken, values: PerToken, mask: TokenMask, *, discount: float = 1.0, gae_lambda: float = 0.95
) -> tuple[PerToken, PerToken]:
    """Generalised advantage estimation (Schulman et al. 2016, eq. 16).

        delta_t = r_t + discount * V_{t+1} - V_t
        A_t     = delta_t + discount * gae_lambda * A_{t+1}

    With `gae_lambda=1` it is the return minus the value (no bias, most variance), with 0 one step of temporal
    difference. After the last token nothing follows: a response that ended or was cut has a return of its rewards
    alone.

    Args:
        rewards: of each token.
        values: what a value network expected of the return from each token on, before that token was written.
        mask: where there are tokens.
        discount: of what comes one token later.
        gae_lambda: how far to look before trusting the value network.

    Returns:
        Advantages, and returns `A_t + V_t`, which the value network learns from. Both are 0 where there is no token.

    Example:
        >>> rewards, values = torch.tensor([[0.0, 1.0]]), torch.tensor([[0.5, 0.5]])
        >>> advantages, returns = estimate_advantages(rewards, values, rewards > -1, gae_lambda=1.0)
        >>> advantages, returns
        (tensor([[0.5000, 0.5000]]), tensor([[1., 1.]]))
    """
    values = values * mask
    advantages = torch.zeros_like(rewards)
    later_value = later_advantage = torch.zeros_like(rewards[:, 0])
    for token in reversed(range(rewards.shape[1])):
        present = mask[:, token]
        delta = rewards[:, token] + discount * later_value - values[:, token]
        later_advantage = (delta + discount * gae_lambda * later_advantage) * present
        later_value = values[:, token]
        advantages[:, token] = later_advantage
    return advantages, (advantages + values) * mask


def whiten(values: PerToken, mask: TokenMask) -> PerToken:
    """Mean 0 and variance 1 over all tokens of a batch, so that a step is as long whatever the unit of the reward.

    Where all are as good as equal there is nothing to tell apart, and all become 0: rounding would be blown up to a
    step of full length.

    Example:
        >>> whiten(torch.tensor([[1.0, 3.0, 9.0]]), torch.tensor([[True, True, False]]))
        tensor([[-1.,  1.,  0.]])
    """
    kept = values[mask]
    deviation = kept.std(unbiased=False) if len(kept) else kept.sum()
    if not deviation > _INDISTINCT:
        return torch.zeros_like(values)
    return (values - kept.mean()) / deviation * mask


def masked_mean(values: PerToken, mask: TokenMask) -> Float[torch.Tensor, ""]:
    """The mean over all tokens of a batch, every token alike; 0 without any.

    Example:
        >>> masked_mean(torch.tensor([[1.0, 2.0, 9.0]]), torch.tensor([[True, True, False]]))
        tensor(1.5000)
    """
    return (values * mask).sum() / mask.sum().clamp(min=1)
