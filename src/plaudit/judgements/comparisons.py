"""Groups and their scores, flattened once to parallel arrays that every measurement reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.judgements.responses import Responses, Scores, flatten_scores, index_responses
from plaudit.judgements.votes import pairwise_votes, votes_of_others
from plaudit.statistics import Floats, Ints

NO_SUBSET = "(no subset)"

_OFTEN = 8
"""Rankings of up to this many responses take few forms, so what each implies is worked out once."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Everything rankings imply, one entry a comparison; in a judged tie, first and second are in no order.

    Attributes:
        group: [n], index of the group.
        better: [n], score of the response judged better (or named first, in a tie).
        worse: [n], score of the other.
        better_at: [n], where the better response stands among all responses of all groups.
        worse_at: [n], where the other does.
        length: [n], characters of the better minus characters of the worse.
        annotator: [n], a number for who said it; -1 for nobody named.
        others: [n], votes of the other annotators for the better minus votes for the worse; NaN where no other
            named annotator judged the two.
        tie: [n], whether people judged the two equal.
        weight: [n], how much the judgement counts.
        cluster: [n], comparisons that may be alike share one.
        subset: [n], names.
    """

    group: Ints
    better: Floats
    worse: Floats
    better_at: Ints
    worse_at: Ints
    length: Floats
    annotator: Ints
    others: Floats
    tie: NDArray[np.bool_]
    weight: Floats
    cluster: Ints
    subset: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.group)

    def __getitem__(self, keep: NDArray[np.bool_]) -> Comparisons:
        return Comparisons(*(getattr(self, f.name)[keep] for f in fields(self)))

    def scored(self, scores: Floats) -> Comparisons:
        """The same comparisons with the scores of all responses [responses] in place of these."""
        return replace(self, better=scores[self.better_at], worse=scores[self.worse_at])

    @property
    def gap(self) -> Floats:
        """[n], by how much the model prefers the better response."""
        return self.better - self.worse


def credit(gap: Floats) -> Floats:
    """What each comparison earns: 1 for preferring the better response, 0 for the worse, 1/2 for neither."""
    return (np.sign(gap) + 1) / 2


def flatten_comparisons(groups: Sequence[Group], scores: Scores, clusters: str | None = None) -> Comparisons:
    """Every comparison the groups' rankings imply, with the scores of its two responses.

    Groups with the same prompt are one cluster; `clusters` names a meta field (a debate, a document) to cluster by
    instead. A group without prompt text is a cluster of its own.

    Raises:
        PlauditError: if a compared response has no finite score, scores and responses differ in number, or a group
            lacks the field `clusters`.
    """
    row = flatten_scores(groups, scores)
    responses = index_responses(groups, clusters)
    compared = comparisons_of(groups, responses)
    if hole := responses.hole(row, np.concatenate([compared.better_at, compared.worse_at])):
        raise PlauditError(f"{hole}, and no comparison may be left out")
    return compared.scored(row)


def comparisons_of(groups: Sequence[Group], responses: Responses) -> Comparisons:
    """Every comparison the groups' rankings imply, with no scores yet (NaN).

    Args:
        groups: what people said.
        responses: of these groups, from `lay_out`.
    """
    said = [(g, ranking) for g, group in enumerate(groups) for ranking in group.rankings]
    forms = [_implied(ranking.tiers) for _, ranking in said]
    counts = [form.shape[1] for form in forms]
    pairs = np.concatenate([np.zeros((3, 0), dtype=np.int64), *forms], axis=1)
    group = np.repeat(np.array([g for g, _ in said], dtype=np.int64), counts)
    weight = np.repeat(np.array([ranking.weight for _, ranking in said], dtype=np.float64), counts)
    names: dict[str | None, int] = {None: -1}
    numbers = [names.setdefault(ranking.annotator, len(names) - 1) for _, ranking in said]
    annotator = np.repeat(np.array(numbers, dtype=np.int64), counts)
    start, tie = responses.start[group], pairs[2].astype(bool)
    better, worse = start + pairs[0], start + pairs[1]
    nothing = np.full(len(group), np.nan)
    return Comparisons(
        group=group,
        better=nothing,
        worse=nothing,
        better_at=better,
        worse_at=worse,
        length=responses.length[better] - responses.length[worse],
        annotator=annotator,
        others=votes_of_others(pairwise_votes(better, worse, tie, annotator), better, worse),
        tie=tie,
        weight=weight,
        cluster=responses.cluster[better],
        subset=np.array([one.subset or NO_SUBSET for one in groups], dtype=np.str_)[group],
    )


def _implied(tiers: tuple[tuple[int, ...], ...]) -> Ints:
    return _of_form(tiers) if sum(map(len, tiers)) <= _OFTEN else _comparisons(tiers)


def _comparisons(tiers: tuple[tuple[int, ...], ...]) -> Ints:
    """[3, m], what `Ranking.comparisons` gives: better, worse, and whether it is a tie."""
    order = np.array([response for tier in tiers for response in tier], dtype=np.int64)
    level = np.repeat(np.arange(len(tiers)), [len(tier) for tier in tiers])
    first, second = np.triu_indices(len(order), 1)
    return np.stack([order[first], order[second], level[first] == level[second]])


_of_form = lru_cache(maxsize=4096)(_comparisons)
