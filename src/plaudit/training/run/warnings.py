"""What a trained model's scores on the validation set warn of."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from plaudit.groups import Group
from plaudit.judgements import credit, flatten_comparisons
from plaudit.text import counted

# A gap of 8 means "preferred with probability 0.9997", which no set of human judgements supports.
_SATURATED_GAP = 8.0
# A gap of 0.1 means "preferred with probability 0.525".
_TIMID_GAP = 0.1


def warnings(groups: Sequence[Group], scores: Float[np.ndarray, " responses"]) -> list[str]:
    """Reasons not to trust a reward yet, in plain words; none if nothing stands out.

    Args:
        groups: the validation set.
        scores: of all its responses in order.

    Returns:
        Warnings that accuracy is not clearly above chance, that "the longer response wins" does as well, or that most
        gaps are so wide that the reward has saturated, or so narrow that little was learned.
    """
    decided = flatten_comparisons(groups).decided
    if not len(decided):
        return ["no validation group has a decided comparison, so nothing is known about how well this model does"]
    gaps = decided.gaps(scores)
    accuracy, length_rule = float(credit(gaps).mean()), float(credit(decided.length_gap).mean())
    # Two standard errors of a fair coin, with one toss a group: comparisons inside a group are not independent.
    count = len(np.unique(decided.group))
    noise = 1.0 / math.sqrt(count)
    reasons = []
    if accuracy - 0.5 < noise:
        reasons.append(
            f"validation accuracy {accuracy:.3f} is not clearly above chance (0.5 ± {noise:.3f}, "
            f"{counted(count, 'groups')}): train on more judgements, or check that better and worse are not mixed up"
        )
    if length_rule >= accuracy:
        reasons.append(
            f"preferring the longer response scores {length_rule:.3f} on the validation groups, no worse than this "
            f"model ({accuracy:.3f}): it may have learned length alone"
        )
    if np.median(np.abs(gaps)) < _TIMID_GAP:
        reasons.append(
            f"half of the validation score gaps are narrower than {_TIMID_GAP:g}, so the model barely left its start: "
            "train for more epochs, or at a higher learning_rate"
        )
    if np.median(np.abs(gaps)) > _SATURATED_GAP:
        reasons.append(
            f"half of the validation score gaps are wider than {_SATURATED_GAP:g}, so the reward has saturated: "
            "train for fewer epochs, or with label_smoothing"
        )
    return reasons
