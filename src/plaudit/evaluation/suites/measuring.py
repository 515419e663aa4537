"""Measuring a suite: its figures from items and scores, each with its interval, its chance line and its baselines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from plaudit.errors import InvalidInputError
from plaudit.evaluation.suites.composite import Combine, composite, value_of
from plaudit.evaluation.suites.suite import Outcome, Scores, Suite, SuiteFigure
from plaudit.groups import Group, plain_text, prompt_key
from plaudit.scoring import GroupScores, ScoredGroups
from plaudit.statistics import LEVEL, Measurement


@dataclass(frozen=True, slots=True)
class SuiteMeasurement:
    """One figure.

    Attributes:
        name: its name.
        level: 0 the score, 1 a section, 2 what sections are made of.
        by_rule: by the authors' rule.
        shared: with equal scores ordered by a coin; the same wherever no scores are equal.
        chance: of random scores in expectation, and of constant ones where ties are shared; None if not defined.
        baselines: by the authors' rule, of plain scorers; `length` is the answer's length in characters.

    Example:
        >>> from plaudit.evaluation import SUITES
        >>> from plaudit.groups import Ranking
        >>> item = Group("1", "Add 2 and 2.", ("4", "Addition is easy."), (Ranking(((0,), (1,))),), subset="natural")
        >>> score = measure_suite(SUITES["llmbar"], [item], [[1.0, 0.0]]).figures[0]
        >>> score.name, score.by_rule.value, score.chance, dict(score.baselines)
        ('score', 1.0, 0.5, {'length': 0.0})
    """

    name: str
    level: int
    by_rule: Measurement
    shared: float | None
    chance: float | None
    baselines: Mapping[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """The fields of the measurement and the others in one object."""
        others = {
            "ties_shared": self.shared,
            "chance": self.chance,
            "baselines": dict(self.baselines),
            "level": self.level,
        }
        return self.by_rule.to_json() | others


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """The figures of a model on a suite.

    Attributes:
        suite: the suite.
        figures: the suite's score first.
        counts: items, responses, prompts, judged ties, and items in which a tie of scores decided.
        missing: subsets of the whole suite without an item here.
        unknown: subsets here that the suite does not have; they have figures and no part in the score.

    Example:
        >>> from plaudit.evaluation import SUITES
        >>> from plaudit.groups import Ranking
        >>> item = Group("1", "Add 2 and 2.", ("4", "Addition is easy."), (Ranking(((0,), (1,))),), subset="natural")
        >>> result = measure_suite(SUITES["llmbar"], [item], [[1.0, 0.0]])
        >>> result.counts["items"], result.missing
        (1, ('neighbor', 'gptinst', 'gptout', 'manual'))
    """

    suite: Suite
    figures: tuple[SuiteMeasurement, ...]
    counts: Mapping[str, int]
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """One object: the suite, its figures by name, counts, and which subsets are missing or unknown."""
        return {
            "suite": self.suite.name,
            "figures": {measured.name: measured.to_json() for measured in self.figures},
            "counts": dict(self.counts),
            "missing_subsets": list(self.missing),
            "unknown_subsets": list(self.unknown),
            "level": LEVEL,
        }


def measure_suite(suite: Suite, groups: Sequence[Group], scores: GroupScores) -> SuiteResult:
    """Measure scores by a suite's rule.

    Args:
        suite: from `SUITES`.
        groups: its items, from `read_suite`.
        scores: one for each response of each item, in any form that `plaudit.evaluation.evaluate` takes.

    Raises:
        PlauditError: if a response has no finite score, or no item says anything of any part.

    Example:
        >>> from plaudit.evaluation import SUITES
        >>> from plaudit.groups import Ranking
        >>> item = Group("1", "Add 2 and 2.", ("4", "Addition is easy."), (Ranking(((0,), (1,))),), subset="natural")
        >>> result = measure_suite(SUITES["llmbar"], [item], [[1.0, 0.0]])
        >>> {figure.name: figure.by_rule.value for figure in result.figures}, result.missing
        ({'score': 1.0, 'natural': 1.0}, ('neighbor', 'gptinst', 'gptout', 'manual'))
    """
    scored = ScoredGroups.matching(groups, scores)
    rows = scored.per_group()
    _check_finite(groups, rows)
    lengths = [[float(len(plain_text(response))) for response in group.responses] for group in groups]
    outcomes = list(suite.rule(groups, rows))
    parts = {part: column for column, part in enumerate(dict.fromkeys(outcome.part for _, outcome in outcomes))}
    if not parts:
        raise InvalidInputError(f"nothing to measure: no item of {suite.name} has a judgement that prefers an answer")
    value, shared, chance = _tables(outcomes, len(groups), parts)
    plain = {
        name: _tables(suite.rule(groups, rows), len(groups), parts)[0]
        for name, rows in {
            "length": lengths,
            **{name: baseline.per_group() for name, baseline in scored.baselines.items()},
        }.items()
    }
    cluster = _clusters(groups)

    def measured(figure: SuiteFigure) -> SuiteMeasurement:
        combine, columns = _combine(figure), [parts[part] for part in figure.shares]
        return SuiteMeasurement(
            name=figure.name,
            level=figure.level,
            by_rule=composite(value[:, columns], cluster, combine, figure.bounds),
            shared=value_of(shared[:, columns], combine),
            chance=_chance(chance[:, columns], value[:, columns], combine),
            baselines={name: value_of(table[:, columns], combine) for name, table in plain.items()},
        )

    present = dict.fromkeys(group.subset or "" for group in groups)
    return SuiteResult(
        suite=suite,
        figures=tuple(measured(figure) for figure in suite.figures(tuple(parts))),
        counts=_counts(groups, cluster, value, shared),
        missing=tuple(name for name in suite.subsets if name not in present),
        unknown=tuple(name for name in present if suite.subsets and name not in (*suite.subsets, *suite.more)),
    )


def _counts(
    groups: Sequence[Group],
    cluster: Int64[np.ndarray, " items"],
    value: Float64[np.ndarray, "items parts"],
    shared: Float64[np.ndarray, "items parts"],
) -> dict[str, int]:
    return {
        "items": len(groups),
        "responses": sum(len(group.responses) for group in groups),
        "prompts": len(np.unique(cluster)),
        "judged_ties": sum(len(ranking.tiers) == 1 for group in groups for ranking in group.rankings),
        "items_with_deciding_ties": int((np.nan_to_num(value) != np.nan_to_num(shared)).any(axis=1).sum()),
    }


def _combine(figure: SuiteFigure) -> Combine:
    shares = np.array(list(figure.shares.values()))
    return figure.combine or (lambda means: means @ shares)


def _tables(
    outcomes: Iterable[tuple[int, Outcome]], items: int, parts: Mapping[str, int]
) -> Float64[np.ndarray, "3 items parts"]:
    """[3, items, parts]: value, shared and chance of each item in each part; NaN where it says nothing."""
    tables = np.full((3, items, len(parts)), np.nan)
    for item, outcome in outcomes:
        tables[:, item, parts[outcome.part]] = outcome[1:]
    return tables


def _chance(
    chance: Float64[np.ndarray, "items parts"], value: Float64[np.ndarray, "items parts"], combine: Combine
) -> float | None:
    """The chance line, over the items that have an outcome; None where one of them has no chance line."""
    if (np.isnan(chance) & ~np.isnan(value)).any():
        return None
    return value_of(chance, combine)


def _clusters(groups: Sequence[Group]) -> Int64[np.ndarray, " items"]:
    """[items], a number shared by the items of one prompt (or of what the reader says may be alike)."""
    numbers: dict[str, int] = {}
    keys = (str(group.meta.get("cluster") or prompt_key(group)) for group in groups)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _check_finite(groups: Sequence[Group], scores: Scores) -> None:
    for group, row in zip(groups, scores, strict=True):
        for response, score in enumerate(row):
            if not math.isfinite(score):
                raise InvalidInputError(
                    f"item {group.id!r}: response {response} has score {score}",
                    remedy="a suite's figures leave no item out, so score it again",
                )
