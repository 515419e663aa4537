"""GroupScores of groups as arrays: what a model gave every response, in one row, with where each group begins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, ClassVar, TypeAlias, TypeGuard, cast

import numpy as np
from jaxtyping import Bool, Float, Int

from plaudit._arguments import checked
from plaudit.data import Bounds, Score, align_scores
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.text import counted

ResponseScores: TypeAlias = Float[np.ndarray, " responses"]
"""One number for each response, group after group; NaN where there is none."""

ScoreRows: TypeAlias = Sequence[Sequence[float]]
"""One list a group, one number a response."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ScoredGroups:
    """The scores of one model for every response of some groups.

    Make one with `ScoredGroups.of(model.score(groups))`.

    Attributes:
        scores: the rewards.
        sizes: how many responses each group has.
        attributes: attribute -> the value the model expects people to give each response, in the units they rate in.
        spreads: standard deviation of each reward over the model's heads or members; None where it has one only.
        truncated: which responses were cut to fit the context.
        scales: attribute -> the scale its values are on, as far as it is known.
        record: the run record of the scores.
        baselines: name -> the scores of a baseline for the same groups.
        unused: how many scores were read that belong to other groups.
        baselines_left_out: how many baselines could not be scored or read; each was worth a warning.

    Example:
        >>> scored = ScoredGroups.of([[1.5, -0.5], [0.0]])
        >>> scored
        ScoredGroups(2 groups, 3 responses, scores from -0.5 to 1.5)
        >>> scored.scores.tolist(), scored.per_group()
        ([1.5, -0.5, 0.0], [[1.5, -0.5], [0.0]])
    """

    scores: ResponseScores
    sizes: Int[np.ndarray, " groups"]
    truncated: Bool[np.ndarray, " responses"]
    attributes: Mapping[str, ResponseScores] = field(default_factory=dict)
    spreads: ResponseScores | None = None
    scales: Mapping[str, Bounds] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    baselines: Mapping[str, ScoredGroups] = field(default_factory=dict)
    unused: int = 0
    baselines_left_out: int = 0

    _checks_itself: ClassVar[bool] = True

    @classmethod
    def of(
        cls,
        rows: Sequence[Sequence[Score]] | ScoreRows,
        *,
        attributes: Mapping[str, ScoreRows] | None = None,
        spreads: ScoreRows | None = None,
        scales: Mapping[str, Bounds] | None = None,
        record: Mapping[str, Any] | None = None,
        baselines: Mapping[str, ScoredGroups | Sequence[Sequence[Score]] | ScoreRows] | None = None,
    ) -> ScoredGroups:
        """GroupScores from one list a group: of `Score`, as `Scorer.score` returns them, or of numbers.

        Args:
            rows: one list a group, one score a response.
            attributes: attribute -> values shaped as `rows`; by default those of the `Score` objects.
            spreads: shaped as `rows`; by default those of the `Score` objects.
            scales: attribute -> the scale its values are on; by default what the record says.
            record: the run record.
            baselines: name -> the scores of a baseline, shaped as `rows`.

        Raises:
            TypeError: if `rows` is not one list a group.
            InvalidInputError: if attributes, spreads or baselines have another shape.
        """
        _check_rows(rows)
        flat: list[Any] = list(chain.from_iterable(rows))
        sizes = np.array([len(row) for row in rows], dtype=np.int64)
        full = [one for one in flat if isinstance(one, Score)]
        if full and len(full) < len(flat):
            raise TypeError("scores are either Score objects or numbers, not both")
        named = {name: _flatten(values, sizes) for name, values in (attributes or {}).items()}
        spread = None if spreads is None else _flatten(spreads, sizes)
        return cls(
            scores=np.array([one.score for one in full] if full else flat, dtype=np.float64),
            sizes=sizes,
            truncated=np.array([one.truncated for one in full] or [False] * len(flat), dtype=np.bool_),
            attributes={**_attribute_values(full), **named},
            spreads=_spreads(full) if spread is None else spread,
            scales=scales_of(record or {}) if scales is None else dict(scales),
            record=record or {},
            baselines={name: _same_shape(name, _scored(one), sizes) for name, one in (baselines or {}).items()},
        )

    @classmethod
    def matching(cls, groups: Sequence[Group], scores: GroupScores) -> ScoredGroups:
        """GroupScores in any form, checked against the groups they are for.

        Args:
            groups: what was scored.
            scores: a `ScoredGroups`; one list a group, of `Score` or of numbers; or `Score` objects in any order, as
                `read_scores` gives them.

        Raises:
            TypeError: if they are none of these.
            InvalidInputError: if there is not one score for each response of each group.
        """
        if _scored_apart(groups, scores):
            scores = list(chain.from_iterable(cast(Sequence[Sequence[Score]], scores)))
        if _in_one_list(scores):
            rows, unused = align_scores(groups, scores)
            scored = replace(cls.of(rows), unused=unused)
        else:
            scored = _scored(scores)
        if len(groups) != len(scored):
            raise InvalidInputError(
                f"{counted(len(groups), 'groups')} and scores for {len(scored)}",
                remedy="give one list of scores a group",
            )
        for group, size in zip(groups, scored.sizes.tolist(), strict=True):
            if len(group.responses) != size:
                texts, values = counted(len(group.responses), "responses"), counted(size, "scores")
                raise InvalidInputError(f"group {group.id!r} has {texts} and {values}")
        return scored

    def __len__(self) -> int:
        """Number of groups."""
        return len(self.sizes)

    def __repr__(self) -> str:
        finite = self.scores[np.isfinite(self.scores)]
        span = f"scores from {finite.min():.4g} to {finite.max():.4g}" if len(finite) else "no finite score"
        lists = {"attributes": self.attributes, "baselines": self.baselines}
        more = [f"{name}: {', '.join(values)}" for name, values in lists.items() if values]
        sizes = f"{counted(len(self), 'groups')}, {counted(len(self.scores), 'responses')}"
        return f"ScoredGroups({'; '.join([f'{sizes}, {span}', *more])})"

    @checked
    def on(self, attribute: str) -> ResponseScores:
        """Values of an attribute, or the rewards where the model does not know it."""
        return self.attributes.get(attribute, self.scores)

    @checked
    def per_group(self, attribute: str | None = None) -> list[list[float]]:
        """One list a group: the rewards, or with `attribute` what `on` gives."""
        row = self.scores if attribute is None else self.on(attribute)
        ends = np.cumsum(self.sizes)
        return [part.tolist() for part in np.split(row, ends)[:-1]]


GroupScores: TypeAlias = ScoredGroups | Sequence[Sequence[Score]] | ScoreRows | Sequence[Score]
"""Scores of groups in any form: see `ScoredGroups.matching`."""


def scales_of(record: Mapping[str, Any]) -> dict[str, Bounds]:
    """Attribute -> the scale of the ratings it was learned from, as far as a run record says."""
    outputs: Sequence[Mapping[str, Any]] = (record.get("outputs") or {}).get("attributes") or ()
    learned = [(row["name"], row) for row in outputs if row.get("readout") != "reward"]
    attributes = record.get("attributes")
    of_baseline = attributes.items() if isinstance(attributes, Mapping) else ()
    return {name: (row["low"], row["high"]) for name, row in [*learned, *of_baseline]}


def _in_one_list(scores: GroupScores) -> TypeGuard[Sequence[Score]]:
    return isinstance(scores, Sequence) and len(scores) > 0 and isinstance(scores[0], Score)


def _scored_apart(groups: Sequence[Group], scores: GroupScores) -> bool:
    """Whether rows were scored apart that are merged in the groups. Each score then says which text it is of."""
    if isinstance(scores, ScoredGroups) or _in_one_list(scores):
        return False
    rows = cast(Sequence[Sequence[Any]], scores)
    _check_rows(rows)
    if list(map(len, rows)) == [len(group.responses) for group in groups]:
        return False
    every = [one for row in rows for one in row]
    return bool(every) and all(isinstance(one, Score) and one.hash is not None for one in every)


def _scored(scores: GroupScores) -> ScoredGroups:
    # One flat list of `Score` is left to `of`, which refuses it.
    return scores if isinstance(scores, ScoredGroups) else ScoredGroups.of(cast(ScoreRows, scores))


def _check_rows(rows: Any) -> None:
    """Refuse what is not one list a group: a text, a path, one flat list."""
    wanted = "scores are one list a group, as model.score(groups) returns them"
    if isinstance(rows, str | bytes | Mapping) or not hasattr(rows, "__len__"):
        raise TypeError(f"{wanted}; not {type(rows).__name__}")
    for row in rows:
        if isinstance(row, str | bytes | Mapping) or not hasattr(row, "__len__"):
            raise TypeError(f"{wanted}; not a list of {type(row).__name__}")


def _same_shape(name: str, baseline: ScoredGroups, sizes: Int[np.ndarray, " groups"]) -> ScoredGroups:
    if not np.array_equal(baseline.sizes, sizes):
        raise InvalidInputError(f"the baseline {name} has scores for other responses than the model")
    return baseline


def _flatten(rows: ScoreRows, sizes: Int[np.ndarray, " groups"]) -> ResponseScores:
    if len(rows) != len(sizes):
        raise InvalidInputError(
            f"{counted(len(sizes), 'groups')} and scores for {len(rows)}", remedy="give one list of scores a group"
        )
    if [len(row) for row in rows] != sizes.tolist():
        raise InvalidInputError("a group has another number of values than of scores")
    return np.fromiter(chain.from_iterable(rows), np.float64, int(sizes.sum()))


def _attribute_values(scores: Sequence[Score]) -> dict[str, ResponseScores]:
    """In order of appearance; NaN for a response that has none."""
    names = dict.fromkeys(name for score in scores for name in score.scores or ())
    return {name: np.array([(one.scores or {}).get(name, math.nan) for one in scores], np.float64) for name in names}


def _spreads(scores: Sequence[Score]) -> ResponseScores | None:
    if all(score.spread is None for score in scores):
        return None
    return np.array([math.nan if one.spread is None else one.spread for one in scores], np.float64)
