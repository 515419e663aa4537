"""Label errors in comparisons: how likely each is wrong, by out-of-fold models and the other votes of its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from plaudit.doctor.crossfit import OutOfFoldScores
from plaudit.doctor.folds import PerGroup
from plaudit.doctor.noise import NO_FLIPS, NoiseModel, fit_noise, fit_stack
from plaudit.groups import Group
from plaudit.judgements import Evidence, credit, log_odds, response_starts
from plaudit.statistics import Measurement, jackknife, proportion, undefined

PerComparison = Float[np.ndarray, " comparisons"]
Indices = Int[np.ndarray, " comparisons"]
Mask = Bool[np.ndarray, " comparisons"]

_TAUS = (0.25, 0.5, 1.0, 2.0)
_TRUSTS = (0.0, 0.5, 1.0)
_DISCOUNT_ROUNDS = 2
"""How often suspected judgements are discounted as evidence about others. On UKP with flips in 10% of the pairs, two
rounds raised the share of them that is detected from 0.49 to 0.55 at the same precision; a third added little."""

_MIN_WEIGHT = 1e-3
_TUNING_GROUPS = 1000
"""Groups on which tau and trust are selected: two numbers need no more."""


@dataclass(frozen=True)
class LabelErrors:
    """How likely every comparison of every ranking is wrong, [C] each.

    Attributes:
        group, ranking, better, worse: the comparison: indices of its group, of its ranking and two responses there.
        has_other_votes: whether other votes of the group counted, or the models alone.
        tie: ties are never suspected. They count as evidence about others.
        p_by_models: probability of the judgement by the models alone.
        p_combined: probability of the judgement given the other votes of the group too.
        p_wrong: probability that the judgement is the wrong way round; 0 for ties.
        figures: what was measured on the way, by name.
        parameters: tau, trust and noise scales, selected by likelihood.
    """

    group: Indices
    ranking: Indices
    better: Indices
    worse: Indices
    has_other_votes: Mask
    tie: Mask
    p_by_models: PerComparison
    p_combined: PerComparison
    p_wrong: PerComparison
    figures: Mapping[str, Measurement]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class _EvidenceSet:
    """The comparisons of all groups, with the models' scores as their prior.

    Attributes:
        evidence: of each group; C comparisons in all.
        priors: of each group, the models' calibrated scores.
        weight: [C].
        decided: [C], those that are no ties.
        has_other_votes: [C].
    """

    evidence: Sequence[Evidence]
    priors: Sequence[Float[np.ndarray, " _"]]
    weight: PerComparison
    decided: Mask
    has_other_votes: Mask

    def log_odds(self, tau: float, trust: float, p_wrong: PerComparison | None = None) -> PerComparison:
        """[C], leave-one-out log odds of each observed comparison.

        Args:
            tau, trust: see `plaudit.judgements.log_odds`.
            p_wrong: [C], by which each comparison is discounted as evidence about the others.
        """
        evidence = self.evidence if p_wrong is None else _discounted(self.evidence, p_wrong)
        by_group = zip(evidence, self.priors, strict=True)
        return np.concatenate([log_odds(comparisons, prior, tau, trust) for comparisons, prior in by_group])

    def fit_noise(self, odds: PerComparison, subset: Mask | None = None) -> NoiseModel:
        """The noise that fits these log odds of decided comparisons, of all or of a subset."""
        keep = self.decided if subset is None else self.decided & subset
        return fit_noise(odds[keep], self.has_other_votes[keep], self.weight[keep])

    def negative_log_likelihood(self, odds: PerComparison, noise: NoiseModel) -> float:
        """The weighted mean over decided comparisons."""
        losses = -np.log(noise.observed_probability(odds, self.has_other_votes))
        return float(np.average(losses[self.decided], weights=self.weight[self.decided]))

    def sample(self, count: int) -> _EvidenceSet:
        """About `count` of the groups that have other votes, and not only ties, evenly spaced."""
        sizes = [len(comparisons) for comparisons in self.evidence]
        group = np.repeat(np.arange(len(sizes)), sizes)
        eligible = np.unique(group[self.has_other_votes & self.decided])
        chosen = eligible[:: max(1, len(eligible) // count)]
        rows = np.isin(group, chosen)
        return _EvidenceSet(
            evidence=[self.evidence[number] for number in chosen],
            priors=[self.priors[number] for number in chosen],
            weight=self.weight[rows],
            decided=self.decided[rows],
            has_other_votes=self.has_other_votes[rows],
        )


def find_label_errors(
    groups: Sequence[Group],
    out_of_fold: Mapping[str, Sequence[OutOfFoldScores]],
    fold: PerGroup,
    unit: PerGroup,
    use_other_votes: bool = True,
) -> LabelErrors | None:
    """How likely every comparison is wrong; None if all are ties.

    Args:
        groups: [G].
        out_of_fold: model -> its scores under each assignment of groups to folds. Empty: other votes only.
        fold: [G], by which stacks are cross-fitted, and which the noise's interval leaves out one at a time.
        unit: [G], by which intervals are clustered.
        use_other_votes: whether the other judgements of a group count, beside the models.
    """
    evidence = [Evidence.of(group) for group in groups]
    sizes = [len(comparisons) for comparisons in evidence]
    tie, weight = _column(evidence, "tie", bool), _column(evidence, "weight", float)
    if tie.all():
        return None
    data = _EvidenceSet(
        evidence=evidence,
        priors=_stacked_scores(groups, out_of_fold, fold, evidence, weight),
        weight=weight,
        decided=~tie,
        has_other_votes=np.repeat([one.has_other_votes and use_other_votes for one in evidence], sizes),
    )
    by_models = data.log_odds(0.0, 1.0)
    tau, trust, combined, noise = _combine(data, bool(out_of_fold))
    by_name = {"accuracy_of_models": by_models, "accuracy_with_others": combined}
    predictions = by_name if out_of_fold else {"accuracy_of_others": combined}
    of_unit = np.repeat(unit, sizes)
    accuracies = {
        name: proportion(credit(odds[~tie]), weight[~tie], of_unit[~tie]) for name, odds in predictions.items()
    }
    return LabelErrors(
        group=np.repeat(np.arange(len(groups)), sizes),
        ranking=_column(evidence, "ranking", int),
        better=_column(evidence, "better", int),
        worse=_column(evidence, "worse", int),
        has_other_votes=data.has_other_votes,
        tie=tie,
        p_by_models=noise.clean_probability(by_models, np.zeros_like(tie)),
        p_combined=noise.clean_probability(combined, data.has_other_votes),
        p_wrong=np.where(tie, 0.0, noise.flip_probability(combined, data.has_other_votes)),
        figures={**_flip_rates(data, combined, np.repeat(fold, sizes), noise), **accuracies},
        parameters={"tau": tau, "trust": trust, "scales": (noise.models_only.scale, noise.with_votes.scale)},
    )


def _combine(data: _EvidenceSet, has_models: bool) -> tuple[float, float, PerComparison, NoiseModel]:
    """tau, trust, the log odds [C] by models and other votes, and their noise."""
    tau, trust = _select(data, has_models) if (data.has_other_votes & data.decided).any() else (0.0, 1.0)
    odds = data.log_odds(tau, trust)
    noise = data.fit_noise(odds)
    for _ in range(_DISCOUNT_ROUNDS if tau else 0):
        p_wrong = np.where(data.decided, noise.flip_probability(odds, data.has_other_votes), 0.0)
        odds = data.log_odds(tau, trust, p_wrong)
        noise = data.fit_noise(odds)
    return tau, trust, odds, noise


def _select(data: _EvidenceSet, has_models: bool) -> tuple[float, float]:
    """The tau and trust of the highest leave-one-out likelihood. Without models, trust means nothing."""
    sample = data.sample(_TUNING_GROUPS)
    grid = [(tau, trust) for tau, trust in product(_TAUS, _TRUSTS) if has_models or trust == _TRUSTS[-1]]
    odds = [sample.log_odds(tau, trust) for tau, trust in grid]
    return grid[int(np.argmin([sample.negative_log_likelihood(z, sample.fit_noise(z)) for z in odds]))]


def _flip_rates(data: _EvidenceSet, odds: PerComparison, fold: Indices, noise: NoiseModel) -> dict[str, Measurement]:
    """The flip rates of comparisons with other votes (`flipped`) and without (`contradicted`).

    Their intervals leave out one fold at a time.

    Args:
        data: C comparisons.
        odds: [C].
        fold: [C].
        noise: fitted to all folds.
    """
    refits = {number: _noise_without(data, odds, fold == number, noise) for number in np.unique(fold[data.decided])}
    rates: dict[str, Measurement] = {}
    for name, kind, mask in (
        ("contradicted", "models_only", ~data.has_other_votes),
        ("flipped", "with_votes", data.has_other_votes),
    ):
        keep = mask & data.decided
        sizes = np.bincount(fold[keep], data.weight[keep]).astype(np.float64)
        present = [number for number in refits if number < len(sizes) and sizes[number] > 0]
        if len(present) > 1:
            without = np.array([getattr(refits[number], kind).flip_rate for number in present])
            rates[name] = _rate(getattr(noise, kind).flip_rate, without, sizes[present], int(keep.sum()))
        elif keep.any():
            rates[name] = undefined("with one fold nothing shows how much the share varies")
    return rates


def _noise_without(data: _EvidenceSet, odds: PerComparison, fold: Mask, noise: NoiseModel) -> NoiseModel:
    """The noise fitted to all other folds; that of all, where there is only one fold."""
    rest = ~fold
    return data.fit_noise(odds, rest) if (rest & data.decided).any() else noise


def _rate(
    value: float, without: Float[np.ndarray, " folds"], sizes: Float[np.ndarray, " folds"], count: int
) -> Measurement:
    if np.ptp(without) < NO_FLIPS and value < NO_FLIPS:
        return Measurement(0.0, None, None, count, "no fold shows any, so nothing shows how much the share varies")
    return jackknife(value, without, sizes, count, (0.0, 1.0))


def _stacked_scores(
    groups: Sequence[Group],
    out_of_fold: Mapping[str, Sequence[OutOfFoldScores]],
    fold: PerGroup,
    evidence: Sequence[Evidence],
    weight: PerComparison,
) -> list[Float[np.ndarray, " responses"]]:
    """[K] calibrated scores of each group: the stack of the models, fitted on other folds; zeros without a model."""
    if not out_of_fold or not sum(map(len, evidence)):
        return [np.zeros(comparisons.n_responses) for comparisons in evidence]
    # [R, M]: a model's scores are averaged over the assignments to folds.
    averages = [np.mean([scores.reward for scores in repeats], axis=0) for repeats in out_of_fold.values()]
    scores = np.stack(averages, axis=1)
    known = np.isfinite(scores).all(axis=1)
    scores = np.where(known[:, None], scores, 0.0)
    starts = response_starts(groups)[:-1]
    gaps = np.concatenate(
        [scores[start + one.better] - scores[start + one.worse] for start, one in zip(starts, evidence, strict=True)]
    )
    tie, of_fold = _column(evidence, "tie", bool), np.repeat(fold, [len(comparisons) for comparisons in evidence])
    stacks = {}
    for number in np.unique(fold):
        rest = of_fold != number
        rest = rest if rest.any() else ~rest
        stacks[number] = fit_stack(gaps[rest], tie[rest], weight[rest])
    by_group = zip(starts, evidence, fold, strict=True)
    return [scores[start : start + one.n_responses] @ stacks[number] for start, one, number in by_group]


def _discounted(evidence: Sequence[Evidence], p_wrong: PerComparison) -> list[Evidence]:
    """The same evidence, each comparison weighted by the probability that it is right."""
    ends = np.cumsum([len(comparisons) for comparisons in evidence])[:-1]
    return [
        replace(comparisons, weight=comparisons.weight * np.maximum(1 - wrong, _MIN_WEIGHT))
        for comparisons, wrong in zip(evidence, np.split(p_wrong, ends), strict=True)
    ]


def _column(evidence: Sequence[Evidence], name: str, kind: type) -> Any:
    """One column of all groups' evidence, [C]."""
    return np.concatenate([np.zeros(0, kind), *(getattr(one, name) for one in evidence)]).astype(kind)
