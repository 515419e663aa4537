"""Benchmark suites: their authors' shapes of row, a rule for one item, figures made of parts, and the table of all.

A suite is one file of this package, which registers it; a distribution of somebody else's names its module as an entry
point in the group `plaudit.suite`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from plaudit.evaluation.suites.composite import Combine
from plaudit.groups import Group
from plaudit.registry import Registry


class Place(NamedTuple):
    """The file's bare name and the split of a data set, for what a row does not say itself."""

    stem: str
    split: str | None


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of row.

    Attributes:
        columns: a row has this shape if it has all of them.
        read: row (a copy, to take columns out of) and its place -> the item. Its `subset` is the part of the suite it
            belongs to; `meta["cluster"]` says which items may be alike, if not those of the same prompt.
    """

    columns: tuple[str, ...]
    read: Callable[[dict[str, Any], Place], Group]


class Outcome(NamedTuple):
    """The outcome of one item in one part.

    Attributes:
        part: a subset, a pair of styles, the best of k.
        value: by the authors' rule.
        shared: the same with equal scores ordered by a coin, in expectation.
        chance: what random scores get in expectation; NaN if that depends on how they are distributed.
    """

    part: str
    value: float
    shared: float
    chance: float


Scores = Sequence[Sequence[float]]
"""One list an item, one number a response."""

Rule = Callable[[Sequence[Group], Scores], Iterable[tuple[int, Outcome]]]
"""Items and their scores -> (which item, outcome)."""


@dataclass(frozen=True, slots=True)
class SuiteFigure:
    """One line of the result: a function of parts' means.

    Attributes:
        name: what it is called.
        shares: part -> its weight in the weighted sum.
        level: 0 for the suite's own score, 1 for a section, 2 for what sections are made of.
        combine: another function of the parts' means (in the order of `shares`) in place of the weighted sum.
        bounds: the least and greatest value.
    """

    name: str
    shares: Mapping[str, float]
    level: int = 2
    combine: Combine | None = None
    bounds: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A benchmark.

    Attributes:
        name: what the command line calls it.
        title: its name, and where it is described.
        shapes: its files' shapes of row.
        rule: the authors' rule for an item.
        figures: parts that have items -> the figures, the score first.
        subsets: what the whole suite consists of; empty where that is open.
        more: subsets that belong to it and are not part of its score.

    Example:
        >>> SUITES["llmbar"].title, SUITES["llmbar"].subsets
        ('LLMBar (arXiv 2310.07641)', ('natural', 'neighbor', 'gptinst', 'gptout', 'manual'))
    """

    name: str
    title: str
    shapes: tuple[Shape, ...]
    rule: Rule
    figures: Callable[[Sequence[str]], Iterable[SuiteFigure]]
    subsets: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


SUITES: Registry[Suite] = Registry("suite", "plaudit.evaluation.suites")
"""Name -> suite."""


def register_suite(suite: Suite) -> Suite:
    """Add a suite to `SUITES`.

    Raises:
        ValueError: if another suite has its name.

    Example:
        >>> from dataclasses import replace
        >>> register_suite(replace(SUITES["llmbar"], title="another suite of that name"))
        Traceback (most recent call last):
        ...
        ValueError: there are two of the suite 'llmbar'
    """
    return SUITES.register(suite.name, suite)


def weighted(name: str, weights: Mapping[str, float], present: Iterable[str], level: int = 2) -> Iterator[SuiteFigure]:
    """The weighted mean of those parts that are present: one figure, or none."""
    used = {part: weight for part, weight in weights.items() if part in set(present)}
    total = sum(used.values())
    if used:
        yield SuiteFigure(name, {part: weight / total for part, weight in used.items()}, level)


def average(name: str, figures: Sequence[SuiteFigure], level: int = 0) -> Iterator[SuiteFigure]:
    """The plain mean of weighted sums: one figure, or none."""
    shares: dict[str, float] = {}
    for figure in figures:
        for part, share in figure.shares.items():
            shares[part] = shares.get(part, 0.0) + share / len(figures)
    if figures:
        least, most = (sum(figure.bounds[end] for figure in figures) / len(figures) for end in (0, 1))
        yield SuiteFigure(name, shares, level, bounds=(least, most))


def each(parts: Iterable[str], level: int = 2) -> Iterator[SuiteFigure]:
    """A figure for each part."""
    return (SuiteFigure(part, {part: 1.0}, level) for part in parts)
