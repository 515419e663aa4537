"""Answers drawn from a policy, with the exact log-probability of every token.

Each prompt is computed once, and its answers start from a copy of its keys and values. Rows whose answers have ended
leave the batch, so that a few long answers do not make all the others wait.

Left out: `generate` of transformers, whose sampling depends on the folder's settings and on torch's global generator,
and whose log-probabilities are those of what it filtered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from plaudit.alignment.draws import mixed
from plaudit.alignment.policy import Policy, Sample, TokenBatch
from plaudit.alignment.prompts import Prompt

# The batch is made smaller once this share of its rows has ended: copying keys and values costs something, too.
_ENDED = 0.25


@torch.no_grad()
def draw_samples(
    policy: Policy,
    prompts: Sequence[Prompt],
    count: int,
    *,
    max_new_tokens: int,
    seed: Sequence[int],
    rows: int = 256,
    model: Any = None,
) -> list[Sample]:
    """`count` answers to each prompt, those of a prompt side by side.

    Args:
        policy: that writes.
        prompts: to answer.
        count: answers to each.
        max_new_tokens: after which an answer is cut.
        seed: of the draws; the same prompts and numbers give the same answers.
        rows: most answers that are written at a time.
        model: another one of the same shape to write with, such as the reference's.

    Example:
        >>> from plaudit.alignment.prompts import read_prompts
        >>> from plaudit.groups import Group
        >>> policy = Policy.open("my-backbone")
        >>> [prompt] = read_prompts([Group("q", "Why?", ("",))], policy.renderer, max_new_tokens=8)
        >>> [one, another] = draw_samples(policy, [prompt], 2, max_new_tokens=8, seed=[0])
        >>> len(one.tokens) <= 8, len(one.tokens) == len(one.log_probs)
        (True, True)
    """
    generator = torch.Generator(policy.device).manual_seed(mixed(seed))
    at_once = max(1, rows // count)
    samples: list[Sample] = []
    for start in range(0, len(prompts), at_once):
        some = prompts[start : start + at_once]
        writing = _Writing(policy, policy.model if model is None else model, some, count, generator)
        samples += writing.write(max_new_tokens)
    return samples


class _Writing:
    """Some prompts whose answers are being written together.

    Attributes:
        rows: the answers that are still being written, as numbers from 0.
        attended: [rows, columns so far], where each row has tokens.
    """

    def __init__(
        self, policy: Policy, model: Any, prompts: Sequence[Prompt], count: int, generator: torch.Generator
    ) -> None:
        self.policy, self.model, self.generator = policy, model, generator
        self.prompts = [prompt for prompt in prompts for _ in range(count)]
        empty = np.zeros(0, dtype=np.int64)
        batch = policy.batch([Sample(prompt, empty, empty.astype(np.float64), False, "") for prompt in prompts])
        batch = TokenBatch(batch.tokens[:, :-1], batch.attended[:, :-1], 1)
        self.cache: Any = DynamicCache(config=model.config)
        self.logits = self._forward(batch.tokens, batch.attended, batch.positions).repeat_interleave(count, dim=0)
        self.cache.batch_repeat_interleave(count)
        self.attended = batch.attended.repeat_interleave(count, dim=0)
        self.rows = torch.arange(len(self.prompts), device=policy.device)
        self.ends = torch.tensor(sorted(policy.ends), device=policy.device)

    def write(self, most: int) -> list[Sample]:
        """All answers, in order."""
        total = len(self.prompts)
        tokens = torch.zeros((total, most), dtype=torch.long, device=self.policy.device)
        log_probs = torch.zeros((total, most), device=self.policy.device)
        lengths = torch.zeros(total, dtype=torch.long, device=self.policy.device)
        writing = torch.ones(total, dtype=torch.bool, device=self.policy.device)
        for place in range(most):
            chances = torch.log_softmax(self.logits.float() / self.policy.temperature, dim=-1)
            chosen = torch.multinomial(chances.exp(), 1, generator=self.generator)
            tokens[self.rows, place] = chosen[:, 0]
            log_probs[self.rows, place] = chances.gather(1, chosen)[:, 0]
            lengths[self.rows] += writing
            writing &= ~torch.isin(chosen[:, 0], self.ends)
            if place + 1 == most or not writing.any():
                break
            if writing.float().mean() <= 1 - _ENDED:
                chosen, writing = self._leave(chosen, writing)
            self._continue(chosen, writing)
        pairs = zip(self.prompts, tokens.cpu().numpy(), log_probs.cpu().numpy(), lengths.tolist(), strict=True)
        return [self.policy.sample_of(prompt, row[:n], chances[:n]) for prompt, row, chances, n in pairs]

    def _leave(self, chosen: Any, writing: Any) -> tuple[Any, Any]:
        """Without the rows that have ended."""
        kept = writing.nonzero()[:, 0]
        self.cache.batch_select_indices(kept)
        self.rows, self.attended = self.rows[kept], self.attended[kept]
        return chosen[kept], writing[kept]

    def _continue(self, chosen: Any, writing: Any) -> None:
        """Read the chosen tokens; what an ended row reads is of no account."""
        positions = self.attended.sum(1, keepdim=True)
        self.attended = torch.cat([self.attended, torch.ones_like(chosen, dtype=torch.bool)], dim=1)
        self.logits = self._forward(chosen, self.attended, positions)

    def _forward(self, tokens: Any, attended: Any, positions: Any) -> Any:
        """Logits after the last token of each row; the cache grows."""
        inputs = self.policy.inputs(TokenBatch(tokens, attended, 1))
        if "position_ids" in inputs:
            inputs["position_ids"] = positions
        with self.policy.arithmetic():
            output = self.model(**inputs, **{self.policy.cache_parameter: self.cache}, use_cache=True)
        return output.logits[:, -1]
