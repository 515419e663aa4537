"""Types of arrays whose axes mean the same in every room, said once.

A type checker sees an array; tests run with jaxtyping's import hook, which checks the kind of number and the shape as
functions are called: axes of one name are as long as each other in all arguments of a call.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64

Floats = Float64[np.ndarray, " n"]
Ints = Int64[np.ndarray, " n"]
Bools = Bool[np.ndarray, " n"]

PerCluster = Float64[np.ndarray, " clusters"]

Sums = Float64[np.ndarray, "*sums"]
"""What a function of sums takes and gives: no axis for the sums over all clusters, one for those without each cluster
or those of each bootstrap round."""
