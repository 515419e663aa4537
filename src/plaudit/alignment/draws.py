"""What is drawn, and from what: a seed, the purpose of the draw, and the number of the step, and nothing else.

So two purposes never draw the same, and a run that is resumed draws what it would have drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np


class Draw(IntEnum):
    """Purposes of draws. A number belongs to its purpose for good, or old runs could not be repeated."""

    SCALE = 0
    EVALUATION = 1
    STEP = 2
    ORDER = 3
    PROMPTS = 4
    BEST_OF_N = 5
    SPLIT = 6


def mixed(seed: Sequence[int]) -> int:
    """One seed out of several numbers, below 2^63.

    Example:
        >>> mixed([0, 1]) == mixed([0, 1]), mixed([0, 1]) == mixed([1, 0])
        (True, False)
    """
    return int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1)
