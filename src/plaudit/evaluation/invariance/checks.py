"""One score: the same answers scored in every way that must not matter, and how far the scores move.

What a score may differ by is stated in standard deviations of the model's own rewards, because a reward has no unit of
its own; how many preferences flip says whether it matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from random import Random

import numpy as np

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.evaluation.invariance.rescoring import (
    RESCORINGS,
    InapplicableError,
    Rewards,
    in_half_precision,
    rewards,
)
from plaudit.evaluation.invariance.results import Checked, Invariance
from plaudit.evaluation.probes.measuring import EXACT, spread
from plaudit.groups import Group
from plaudit.logs import muted
from plaudit.model import Scorer

HALF_PRECISION = 0.1
"""Differences in sd that 16 bits are forgiven: bfloat16 rounds every number to 8 of them."""

OTHER_PRECISION = "other precision"

GROUPS, RESPONSES = 16, 4
"""How many groups take part, and responses of each, at most."""


@checked
def check_invariance(
    model: Scorer,
    groups: Sequence[Group],
    *,
    seed: int = 0,
    watch: Callable[[Sequence[str]], Iterable[str]] = lambda names: names,
) -> Invariance:
    """Score a few of the groups in every way of `RESCORINGS`.

    Args:
        model: any scorer; ways that it does not have are said not to apply.
        groups: real data; at most `GROUPS` of them are drawn, with at most `RESPONSES` responses each.
        seed: of the draw.
        watch: sees the checks' names go by: a progress bar.

    Raises:
        PlauditError: if there are no groups, or they cannot be scored in the ordinary way.

    Example:
        >>> from plaudit import Group, Ranking, train
        >>> group = Group("q", "2 + 2?", ("It is 4.", "5"), (Ranking(((0,), (1,))),))
        >>> for check in check_invariance(train([group], "length", backbone="length"), [group]).checks[:3]:
        ...     print(f"{check.name}: differs by {check.largest:g}")
        again: differs by 0
        one response a batch: differs by 0
        everything in one batch: differs by 0
    """
    if not groups:
        raise InvalidInputError("there is no group to score", remedy="give data with at least one")
    drawn = [
        group.among(range(min(len(group.responses), RESPONSES)))
        for group in Random(seed).sample(list(groups), min(len(groups), GROUPS))
    ]
    usual = rewards(model, drawn)
    sd, _ = spread(usual)
    half = in_half_precision(model)
    checks = []
    for name in watch(list(RESCORINGS)):
        nothing = _unchecked(name, HALF_PRECISION if half or name == OTHER_PRECISION else EXACT)
        checks.append(_check(nothing, partial(RESCORINGS[name], model, drawn), usual, sd))
    return Invariance(sd, len(drawn), checks)


def _unchecked(name: str, tolerance: float) -> Checked:
    return Checked(name=name, largest=None, in_sd=None, tolerance=tolerance, flips=0, pairs=0, n=0, ok=None)


def _check(nothing: Checked, rescore: Callable[[], Rewards], usual: Rewards, sd: float) -> Checked:
    try:
        # What the ordinary scoring warned of (a prompt that was cut) need not be said eleven times.
        with muted():
            other = rescore()
    except InapplicableError as reason:
        return replace(nothing, reason=str(reason))
    except Exception as error:
        # Whatever an architecture does on a path it was not made for, the other checks still say something.
        lines = str(error).splitlines()
        return replace(nothing, ok=False, reason=f"{type(error).__name__}: {lines[0] if lines else 'no message'}")
    return compared(replace(nothing, ok=True), usual, other, sd)


def compared(check: Checked, usual: Rewards, other: Rewards, sd: float) -> Checked:
    """The check with the differences between two sets of scores of the same responses. A response without a finite
    score must have none in both."""
    a, b = (np.array([score for row in scores for score in row], np.float64) for scores in (usual, other))
    pairs = [
        (p[i] - p[j], q[i] - q[j]) for p, q in zip(usual, other, strict=True) for i, j in combinations(range(len(p)), 2)
    ]
    flips = sum(np.sign(before) != np.sign(after) for before, after in pairs if math.isfinite(before + after))
    finite = np.isfinite(a) & np.isfinite(b)
    largest = float(np.abs(a - b)[finite].max(initial=0))
    check = replace(
        check,
        largest=largest,
        in_sd=largest / sd if math.isfinite(sd) else None,
        flips=int(flips),
        pairs=len(pairs),
        n=len(a),
    )
    if (np.isfinite(a) != np.isfinite(b)).any():
        return replace(check, ok=False, reason="some responses have a finite score in one way only")
    # Without a spread there is no unit, and nothing but the same scores is the same.
    return replace(check, ok=largest == 0 if check.in_sd is None else check.in_sd <= check.tolerance)
