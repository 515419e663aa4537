"""All measurements of one model on one set of judgements, with what they must be read against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from plaudit._arguments import checked
from plaudit.errors import DataError, InvalidInputError
from plaudit.evaluation.dataset import EvaluationData, gather_data
from plaudit.evaluation.invariance.results import Invariance
from plaudit.evaluation.metrics import Metrics, measure_metrics, read_metrics
from plaudit.evaluation.probes.results import Probes
from plaudit.evaluation.registry import METRICS, RATING_METRICS
from plaudit.groups import Group, each_group
from plaudit.judgements import NO_SUBSET, cluster_ids
from plaudit.scoring import GroupScores, ScoredGroups
from plaudit.statistics import LEVEL, Form, Measurement, intervals_by, signed_percent
from plaudit.storage import Fields
from plaudit.text import counted

FORMAT = 1
"""Of `metrics.json`: raised whenever what was written before can no longer be read."""

AGAIN = "run `plaudit eval` again"

OTHER_KEYS = (
    "subsets",
    "counts",
    "clusters",
    "level",
    "bootstrap",
    "format",
    "record",
    "probes",
    "invariance",
)
"""What stands in `metrics.json` beside the figures of all judgements."""


_HEADLINES = ("accuracy", "chance", "length_accuracy", "lead_over_length", "human_accuracy")


def _headline(label: str, measurement: Measurement | None, form: Form) -> str | None:
    if measurement is None or measurement.value is None:
        return None
    return f"{label.strip():38}{measurement.format(form)}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evaluation(Metrics):
    """What was measured: the whole, and its parts.

    Attributes:
        subsets: the same for each subset, in the order of the data; empty where the data have none.
        counts: groups, comparisons and so on, and everything that could not take part.
        clusters: what intervals are clustered by, "prompt" or a meta field.
        bootstrap: the rounds that intervals are made of; None where they are analytic.
        record: the run record of the scores; empty where nobody gave one.
        probes: what probes found; None where none were run.
        invariance: whether a score depends on how it is computed; None where that was not checked.
    """

    subsets: Mapping[str, Metrics] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    clusters: str = "prompt"
    bootstrap: int | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    probes: Probes | None = None
    invariance: Invariance | None = None

    def __repr__(self) -> str:
        counts = (counted(self.counts.get(name, 0), name) for name in ("groups", "comparisons", "ratings"))
        return f"Evaluation({', '.join(counts)})"

    def __str__(self) -> str:
        """The headline figures, a line each: value, 95% interval, and what they are read against."""
        lines = [_headline(METRICS[name].en, self.overall.get(name), METRICS[name].form) for name in _HEADLINES]
        for name, baseline in self.baselines.items():
            lines.append(_headline(f"lead over {name}", baseline.overall.get("lead"), signed_percent))
        for attribute, figures in self.ratings.items():
            label = f"{attribute}: {RATING_METRICS['spearman'].en}"
            lines.append(_headline(label, figures.get("spearman"), RATING_METRICS["spearman"].form))
        return "\n".join(line for line in lines if line is not None) or "nothing was measured"

    def to_json(self) -> dict[str, Any]:
        """One object: what `Metrics` has, then `subsets`, `counts`, `clusters`, `level`, `bootstrap`, `format` and
        `record`; and `probes` and `invariance` where there are any."""
        return {
            **Metrics.to_json(self),
            "subsets": {name: part.to_json() for name, part in self.subsets.items()},
            "counts": dict(self.counts),
            "clusters": self.clusters,
            "level": LEVEL,
            "bootstrap": self.bootstrap,
            "format": FORMAT,
            "record": dict(self.record),
            **({} if self.probes is None else {"probes": self.probes.to_json()}),
            **({} if self.invariance is None else {"invariance": self.invariance.to_json()}),
        }

    @classmethod
    @checked
    def from_json(cls, row: Mapping[str, Any]) -> Evaluation:
        """The inverse of `to_json`: what stands in `metrics.json`, as the type it was.

        Raises:
            DataError: if the object was written by another version, or is of another shape.

        Example:
            >>> from plaudit.groups import Group, Ranking
            >>> group = Group("g", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))
            >>> evaluation = evaluate([group], [[1.0, 0.0]])
            >>> Evaluation.from_json(evaluation.to_json()).overall["accuracy"].value
            1.0
        """
        try:
            return cls(**_read(Fields.of(row, "what is in it")))
        except ValueError as error:
            raise DataError(f"these are no figures that this version reads ({error})", remedy=AGAIN) from error


def read_evaluation(file: str | Path) -> Evaluation:
    """The evaluation that `plaudit eval -o` wrote to `metrics.json`.

    Raises:
        DataError: if the file cannot be read, or was written by another version.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> group = Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))
        >>> _ = Path("metrics.json").write_text(json.dumps(evaluate([group], [[1.0, 0.0]]).to_json()))
        >>> read_evaluation("metrics.json")
        Evaluation(1 group, 1 comparison, 0 ratings)
    """
    try:
        row = json.loads(Path(file).read_text(encoding="utf-8"))
        return Evaluation.from_json(row)
    except (OSError, ValueError) as error:
        raise DataError(f"it cannot be read: {error}", file=file) from error
    except DataError as error:
        raise DataError(error.message, file=file, remedy=error.remedy) from error


def _read(row: Fields) -> dict[str, Any]:
    written = row.values.get("format")
    if written != FORMAT:
        raise ValueError(f'"format" is {written!r}, not {FORMAT}')
    counts, probes, checks = row.object("counts"), row.values.get("probes"), row.values.get("invariance")
    return {
        **read_metrics(row, OTHER_KEYS),
        "subsets": {name: Metrics.from_json(part.values) for name, part in row.object("subsets").items()},
        "counts": {name: counts.integer(name) for name in counts.values},
        "clusters": row.text("clusters"),
        "bootstrap": row.optional_integer("bootstrap"),
        "record": row.object("record").values,
        "probes": None if probes is None else Probes.from_json(probes),
        "invariance": None if checks is None else Invariance.from_json(checks),
    }


@checked
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

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> print(evaluate(groups, [[1.0, 0.0]] * 6 + [[0.0, 1.0]] * 2))
        accuracy                              75.0% [35.1, 94.3%]
        chance                                50.0%
        the longer response wins              0.0% [0.0, 41.1%]
        lead over that rule                   +75.0% [+36.3, +100.0%]
    """
    groups = list(each_group(groups))
    labels = np.array([group.subset or NO_SUBSET for group in groups], dtype=object)
    names = dict.fromkeys(labels.tolist())
    data = gather_data(
        groups,
        ScoredGroups.matching(groups, scores),
        clusters=clusters,
        people=people,
        intervals=intervals_by(bootstrap),
    )
    part = measure_metrics(data)
    subsets = {name: measure_metrics(data.of(labels == name)) for name in names if names.keys() != {NO_SUBSET}}
    return Evaluation(
        **{one.name: getattr(part, one.name) for one in fields(part)},
        subsets=subsets,
        counts={**_counts(groups, data), **(counts or {})},
        clusters=clusters or "prompt",
        bootstrap=bootstrap,
        record=data.model.record,
    )


def check_options(groups: Sequence[Group], clusters: str | None, bootstrap: int | None) -> None:
    """Raise what `evaluate` would say of these options whatever the scores: before a model spends hours on them.

    Example:
        >>> check_options([Group("q", "2 + 2?", ("4",))], clusters="topic", bootstrap=None)
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: group 'q' has no field 'topic' under "meta" to cluster by (it has: none)
    """
    cluster_ids(groups, clusters)
    intervals_by(bootstrap)


def check_measurable(groups: Sequence[Group], clusters: str | None = None) -> None:
    """Refuse data in which people say nothing, before a model spends hours on them: for whoever has no use for the
    rewards alone.

    Raises:
        PlauditError: if no group has a judgement, or one lacks the field `clusters`.

    Example:
        >>> check_measurable([Group("q", "2 + 2?", ("4", "5"))])
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: nothing to measure: none of 1 group has ...
    """
    cluster_ids(groups, clusters)
    if not any(group.ratings or any(any(ranking.comparisons()) for ranking in group.rankings) for group in groups):
        raise InvalidInputError(
            f"nothing to measure: none of {counted(len(groups), 'groups')} has a ranking of two responses or a rating",
            remedy="give data with judgements",
        )


def _counts(groups: Sequence[Group], data: EvaluationData) -> dict[str, int]:
    comparisons, scores = data.comparisons, data.model.scores
    judged = np.concatenate([comparisons.cluster, *(rated.cluster for rated in data.ratings.values())])
    judged = judged if len(judged) else data.responses.cluster
    return {
        "groups": len(groups),
        "groups_without_comparisons": len(groups) - len(np.unique(comparisons.group)),
        "responses": len(scores),
        "comparisons": len(comparisons),
        "ties": int(comparisons.tie.sum()),
        "equal_scores": int(((comparisons.gaps(scores) == 0) & ~comparisons.tie).sum()),
        "scores_not_finite": int((~np.isfinite(scores)).sum()),
        "clusters": len(np.unique(judged)),
        "ratings": sum(int(rated.ratings.sum()) for rated in data.ratings.values()),
    }
