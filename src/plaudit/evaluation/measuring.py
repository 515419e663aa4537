"""All measurements of one model on one set of judgements, with what they must be read against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from plaudit.errors import PlauditError
from plaudit.evaluation.dataset import EvaluationData, gather_data
from plaudit.evaluation.metrics import Metrics, measure_metrics
from plaudit.groups import Group
from plaudit.judgements import NO_SUBSET, cluster_ids
from plaudit.scoring import GroupScores, ScoredGroups
from plaudit.statistics import LEVEL, bootstrapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(Metrics):
    """What was measured: the whole, and its parts.

    Attributes:
        subsets: the same for each subset, in the order of the data; empty where the data have none.
        counts: groups, comparisons and so on, and everything that could not take part.
        clusters: what intervals are clustered by, "prompt" or a meta field.
        bootstrap: the rounds that intervals are made of; None where they are analytic.
    """

    subsets: Mapping[str, Metrics]
    counts: Mapping[str, int]
    clusters: str
    bootstrap: int | None = None

    def to_json(self) -> dict[str, Any]:
        """One object: what a part has, then `subsets`, `counts`, `clusters`, `level` and `bootstrap`."""
        return {
            **Metrics.to_json(self),
            "subsets": {name: part.to_json() for name, part in self.subsets.items()},
            "counts": dict(self.counts),
            "clusters": self.clusters,
            "level": LEVEL,
            "bootstrap": self.bootstrap,
        }


def evaluate(
    groups: Sequence[Group],
    scores: GroupScores,
    *,
    clusters: str | None = None,
    people: Sequence[Group] | None = None,
    counts: Mapping[str, int] | None = None,
    bootstrap: int | None = None,
) -> Evaluation:
    """Measure scores against judgements.

    `evaluate(groups, model.score(groups))` is all it takes. What cannot be measured is undefined and says why: the
    figures that need a score that is not finite, and those of people where there are no judgements.

    Args:
        groups: what people said.
        scores: what `model.score(groups)` returns; or one number for each response of each group, in the same order;
            or a `ScoredGroups`, which has attributes, spreads, scales and baselines with them. An attribute that people
            rated and the model does not know is measured by the score, without errors in its units.
        clusters: a meta field whose value is shared by groups that may be alike (a debate, a document); by default,
            groups with the same prompt are.
        people: the same groups before their annotators were merged (`plaudit.data.majority`), for the human ceiling.
        counts: more to report beside the counts made here, such as `truncated`.
        bootstrap: rounds of a bootstrap over clusters to make intervals by; None: as docs/evaluation.md says.

    Raises:
        PlauditError: if scores and responses differ in number, `clusters` is missing from a group, or there are too few
            rounds.
    """
    labels = np.array([group.subset or NO_SUBSET for group in groups], dtype=object)
    names = dict.fromkeys(labels.tolist())
    whole = gather_data(groups, ScoredGroups.matching(groups, scores), clusters, people)
    with bootstrapping(bootstrap):
        part = measure_metrics(whole)
        subsets = {name: measure_metrics(whole.of(labels == name)) for name in names if names.keys() != {NO_SUBSET}}
    return Evaluation(
        **{field.name: getattr(part, field.name) for field in fields(part)},
        subsets=subsets,
        counts={**_counts(groups, whole), **(counts or {})},
        clusters=clusters or "prompt",
        bootstrap=bootstrap,
    )


def check_options(groups: Sequence[Group], clusters: str | None, bootstrap: int | None) -> None:
    """Raise what `evaluate` would say of these options whatever the scores: before a model spends hours on them."""
    cluster_ids(groups, clusters)
    with bootstrapping(bootstrap):
        pass


def check_measurable(groups: Sequence[Group], clusters: str | None = None) -> None:
    """Refuse data in which people say nothing, before a model spends hours on them: for whoever has no use for the
    rewards alone.

    Raises:
        PlauditError: if no group has a judgement, or one lacks the field `clusters`.
    """
    cluster_ids(groups, clusters)
    if not any(group.ratings or any(any(ranking.comparisons()) for ranking in group.rankings) for group in groups):
        raise PlauditError(
            f"nothing to measure: none of the {len(groups)} groups has a ranking of two responses or a rating; "
            "give data with judgements"
        )


def _counts(groups: Sequence[Group], whole: EvaluationData) -> dict[str, int]:
    compared, scores = whole.compared, whole.model.scores
    gap = compared.scored(scores).gap
    judged = np.concatenate([compared.cluster, *(rated.cluster for rated in whole.rated.values())])
    judged = judged if len(judged) else whole.responses.cluster
    return {
        "groups": len(groups),
        "groups_without_comparisons": len(groups) - len(np.unique(compared.group)),
        "responses": len(scores),
        "comparisons": len(compared),
        "ties": int(compared.tie.sum()),
        "equal_scores": int(((gap == 0) & ~compared.tie).sum()),
        "scores_not_finite": int((~np.isfinite(scores)).sum()),
        "clusters": len(np.unique(judged)),
        "ratings": sum(int(rated.ratings.sum()) for rated in whole.rated.values()),
    }
