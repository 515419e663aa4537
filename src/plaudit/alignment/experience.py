"""What a batch of samples taught: old log-probabilities, the reference's, expected returns, rewards, advantages."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import nn

from plaudit.alignment.advantages import PerToken, TokenMask, estimate_advantages, whiten
from plaudit.alignment.divergence import k1, k3
from plaudit.alignment.policy import Policy, Sample, TokenBatch, TokenScores
from plaudit.alignment.settings import AlignmentSettings
from plaudit.scoring import ShapedRewards


class ValueNetwork(nn.Module):
    """What return to expect from each token on.

    A head on the policy's hidden states costs nothing, and its loss stops there: with a shared trunk the value loss
    alone would move the policy. A copy of the policy's layers learns better where rewards depend on much, and costs as
    much as the policy.

    Args:
        policy: whose states it reads.
        separate: learn from layers of its own.
    """

    def __init__(self, policy: Policy, *, separate: bool = False) -> None:
        super().__init__()
        self.trunk = copy.deepcopy(policy.model.base_model).requires_grad_(True).eval() if separate else None
        self.head = nn.Linear(policy.hidden_size, 1)
        # It expects nothing before it has learned anything.
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.to(policy.device)

    def values(self, policy: Policy, batch: TokenBatch, scores: TokenScores) -> PerToken:
        """Expected returns, before each token of the answers."""
        if self.trunk is None:
            assert scores.states is not None
            states = scores.states.detach()
        else:
            with policy.arithmetic():
                states = self.trunk(**policy.inputs(batch), use_cache=False).last_hidden_state
            states = states[:, -batch.width - 1 : -1].float()
        return torch.where(batch.mask, self.head(states)[..., 0], 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Experience:
    """Samples and all that is known of their tokens, before anything is learned from them. Tensors are
    `[samples, width]`, a row a sample, on the CPU.

    Attributes:
        samples: in order.
        mask: where there are tokens.
        log_probs: by the policy that wrote them.
        kl: k1 of each token.
        kl3: k3 of each token.
        entropies: of the distribution of each token.
        values: expected returns.
        advantages: whitened.
        returns: what the value network learns.
        rewards: of the samples, term by term.
        sampling_error: how far the log-probabilities are from those at sampling, at most; 0 in exact arithmetic.
    """

    samples: Sequence[Sample]
    mask: TokenMask
    log_probs: PerToken
    kl: PerToken
    kl3: PerToken
    entropies: PerToken
    values: PerToken
    advantages: PerToken
    returns: PerToken
    rewards: ShapedRewards
    sampling_error: float


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """Samples as the policy and its reference see them, `[samples, width]` each.

    Attributes:
        mask: where there are tokens.
        log_probs: by the policy.
        reference_log_probs: by the reference.
        entropies: of the policy.
        values: expected returns; None where there is no value network.
    """

    mask: TokenMask
    log_probs: PerToken
    reference_log_probs: PerToken
    entropies: PerToken
    values: PerToken | None

    def sampling_error(self, samples: Sequence[Sample]) -> float:
        """How far the log-probabilities are from those at sampling, at most."""
        sampled = torch.zeros_like(self.log_probs)
        for row, sample in enumerate(samples):
            sampled[row, : len(sample.tokens)] = torch.from_numpy(sample.log_probs).to(sampled.dtype)
        return float(((self.log_probs - sampled) * self.mask).abs().max())


@torch.no_grad()
def describe(
    policy: Policy, samples: Sequence[Sample], *, batch_tokens: int, value_network: ValueNetwork | None = None
) -> Described:
    """What the policy, its reference and its value network say of samples."""
    width = max(1, *(len(sample.tokens) for sample in samples))
    zeros = torch.zeros((len(samples), width))
    mask, log_probs, reference, entropies, values = (zeros.clone() for _ in range(5))
    shares_states = value_network is not None and value_network.trunk is None
    for rows in by_budget(samples, batch_tokens):
        batch = policy.batch([samples[row] for row in rows])
        scores = policy.scores(policy.model, batch, entropies=True, states=shares_states)
        with policy.as_reference() as model:
            of_reference = policy.scores(model, batch)
        pieces = [
            (mask, batch.mask.float()),
            (log_probs, scores.log_probs),
            (reference, of_reference.log_probs),
            (entropies, scores.entropies),
        ]
        if value_network is not None:
            pieces.append((values, value_network.values(policy, batch, scores)))
        for whole, piece in pieces:
            assert piece is not None
            whole[rows, : batch.width] = piece.cpu()
    return Described(mask > 0, log_probs, reference, entropies, None if value_network is None else values)


def gather_experience(
    policy: Policy,
    value_network: ValueNetwork,
    samples: Sequence[Sample],
    rewards: ShapedRewards,
    kl_price: float,
    settings: AlignmentSettings,
) -> Experience:
    """Everything that a step of PPO learns from.

    A token's reward is `-kl_price * k1`, and the last one has the sample's reward on top (Ziegler et al. 2019, eq. 2).
    Whether it was cut or ended, nothing follows: the reward of a cut sample is replaced already (`shape_rewards`).
    """
    known = describe(policy, samples, batch_tokens=settings.batch_tokens, value_network=value_network)
    assert known.values is not None
    divergence = k1(known.log_probs, known.reference_log_probs, known.mask)
    by_token = token_rewards(divergence, torch.from_numpy(rewards.total).float(), known.mask, kl_price)
    advantages, returns = estimate_advantages(
        by_token, known.values, known.mask, discount=settings.discount, gae_lambda=settings.gae_lambda
    )
    return Experience(
        samples=samples,
        mask=known.mask,
        log_probs=known.log_probs,
        kl=divergence,
        kl3=k3(known.log_probs, known.reference_log_probs, known.mask),
        entropies=known.entropies,
        values=known.values,
        advantages=whiten(advantages, known.mask),
        returns=returns,
        rewards=rewards,
        sampling_error=known.sampling_error(samples),
    )


def token_rewards(
    divergence: PerToken, rewards: Float[torch.Tensor, " samples"], mask: TokenMask, kl_price: float
) -> PerToken:
    """`-kl_price * k1` at every token, and the sample's reward at its last.

    Example:
        >>> mask = torch.tensor([[True, True]])
        >>> token_rewards(torch.tensor([[0.5, 1.0]]), torch.tensor([2.0]), mask, kl_price=0.1)
        tensor([[-0.0500,  1.9000]])
    """
    by_token = -kl_price * divergence
    last = mask.sum(1).clamp(min=1) - 1
    by_token[torch.arange(len(rewards)), last] += rewards
    return by_token


def by_budget(samples: Sequence[Any], batch_tokens: int) -> Iterator[list[int]]:
    """Numbers of samples in batches of at most so many tokens, padding included, samples of like length together; a
    sample alone may be longer."""
    order = sorted(range(len(samples)), key=lambda row: -len(samples[row].tokens))
    batch: list[int] = []
    prompt = width = 0
    for row in order:
        before, after = len(samples[row].prompt.tokens), len(samples[row].tokens)
        wider = max(prompt, before) + max(width, after)
        if batch and wider * (len(batch) + 1) > batch_tokens:
            yield batch
            batch, prompt, width = [], 0, 0
        batch.append(row)
        prompt, width = max(prompt, before), max(width, after)
    if batch:
        yield batch
