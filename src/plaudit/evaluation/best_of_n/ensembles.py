"""Several reward models as one, in ways that distrust what they disagree on (Coste et al., 2023).

T. Coste, U. Anwar, R. Kirk, D. Krueger, "Reward Model Ensembles Help Mitigate Overoptimization", 2023, section 3.
"""

from __future__ import annotations

import numpy as np

from plaudit.statistics import Floats

PENALTY = 0.5
"""Lambda: what one unit of the members' variance costs, in units of their standardised rewards."""


def combine(members: Floats, penalty: float = PENALTY) -> dict[str, Floats]:
    """Name of the combination -> [K], the combined reward of each candidate of one prompt.

    Args:
        members: [M, K], each member's rewards, standardised: rewards are comparable within a prompt only, so a
            member's zero is its mean over the prompt's candidates, and its unit its own spread within prompts.
        penalty: lambda of the variance penalty. The variance is the population's (divided by M), as in the paper.
    """
    return {
        "mean": members.mean(axis=0),
        "worst case (min)": members.min(axis=0),
        f"mean - {penalty:g} variance": members.mean(axis=0) - penalty * np.var(members, axis=0),
    }
