"""Judgements as arrays, from rows: what every figure is computed from.

An answer is spelt out into pairs of responses (which is better, which was shown first, which is longer) and ratings. As
most answers are one of a few texts, each text is read once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Float64, Int64

from plaudit.labelling.answers import FAILED, NOT_COMPARABLE, PASSED, judgements_of
from plaudit.labelling.settings import LabellingSettings

ORDER, TIE, BOTH_BAD, SKIP, WITHDRAWN, RATED = range(6)
"""What was said: an order of answers, all equally good, none any good, nothing; it was taken back; ratings alone."""

KINDS = ("ask", "gold", "repeat", "training")
RESULTS = (None, PASSED, FAILED, NOT_COMPARABLE)

Ints = Int64[np.ndarray, " n"]
Floats = Float64[np.ndarray, " n"]


class JudgedRow(NamedTuple):
    """A judgement as the database has it, joined to its lease and question.

    Attributes:
        id: of the judgement.
        lease: revisions of one judgement share it.
        person: who judged.
        question: what was asked.
        item: the group it is about.
        kind: of the question, one of `KINDS`.
        arm: of the question.
        repeats: the question that it repeats.
        answer: as JSON, by the group's numbers.
        shown: as JSON, the responses in the order in which they stood.
        seconds: that the person was active.
        result: against the known answer.
        gold_revision: of the known answer.
        surplus: whether the question had all its answers.
        sent: when.
        subset: of the group.
        withdrawn: whether it was taken back.
    """

    id: int
    lease: int
    person: int
    question: int
    item: int
    kind: str
    arm: str
    repeats: int | None
    answer: str
    shown: str
    seconds: float | None
    result: str | None
    gold_revision: int | None
    surplus: bool
    sent: float
    subset: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Judgements [n], and what they say of pairs of responses [m] and in ratings [k].

    Attributes:
        id, lease, person, question, item, kind, sent: [n], as in `JudgedRow`; a kind is its place in `KINDS`.
        random: [n], whether the question was drawn at random.
        repeats: [n], the question that is repeated; -1: none.
        form: [n], `ORDER` to `RATED`.
        seconds: [n], NaN where they are not known.
        result: [n], its place in `RESULTS`.
        gold_revision: [n], -1 where there is none.
        surplus: [n].
        subset: [n], its place in `Reader.subsets`.
        of: [m], the judgement that a pair belongs to, by its index.
        low, high: [m], two responses, by the group's numbers.
        value: [m], 1: the lower number is better; -1: the higher; 0: neither.
        first: [m], 1: the lower number was shown before the other; -1: after it.
        longer: [m], 1: the lower number is longer; -1: shorter; 0: as long.
        rated_of: [k], the judgement of a rating.
        rated: [k], the response.
        attribute: [k], its place in the settings.
        rating: [k], the value.
    """

    id: Ints
    lease: Ints
    person: Ints
    question: Ints
    item: Ints
    kind: Ints
    random: Bool[np.ndarray, " n"]
    repeats: Ints
    form: Ints
    seconds: Floats
    result: Ints
    gold_revision: Ints
    surplus: Bool[np.ndarray, " n"]
    sent: Floats
    subset: Ints
    of: Int64[np.ndarray, " m"]
    low: Int64[np.ndarray, " m"]
    high: Int64[np.ndarray, " m"]
    value: Float64[np.ndarray, " m"]
    first: Float64[np.ndarray, " m"]
    longer: Float64[np.ndarray, " m"]
    rated_of: Int64[np.ndarray, " k"]
    rated: Int64[np.ndarray, " k"]
    attribute: Int64[np.ndarray, " k"]
    rating: Float64[np.ndarray, " k"]

    def __len__(self) -> int:
        return len(self.id)

    def where(self, kept: Bool[np.ndarray, " n"]) -> Self:
        """Some of the judgements, with all that they say."""
        if kept.all():
            return self
        number = np.cumsum(kept) - 1
        changed: dict[str, Any] = {name: getattr(self, name)[kept] for name in _JUDGEMENTS}
        for owner, names in ((self.of, _PAIRS), (self.rated_of, _RATINGS)):
            here = kept[owner]
            changed |= {name: getattr(self, name)[here] for name in names}
        changed |= {name: number[owner[kept[owner]]] for name, owner in (("of", self.of), ("rated_of", self.rated_of))}
        return replace(self, **changed)

    def followed_by(self, others: Judged) -> Judged:
        """These, then others."""
        joined = {
            one.name: np.concatenate([getattr(self, one.name), getattr(others, one.name)]) for one in fields(self)
        }
        for owner in ("of", "rated_of"):
            joined[owner] = np.concatenate([getattr(self, owner), getattr(others, owner) + len(self)])
        return Judged(**joined)

    def current(self) -> Self:
        """The last revision of each, without those that were taken back."""
        if not len(self):
            return self
        _, from_behind = np.unique(self.lease[::-1], return_index=True)
        kept = np.zeros(len(self), dtype=np.bool_)
        kept[len(self) - 1 - from_behind] = True
        return self.where(kept & (self.form != WITHDRAWN))


_PAIRS_FROM = [one.name for one in fields(Judged)].index("of")
_JUDGEMENTS = tuple(one.name for one in fields(Judged)[:_PAIRS_FROM])
_PAIRS = ("low", "high", "value", "first", "longer")
_RATINGS = ("rated", "attribute", "rating")

Lengths = Mapping[tuple[int, int], int]
"""(item, response's number) -> characters."""


class Reader:
    """Makes arrays of rows, and remembers what it has read an answer to mean.

    Args:
        settings: of the project.

    Attributes:
        subsets: names of the subsets that were met; None for groups in none.

    Example:
        >>> row = JudgedRow(1, 1, 7, 3, 2, "ask", "random", None, '{"tiers": [[1], [0]]}', "[1, 0]", 4.0, None, None,
        ...                 False, 1e9)
        >>> judged = Reader(LabellingSettings()).judged([row], {(2, 0): 10, (2, 1): 20})
        >>> judged.value.tolist(), judged.first.tolist(), judged.longer.tolist()
        ([-1.0], [-1.0], [-1.0])
    """

    _MOST = 20_000

    def __init__(self, settings: LabellingSettings) -> None:
        self._settings = settings
        self._attributes = {one.name: place for place, one in enumerate(settings.rated)}
        self._known: dict[tuple[str, str], _Meaning] = {}
        self.subsets: list[str | None] = []

    def judged(self, rows: Sequence[JudgedRow], lengths: Lengths) -> Judged:
        """The judgements of rows, in their order; pairs of which a length is missing count as equally long."""
        meanings = [self._meaning(row.answer, row.shown) for row in rows]
        counts = [len(one.pairs) for one in meanings]
        of = np.repeat(np.arange(len(rows)), counts)
        pairs = np.array([pair for one in meanings for pair in one.pairs], dtype=np.float64).reshape(-1, 4)
        rated = np.array([rating for one in meanings for rating in one.ratings], dtype=np.float64).reshape(-1, 3)
        values: list[tuple[Any, ...]] = [*zip(*rows, strict=True)] or [()] * len(JudgedRow._fields)
        column: dict[str, tuple[Any, ...]] = dict(zip(JudgedRow._fields, values, strict=True))
        item = _ints(column["item"])
        low, high = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
        forms = [WITHDRAWN if gone else one.form for one, gone in zip(meanings, column["withdrawn"], strict=True)]
        return Judged(
            id=_ints(column["id"]),
            lease=_ints(column["lease"]),
            person=_ints(column["person"]),
            question=_ints(column["question"]),
            item=item,
            kind=_ints([KINDS.index(kind) for kind in column["kind"]]),
            random=np.array([arm == "random" for arm in column["arm"]], dtype=np.bool_),
            repeats=_ints([-1 if one is None else one for one in column["repeats"]]),
            form=_ints(forms),
            seconds=np.array([np.nan if one is None else one for one in column["seconds"]], dtype=np.float64),
            result=_ints([RESULTS.index(one) for one in column["result"]]),
            gold_revision=_ints([-1 if one is None else one for one in column["gold_revision"]]),
            surplus=np.array(column["surplus"], dtype=np.bool_),
            sent=np.array(column["sent"], dtype=np.float64),
            subset=_ints(self._subsets(column["subset"])),
            of=of,
            low=low,
            high=high,
            value=pairs[:, 2],
            first=pairs[:, 3],
            longer=_longer(item[of], low, high, lengths),
            rated_of=np.repeat(np.arange(len(rows)), [len(one.ratings) for one in meanings]),
            rated=rated[:, 0].astype(np.int64),
            attribute=rated[:, 1].astype(np.int64),
            rating=rated[:, 2],
        )

    def _subsets(self, names: Sequence[str | None]) -> list[int]:
        self.subsets += sorted({*names} - {*self.subsets}, key=str)
        number = {name: place for place, name in enumerate(self.subsets)}
        return [number[name] for name in names]

    def _meaning(self, answer: str, shown: str) -> _Meaning:
        key = (answer, shown)
        if key not in self._known:
            if len(self._known) >= self._MOST:
                self._known.clear()
            self._known[key] = self._read(json.loads(answer), json.loads(shown))
        return self._known[key]

    def _read(self, answer: dict[str, Any], shown: list[int]) -> _Meaning:
        if "skip" in answer:
            return _Meaning(SKIP, (), ())
        rankings, ratings = judgements_of(answer, self._settings, None, shown)
        place = {number: index for index, number in enumerate(shown)}
        pairs = [
            (min(a, b), max(a, b), 0 if tied else 1 if a < b else -1, 1 if place[min(a, b)] < place[max(a, b)] else -1)
            for ranking in rankings
            for a, b, tied in ranking.comparisons()
        ]
        rated = [(one.response, self._attributes[one.attribute], one.value) for one in ratings]
        form = BOTH_BAD if answer.get("all_bad") else ORDER if any(pair[2] for pair in pairs) else TIE
        return _Meaning(form if pairs else RATED, tuple(pairs), tuple(rated))


class _Meaning(NamedTuple):
    """What an answer says: pairs (low, high, value, first) and ratings (response, attribute, value)."""

    form: int
    pairs: tuple[tuple[int, int, int, int], ...]
    ratings: tuple[tuple[int, int, float], ...]


def _ints(values: Sequence[Any]) -> Ints:
    return np.array(values, dtype=np.int64)


def _longer(
    item: Int64[np.ndarray, " m"], low: Int64[np.ndarray, " m"], high: Int64[np.ndarray, " m"], lengths: Lengths
) -> Float64[np.ndarray, " m"]:
    keys = zip(item.tolist(), low.tolist(), high.tolist(), strict=True)
    differences = [lengths.get((one, a), 0) - lengths.get((one, b), 0) for one, a, b in keys]
    return np.sign(np.array(differences, dtype=np.float64))
