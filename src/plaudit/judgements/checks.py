"""What is worth knowing about judgements before learning from them: a stream of groups -> counts."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from plaudit.groups import Group, plain_text
from plaudit.judgements.agreement import AgreementTally, AnnotatorAgreement
from plaudit.judgements.attributes import AttributeSummary, AttributeTally


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


def check_groups(groups: Iterable[Group]) -> DataCheck:
    """Findings over a stream of groups, in memory of some bytes a group."""
    found = DataCheck()
    agreement, rated = AgreementTally(), AttributeTally()
    ids = array("Q")
    for group in groups:
        found.groups += 1
        found.responses += len(group.responses)
        found.rankings += len(group.rankings)
        found.ratings += len(group.ratings)
        found.comparisons += sum(_pairs(sum(map(len, ranking.tiers))) for ranking in group.rankings)
        found.ties += sum(_pairs(len(tier)) for ranking in group.rankings for tier in ranking.tiers)
        found.alone += sum(sum(map(len, ranking.tiers)) == 1 for ranking in group.rankings)
        found.largest = max(found.largest, len(group.responses))
        found.subsets.update([group.subset] if group.subset is not None else [])
        found.contradictions += len(contradictions(group))
        found.unjudged += not group.rankings and not group.ratings
        found.single += len(group.responses) == 1
        found.empty += sum(not plain_text(response).strip() for response in group.responses)
        agreement.add(group)
        rated.add(group)
        ids.append(int.from_bytes(blake2b(group.id.encode("utf-8", "surrogatepass"), digest_size=8).digest()))
    found.agreement, found.attributes = agreement.result(), rated.result()
    found.shared_ids = len(ids) - _distinct(ids)
    return found


def contradictions(group: Group) -> list[tuple[int, int]]:
    """Pairs `(a, b)`, a < b, of responses of which each was ranked above the other."""
    if len(group.rankings) < 2:  # an order of thousands has millions of pairs, and cannot contradict itself
        return []
    above = {(better, worse) for r in group.rankings for better, worse, tied in r.comparisons() if not tied}
    return sorted((a, b) for a, b in above if a < b and (b, a) in above)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _distinct(hashes: array[int]) -> int:
    import numpy as np

    return len(np.unique(np.frombuffer(hashes, np.uint64))) if hashes else 0
