"""The trainer of a language model, by one process or by several: each step and each evaluation is shared out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch.utils.data import Sampler

from plaudit.training.language_model.batches import IGNORED, Batches, Tokens
from plaudit.training.language_model.perplexity import token_losses
from plaudit.training.run.shared_trainer import SharedTrainer


class LanguageModelTrainer(SharedTrainer):
    """A trainer that evaluates by the mean loss of a validation token, the logarithm of the perplexity.

    Args:
        validation: batches, not shared; None: nothing is held out.
        options: those of `transformers.Trainer`.
    """

    def __init__(self, validation: Batches | None, **options: Any) -> None:
        self._validation = validation
        options.setdefault("eval_dataset", validation)
        super().__init__(**options)

    def figures(self) -> dict[str, float]:
        assert self._validation is not None
        with self.compute_loss_context_manager():
            each = token_losses(self.model, self._validation)
        return {"loss": float(each.losses.sum() / each.tokens.sum())}


def masked_loss(outputs: Any, labels: Tokens, num_items_in_batch: Any) -> Float[torch.Tensor, ""]:
    """A process's part of the mean loss of a step's masked tokens: the encoders of transformers divide by the number of
    their own, and so would a process with few of them count as much as one with many."""
    logits = outputs.logits.float().transpose(1, 2)
    total = F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    loss: Float[torch.Tensor, ""] = total / num_items_in_batch
    return loss


class SharedRows(Sampler[list[int]]):
    """One process's rows of every step of a run, in order, shuffled anew in every epoch by the seed.

    Args:
        count: of rows.
        batch_size: rows of a step, of all processes.
        epochs: how often every row is met.
        seed: of the order.
        rank: of the process, from 0.
        ranks: how many processes there are.

    Yields:
        Rows; where a step has none left for the process, the row behind all others.

    Example:
        >>> shares = [SharedRows(3, 2, epochs=1, seed=0, rank=rank, ranks=2) for rank in (0, 1)]
        >>> [list(share) for share in shares]
        [[[2], [1]], [[0], [3]]]
    """

    def __init__(self, count: int, batch_size: int, *, epochs: int, seed: int, rank: int, ranks: int) -> None:
        self._count, self._batch_size = count, batch_size
        self._epochs, self._seed = epochs, seed
        self._rank, self._ranks = rank, ranks

    def __len__(self) -> int:
        return self._epochs * -(-self._count // self._batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        for epoch in range(self._epochs):
            order = np.random.default_rng([self._seed, epoch]).permutation(self._count)
            for start in range(0, self._count, self._batch_size):
                yield order[start : start + self._batch_size][self._rank :: self._ranks].tolist() or [self._count]
