"""Annotators who disagree with everyone, always put one side on top, or give everything the same value."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from scipy.stats import fisher_exact

from plaudit.data import AlwaysFirst
from plaudit.doctor.findings import Item, Target
from plaudit.groups import Group
from plaudit.judgements import cluster_ids
from plaudit.statistics import Measurement, benjamini_hochberg, proportion

LEVEL = 0.01
"""False discovery rate: of the annotators who are named, the share expected to be named wrongly."""

MIN_SHARED = 5
"""Annotators with fewer shared comparisons cannot be told from the crowd, and are not tested."""

TIES = "ties in rankings"

Tally = Float[np.ndarray, "2"]
"""Agreeing votes, and all votes."""


@dataclass
class _SharedVotes:
    """One annotator's votes on comparisons that other annotators decided.

    Attributes:
        agreed: [n], 1 for each vote that agrees with the majority of the others.
        cluster: [n], the prompt.
        others: on all comparisons that this annotator voted on, the votes of others, counted against the majority of
            everyone but the voter.
    """

    agreed: list[float] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)
    others: Tally = field(default_factory=lambda: np.zeros(2))

    @property
    def tally(self) -> Tally:
        return np.array([sum(self.agreed), len(self.agreed)], dtype=float)

    @property
    def rate(self) -> Measurement:
        agreed = np.array(self.agreed)
        return proportion(agreed, np.ones(len(agreed)), np.array(self.cluster))


def disagreeing(groups: Sequence[Group]) -> Iterator[Item]:
    """Annotators who agree with the majority of the others less often than other people do.

    Fisher's exact test, one-sided, against everyone else on comparisons that this annotator did not vote on (of two who
    differ, nobody knows who is wrong); on the same comparisons, where the annotator voted on nearly all. Benjamini &
    Hochberg over all annotators with `MIN_SHARED` comparisons. Removal is proposed only for those whose rate is nearer
    to one half than to the crowd's.
    """
    votes = _shared_votes(groups)
    total = np.sum([annotator.tally for annotator in votes.values()], axis=0) if votes else np.zeros(2)
    tested = {name: annotator for name, annotator in votes.items() if len(annotator.agreed) >= MIN_SHARED}
    crowd: dict[str, float] = {}
    p_values: dict[str, float | None] = {}
    for name, annotator in tested.items():
        elsewhere = total - annotator.tally - annotator.others
        crowd_agrees, crowd_votes = elsewhere if elsewhere[1] >= MIN_SHARED else annotator.others
        crowd[name] = float(crowd_agrees / crowd_votes)
        agrees, count = annotator.tally
        table = [[agrees, count - agrees], [crowd_agrees, crowd_votes - crowd_agrees]]
        p_values[name] = float(fisher_exact(np.array(table, dtype=int), alternative="less").pvalue)
    for name, q in benjamini_hochberg(p_values).items():
        rate = tested[name].rate
        if q is None or q > LEVEL or rate.value is None:
            continue
        interval = f" [{rate.low:.0%}, {rate.high:.0%}]" if rate.low is not None and rate.high is not None else ""
        yield Item(
            kind="annotator-disagrees",
            suspicion=1 - q,
            what=f"{name} agrees with the majority of the others on {rate.value:.0%}{interval} of {rate.n:,} "
            f"comparisons; other people on {crowd[name]:.0%} of theirs",
            keep=rate.value >= (0.5 + crowd[name]) / 2,
            evidence={"agreement": rate.to_json(), "crowd": round(crowd[name], 4), "p": p_values[name], "q": q},
            target=Target(annotator=name),
        )


def one_sided(by_side: Mapping[str, Sequence[AlwaysFirst]], groups: Sequence[Group]) -> Iterator[Item]:
    """Annotators who put the response on one side of the row on top every time, by side.

    The only annotator of a set may stand for rows whose first response is the chosen one by construction; then the item
    is for people to look at, and no removal is proposed.

    Args:
        by_side: from `plaudit.data.position_bias`.
        groups: the judgements.
    """
    only_annotator = len({ranking.annotator for group in groups for ranking in group.rankings} - {None}) < 2
    for side, annotators in by_side.items():
        for annotator in annotators:
            yield Item(
                kind="annotator-one-sided",
                suspicion=1 - annotator.p_value,
                what=f"{annotator.annotator} put the {side} response on top in all {annotator.rankings:,} rankings",
                keep=only_annotator,
                evidence={"side": side, "rankings": annotator.rankings, "p": annotator.p_value},
                target=Target(annotator=annotator.annotator),
            )


@dataclass(frozen=True, slots=True)
class _Constant:
    """An annotator who gave one value every time; for `TIES`, 1 is a tie."""

    attribute: str
    annotator: str
    value: float
    times: int

    @property
    def what(self) -> str:
        if self.attribute == TIES:
            return f"{self.annotator} calls all {self.times:,} rankings ties"
        return f"{self.annotator} gives {self.value:g} to all {self.times:,} on {self.attribute}"


def without_variance(groups: Sequence[Group]) -> Iterator[Item]:
    """Annotators whose ratings of an attribute are all one value, or who call every pair a tie, beyond chance.

    The p-value is the probability that so many values drawn from everyone else's are all the same (or all ties). The
    family of Benjamini & Hochberg is everyone who never varies.
    """
    constants: dict[str, _Constant] = {}
    p_values: dict[str, float | None] = {}
    for attribute, by_annotator in _values_by_annotator(groups).items():
        total = sum(by_annotator.values(), Counter())
        for name, values in by_annotator.items():
            value, times = next(iter(values.items()))
            others = total - values
            if len(values) > 1 or not others or (attribute == TIES and not value):
                continue
            key = f"{attribute}\0{name}"
            counts = [others[1.0]] if attribute == TIES else others.values()
            p_values[key] = sum((count / others.total()) ** times for count in counts)
            constants[key] = _Constant(attribute=attribute, annotator=name, value=value, times=times)
    for key, q in benjamini_hochberg(p_values).items():
        if q is None or q > LEVEL:
            continue
        constant = constants[key]
        yield Item(
            kind="annotator-no-variance",
            suspicion=1 - q,
            what=constant.what,
            evidence={
                "attribute": constant.attribute,
                "value": constant.value,
                "times": constant.times,
                "p": p_values[key],
                "q": q,
            },
            target=Target(annotator=constant.annotator),
        )


def _values_by_annotator(groups: Sequence[Group]) -> dict[str, dict[str, Counter[float]]]:
    """Attribute -> annotator -> how often each value; and under `TIES`, how often a ranking is one tie."""
    values: dict[str, dict[str, Counter[float]]] = defaultdict(lambda: defaultdict(Counter))
    for group in groups:
        for rating in group.ratings:
            if rating.annotator is not None:
                values[rating.attribute][rating.annotator][rating.value] += 1
        for ranking in group.rankings:
            if ranking.annotator is not None and sum(map(len, ranking.tiers)) > 1:
                values[TIES][ranking.annotator][float(len(ranking.tiers) == 1)] += 1
    return values


def _shared_votes(groups: Sequence[Group]) -> dict[str, _SharedVotes]:
    """Each annotator's votes on comparisons that others decided. Judging a pair more than once is one vote."""
    shared: dict[str, _SharedVotes] = defaultdict(_SharedVotes)
    for cluster, group in zip(cluster_ids(groups), groups, strict=True):
        for votes in _votes_by_pair(group).values():
            signs = {name: int(np.sign(vote)) for name, vote in votes.items()}
            total = sum(signs.values())
            agreed = {name: sign == np.sign(total - sign) for name, sign in signs.items() if sign and total != sign}
            everyone = np.array([sum(agreed.values()), len(agreed)], dtype=float)
            for name in signs:
                if name in agreed:
                    shared[name].agreed.append(float(agreed[name]))
                    shared[name].cluster.append(cluster)
                    shared[name].others += everyone - np.array([agreed[name], 1.0])
                else:
                    shared[name].others += everyone
    return shared


def _votes_by_pair(group: Group) -> dict[tuple[int, int], dict[str, int]]:
    """Pair of responses -> annotator -> votes for the lower index minus votes for the higher."""
    votes: dict[tuple[int, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for ranking in group.rankings:
        if ranking.annotator is None:
            continue
        for better, worse, tied in ranking.comparisons():
            pair = min(better, worse), max(better, worse)
            votes[pair][ranking.annotator] += 0 if tied else 1 if better < worse else -1
    return votes
