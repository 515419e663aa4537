"""How likely each comparison is wrong: models that did not train on it, and everyone else who spoke of its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.doctor.crossfit import Held, starts
from plaudit.doctor.noise import NO_FLIPS, Bools, Floats, Noise, fit_noise, fit_stack
from plaudit.doctor.posterior import Evidence, log_odds
from plaudit.groups import Group
from plaudit.judgements import credit
from plaudit.statistics import Measurement, jackknife, proportion, undefined

Ints = NDArray[np.int64]

_TAUS = (0.25, 0.5, 1.0, 2.0)
_TRUSTS = (0.0, 0.5, 1.0)
_ROUNDS = 2
"""Times that what is suspected is believed less as evidence about others. On UKP with flips in 10% of the pairs, two
rounds raised the share of them found from 0.49 to 0.55 at the same precision; a third added little."""

_LEAST_WEIGHT = 1e-3
_GROUPS = 1000
"""Groups that tau and trust are chosen on: two numbers need no more."""


@dataclass(frozen=True)
class Suspicion:
    """Every comparison of every ranking, [C] each.

    Attributes:
        group, ranking, better, worse: where it stands.
        heard: whether others of the group had a say, or the models spoke alone.
        tie: ties are no evidence of a mistake: they are heard, and never suspected.
        models: the probability of what was said by the models alone.
        honest: the same with everyone else of the group heard.
        wrong: the probability that it is the wrong way round; 0 for ties.
        figures: what was measured on the way, by name.
        settled: tau, trust and the noise that fit best.
    """

    group: Ints
    ranking: Ints
    better: Ints
    worse: Ints
    heard: Bools
    tie: Bools
    models: Floats
    honest: Floats
    wrong: Floats
    figures: Mapping[str, Measurement]
    settled: Mapping[str, Any]


@dataclass(frozen=True)
class _Spoken:
    """All comparisons of all groups, [C], and what is believed of them before others are heard.

    Attributes:
        evidence: a part for each group.
        prior: likewise, the models' calibrated scores.
        weight: [C].
        decided: [C], those that are no ties.
        heard: [C], those of groups in which others are heard.
    """

    evidence: Sequence[Evidence]
    prior: Sequence[Floats]
    weight: Floats
    decided: Bools
    heard: Bools

    def odds(self, tau: float, trust: float, doubt: Floats | None = None) -> Floats:
        """[C] log odds of what was said; as evidence about others, each counts as much as it is not doubted."""
        evidence = self.evidence if doubt is None else _doubted(self.evidence, doubt)
        return np.concatenate([log_odds(one, m, tau, trust) for one, m in zip(evidence, self.prior, strict=True)])

    def noise(self, odds: Floats, among: Bools | None = None) -> Noise:
        """The noise that fits the log odds of decided comparisons best, of all or of those `among` a mask."""
        keep = self.decided if among is None else self.decided & among
        return fit_noise(odds[keep], self.heard[keep], self.weight[keep])

    def sampled(self, most: int) -> _Spoken:
        """The comparisons of so many groups or a few more in which others are heard, and not on ties only."""
        sizes = [len(one) for one in self.evidence]
        group = np.repeat(np.arange(len(sizes)), sizes)
        heard = np.unique(group[self.heard & self.decided])
        chosen = heard[:: max(1, len(heard) // most)]
        rows = np.isin(group, chosen)
        return _Spoken(
            [self.evidence[number] for number in chosen],
            [self.prior[number] for number in chosen],
            self.weight[rows],
            self.decided[rows],
            self.heard[rows],
        )

    def loss(self, odds: Floats, noise: Noise) -> float:
        surprise = -np.log(noise.said(odds, self.heard))
        return float(np.average(surprise[self.decided], weights=self.weight[self.decided]))


def suspect(
    groups: Sequence[Group], held: Mapping[str, Sequence[Held]], fold: Ints, unit: Ints, others: bool = True
) -> Suspicion | None:
    """Suspicion of every comparison; None if there is none that is not a tie.

    Args:
        groups: [G].
        held: for each model, what it says in each deal of the groups into folds. Empty: others only.
        fold: [G], by which stacks are cross-fitted, and by which the noise's interval leaves out.
        unit: [G], what intervals are clustered by.
        others: whether other judgements of a group are heard.
    """
    evidence = [Evidence.of(group) for group in groups]
    sizes = [len(one) for one in evidence]
    tie, weight = _all(evidence, "tie", bool), _all(evidence, "weight", float)
    if tie.all():
        return None
    spoken = _Spoken(
        evidence,
        _priors(groups, held, fold, evidence, weight),
        weight,
        ~tie,
        np.repeat([one.heard and others for one in evidence], sizes),
    )
    alone = spoken.odds(0.0, 1.0)
    tau, trust = _best(spoken, bool(held)) if (spoken.heard & ~tie).any() else (0.0, 1.0)
    odds = spoken.odds(tau, trust)
    noise = spoken.noise(odds)
    for _ in range(_ROUNDS if tau else 0):
        odds = spoken.odds(tau, trust, np.where(tie, 0.0, noise.wrong(odds, spoken.heard)))
        noise = spoken.noise(odds)
    of_fold = np.repeat(fold, sizes)
    without = {number: _noise_without(spoken, odds, of_fold == number, noise) for number in np.unique(of_fold[~tie])}
    of_unit = np.repeat(unit, sizes)
    said = {"accuracy_of_models": alone, "accuracy_with_others": odds} if held else {"accuracy_of_others": odds}
    right = {name: proportion(credit(one[~tie]), weight[~tie], of_unit[~tie]) for name, one in said.items()}
    return Suspicion(
        group=np.repeat(np.arange(len(groups)), sizes),
        ranking=_all(evidence, "ranking", int),
        better=_all(evidence, "better", int),
        worse=_all(evidence, "worse", int),
        heard=spoken.heard,
        tie=tie,
        models=noise.honest(alone, np.zeros_like(tie)),
        honest=noise.honest(odds, spoken.heard),
        wrong=np.where(tie, 0.0, noise.wrong(odds, spoken.heard)),
        figures={**_flipped(noise, without, spoken, of_fold), **right},
        settled={"tau": tau, "trust": trust, "scales": noise.scales},
    )


def _best(spoken: _Spoken, models: bool) -> tuple[float, float]:
    """The tau and trust under which what was said is least surprising, each judgement left out of its own odds."""
    spoken = spoken.sampled(_GROUPS)
    grid = [one for one in product(_TAUS, _TRUSTS) if models or one[1] == _TRUSTS[-1]]
    found = [spoken.odds(*one) for one in grid]
    return grid[int(np.argmin([spoken.loss(odds, spoken.noise(odds)) for odds in found]))]


def _noise_without(spoken: _Spoken, odds: Floats, inside: Bools, whole: Noise) -> Noise:
    """The noise of all other folds; of everything, where there is one fold only."""
    rest = ~inside
    return spoken.noise(odds, rest) if (rest & spoken.decided).any() else whole


def _flipped(noise: Noise, without: Mapping[int, Noise], spoken: _Spoken, of_fold: Ints) -> dict[str, Measurement]:
    """The share of flipped comparisons where others are heard, and of contradicted ones where models speak alone; their
    intervals by leaving out a fold at a time."""
    found = {}
    for kind, (name, keep) in enumerate({"contradicted": ~spoken.heard, "flipped": spoken.heard}.items()):
        keep = keep & spoken.decided
        sizes = np.bincount(of_fold[keep], spoken.weight[keep]).astype(np.float64)
        present = [number for number in without if number < len(sizes) and sizes[number] > 0]
        if len(present) > 1:
            shares = np.array([without[number].flipped[kind] for number in present])
            found[name] = _share(noise.flipped[kind], shares, sizes[present], int(keep.sum()))
        elif keep.any():
            found[name] = undefined("with one fold nothing shows how much the share varies")
    return found


def _share(value: float, without: Floats, sizes: Floats, count: int) -> Measurement:
    if np.ptp(without) < NO_FLIPS and value < NO_FLIPS:
        return Measurement(0.0, None, None, count, "no fold shows any, so nothing shows how much the share varies")
    return jackknife(value, without, sizes, count, (0.0, 1.0))


def _priors(
    groups: Sequence[Group],
    held: Mapping[str, Sequence[Held]],
    fold: Ints,
    evidence: Sequence[Evidence],
    weight: Floats,
) -> list[Floats]:
    """[K] calibrated scores of each group: the models' stack, fitted on other folds; zeros where there is no model."""
    if not held or not sum(map(len, evidence)):
        return [np.zeros(one.size) for one in evidence]
    scores = np.stack([np.mean([one.reward for one in deals], axis=0) for deals in held.values()], axis=1)
    known = np.isfinite(scores).all(axis=1)
    scores = np.where(known[:, None], scores, 0.0)
    first = starts(groups)
    parts = zip(first, evidence, strict=True)
    gaps = np.concatenate([scores[start + one.better] - scores[start + one.worse] for start, one in parts])
    tie, of_fold = _all(evidence, "tie", bool), np.repeat(fold, [len(one) for one in evidence])
    stacks = {}
    for number in np.unique(fold):
        rest = of_fold != number
        rest = rest if rest.any() else ~rest
        stacks[number] = fit_stack(gaps[rest], tie[rest], weight[rest])
    return [scores[s : s + one.size] @ stacks[number] for s, one, number in zip(first, evidence, fold, strict=True)]


def _doubted(evidence: Sequence[Evidence], doubt: Floats) -> list[Evidence]:
    """The same evidence, each comparison counting as much as it is believed."""
    ends = np.cumsum([len(one) for one in evidence])[:-1]
    return [
        replace(one, weight=one.weight * np.maximum(1 - mine, _LEAST_WEIGHT))
        for one, mine in zip(evidence, np.split(doubt, ends), strict=True)
    ]


def _all(evidence: Sequence[Evidence], name: str, kind: type) -> Any:
    return np.concatenate([np.zeros(0, kind), *(getattr(one, name) for one in evidence)]).astype(kind)
