"""The other way to an interval: draw clusters again, with replacement, and look at how far the statistic moves.

Whoever asks for it says so around the measurements, as with `numpy.errstate`:

    with bootstrapping(1000):
        accuracy(compared)

How often a cluster is drawn is a Poisson number of mean 1, whatever the others are (Hanley & MacGibbon, Computer
Methods and Programs in Biomedicine 83, 2006). So a few matrices of counts serve all statistics, and 1,000 rounds
of a mean are one product of such a matrix and the clusters' sums. Why this is not the default: docs/evaluation.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from plaudit.errors import PlauditError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_ROUNDS = 100
"""Fewer cannot place the ends of a 95% interval: one round in forty lies beyond each."""

_AT_ONCE = 2**20
"""Counts that are floats at one time."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often to draw, and the seed of the draws."""

    count: int
    seed: int


_asked: ContextVar[Rounds | None] = ContextVar("rounds", default=None)


@contextmanager
def bootstrapping(rounds: int | None, seed: int = 0) -> Iterator[None]:
    """Intervals made inside are bootstrapped over clusters, in so many rounds; None: as they are otherwise.

    Raises:
        PlauditError: if there are too few rounds to place an interval's ends.
    """
    if rounds is not None and rounds < LEAST_ROUNDS:
        raise PlauditError(f"{rounds} bootstrap rounds cannot place a 95% interval; take {LEAST_ROUNDS} or more")
    token = _asked.set(None if rounds is None else Rounds(rounds, seed))
    try:
        yield
    finally:
        _asked.reset(token)


def is_asked_for() -> bool:
    """Whether intervals are to be bootstrapped."""
    return _asked.get() is not None


def resampled(sums: Sequence[Floats]) -> list[Floats]:
    """Each of the sums [clusters] totalled in every round: [rounds]."""
    counts, columns = _drawn(len(sums[0])), np.stack(sums, axis=1)
    step = max(1, _AT_ONCE // counts.shape[1])
    blocks = [counts[start : start + step].astype(np.float64) @ columns for start in range(0, len(counts), step)]
    return list(np.concatenate(blocks).T)


def recomputed(statistic: Callable[[Floats], float], cluster: Ints) -> Floats:
    """[rounds], a statistic of the rows' weights [n]: how often each row's cluster [n] was drawn."""
    index = np.unique(cluster, return_inverse=True)[1]
    counts = _drawn(int(index.max()) + 1)
    return np.array([statistic(row[index].astype(np.float64)) for row in counts])


def bca(value: float, replicates: Floats, without: Floats, level: float) -> tuple[float, float]:
    """The bias-corrected and accelerated interval (Efron, JASA 82, 1987). It follows any monotone change of scale, so
    it never leaves the values a statistic can take.

    Args:
        value: the statistic.
        replicates: [rounds], the statistic of each round.
        without: [clusters], the statistic with each cluster left out, for the acceleration.
        level: the coverage it is built for.
    """
    rounds = len(replicates)
    below = ((replicates < value).mean() + (replicates <= value).mean()) / 2
    bias = ndtri(np.clip(below, 1 / (2 * rounds), 1 - 1 / (2 * rounds)))
    off = without.mean() - without
    spread = np.square(off).sum()
    acceleration = (off**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    shifted = bias + ndtri([(1 - level) / 2, (1 + level) / 2])
    low, high = np.quantile(replicates, ndtr(bias + shifted / (1 - acceleration * shifted)))
    return float(min(low, value)), float(max(high, value))


def _drawn(clusters: int) -> NDArray[np.uint8]:
    rounds = _asked.get()
    if rounds is None:
        raise RuntimeError("nobody asked for a bootstrap")
    # As many columns as the next power of two has: statistics over different numbers of clusters share a few matrices.
    return _counts(rounds, 2 ** (clusters - 1).bit_length())[:, :clusters]


@lru_cache(maxsize=32)
def _counts(rounds: Rounds, columns: int) -> NDArray[np.uint8]:
    """[rounds, columns], how often each of so many clusters is drawn."""
    return np.random.default_rng((rounds.seed, columns)).poisson(1, (rounds.count, columns)).astype(np.uint8)
