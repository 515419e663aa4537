"""Annotators who disagree with everyone, always put one side on top, or give everything the same value."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.data import AlwaysFirst
from plaudit.doctor.findings import Item, Target
from plaudit.groups import Group
from plaudit.judgements import FALSE_DISCOVERIES, PairVotes, agreement_with_others, cluster_ids
from plaudit.statistics import benjamini_hochberg

TIES = "ties in rankings"


def disagreeing(groups: Sequence[Group]) -> Iterator[Item]:
    """Annotators who agree with the majority of the others less often than other people do.

    The test is that of `plaudit.judgements.agreement_with_others`. Removal is proposed only for those whose rate is
    nearer to one half than to the crowd's.
    """
    names, votes = _votes(groups)
    for voter, told in agreement_with_others(votes).items():
        rate, crowd = told.rate, told.crowd
        if not told.named or rate.value is None or crowd is None or told.q is None:
            continue
        name = names[voter]
        interval = f" [{rate.low:.0%}, {rate.high:.0%}]" if rate.low is not None and rate.high is not None else ""
        yield Item(
            kind="annotator-disagrees",
            suspicion=1 - told.q,
            what=f"{name} agrees with the majority of the others on {rate.value:.0%}{interval} of {rate.n:,} "
            f"comparisons; other people on {crowd:.0%} of theirs",
            keep=rate.value >= (0.5 + crowd) / 2,
            evidence={"agreement": rate.to_json(), "crowd": round(crowd, 4), "p": told.p, "q": told.q},
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
        if q is None or q > FALSE_DISCOVERIES:
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


def _votes(groups: Sequence[Group]) -> tuple[list[str], PairVotes]:
    """The names of annotators, and their votes. Judging a pair more than once is one vote."""
    numbers: dict[str, int] = {}
    rows: list[tuple[int, int, float, int]] = []
    pairs = 0
    for cluster, group in zip(cluster_ids(groups), groups, strict=True):
        for votes in _votes_by_pair(group).values():
            for name, vote in votes.items():
                rows.append((pairs, numbers.setdefault(name, len(numbers)), float(np.sign(vote)), int(cluster)))
            pairs += 1
    pair, voter, sign, prompt = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    numbered = [column.astype(np.int64) for column in (pair, voter, prompt)]
    return [*numbers], PairVotes(pair=numbered[0], voter=numbered[1], sign=sign, cluster=numbered[2])


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
