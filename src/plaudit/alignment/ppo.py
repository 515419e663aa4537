"""Proximal policy optimisation: a batch of samples in, a better policy out.

    samples = draw_samples(policy, prompts)            what it writes now
    rewards = rewarder.reward(samples)                 what that is worth
    experience = gather_experience(...)                which token earned it
    learner.learn(experience)                          make the good ones likelier, a little

Schulman et al. 2017, in the form of Ziegler et al. 2019 and S. Huang et al., "The N+ Implementation Details of RLHF
with PPO" (2024). Left out: entropy bonuses, reward whitening, early stopping within a batch, and everything that
several computers need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from plaudit.alignment.divergence import KLController, per_response
from plaudit.alignment.experience import Experience, ValueNetwork, by_budget
from plaudit.alignment.objective import explained_variance, policy_loss, value_loss
from plaudit.alignment.policy import Policy
from plaudit.alignment.settings import AlignmentSettings

_LEARNING_RATE = 0.03
"""Over the hidden size; ten times as much for adapters, which start from nothing."""


class PPOLearner:
    """What learns: the policy, its value network, and their optimiser.

    Args:
        policy: that learns.
        settings: of the run.

    Attributes:
        controller: of the KL's price.
    """

    def __init__(self, policy: Policy, settings: AlignmentSettings) -> None:
        self.policy = policy
        self.settings = settings
        self.value_network = ValueNetwork(policy, separate=settings.value_network == "separate")
        self.controller = KLController(settings.kl, settings.kl_target)
        rate = settings.learning_rate or _LEARNING_RATE / policy.hidden_size * (10 if settings.lora else 1)
        self.parameters = [*policy.trainable, *self.value_network.parameters()]
        # Adam's epsilon of 1e-8 lets rare tokens leap where gradients are as small as here.
        self.optimizer = torch.optim.AdamW(self.parameters, lr=rate, eps=1e-5, weight_decay=0.0)

    def learn(self, experience: Experience, seed: list[int]) -> dict[str, float]:
        """Some steps of the optimiser on one batch of samples.

        Args:
            experience: the batch.
            seed: of the order in which it is met.

        Returns:
            Figures by name: losses, the share of clipped tokens, the gradient's norm, and how far ratios were from 1
            when the first minibatch came.
        """
        settings, order = self.settings, np.random.default_rng(seed)
        steps: list[dict[str, float]] = []
        for _ in range(settings.ppo_epochs):
            rows = order.permutation(len(experience.samples))
            for part in np.array_split(rows, min(settings.minibatches, len(rows))):
                steps.append(self._step(experience, part.tolist()))
        kl = float(per_response(experience.kl).mean())
        self.controller.update(kl, len(experience.samples))
        means = {name: float(np.mean([step[name] for step in steps])) for name in steps[0]}
        return {
            **means,
            "first_ratio_error": steps[0]["ratio_error"],
            "explained_variance": explained_variance(experience.values, experience.returns, experience.mask),
        }

    def _step(self, experience: Experience, rows: list[int]) -> dict[str, float]:
        """One step on some samples, computed as many at a time as memory holds; every token counts alike."""
        settings, policy = self.settings, self.policy
        total = int(experience.mask[rows].sum())
        figures: dict[str, float] = {}
        self.optimizer.zero_grad(set_to_none=True)
        for places in by_budget([experience.samples[row] for row in rows], settings.batch_tokens):
            some = [rows[place] for place in places]
            batch = policy.batch([experience.samples[row] for row in some])
            old, old_values, advantages, returns = (
                tensor[some, : batch.width].to(policy.device)
                for tensor in (experience.log_probs, experience.values, experience.advantages, experience.returns)
            )
            scores = policy.scores(policy.model, batch, states=self.value_network.trunk is None)
            of_policy = policy_loss(scores.log_probs, old, advantages, batch.mask, clip=settings.clip)
            values = self.value_network.values(policy, batch, scores)
            of_values = value_loss(values, old_values, returns, batch.mask, clip=settings.value_clip)
            share = float(batch.mask.sum()) / total
            torch.autograd.backward((of_policy.loss + settings.value_weight * of_values) * share)
            for name, value in {**of_policy._asdict(), "value_loss": of_values}.items():
                figures[name] = figures.get(name, 0.0) + float(value.detach()) * share
        figures["gradient_norm"] = float(torch.nn.utils.clip_grad_norm_(self.parameters, settings.max_grad_norm))
        self.optimizer.step()
        figures["policy_loss"] = figures.pop("loss")
        return figures

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs beside the policy's weights."""
        return {
            "value_network": self.value_network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "kl_price": self.controller.coefficient,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.value_network.load_state_dict(state["value_network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.controller.coefficient = float(state["kl_price"])
