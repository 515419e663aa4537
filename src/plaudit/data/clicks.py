"""Rankings from clicks: a clicked response beats the ones above it that were passed over.

Whoever clicks further down has read what stands above, so a click there says something of both (Joachims 2002,
"Optimizing Search Engines using Clickthrough Data", strategy Click > Skip Above). What can be seen that way depends on
where responses were shown; each comparison is therefore weighted by the inverse of the chance that it could be seen at
all (Joachims, Swaminathan and Schnabel 2017, "Unbiased Learning-to-Rank with Biased Feedback"). docs/clicks.md derives
the weights and states their assumptions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from plaudit._arguments import checked
from plaudit.data.merge import merge_fragments
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking, Text, stable_id, text_key

CLIP = 20.0
"""The most that one comparison weighs, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Session:
    """One list that someone was shown.

    Attributes:
        prompt: what it answers.
        shown: the responses, the topmost first; no two are the same.
        clicked: for each, whether it was clicked.
        name: the annotator.
        seconds: for each, how long it was read; None where that is not known. Empty when nobody measured.
    """

    prompt: Text
    shown: tuple[Text, ...]
    clicked: tuple[bool, ...]
    name: str | None = None
    seconds: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ClickReport:
    """The comparisons made of a click log, in numbers.

    Attributes:
        sessions, clicks: how many there were.
        comparisons: rankings made.
        silent: sessions that compare nothing: no click, or none below a response that was passed over.
        one_sided: comparisons of two responses that were always shown in one order, so that only the lower could win.
        clipped: comparisons whose weight was cut to the clip.
        heaviest: the largest weight before clipping.

    Example:
        >>> sessions = [Session("Why?", ("a", "b"), (False, True)), Session("How?", ("c",), (False,))]
        >>> _, report = groups_of_clicks(sessions, propensities=None)
        >>> report.sessions, report.clicks, report.comparisons, report.silent
        (2, 1, 1, 1)
    """

    sessions: int
    clicks: int
    comparisons: int
    silent: int
    one_sided: int
    clipped: int
    heaviest: float


def skipped_above(clicked: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """(clicked, passed over above it) for every such pair of positions."""
    for upper, lower in combinations(range(len(clicked)), 2):
        if clicked[lower] and not clicked[upper]:
            yield lower, upper


def click_comparison(better: int, worse: int, name: str | None, weight: float = 1.0) -> Ranking:
    return Ranking(((better,), (worse,)), annotator=name, weight=weight)


def long_enough(sessions: Sequence[Session], seconds: float) -> tuple[list[Session], int, int]:
    """Sessions without the clicks shorter than `seconds`; how many those were, and how many clicks have no time.

    A click whose time is not known stays a click.

    Example:
        >>> session = Session("Why?", ("a", "b"), (True, True), seconds=(0.4, 30.0))
        >>> [kept], short, untimed = long_enough([session], seconds=5.0)
        >>> kept.clicked, short, untimed
        ((False, True), 1, 0)
    """
    short = untimed = 0
    kept = []
    for session in sessions:
        times = session.seconds or (None,) * len(session.shown)
        pairs = list(zip(session.clicked, times, strict=True))
        clicked = tuple(click and (time is None or time >= seconds) for click, time in pairs)
        short += sum(session.clicked) - sum(clicked)
        untimed += sum(click and time is None for click, time in pairs)
        kept.append(replace(session, clicked=clicked))
    return kept, short, untimed


@checked
def groups_of_clicks(
    sessions: Sequence[Session], propensities: Sequence[float] | None, clip: float = CLIP
) -> tuple[list[Group], ClickReport]:
    """Groups with one ranking of two responses for each click and each response passed over above it.

    With r clicked at position k and s passed over above it, the comparison weighs `1 / (propensities[k] * 2 * share)`,
    where `share` is the share of the sessions with both (of the same prompt) that showed r below s. A pair that was
    shown both ways equally often has 2 * share = 1; one always shown in one order has no correction, and 1 is used.

    Args:
        sessions: a click log.
        propensities: the chance that each position is looked at, the topmost first; None leaves every weight at 1.
        clip: no comparison weighs more.

    Raises:
        InvalidInputError: for a click below the last propensity, or a clip that is not positive.

    Example:
        >>> [group], report = groups_of_clicks([Session("Why?", ("a", "b"), (False, True))], propensities=(1.0, 0.5))
        >>> group.rankings[0].tiers, group.rankings[0].weight
        (((1,), (0,)), 2.0)
    """
    if not clip > 0:
        raise InvalidInputError(f"the clip is {clip:g}", remedy="a weight is cut to a number > 0")
    orders = _orders(sessions) if propensities is not None else {}
    counts: Counter[str] = Counter()
    heaviest = 0.0
    fragments = []
    for session in sessions:
        prompt, keys = text_key(session.prompt), [text_key(response) for response in session.shown]
        rankings = []
        for below, above in skipped_above(session.clicked):
            weight = 1.0
            if propensities is not None:
                seen, turned = orders[prompt, keys[above], keys[below]], orders.get((prompt, keys[below], keys[above]))
                counts["one-sided"] += not turned
                share = seen / (seen + turned) if turned else 0.5
                weight = 1 / (_at(propensities, below) * 2 * share)
            heaviest = max(heaviest, weight)
            counts["clipped"] += weight > clip
            rankings.append(click_comparison(below, above, session.name, min(weight, clip)))
        counts["comparisons"] += len(rankings)
        counts["silent"] += not rankings
        fragments.append(Group("", session.prompt, session.shown, tuple(rankings)))
    groups = [replace(group, id=stable_id(group)) for group in merge_fragments(fragments)]
    return groups, ClickReport(
        sessions=len(sessions),
        clicks=sum(sum(session.clicked) for session in sessions),
        comparisons=counts["comparisons"],
        silent=counts["silent"],
        one_sided=counts["one-sided"],
        clipped=counts["clipped"],
        heaviest=heaviest,
    )


def _orders(sessions: Sequence[Session]) -> dict[tuple[str, str, str], int]:
    """(prompt, upper, lower) -> the sessions that showed the two responses that way."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for session in sessions:
        prompt = text_key(session.prompt)
        for upper, lower in combinations(map(text_key, session.shown), 2):
            counts[prompt, upper, lower] += 1
    return dict(counts)


def _at(propensities: Sequence[float], position: int) -> float:
    if position >= len(propensities):
        raise InvalidInputError(
            f"position {position + 1} was clicked, but there are {len(propensities)} propensities",
            remedy="give one for each",
        )
    return propensities[position]
