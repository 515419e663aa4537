"""What the best of n candidates is worth, picked by one score and valued by another: the expectation over all draws."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from plaudit.statistics import Floats


def expected_best(scores: Floats, truth: Floats, draws: Sequence[int]) -> Floats:
    """[draws], the expected truth of the highest-scored of n candidates drawn without replacement from K.

    Exact over the C(K, n) draws, and so, where the K candidates are independent samples of a policy, an unbiased
    estimate of what best-of-n sampling from that policy gives (Nakano et al., "WebGPT", 2021, appendix; the same
    argument as pass@k of Chen et al., "Evaluating Large Language Models Trained on Code", 2021). Equal scores are
    ordered by a coin, so each of them counts with their mean truth.

    Args:
        scores: [K], what picks.
        truth: [K], what values.
        draws: each n, from 1 to K.
    """
    _, level = np.unique(-scores, return_inverse=True)
    mean_truth = np.bincount(level, truth) / np.bincount(level)
    return _chances(tuple(draws), len(scores)) @ mean_truth[np.sort(level)]


@lru_cache(maxsize=64)
def _chances(draws: tuple[int, ...], candidates: int) -> Floats:
    """[draws, place], the probability that the best of n drawn stands at a place, counted from the top.

    C(K - 1 - i, n - 1) / C(K, n) at place i; by the ratio of neighbouring places, because the binomials of a thousand
    candidates are larger than a float.
    """
    place, n = np.arange(candidates - 1), np.array(draws)[:, None]
    ratios = np.maximum(candidates - place - n, 0) / (candidates - 1 - place)
    return np.cumprod(np.hstack([n / candidates, ratios]), axis=1)
