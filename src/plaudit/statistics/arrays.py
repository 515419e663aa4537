"""Types of arrays, said once.

A type checker sees the kind of number (`NDArray[np.float64]`); tests run with jaxtyping's import hook, which checks the
kind and, where an annotation names axes (`Float64[np.ndarray, " n"]`), the shape, as functions are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Integer
from numpy.typing import NDArray

if TYPE_CHECKING:
    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]
    Bools: TypeAlias = NDArray[np.bool_]
else:
    Floats = Float64[np.ndarray, "..."]
    Ints = Integer[np.ndarray, "..."]
    Bools = Bool[np.ndarray, "..."]
