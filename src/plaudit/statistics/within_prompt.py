"""How far values lie apart within prompts: the unit of effects and of gains, rewards having none of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from plaudit.statistics.arrays import Floats


def centred(values: Floats) -> Floats:
    """[n], about their mean; equal values are exact zeros, which a mean with rounding would not make them.

    Example:
        >>> centred(np.array([1.0, 2.0, 6.0])).tolist()
        [-2.0, -1.0, 3.0]
    """
    return values - values.mean() if np.ptp(values) else np.zeros_like(values)


def pooled_sd(prompts: Sequence[Float64[np.ndarray, " _"]]) -> float:
    """The standard deviation of values about their own prompt's mean, with K - 1 degrees of freedom a prompt of K; 0
    where nothing varies. Every prompt has a value at least.

    Example:
        >>> pooled_sd([np.array([1.0, 3.0]), np.array([5.0, 5.0])])  # (1 + 1 + 0 + 0) / (1 + 1) is 1
        1.0
    """
    deviations = [centred(values) for values in prompts]
    # In units of the largest, whose square no float may overflow.
    largest = max((float(np.abs(values).max()) for values in deviations), default=0.0)
    freedom = sum(len(values) - 1 for values in prompts)
    if largest == 0 or freedom == 0:
        return 0.0
    return largest * math.sqrt(sum(float(np.square(values / largest).sum()) for values in deviations) / freedom)
