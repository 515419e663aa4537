"""The perplexity of a language model on held-out text, with an interval that respects documents."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from scipy.stats import t as student

from plaudit.text import counted
from plaudit.training.language_model.batches import IGNORED, Batches
from plaudit.training.run.processes import added_up, share_of


class TokenLosses(NamedTuple):
    """How well the tokens of each document are predicted.

    Attributes:
        losses: summed negative log-likelihoods, in nats.
        tokens: numbers of predicted tokens, each above 0.
    """

    losses: Float[np.ndarray, " documents"]
    tokens: Int[np.ndarray, " documents"]


@dataclass(frozen=True, slots=True)
class Perplexity:
    """exp of the mean negative log-likelihood of a token, with its 95% interval (None with fewer than two documents).

    Over masked tokens it is the pseudo-perplexity of what was masked, and compares only with itself.
    """

    value: float
    low: float | None
    high: float | None
    documents: int
    tokens: int

    def __str__(self) -> str:
        interval = "no interval" if self.low is None else f"95% {self.low:.4g} to {self.high:.4g}"
        return f"{self.value:.4g} ({interval})"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def token_losses(model: Any, batches: Batches) -> TokenLosses:
    """The losses of each document (or other source of text) that has any predicted token, in one epoch of batches.
    Each process computes its share of them, and every one gets all."""
    count = max(block.source_id for block in batches.blocks) + 1
    sums = np.zeros((2, count))
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    with torch.no_grad():
        for number in share_of(batches.count):
            batch = {name: tensor.to(device) for name, tensor in batches.whole(number).items()}
            labels = batch.pop("labels")
            logits = model(**batch).logits.float()
            if batches.masking is None:
                logits, labels = logits[:, :-1], labels[:, 1:]
            by_token = F.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
            source_ids = np.array([batches.blocks[row].source_id for row in batches.rows(number)])
            np.add.at(sums[0], source_ids, by_token.sum(1).double().cpu().numpy())
            np.add.at(sums[1], source_ids, (labels != IGNORED).sum(1).cpu().numpy())
    model.train(training)
    losses, tokens = added_up(sums, device)
    return TokenLosses(losses[tokens > 0], tokens[tokens > 0].astype(np.int64))


def perplexity(losses: Float[np.ndarray, " documents"], tokens: Int[np.ndarray, " documents"]) -> Perplexity:
    """exp(sum of losses / sum of tokens), and the interval of that ratio over documents, on the log scale.

    The variance is the linearised one of a ratio of totals (Cochran, Sampling Techniques, 1977, eq. 6.13), with
    Student's t for the number of documents minus one. With loss *differences* of two models on the same tokens, it is
    the factor by which one's perplexity is the other's, paired by document.

    Args:
        losses: summed negative log-likelihoods of at least one document (or their differences), in nats.
        tokens: of each, above 0.

    Example:
        >>> str(perplexity(np.log([8.0, 2.0]), np.array([1, 1])))  # the geometric mean of 8 and 2
        '4 (95% 0.0005986 to 2.673e+04)'
    """
    count, total = len(losses), int(tokens.sum())
    mean = float(losses.sum() / total)
    if count < 2:
        return Perplexity(math.exp(mean), None, None, count, total)
    residual = losses - mean * tokens
    error = math.sqrt(count / (count - 1) * float(np.square(residual).sum())) / total
    half = float(student.ppf(0.975, count - 1)) * error
    return Perplexity(math.exp(mean), math.exp(mean - half), math.exp(mean + half), count, total)


def validation_figures(before: TokenLosses, after: TokenLosses) -> dict[str, Any]:
    """Perplexity before and after training, and the factor between them, paired by document."""
    return {
        "before": perplexity(before.losses, before.tokens).to_dict(),
        "after": perplexity(after.losses, after.tokens).to_dict(),
        "factor": perplexity(after.losses - before.losses, before.tokens).to_dict(),
    }


def validation_sentence(figures: Mapping[str, Any] | None) -> str:
    """The figures of a run record's `validation` as a sentence.

    Example:
        >>> validation_sentence(None)
        'Nothing was held out, so nothing is known of how well it predicts text.'
    """
    if figures is None:
        return "Nothing was held out, so nothing is known of how well it predicts text."
    before, after, factor = (Perplexity(**figures[name]) for name in ("before", "after", "factor"))
    return (
        f"Validation perplexity {before} before and {after} after, a factor of {factor}; "
        f"{counted(after.tokens, 'tokens')} of {counted(after.documents, 'documents')}, which also chose the "
        "checkpoint."
    )
