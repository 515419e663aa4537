"""Checks of a set of judgements before anything is learned from them: a stream of groups -> counts."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from plaudit._arguments import checked
from plaudit.data import Bounds
from plaudit.groups import Group, each_group, plain_text
from plaudit.judgements.agreement import AgreementTally, AnnotatorAgreement, RaterTally


@dataclass(frozen=True, slots=True)
class AttributeSummary:
    """The ratings of one attribute.

    Attributes:
        ratings: how many.
        low, high: the lowest and the highest value seen. Where they are the same there is one class only.
        scales: (declared scale, ratings), the most frequent first; None for those that declare none.
        missing: responses that were rated on another attribute but not on this.
        shared: responses that two or more named annotators rated.
        alpha: Krippendorff's alpha of their ratings, interval: 1 is perfect, 0 is what chance would give; None where it
            is not defined.

    Example:
        >>> from plaudit import Rating
        >>> ratings = (Rating(0, 2, "helpful"), Rating(0, 4, "helpful"), Rating(1, 3, "kind"))
        >>> helpful = check_groups([Group("q", "Why?", ("a", "b"), ratings=ratings)]).attributes["helpful"]
        >>> helpful.ratings, helpful.low, helpful.high, helpful.missing
        (2, 2, 4, 1)
    """

    ratings: int
    low: float
    high: float
    scales: tuple[tuple[Bounds | None, int], ...]
    missing: int
    shared: int = 0
    alpha: float | None = None


@dataclass
class DataCheck:
    """Counts over a set of groups. Down to `agreement` they describe it; the rest is what one may want to mend.

    Attributes:
        groups, responses, rankings, ratings: how many there are.
        comparisons: pairs that the rankings imply, ties included.
        ties: comparisons that are ties.
        largest: responses in the largest group.
        subsets: subset -> groups.
        attributes: attribute -> its ratings.
        agreement: between named annotators.
        alone: rankings of one response, which compare nothing.
        contradictions: pairs of responses of which each was ranked above the other by someone. They are kept.
        unjudged: groups with no ranking and no rating.
        single: groups with one response, of which nothing can be compared.
        empty: responses without a visible character.
        shared_ids: groups that have the id of an earlier group.

    Example:
        >>> from plaudit import Ranking
        >>> rankings = (Ranking(((0,), (1,))), Ranking(((1,), (0,))))
        >>> check = check_groups([Group("a", "Why?", ("x", "y"), rankings), Group("b", "How?", ("",))])
        >>> check.contradictions, check.unjudged, check.single, check.empty
        (1, 1, 1, 1)
    """

    groups: int = 0
    responses: int = 0
    rankings: int = 0
    ratings: int = 0
    comparisons: int = 0
    ties: int = 0
    largest: int = 0
    subsets: Counter[str] = field(default_factory=Counter)
    attributes: dict[str, AttributeSummary] = field(default_factory=dict)
    agreement: AnnotatorAgreement = AnnotatorAgreement(0, 0, None, None)  # noqa: RUF009 - it is frozen
    alone: int = 0
    contradictions: int = 0
    unjudged: int = 0
    single: int = 0
    empty: int = 0
    shared_ids: int = 0


@checked
def check_groups(groups: Iterable[Group]) -> DataCheck:
    """Counts over a stream of groups, in memory of some bytes a group.

    Example:
        >>> from plaudit.groups import Ranking
        >>> pair = Group("q", "Why?", ("Because.", "No idea."), (Ranking(((0,), (1,))),))
        >>> check = check_groups([pair, pair])
        >>> check.groups, check.comparisons, check.shared_ids
        (2, 2, 1)
    """
    check = DataCheck()
    agreement, attributes = AgreementTally(), _AttributeTally()
    # A hash of each id, in eight bytes: ids of millions of groups would fill the memory.
    ids = array("Q")
    for group in each_group(groups):
        check.groups += 1
        check.responses += len(group.responses)
        check.rankings += len(group.rankings)
        check.ratings += len(group.ratings)
        check.comparisons += sum(_pairs(sum(map(len, ranking.tiers))) for ranking in group.rankings)
        check.ties += sum(_pairs(len(tier)) for ranking in group.rankings for tier in ranking.tiers)
        check.alone += sum(sum(map(len, ranking.tiers)) == 1 for ranking in group.rankings)
        check.largest = max(check.largest, len(group.responses))
        check.subsets.update([group.subset] if group.subset is not None else [])
        check.contradictions += len(contradictions(group))
        check.unjudged += not group.rankings and not group.ratings
        check.single += len(group.responses) == 1
        check.empty += sum(not plain_text(response).strip() for response in group.responses)
        agreement.add(group)
        attributes.add(group)
        ids.append(int.from_bytes(blake2b(group.id.encode("utf-8", "surrogatepass"), digest_size=8).digest()))
    check.agreement, check.attributes = agreement.result(), attributes.result()
    check.shared_ids = len(ids) - _distinct(ids)
    return check


def contradictions(group: Group) -> list[tuple[int, int]]:
    """Pairs `(a, b)`, a < b, of responses of which each was ranked above the other."""
    if len(group.rankings) < 2:  # an order of thousands has millions of pairs, and cannot contradict itself
        return []
    above = {(better, worse) for r in group.rankings for better, worse, tied in r.comparisons() if not tied}
    return sorted((a, b) for a, b in above if a < b and (b, a) in above)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _distinct(hashes: array[int]) -> int:
    return len(np.unique(np.frombuffer(hashes, np.uint64))) if hashes else 0


@dataclass
class _AttributeTally:
    """`AttributeSummary` for each attribute over a stream of groups."""

    _rated: int = 0
    _responses: Counter[str] = field(default_factory=Counter)
    _ranges: dict[str, Bounds] = field(default_factory=dict)
    _scales: dict[str, Counter[Bounds | None]] = field(default_factory=lambda: defaultdict(Counter))
    _raters: dict[str, RaterTally] = field(default_factory=lambda: defaultdict(RaterTally))

    def add(self, group: Group) -> None:
        named: dict[tuple[str, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for rating in group.ratings:
            if rating.annotator is not None:
                named[rating.attribute, rating.response][rating.annotator].append(rating.value)
            low, high = self._ranges.get(rating.attribute, (rating.value, rating.value))
            self._ranges[rating.attribute] = min(low, rating.value), max(high, rating.value)
            self._scales[rating.attribute][rating.scale] += 1
        for (attribute, _), by_rater in named.items():
            self._raters[attribute].add(by_rater)
        self._rated += len({rating.response for rating in group.ratings})
        # A response that several people rated on an attribute counts once.
        pairs = {(rating.response, rating.attribute) for rating in group.ratings}
        self._responses.update(attribute for _, attribute in pairs)

    def result(self) -> dict[str, AttributeSummary]:
        """In the order of first appearance."""
        return {
            name: AttributeSummary(
                ratings=scales.total(),
                low=self._ranges[name][0],
                high=self._ranges[name][1],
                scales=tuple(scales.most_common()),
                missing=self._rated - self._responses[name],
                shared=self._raters[name].responses,
                alpha=self._raters[name].alpha(),
            )
            for name, scales in self._scales.items()
        }
