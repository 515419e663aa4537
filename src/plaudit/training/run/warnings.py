"""What a trained model's held-out scores warn of."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from plaudit.groups import Group, plain_text
from plaudit.training.targets import ComparisonTargets

# A gap of 8 means "preferred with probability 0.9997", which no set of human judgements supports.
_SATURATED_GAP = 8.0
# A gap of 0.1 means "preferred with probability 0.525".
_TIMID_GAP = 0.1


def warnings(groups: Sequence[Group], scores: Sequence[Sequence[float]]) -> list[str]:
    """Reasons not to trust a reward yet, in plain words; none if nothing stands out.

    Args:
        groups: held-out groups.
        scores: one sequence of K scores a group.

    Returns:
        Warnings that accuracy is not clearly above chance, that "the longer response wins" does as well, or that most
        gaps are so wide that the reward has saturated, or so narrow that little was learned.
    """
    right, longer, gaps, sizes = [], [], [], []
    for group, values in zip(groups, scores, strict=True):
        compared = ComparisonTargets.of(group)
        decided = ~compared.tie
        better, worse = compared.better[decided], compared.worse[decided]
        if not len(better):
            continue
        lengths = np.array([len(plain_text(response)) for response in group.responses])
        gap = np.asarray(values)[better] - np.asarray(values)[worse]
        right.append(_share_won(gap))
        longer.append(_share_won(lengths[better] - lengths[worse]))
        gaps.append(np.abs(gap))
        sizes.append(len(better))
    if not sizes:
        return ["no held-out group has a decided comparison, so nothing is known about how well this model does"]
    weights = np.array(sizes)
    accuracy, rule = np.average(right, weights=weights), np.average(longer, weights=weights)
    # Two standard errors of a fair coin, with one toss a group: comparisons inside a group are not independent.
    noise = 1.0 / math.sqrt(len(sizes))
    found = []
    if accuracy - 0.5 < noise:
        found.append(
            f"held-out accuracy {accuracy:.3f} is not clearly above chance (0.5 ± {noise:.3f}, {len(sizes)} groups): "
            "train on more judgements, or check that better and worse are not mixed up"
        )
    if rule >= accuracy:
        found.append(
            f"preferring the longer response scores {rule:.3f} on the held-out groups, no worse than this model "
            f"({accuracy:.3f}): it may have learned length alone"
        )
    if np.median(np.concatenate(gaps)) < _TIMID_GAP:
        found.append(
            f"half of the held-out score gaps are narrower than {_TIMID_GAP:g}, so the model barely left its start: "
            "train for more passes, or at a higher learning_rate"
        )
    if np.median(np.concatenate(gaps)) > _SATURATED_GAP:
        found.append(
            f"half of the held-out score gaps are wider than {_SATURATED_GAP:g}, so the reward has saturated: "
            "train for fewer passes, or with label_smoothing"
        )
    return found


def _share_won(difference: np.ndarray) -> float:
    """How often the difference is positive; zero counts half."""
    return float(np.mean((np.sign(difference) + 1) / 2))
