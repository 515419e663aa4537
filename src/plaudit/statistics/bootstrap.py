"""Ways to make an interval: the jackknife, and a bootstrap that draws clusters again, with replacement.

Which of them is an argument of whatever makes intervals; the jackknife is the default:

    accuracy(comparisons, scores, intervals=Bootstrap(1000))

How often a cluster is drawn is a Poisson number of mean 1, whatever the others are (Hanley & MacGibbon, Computer
Methods and Programs in Biomedicine 83, 2006). So a few matrices of counts serve all statistics, and 1,000 rounds
of a mean are one product of such a matrix and the clusters' sums. Why this is not the default: docs/evaluation.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, UInt8
from scipy.special import ndtr, ndtri

from plaudit.errors import InvalidInputError
from plaudit.statistics.arrays import Floats, Ints, PerCluster, Sums

LEAST_ROUNDS = 100
"""Fewer cannot place the ends of a 95% interval: one round in forty lies beyond each."""

_AT_ONCE = 2**20
"""Counts that are floats at one time."""


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Intervals from the statistic with each cluster left out, on Student's t (or Wilson's, for proportions)."""

    def replicates(
        self, function: Callable[..., Sums], sums: Sequence[PerCluster]
    ) -> Float64[np.ndarray, " rounds"] | None:
        """None: nothing is drawn."""
        return None

    def recomputed(self, statistic: Callable[[Floats], float], cluster: Ints) -> Float64[np.ndarray, " rounds"] | None:
        """None: nothing is drawn."""
        return None


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Intervals from the statistic of so many rounds in which whole clusters are drawn with replacement.

    Attributes:
        rounds: how many, at least `LEAST_ROUNDS`.
        seed: of the draws, which are the same every time.

    Raises:
        InvalidInputError: if there are too few rounds to place an interval's ends.

    Example:
        >>> from plaudit.statistics import mean
        >>> figure = mean(np.arange(40.0), np.ones(40), np.arange(40), intervals=Bootstrap(1000))
        >>> figure.value, 15 < figure.low < 17, 22 < figure.high < 24  # 19.5, and about 1.96 * 11.7 / sqrt(40) each way
        (19.5, True, True)
    """

    rounds: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.rounds < LEAST_ROUNDS:
            raise InvalidInputError(
                f"{self.rounds} bootstrap rounds cannot place a 95% interval",
                remedy=f"take {LEAST_ROUNDS} or more",
            )

    def replicates(
        self, function: Callable[..., Sums], sums: Sequence[PerCluster]
    ) -> Float64[np.ndarray, " rounds"] | None:
        """[rounds], a function of totals in each round, from its sums over clusters (each [clusters]).

        None where a draw of few clusters leaves it undefined, and where it never moves: clusters that happen to agree
        are no certainty.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            replicates = function(*self.resampled(sums))
            return replicates if np.ptp(replicates) > 1e-12 * np.abs(replicates).max() else None

    def recomputed(self, statistic: Callable[[Floats], float], cluster: Ints) -> Float64[np.ndarray, " rounds"] | None:
        """[rounds], a statistic of the rows' weights [n]: how often each row's cluster [n] was drawn. None where one of
        the rounds leaves it undefined."""
        index = np.unique(cluster, return_inverse=True)[1]
        counts = self._counts(int(index.max()) + 1)
        replicates = np.array([statistic(row[index].astype(np.float64)) for row in counts])
        return replicates if np.isfinite(replicates).all() else None

    def resampled(self, sums: Sequence[PerCluster]) -> list[Float64[np.ndarray, " rounds"]]:
        """Each of the sums [clusters] totalled in every round: [rounds]."""
        counts, columns = self._counts(len(sums[0])), np.stack(sums, axis=1)
        step = max(1, _AT_ONCE // counts.shape[1])
        blocks = [counts[start : start + step].astype(np.float64) @ columns for start in range(0, len(counts), step)]
        return list(np.concatenate(blocks).T)

    def _counts(self, clusters: int) -> UInt8[np.ndarray, "rounds clusters"]:
        # As many columns as the next power of two has: statistics over different numbers of clusters share a few
        # matrices.
        return _counts(self.rounds, self.seed, 2 ** (clusters - 1).bit_length())[:, :clusters]


Intervals = Jackknife | Bootstrap
"""How an interval is made."""

JACKKNIFE = Jackknife()
"""How intervals are made unless something else is asked for."""


def intervals_by(rounds: int | None) -> Intervals:
    """A bootstrap of so many rounds; None: the jackknife.

    Example:
        >>> intervals_by(None) is JACKKNIFE, intervals_by(1000)
        (True, Bootstrap(rounds=1000, seed=0))
    """
    return JACKKNIFE if rounds is None else Bootstrap(rounds)


def bca(
    value: float, replicates: Float64[np.ndarray, " rounds"], without: PerCluster, level: float
) -> tuple[float, float]:
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


@lru_cache(maxsize=32)
def _counts(rounds: int, seed: int, columns: int) -> UInt8[np.ndarray, "rounds clusters"]:
    """[rounds, columns], how often each of so many clusters is drawn."""
    return np.random.default_rng((seed, columns)).poisson(1, (rounds, columns)).astype(np.uint8)
