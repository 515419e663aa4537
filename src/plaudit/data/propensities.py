"""Examination propensities: the chance that someone looks at a position of a list, read or estimated from clicks.

Only ratios can be known from clicks, and only ratios matter: the topmost position has 1.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from scipy.optimize import isotonic_regression
from scipy.sparse.csgraph import connected_components

from plaudit.data.clicks import Session
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import text_key

_STEPS = 10_000
_ENOUGH = 1e-10

PerPosition = Float64[np.ndarray, " positions"]


def estimate_propensities(sessions: Sequence[Session]) -> tuple[float, ...]:
    """The chance that each position is looked at, relative to the topmost, from responses shown at several positions.

    What one response of one prompt gains from position k over position l is due to the positions alone (intervention
    harvesting: Agarwal et al. 2019, "Estimating Position Bias without Intrusive Interventions"). For each two positions
    the responses seen at both are strata, and their clicks are pooled as Mantel and Haenszel (1959) pool a rate ratio:
    `w[k, l] = sum of clicks at k * shown at l / (shown at k + shown at l)`, so a response seen once at each says as
    much as it can and no more. Then `w[k, l] / w[l, k]` estimates `p[k] / p[l]` for all pairs of positions at once: a
    Bradley-Terry model in which position k has beaten l `w[k, l]` times, fitted by Hunter's (2004) iteration. Last,
    since whoever looks at a position has looked at those above, the chances are made to fall by isotonic regression.

    Raises:
        InvalidInputError: when a clicked position cannot be compared with the topmost.

    Example:
        >>> clicks = [(True, True), (True, False)]  # everything on top is clicked, and every other response below
        >>> orders = [("a", "b"), ("b", "a")]
        >>> estimate_propensities([Session("Why?", shown, clicked) for shown in orders for clicked in clicks])
        (1.0, 0.5)
    """
    wins = _wins(sessions)
    clicked = np.flatnonzero(_clicks(sessions))
    _, part = connected_components((wins > 0).astype(int), connection="strong")
    unlinked = [int(position) for position in clicked if part[position] != part[0]]
    if unlinked:
        raise InvalidInputError(
            f"the propensity of position {unlinked[0] + 1} cannot be estimated: too few clicks on responses that were "
            "shown both there and elsewhere",
            remedy="give --propensities FILE, or none",
        )
    linked = np.flatnonzero(part == part[0])
    known = np.ones(1)
    if len(linked) > 1:
        known = _non_increasing(_strengths(wins[np.ix_(linked, linked)]), wins[linked].sum(axis=1))
    # A position nobody clicked has nothing to estimate from; it takes the chance of the one above.
    return tuple(float(known[np.searchsorted(linked, position, "right") - 1]) for position in range(len(wins)))


def load_propensities(path: str | Path) -> tuple[float, ...]:
    """Propensities from a JSON list of numbers in (0, 1], the topmost position first.

    Raises:
        DataError: for anything else.

    Example:
        >>> _ = Path("propensities.json").write_text("[1, 0.6, 0.4]")
        >>> load_propensities("propensities.json")
        (1.0, 0.6, 0.4)
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"it cannot be read: {error.strerror or error}", file=path) from error
    except ValueError as error:
        raise DataError("it is not JSON", file=path, remedy="write a list of numbers such as [1, 0.6, 0.4]") from error
    numbers = isinstance(values, list) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    if not numbers or not values or not all(0 < value <= 1 for value in values):
        raise DataError("propensities are a JSON list of numbers in (0, 1], the topmost position first", file=path)
    return tuple(map(float, values))


def _clicks(sessions: Sequence[Session]) -> PerPosition:
    clicks = np.zeros(max((len(session.shown) for session in sessions), default=0))
    for session in sessions:
        clicks[: len(session.clicked)] += session.clicked
    return clicks


def _wins(sessions: Sequence[Session]) -> Float64[np.ndarray, "positions positions"]:
    """`w[k, l]` of `estimate_propensities`."""
    depth = len(_clicks(sessions))
    shown: dict[tuple[str, str], Float64[np.ndarray, "2 positions"]] = defaultdict(lambda: np.zeros((2, depth)))
    for session in sessions:
        prompt = text_key(session.prompt)
        for position, (response, clicked) in enumerate(zip(session.shown, session.clicked, strict=True)):
            counts = shown[prompt, text_key(response)]
            counts[0, position] += 1
            counts[1, position] += clicked
    wins = np.zeros((depth, depth))
    for times, clicks in shown.values():
        both = times[:, None] * times[None, :] > 0
        total = times[:, None] + times[None, :]
        wins += np.divide(clicks[:, None] * times[None, :], total, out=np.zeros_like(total), where=both)
    np.fill_diagonal(wins, 0)
    return wins


def _strengths(wins: Float64[np.ndarray, "positions positions"]) -> PerPosition:
    """Bradley-Terry strengths, the first 1 (Hunter 2004, "MM algorithms for generalized Bradley-Terry models")."""
    strengths = np.ones(len(wins))
    played = wins + wins.T
    for _ in range(_STEPS):
        new = wins.sum(axis=1) / (played / (strengths[:, None] + strengths[None, :])).sum(axis=1)
        new /= new[0]
        if np.allclose(new, strengths, rtol=_ENOUGH, atol=0):
            break
        strengths = new
    return strengths


def _non_increasing(chances: PerPosition, clicks: PerPosition) -> PerPosition:
    """The nearest sequence that never rises, by clicks; relative to its first."""
    fitted: PerPosition = isotonic_regression(chances, weights=clicks, increasing=False).x
    relative: PerPosition = fitted / fitted[0]
    return relative
