"""How well a language model foretells held-out text, with an interval that respects documents."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import t as student

from plaudit.training.language_model.batches import IGNORED, Batches


@dataclass(frozen=True, slots=True)
class Perplexity:
    """exp of the mean negative log likelihood of a token, with its 95% interval (None with fewer than two documents).

    Over masked tokens it is the pseudo-perplexity of what was masked, and compares only with itself.
    """

    value: float
    low: float | None
    high: float | None
    documents: int
    tokens: int

    def __str__(self) -> str:
        around = "no interval" if self.low is None else f"95% {self.low:.4g} to {self.high:.4g}"
        return f"{self.value:.4g} ({around})"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def token_losses(model: Any, batches: Batches) -> tuple[np.ndarray, np.ndarray]:
    """`[D]` summed negative log likelihoods in nats and `[D]` numbers of predicted tokens, of each document (or kin)
    that has any. Batches of several passes are read once each."""
    count = max(piece.kin for piece in batches.pieces) + 1
    losses, tokens = np.zeros(count), np.zeros(count, dtype=np.int64)
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    with torch.no_grad():
        for number in range(len(batches)):
            batch = {name: tensor.to(device) for name, tensor in batches[number].items()}
            labels = batch.pop("labels")
            logits = model(**batch).logits.float()
            if batches.masking is None:
                logits, labels = logits[:, :-1], labels[:, 1:]
            each = F.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
            kin = np.array([batches.pieces[row].kin for row in batches.rows(number)])
            np.add.at(losses, kin, each.sum(1).double().cpu().numpy())
            np.add.at(tokens, kin, (labels != IGNORED).sum(1).cpu().numpy())
    model.train(training)
    return losses[tokens > 0], tokens[tokens > 0]


def perplexity(losses: np.ndarray, tokens: np.ndarray) -> Perplexity:
    """exp(sum of losses / sum of tokens), and the interval of that ratio over documents, on the log scale.

    The variance is the linearised one of a ratio of totals (Cochran, Sampling Techniques, 1977, eq. 6.13), with
    Student's t for the number of documents minus one. Given losses *differences* of two models on the same tokens, it
    is the factor by which one's perplexity is the other's, paired by document.

    Args:
        losses: `[D]`, D >= 1, summed negative log likelihoods (or their differences), in nats.
        tokens: `[D]`, each > 0.
    """
    count, total = len(losses), int(tokens.sum())
    mean = float(losses.sum() / total)
    if count < 2:
        return Perplexity(math.exp(mean), None, None, count, total)
    residual = losses - mean * tokens
    error = math.sqrt(count / (count - 1) * float(np.square(residual).sum())) / total
    half = float(student.ppf(0.975, count - 1)) * error
    return Perplexity(math.exp(mean), math.exp(mean - half), math.exp(mean + half), count, total)
