"""A paired comparison of two models on the same judgements: which follows people better, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.evaluation.measures.preferences import accuracy, lead, log_loss, log_losses
from plaudit.evaluation.measures.ratings import NOT_IN_UNITS, errors
from plaudit.evaluation.measuring import check_measurable
from plaudit.groups import Group, each_group
from plaudit.judgements import (
    NO_SUBSET,
    AttributeRatings,
    Comparisons,
    PerComparison,
    PerRated,
    PerResponse,
    check_scored,
    comparisons_of,
    credit,
    index_responses,
    ratings_of,
    response_starts,
    scores_of_rated,
)
from plaudit.scoring import GroupScores, ScoredGroups
from plaudit.statistics import (
    CORRELATIONS,
    LEVEL,
    McNemar,
    Measurement,
    benjamini_hochberg,
    correlation,
    difference,
    mcnemar,
    mean,
    sign_flip,
    undefined,
)

OTHER_SCALE = "the two models learned this attribute on different scales"


@dataclass(frozen=True, slots=True)
class Contrast:
    """One figure of both models.

    Attributes:
        a: A's.
        b: B's.
        difference: A's minus B's, taken judgement by judgement, with the interval of the difference.
        p: of the difference, by `sign_flip`; None where it is not tested.
        q: the same after Benjamini and Hochberg, where it is one of a family of tests.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> accuracy = compare(groups, [[1.0, 0.0]] * 8, [[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4).overall["accuracy"]
        >>> accuracy.a.value, accuracy.b.value, accuracy.difference.value, accuracy.p
        (1.0, 0.5, 0.5, 0.125)
    """

    a: Measurement
    b: Measurement
    difference: Measurement
    p: float | None = None
    q: float | None = None

    def to_json(self) -> dict[str, Any]:
        tests = {name: value for name, value in (("p", self.p), ("q", self.q)) if value is not None}
        return {"a": self.a.to_json(), "b": self.b.to_json(), "difference": self.difference.to_json(), **tests}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two responses that A and B put in opposite orders.

    Attributes:
        group: whose responses they are.
        better: index of the one people preferred (or named first, in a tie).
        worse: index of the other.
        tie: whether people judged them equal.
        gap_a: A's score of `better` minus its score of `worse`.
        gap_b: B's.
        apart: how far the gaps are apart, each in units of its model's root mean square gap.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> group = Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))
        >>> [one] = compare([group], [[1.0, 0.0]], [[0.0, 2.0]]).disagreements
        >>> one.group.id, one.gap_a, one.gap_b
        ('q', 1.0, -2.0)
    """

    group: Group
    better: int
    worse: int
    tie: bool
    gap_a: float
    gap_b: float
    apart: float

    def to_json(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in ("better", "worse", "tie", "gap_a", "gap_b", "apart")}
        return {"group": self.group.id, **fields}


@dataclass(frozen=True, slots=True)
class Paired:
    """What two models' scores say of each other.

    Attributes:
        overall: `accuracy` and `log_loss`.
        mcnemar: who is right where.
        subsets: accuracy in each subset, in the order of the data; empty where the data have none.
        lengths: accuracy where the better response is the longer one, the shorter one, or as long as the other.
        ratings: attribute -> `spearman` and `mae`.
        disagreements: the groups they disagree on most, one pair of responses a group, furthest apart first.
        counts: what was compared, and everything that could not take part.
        clusters: what intervals are clustered by, "prompt" or a meta field.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> paired = compare(groups, [[1.0, 0.0]] * 8, [[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4)
        >>> paired.mcnemar
        McNemar(both=4, only_a=4, only_b=0, neither=0, equal_scores=0, p=0.125)
        >>> paired.counts["groups_they_disagree_on"]
        4
    """

    overall: Mapping[str, Contrast]
    mcnemar: McNemar
    subsets: Mapping[str, Contrast]
    lengths: Mapping[str, Contrast]
    ratings: Mapping[str, Mapping[str, Contrast]]
    disagreements: Sequence[Disagreement]
    counts: Mapping[str, int]
    clusters: str

    def to_json(self) -> dict[str, Any]:
        """One object: each contrast of `overall` under its own name, then the attributes by theirs, and `level`."""
        return {
            **_to_json(self.overall),
            "mcnemar": self.mcnemar.to_json(),
            "subsets": _to_json(self.subsets),
            "lengths": _to_json(self.lengths),
            "ratings": {attribute: _to_json(figures) for attribute, figures in self.ratings.items()},
            "disagreements": [one.to_json() for one in self.disagreements],
            "counts": dict(self.counts),
            "clusters": self.clusters,
            "level": LEVEL,
        }


@checked
def compare(
    groups: Sequence[Group],
    a: GroupScores,
    b: GroupScores,
    *,
    clusters: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> Paired:
    """Measure two models against the same judgements and against each other.

    Args:
        groups: what people said.
        a: the scores of the one model, in any form that `plaudit.evaluation.evaluate` takes.
        b: the scores of the other.
        clusters: as in `plaudit.evaluation.evaluate`.
        counts: more to report beside the counts made here.

    Raises:
        PlauditError: if there is nothing to measure, or a model lacks a score that is needed (it is named A or B).

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> paired = compare(groups, [[1.0, 0.0]] * 8, [[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4)
        >>> print(paired.overall["accuracy"].difference)
        0.500 [0.053, 0.947] (n = 8)
    """
    groups = list(each_group(groups))
    check_measurable(groups, clusters)
    responses = index_responses(groups, clusters)
    comparisons = comparisons_of(groups, responses)
    one, two = (_matching(name, groups, comparisons, side) for name, side in (("A", a), ("B", b)))
    ratings = ratings_of(groups, responses, {**two.scales, **one.scales})
    disputed = disagreements(groups, comparisons, one.scores, two.scores)
    decided = comparisons.decided
    judged = np.concatenate([comparisons.cluster, *(rated.cluster for rated in ratings.values())])
    subsets = {name: comparisons.subset == name for name in dict.fromkeys(comparisons.subset.tolist())}
    return Paired(
        overall={
            "accuracy": _accuracy(comparisons, one.scores, two.scores),
            "log_loss": _log_loss(comparisons, one.scores, two.scores),
        },
        mcnemar=mcnemar(decided.gaps(one.scores), decided.gaps(two.scores)),
        subsets=_family(subsets if subsets.keys() != {NO_SUBSET} else {}, comparisons, one.scores, two.scores),
        lengths=_family(_by_length(comparisons), comparisons, one.scores, two.scores),
        ratings={name: _ratings(name, rated, groups, one, two) for name, rated in ratings.items()},
        disagreements=disputed,
        counts={
            "groups": len(groups),
            "groups_they_disagree_on": len(disputed),
            "comparisons": len(comparisons),
            "ties": int(comparisons.tie.sum()),
            "clusters": len(np.unique(judged)),
            "ratings": sum(int(rated.ratings.sum()) for rated in ratings.values()),
            **(counts or {}),
        },
        clusters=clusters or "prompt",
    )


def disagreements(
    groups: Sequence[Group], comparisons: Comparisons, scores_a: PerResponse, scores_b: PerResponse
) -> list[Disagreement]:
    """For each group that has responses A and B put in opposite orders, the two with the gaps furthest apart.

    Gaps are divided by their root mean square over all comparisons, which does not change when better and worse are
    swapped: two models disagree whatever people said. What people called equal takes part.
    """
    gaps_a, gaps_b = comparisons.gaps(scores_a), comparisons.gaps(scores_b)
    rows = np.flatnonzero(gaps_a * np.sign(gaps_b) < 0)
    distance = np.abs(_in_rms_units(gaps_a) - _in_rms_units(gaps_b))
    furthest: dict[int, int] = {}
    for row in rows[np.argsort(-distance[rows], kind="stable")].tolist():
        furthest.setdefault(int(comparisons.group[row]), row)
    start = response_starts(groups)
    return [
        Disagreement(
            group=groups[g],
            better=int(comparisons.better[row] - start[g]),
            worse=int(comparisons.worse[row] - start[g]),
            tie=bool(comparisons.tie[row]),
            gap_a=float(gaps_a[row]),
            gap_b=float(gaps_b[row]),
            apart=float(distance[row]),
        )
        for g, row in furthest.items()
    ]


def _matching(name: str, groups: Sequence[Group], comparisons: Comparisons, scores: GroupScores) -> ScoredGroups:
    """One model's scores, checked; the name of the model is in the message."""
    try:
        scored = ScoredGroups.matching(groups, scores)
        check_scored(groups, comparisons, scored.scores)
    except PlauditError as error:
        raise InvalidInputError(f"model {name}: {error}") from None
    return scored


def _in_rms_units(gap: PerComparison) -> PerComparison:
    most = np.abs(gap).max(initial=0)
    return gap if most == 0 else gap / most / np.sqrt(np.square(gap / most).mean())


def _accuracy(comparisons: Comparisons, scores_a: PerResponse, scores_b: PerResponse) -> Contrast:
    decided = comparisons.decided
    ahead = credit(decided.gaps(scores_a)) - credit(decided.gaps(scores_b))
    return Contrast(
        a=accuracy(comparisons, scores_a),
        b=accuracy(comparisons, scores_b),
        difference=lead(comparisons, scores_a, comparisons.gaps(scores_b)),
        p=sign_flip(ahead, decided.weight, decided.cluster),
    )


def _log_loss(comparisons: Comparisons, scores_a: PerResponse, scores_b: PerResponse) -> Contrast:
    losses_a, losses_b = (log_losses(comparisons.gaps(scores), comparisons.tie) for scores in (scores_a, scores_b))
    return Contrast(
        a=log_loss(comparisons, scores_a),
        b=log_loss(comparisons, scores_b),
        difference=mean(losses_a - losses_b, comparisons.weight, comparisons.cluster),
    )


def _by_length(comparisons: Comparisons) -> dict[str, Bool[np.ndarray, " comparisons"]]:
    """How the better response's length compares -> [n], which comparisons are such; only those that occur."""
    length, decided = comparisons.length_gap, ~comparisons.tie
    sides = {"longer": length > 0, "shorter": length < 0, "as long": length == 0}
    return {name: part for name, keep in sides.items() if (part := keep & decided).any()}


def _family(
    parts: Mapping[str, Bool[np.ndarray, " comparisons"]],
    comparisons: Comparisons,
    scores_a: PerResponse,
    scores_b: PerResponse,
) -> dict[str, Contrast]:
    """The contrast of accuracy in each part [n], the p-values corrected as one family."""
    contrasts = {name: _accuracy(comparisons[keep], scores_a, scores_b) for name, keep in parts.items()}
    corrected = benjamini_hochberg({name: contrast.p for name, contrast in contrasts.items()})
    return {name: replace(contrast, q=corrected[name]) for name, contrast in contrasts.items()}


def _ratings(
    attribute: str, rated: AttributeRatings, groups: Sequence[Group], a: ScoredGroups, b: ScoredGroups
) -> dict[str, Contrast]:
    of_a, of_b = (_values(name, attribute, rated, groups, side) for name, side in (("A", a), ("B", b)))
    spearman = CORRELATIONS["spearman"]
    return {
        "spearman": Contrast(
            correlation(spearman, of_a, rated.human, rated.cluster),
            correlation(spearman, of_b, rated.human, rated.cluster),
            difference(spearman, of_a, of_b, rated.human, rated.cluster),
        ),
        "mae": _mae(rated, of_a - rated.human, of_b - rated.human, _without_mae(attribute, a, b)),
    }


def _values(
    name: str, attribute: str, rated: AttributeRatings, groups: Sequence[Group], side: ScoredGroups
) -> PerRated:
    what = f"{attribute} value" if attribute in side.attributes else "score"
    try:
        return scores_of_rated(rated, groups, side.on(attribute), what)
    except PlauditError as error:
        raise InvalidInputError(f"model {name}: {error}") from None


def _mae(rated: AttributeRatings, off_a: PerRated, off_b: PerRated, reason: str | None) -> Contrast:
    if reason is not None:
        return Contrast(undefined(reason), undefined(reason), undefined(reason))
    nearer = mean(np.abs(off_a) - np.abs(off_b), np.ones(len(rated)), rated.cluster)
    return Contrast(errors(off_a, rated.cluster)["mae"], errors(off_b, rated.cluster)["mae"], nearer)


def _without_mae(attribute: str, a: ScoredGroups, b: ScoredGroups) -> str | None:
    """Why the two models' errors cannot be compared; None if they can."""
    for name, side in (("A", a), ("B", b)):
        if attribute not in side.attributes:
            return f"{name}: {NOT_IN_UNITS}"
    scales = {tuple(side.scales[attribute]) for side in (a, b) if attribute in side.scales}
    return OTHER_SCALE if len(scales) > 1 else None


def _to_json(contrasts: Mapping[str, Contrast]) -> dict[str, Any]:
    return {name: contrast.to_json() for name, contrast in contrasts.items()}
