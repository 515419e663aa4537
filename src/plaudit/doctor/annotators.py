"""Annotators who disagree with everyone, always take one side, or give everything the same value."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from plaudit.data import AlwaysFirst
from plaudit.doctor.findings import Item, Target
from plaudit.groups import Group
from plaudit.judgements import cluster_ids
from plaudit.statistics import Measurement, benjamini_hochberg, proportion

LEVEL = 0.01
"""Of the annotators who are named, the share expected to be named for nothing (false discovery rate)."""

LEAST = 5
"""Shared comparisons below which nobody can be told from the crowd, and nobody is tested."""

TIES = "ties in rankings"


@dataclass
class _Votes:
    """What one annotator said of comparisons on which the others have a majority: a row each.

    Attributes:
        agreed: 1 if it is what the majority of the others said.
        cluster: the prompt.
        others: on all comparisons they had a part in, how many votes of others agree with the majority of the rest, and
            how many there are.
    """

    agreed: list[float] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)
    others: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    @property
    def own(self) -> NDArray[np.float64]:
        return np.array([sum(self.agreed), len(self.agreed)])

    @property
    def rate(self) -> Measurement:
        agreed = np.array(self.agreed)
        return proportion(agreed, np.ones(len(agreed)), np.array(self.cluster))


def disagreeing(groups: Sequence[Group]) -> Iterator[Item]:
    """Annotators who agree with the majority of the others less often than other people do.

    Fisher's exact test, one-sided, against everyone else on comparisons that this annotator had no part in (of two who
    differ, nobody knows who is wrong); on the same comparisons, where they had a part in nearly all. Benjamini &
    Hochberg over all annotators with `LEAST` shared comparisons. Removal is proposed only for those who are nearer to a
    coin than to the crowd.
    """
    votes = _shared(groups)
    total = np.sum([one.own for one in votes.values()], axis=0) if votes else np.zeros(2)
    said = {name: one for name, one in votes.items() if len(one.agreed) >= LEAST}
    crowd: dict[str, float] = {}
    p: dict[str, float | None] = {}
    for name, one in said.items():
        apart = total - one.own - one.others
        agreeing, count = apart if apart[1] >= LEAST else one.others
        crowd[name] = float(agreeing / count)
        own, all_own = one.own
        table = [[own, all_own - own], [agreeing, count - agreeing]]
        p[name] = float(fisher_exact(np.array(table, dtype=int), alternative="less").pvalue)
    for name, q in benjamini_hochberg(p).items():
        rate = said[name].rate
        if q is None or q > LEVEL or rate.value is None:
            continue
        interval = f" [{rate.low:.0%}, {rate.high:.0%}]" if rate.low is not None and rate.high is not None else ""
        yield Item(
            "annotator-disagrees",
            1 - q,
            f"{name} agrees with the majority of the others on {rate.value:.0%}{interval} of {rate.n:,} comparisons; "
            f"other people on {crowd[name]:.0%} of theirs",
            keep=rate.value >= (0.5 + crowd[name]) / 2,
            evidence={"agreement": rate.to_json(), "crowd": round(crowd[name], 4), "p": p[name], "q": q},
            target=Target(annotator=name),
        )


def one_sided(found: Mapping[str, Sequence[AlwaysFirst]], groups: Sequence[Group]) -> Iterator[Item]:
    """Annotators who put the response on one side of the row on top every time (`plaudit.data.position_bias`), by side.

    Someone who is the only annotator may have chosen the first by construction (chosen and rejected columns): that is
    worth a look, and no more.
    """
    alone = len({ranking.annotator for group in groups for ranking in group.rankings} - {None}) < 2
    for side, annotators in found.items():
        for one in annotators:
            yield Item(
                "annotator-one-sided",
                1 - one.p_value,
                f"{one.annotator} put the {side} response on top in all {one.rankings:,} rankings",
                keep=alone,
                evidence={"side": side, "rankings": one.rankings, "p": one.p_value},
                target=Target(annotator=one.annotator),
            )


def without_variance(groups: Sequence[Group]) -> Iterator[Item]:
    """Annotators whose ratings of an attribute are all one value, or who call every pair a tie, beyond chance.

    The p-value is the chance that so many answers drawn from everyone else's would all be the same one (or all be
    ties); the family is everyone who never varies.
    """
    given: dict[str, dict[str, Counter[float]]] = defaultdict(lambda: defaultdict(Counter))
    for group in groups:
        for rating in group.ratings:
            if rating.annotator is not None:
                given[rating.attribute][rating.annotator][rating.value] += 1
        for ranking in group.rankings:
            if ranking.annotator is not None and sum(map(len, ranking.tiers)) > 1:
                given[TIES][ranking.annotator][float(len(ranking.tiers) == 1)] += 1
    constant: dict[str, float | None] = {}
    described: dict[str, tuple[str, str, float, int]] = {}
    for attribute, people in given.items():
        total = sum(people.values(), Counter())
        for name, values in people.items():
            value, times = next(iter(values.items()))
            others = total - values
            if len(values) > 1 or not others or (attribute == TIES and not value):
                continue
            key = f"{attribute}\0{name}"
            same = [others[1.0]] if attribute == TIES else others.values()
            constant[key] = sum((count / others.total()) ** times for count in same)
            described[key] = (attribute, name, value, times)
    for key, q in benjamini_hochberg(constant).items():
        attribute, name, value, times = described[key]
        if q is None or q > LEVEL:
            continue
        every = f"calls all {times:,} rankings ties"
        what = every if attribute == TIES else f"gives {value:g} to all {times:,} on {attribute}"
        evidence = {"attribute": attribute, "value": value, "times": times, "p": constant[key], "q": q}
        yield Item("annotator-no-variance", 1 - q, f"{name} {what}", evidence=evidence, target=Target(annotator=name))


def _shared(groups: Sequence[Group]) -> dict[str, _Votes]:
    """Each annotator's votes on comparisons that others decided. Who judged a pair more than once speaks once."""
    found: dict[str, _Votes] = defaultdict(_Votes)
    for cluster, group in zip(cluster_ids(groups), groups, strict=True):
        for cast in _cast(group).values():
            signs = {name: int(np.sign(vote)) for name, vote in cast.items()}
            whole = sum(signs.values())
            agreed = {name: sign == np.sign(whole - sign) for name, sign in signs.items() if sign and whole != sign}
            everyone = np.array([sum(agreed.values()), len(agreed)], dtype=float)
            for name in signs:
                own = agreed.get(name)
                if own is not None:
                    found[name].agreed.append(float(own))
                    found[name].cluster.append(cluster)
                found[name].others += everyone - (0 if own is None else own, own is not None)
    return found


def _cast(group: Group) -> dict[tuple[int, int], dict[str, int]]:
    """Pair of responses -> annotator -> votes for the lower index minus votes for the higher."""
    cast: dict[tuple[int, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for ranking in group.rankings:
        if ranking.annotator is None:
            continue
        for better, worse, tied in ranking.comparisons():
            pair = min(better, worse), max(better, worse)
            cast[pair][ranking.annotator] += 0 if tied else 1 if better < worse else -1
    return cast
