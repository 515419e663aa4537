"""Where the model is most sure of the response that people did not prefer, and of what kinds such mistakes are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from plaudit.groups import Group, Text
from plaudit.judgements import Comparisons, PerComparison, scored_comparisons, votes_of_others
from plaudit.statistics import Measurement, proportion, undefined

SURE = 0.8
"""Confidence above which a mistake counts as made with confidence."""

NO_MISTAKES = "the model made no mistake"


@dataclass(frozen=True, slots=True)
class Mistake:
    """Two responses that the model puts in the opposite order to most people's.

    Attributes:
        group: the group's id.
        prompt: what was answered.
        better: index of the response people preferred.
        worse: index of the one the model preferred.
        responses: those two, in that order.
        scores: the model's, in that order.
        votes: the weight of judgements for the better and for the worse; ties are in neither.
        annotators: who preferred the better, as far as they are named.
        subset: the group's.
    """

    group: str
    prompt: Text
    better: int
    worse: int
    responses: tuple[Text, Text]
    scores: tuple[float, float]
    votes: tuple[float, float]
    annotators: tuple[str, ...] = ()
    subset: str | None = None

    @property
    def gap(self) -> float:
        """By how much the model prefers the worse response, > 0."""
        return self.scores[1] - self.scores[0]

    @property
    def confidence(self) -> float:
        """What the model says the probability is that people prefer the worse: sigma(gap)."""
        return float(expit(self.gap))


def worst_mistakes(groups: Sequence[Group], scores: Sequence[Sequence[float]], most: int = 12) -> list[Mistake]:
    """The worst mistakes, one a group, the most confident first.

    Two responses are taken as people's votes together decide them; where votes are split evenly, nobody is wrong.

    Args:
        groups: what people said.
        scores: one list a group, one number a response; comparisons that meet one that is not finite are left out.
        most: how many to return.

    Example:
        >>> from plaudit.groups import Ranking
        >>> group = Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))
        >>> [mistake] = worst_mistakes([group], [[0.0, 2.0]])
        >>> mistake.group, mistake.responses, mistake.gap, f"{mistake.confidence:.0%}"
        ('q', ('4', '5'), 2.0, '88%')
    """
    worst = [
        max(mistakes, key=lambda mistake: mistake.gap)
        for group, row in zip(groups, scores, strict=True)
        if (mistakes := list(_of_group(group, row)))
    ]
    return sorted(worst, key=lambda mistake: -mistake.gap)[:most]


def kinds_of_mistakes(
    groups: Sequence[Group], scores: Sequence[Sequence[float]], clusters: str | None = None
) -> dict[str, Measurement]:
    """Shares of the wrong comparisons (votes, as accuracy counts them), each with its clustered interval.

    `longer`: the model picked the longer response; `sure`: with a confidence above `SURE`; `disputed`: other annotators
    who judged the same two did not side with this judgement (of those that others judged too).

    Example:
        >>> from plaudit.groups import Ranking
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> kinds = kinds_of_mistakes(groups, [[0.0, 1.0]] * 8)
        >>> {kind: share.value for kind, share in kinds.items()}  # nobody else judged the same, so none can be disputed
        {'longer': 1.0, 'sure': 0.0, 'disputed': None}
    """
    comparisons, row = scored_comparisons(groups, scores, clusters)
    gaps, votes = comparisons.gaps(row), votes_of_others(comparisons)
    mistaken = ~comparisons.tie & (gaps < 0)
    judged_by_others = mistaken & np.isfinite(votes)
    wrong = comparisons[mistaken]
    return {
        "longer": _share(wrong, (1 - np.sign(wrong.length_gap)) / 2),
        "sure": _share(wrong, (expit(-gaps[mistaken]) > SURE).astype(np.float64)),
        "disputed": _share(comparisons[judged_by_others], (votes[judged_by_others] <= 0).astype(np.float64)),
    }


def _share(comparisons: Comparisons, outcome: PerComparison) -> Measurement:
    if not len(comparisons):
        return undefined(NO_MISTAKES)
    return proportion(outcome, comparisons.weight, comparisons.cluster)


def _of_group(group: Group, scores: Sequence[float]) -> Iterator[Mistake]:
    for (i, j), votes in _votes(group).items():
        lead = sum(votes[0].values()) - sum(votes[1].values())
        better, worse, (agreeing, opposed) = (i, j, votes) if lead > 0 else (j, i, votes[::-1])
        if lead != 0 and math.isfinite(scores[better] + scores[worse]) and scores[worse] > scores[better]:
            yield Mistake(
                group=group.id,
                prompt=group.prompt,
                better=better,
                worse=worse,
                responses=(group.responses[better], group.responses[worse]),
                scores=(scores[better], scores[worse]),
                votes=(sum(agreeing.values()), sum(opposed.values())),
                annotators=tuple(name for name in agreeing if name is not None),
                subset=group.subset,
            )


def _votes(group: Group) -> Mapping[tuple[int, int], tuple[dict[str | None, float], dict[str | None, float]]]:
    """For each two responses, the lower index first, who prefers the one and who the other, by weight."""
    by_pair: dict[tuple[int, int], tuple[dict[str | None, float], dict[str | None, float]]] = {}
    for ranking in group.rankings:
        for better, worse, tie in ranking.comparisons():
            if not tie:
                pair = by_pair.setdefault((min(better, worse), max(better, worse)), ({}, {}))
                side = pair[0 if better < worse else 1]
                side[ranking.annotator] = side.get(ranking.annotator, 0.0) + ranking.weight
    return by_pair
