"""How far best-of-n sampling moves away from the policy it samples: the axis over-optimisation is seen on."""

from __future__ import annotations

import numpy as np
from scipy.special import lambertw

from plaudit.statistics import Floats

PER_DOUBLING = 4
"""Points of a curve between n and 2n, where there is room for as many."""

_HERE = 1e-6
"""A distance at which n is 1 as far as floats can tell; Lambert's W is not defined on the wrong side of it."""


def best_of_n_kl(n: Floats | float) -> Floats:
    """log n - (n - 1) / n, in nats (Stiennon et al., "Learning to summarize from human feedback", 2020, appendix G).

    It is the divergence of the best of n from the policy where no two candidates are alike, and an upper bound where
    some are (Beirami et al., "Theoretical guarantees on the best-of-n alignment policy", 2024).
    """
    n = np.asarray(n, dtype=np.float64)
    return np.log(n) - (n - 1) / n


def n_of_distance(d: float) -> float:
    """The n, as a real number, whose best-of-n is at the distance d = sqrt(KL): the inverse of `best_of_n_kl`.

    With u = 1 / n the definition reads u - log u = KL + 1, so -u is Lambert's W of -exp(-(KL + 1)). Infinite where no
    float holds it.
    """
    if d < _HERE:
        return 1.0
    inverse = float(-lambertw(-np.exp(-(d**2 + 1))).real)
    return 1 / inverse if inverse > 0 else float("inf")


def points(most: int) -> tuple[int, ...]:
    """The n of a curve: each whole number while they are few, then `PER_DOUBLING` a doubling, and `most`."""
    steps = np.arange(int(np.log2(most) * PER_DOUBLING) + 1) / PER_DOUBLING
    return tuple(sorted({*map(int, np.rint(2**steps)), most}))
