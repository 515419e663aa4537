"""Two models on the same judgements: which follows people better, where, and on which prompts they part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.errors import PlauditError
from plaudit.evaluation.measures.preferences import accuracy, lead, log_loss, log_losses
from plaudit.evaluation.measures.ratings import NOT_IN_UNITS, errors
from plaudit.evaluation.measuring import check_measurable
from plaudit.groups import Group
from plaudit.judgements import (
    NO_SUBSET,
    AttributeRatings,
    Comparisons,
    credit,
    flatten_comparisons,
    flatten_ratings,
)
from plaudit.scoring import GroupScores, ScoredGroups
from plaudit.statistics import (
    CORRELATIONS,
    LEVEL,
    Floats,
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
    """

    group: Group
    better: int
    worse: int
    tie: bool
    gap_a: float
    gap_b: float
    apart: float

    def to_json(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("better", "worse", "tie", "gap_a", "gap_b", "apart")}
        return {"group": self.group.id, **own}


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
    """
    check_measurable(groups, clusters)
    one, two = (_matching(name, groups, side) for name, side in (("A", a), ("B", b)))
    own, other = (_flat(name, groups, side, clusters) for name, side in (("A", one), ("B", two)))
    rated = flatten_ratings(groups, clusters, {**two.scales, **one.scales})
    apart = disagreements(groups, own, other)
    decided = ~own.tie
    judged = np.concatenate([own.cluster, *(responses.cluster for responses in rated.values())])
    subsets = {name: own.subset == name for name in dict.fromkeys(own.subset.tolist())}
    return Paired(
        overall={"accuracy": _accuracy(own, other), "log_loss": _log_loss(own, other)},
        mcnemar=mcnemar(own.gap[decided], other.gap[decided]),
        subsets=_family(subsets if subsets.keys() != {NO_SUBSET} else {}, own, other),
        lengths=_family(_by_length(own), own, other),
        ratings={name: _ratings(name, responses, groups, one, two) for name, responses in rated.items()},
        disagreements=apart,
        counts={
            "groups": len(groups),
            "groups_they_disagree_on": len(apart),
            "comparisons": len(own),
            "ties": int(own.tie.sum()),
            "clusters": len(np.unique(judged)),
            "ratings": sum(int(responses.ratings.sum()) for responses in rated.values()),
            **(counts or {}),
        },
        clusters=clusters or "prompt",
    )


def disagreements(groups: Sequence[Group], a: Comparisons, b: Comparisons) -> list[Disagreement]:
    """For each group that has responses A and B put in opposite orders, the two with the gaps furthest apart.

    Gaps are divided by their root mean square over all comparisons, which does not change when better and worse are
    swapped: two models disagree whatever people said. What people called equal takes part.
    """
    rows = np.flatnonzero(a.gap * np.sign(b.gap) < 0)
    apart = np.abs(_in_own_units(a.gap) - _in_own_units(b.gap))
    furthest: dict[int, int] = {}
    for row in rows[np.argsort(-apart[rows], kind="stable")].tolist():
        furthest.setdefault(int(a.group[row]), row)
    # `flatten` keeps a group's comparisons together and in the order of its rankings.
    first = dict(zip(*map(np.ndarray.tolist, np.unique(a.group, return_index=True)), strict=True))
    found = []
    for g, row in furthest.items():
        pairs = [pair for ranking in groups[g].rankings for pair in ranking.comparisons()]
        better, worse, tie = pairs[row - first[g]]
        gap_a, gap_b = float(a.gap[row]), float(b.gap[row])
        found.append(Disagreement(groups[g], better, worse, tie, gap_a, gap_b, float(apart[row])))
    return found


def _matching(name: str, groups: Sequence[Group], scores: GroupScores) -> ScoredGroups:
    try:
        return ScoredGroups.matching(groups, scores)
    except PlauditError as error:
        raise PlauditError(f"model {name}: {error}") from None


def _flat(name: str, groups: Sequence[Group], side: ScoredGroups, clusters: str | None) -> Comparisons:
    try:
        return flatten_comparisons(groups, side.per_group(), clusters)
    except PlauditError as error:
        raise PlauditError(f"model {name}: {error}") from None


def _in_own_units(gap: Floats) -> Floats:
    most = np.abs(gap).max(initial=0)
    return gap if most == 0 else gap / most / np.sqrt(np.square(gap / most).mean())


def _accuracy(a: Comparisons, b: Comparisons) -> Contrast:
    decided = ~a.tie
    ahead = credit(a.gap[decided]) - credit(b.gap[decided])
    p = sign_flip(ahead, a.weight[decided], a.cluster[decided])
    return Contrast(accuracy(a), accuracy(b), lead(a, b.gap), p)


def _log_loss(a: Comparisons, b: Comparisons) -> Contrast:
    return Contrast(log_loss(a), log_loss(b), mean(log_losses(a) - log_losses(b), a.weight, a.cluster))


def _by_length(compared: Comparisons) -> dict[str, NDArray[np.bool_]]:
    """How the better response's length compares -> [n], which comparisons are such; only those that occur."""
    sides = {"longer": compared.length > 0, "shorter": compared.length < 0, "as long": compared.length == 0}
    return {name: found for name, keep in sides.items() if (found := keep & ~compared.tie).any()}


def _family(parts: Mapping[str, NDArray[np.bool_]], a: Comparisons, b: Comparisons) -> dict[str, Contrast]:
    found = {name: _accuracy(a[keep], b[keep]) for name, keep in parts.items()}
    corrected = benjamini_hochberg({name: contrast.p for name, contrast in found.items()})
    return {name: replace(contrast, q=corrected[name]) for name, contrast in found.items()}


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


def _values(name: str, attribute: str, rated: AttributeRatings, groups: Sequence[Group], side: ScoredGroups) -> Floats:
    whose = f"{attribute} value" if attribute in side.attributes else "score"
    try:
        return rated.of(side.per_group(attribute), groups, whose)
    except PlauditError as error:
        raise PlauditError(f"model {name}: {error}") from None


def _mae(rated: AttributeRatings, off_a: Floats, off_b: Floats, reason: str | None) -> Contrast:
    if reason is not None:
        return Contrast(undefined(reason), undefined(reason), undefined(reason))
    apart = mean(np.abs(off_a) - np.abs(off_b), np.ones(len(rated)), rated.cluster)
    return Contrast(errors(off_a, rated.cluster)["mae"], errors(off_b, rated.cluster)["mae"], apart)


def _without_mae(attribute: str, a: ScoredGroups, b: ScoredGroups) -> str | None:
    """Why the two models' errors cannot be compared; None if they can."""
    for name, side in (("A", a), ("B", b)):
        if attribute not in side.attributes:
            return f"{name}: {NOT_IN_UNITS}"
    scales = {tuple(side.scales[attribute]) for side in (a, b) if attribute in side.scales}
    return OTHER_SCALE if len(scales) > 1 else None


def _to_json(contrasts: Mapping[str, Contrast]) -> dict[str, Any]:
    return {name: contrast.to_json() for name, contrast in contrasts.items()}
