"""How sharply each annotator tells responses apart, by what everybody else said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import log_expit

from plaudit.groups import Group
from plaudit.judgements.strengths.evidence import Evidence
from plaudit.judgements.strengths.fitting import FittedStrengths
from plaudit.judgements.strengths.leaving_out import leave_block_out

MIN_COMPARISONS = 10
"""Of fewer nothing is learnt about whoever made them."""

_SHARPNESSES = np.exp(np.linspace(np.log(0.05), np.log(3.0), 40))
_WIDTH = 0.5
"""Of the normal prior on the logarithm of a sharpness: people are much alike until they show otherwise."""


def sharpness_of(groups: Sequence[Group], evidence: Sequence[Evidence], fit: FittedStrengths) -> Mapping[str, float]:
    """Annotator -> the factor of a gap's log odds in what they say: 1 is like everybody, 0 is a coin.

    Each judgement is held against the belief without it. Those of whom little is known are left out.

    Args:
        groups: with their judgements.
        evidence: of each.
        fit: of each.

    Example:
        >>> from plaudit.groups import Ranking
        >>> from plaudit.judgements import fit_strengths
        >>> names = [f"a{n}" for n in range(3)]
        >>> wrong = [Ranking(((1,), (0,)), annotator="bob")]
        >>> rankings = (*(Ranking(((0,), (1,)), annotator=name) for name in names), *wrong)
        >>> groups = [Group(f"q{n}", f"{n}?", ("a", "b"), rankings) for n in range(20)]
        >>> evidence = [Evidence.of(group) for group in groups]
        >>> sharpness = sharpness_of(groups, evidence, fit_strengths(evidence, variances=(1.0, 1.0)))
        >>> sharpness["a0"] > 1 > sharpness["bob"]
        True
    """
    odds: dict[str, list[Float[np.ndarray, " comparisons"]]] = defaultdict(list)
    for group, one, belief in zip(groups, evidence, fit.groups, strict=True):
        names = [ranking.annotator for ranking in group.rankings]
        if not len(one) or not any(names) or not one.has_other_votes:
            continue
        gap, variance = leave_block_out(one, belief.mean, belief.covariance)
        scaled = gap / np.sqrt(1 + np.pi / 8 * variance)
        for name in {name for name in names if name is not None}:
            mine = np.array([names[ranking] == name for ranking in one.ranking]) & ~one.tie
            odds[name].append(scaled[mine])
    every = {name: np.concatenate(parts) for name, parts in odds.items()}
    return {name: _sharpness(values) for name, values in every.items() if len(values) >= MIN_COMPARISONS}


def _sharpness(odds: Float[np.ndarray, " comparisons"]) -> float:
    """The likeliest, on a grid."""
    likelihood = log_expit(_SHARPNESSES[:, None] * odds).sum(1) - (np.log(_SHARPNESSES) / _WIDTH) ** 2 / 2
    return float(_SHARPNESSES[int(np.argmax(likelihood))])
