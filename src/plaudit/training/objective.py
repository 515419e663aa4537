"""From the head's outputs and the judgements to one loss: which loss reads which judgement, in what proportion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from plaudit.forest import on_device
from plaudit.losses import RATING_LOSSES, centering
from plaudit.model import Outputs
from plaudit.training.group_targets import GroupTargets
from plaudit.training.settings import TrainingSettings
from plaudit.training.targets import ComparisonTargets, RankingTargets, RatingTargets

RawOutputs = Float[torch.Tensor, "responses heads outputs"]
Rewards = Float[torch.Tensor, "responses heads"]


@dataclass(frozen=True, slots=True)
class LossTerm:
    """The losses of one kind of judgement: their weighted sum, and the weights' sum. With several heads, both are means
    over the heads' samples."""

    loss: Float[torch.Tensor, ""]
    weight: float


@dataclass(frozen=True, slots=True)
class TrainingObjective:
    """What a run minimises: the weighted sum of every judgement's loss, to be divided by the weights' sum.

    Rankings are judgements of the reward, ratings of their own attribute. With K heads, each learns from its own
    bootstrap sample of the judgements, and the loss is their mean.

    Attributes:
        settings: the losses' names and options.
        outputs: of the head.
    """

    settings: TrainingSettings
    outputs: Outputs

    def without_regularisation(self) -> TrainingObjective:
        """Without label smoothing and centring, so that validation losses of different runs compare."""
        return replace(self, settings=replace(self.settings, label_smoothing=0.0, centering=0.0))

    def __call__(
        self,
        raw: RawOutputs,
        targets: GroupTargets,
        *,
        cuts: Mapping[str, Float[torch.Tensor, " _"]],
        reliability: Float[torch.Tensor, " annotators"] | None = None,
    ) -> dict[str, LossTerm]:
        """Losses by kind of judgement.

        Args:
            raw: the head's outputs.
            targets: the judgements of these responses.
            cuts: cut-points of ordinal attributes.
            reliability: what each annotator's score gaps are multiplied by.

        Returns:
            `rankings` and `ratings`, those of which there are any.
        """
        terms = {}
        if targets.rankings is None and len(targets.comparisons):
            terms["rankings"] = self._of_comparisons(self.outputs.rewards(raw), targets.comparisons, reliability)
        elif targets.rankings is not None and len(targets.rankings):
            terms["rankings"] = self._of_rankings(self.outputs.rewards(raw), targets.rankings)
        if len(targets.ratings):
            terms["ratings"] = self._of_ratings(raw, targets.ratings, cuts, targets.rating_weight)
        return terms

    def _of_comparisons(
        self, rewards: Rewards, targets: ComparisonTargets, reliability: Float[torch.Tensor, " annotators"] | None
    ) -> LossTerm:
        tensor = partial(on_device, device=rewards.device)
        better, worse = rewards[tensor(targets.better)], rewards[tensor(targets.worse)]
        gap = better - worse
        if reliability is not None:
            # One more, of 1, for those whom nobody named: `NOBODY` is -1.
            known = torch.cat([reliability, reliability.new_ones(1)])
            gap = gap * known[tensor(targets.annotator)][:, None]
        options: dict[str, Any] = {
            "ties": self.settings.ties,
            "margin": self.settings.margin * tensor(targets.strength, dtype=gap.dtype)[:, None],
            "label_smoothing": self.settings.label_smoothing,
        }
        loss, parameter = self.settings.ranking_loss
        taken = {name: options[name] for name in loss.takes}
        losses = loss.function(gap, tensor(targets.tie)[:, None], **parameter, **taken)
        if self.settings.centering:
            losses = losses + self.settings.centering * centering(better, worse)
        return _weighted_sum(losses, targets.bootstrap_counts, targets.weight)

    def _of_rankings(self, rewards: Rewards, targets: RankingTargets) -> LossTerm:
        response, tier, bootstrap_counts = targets.padded()
        tiers = on_device(tier, rewards.device)[:, None]
        scores = rewards[on_device(response, rewards.device)].transpose(1, 2)
        loss, parameter = self.settings.ranking_loss
        losses = loss.function(scores, tiers, **parameter)
        if self.settings.centering:
            # (r_a + r_b)² of a pair, for any number: the square of twice the mean.
            mean = torch.where(tiers >= 0, scores, 0.0).sum(-1) / (tiers >= 0).sum(-1)
            losses = losses + self.settings.centering * centering(mean, mean)
        return _weighted_sum(losses, bootstrap_counts, targets.weight)

    def _of_ratings(
        self,
        raw: RawOutputs,
        targets: RatingTargets,
        cuts: Mapping[str, Float[torch.Tensor, " _"]],
        rating_weight: float,
    ) -> LossTerm:
        scores, columns = self.outputs.scores(raw), self.outputs.columns(raw)
        function = RATING_LOSSES[self.settings.rating_loss].function
        total, weight = raw.new_zeros(()), 0.0
        for number, attribute in enumerate(self.outputs.attributes):
            rated = targets.rows(targets.attribute == number)
            if not len(rated):
                continue
            rows = on_device(rated.response, raw.device)
            values = scores[rows][..., number]
            level = on_device(rated.level, raw.device)[:, None].expand_as(values)
            if attribute.readout == "ordinal":
                losses = function(values, level, cuts[attribute.name])
            elif attribute.readout == "classes":
                losses = function(columns[number][rows], level)
            else:
                target = on_device(rated.target, raw.device, values.dtype)[:, None]
                losses = function(values, target.expand_as(values))
            term = _weighted_sum(losses, rated.bootstrap_counts, rated.weight * rating_weight)
            total, weight = total + term.loss, weight + term.weight
        return LossTerm(total, weight)


def _weighted_sum(
    losses: Float[torch.Tensor, "judgements heads"],
    bootstrap_counts: Float[np.ndarray, "judgements heads"],
    weight: Float[np.ndarray, " judgements"],
) -> LossTerm:
    """The weighted sum of losses, averaged over heads."""
    shares = on_device(bootstrap_counts * weight[:, None], losses.device, losses.dtype)
    total = (losses * (shares / losses.shape[1])).sum()
    return LossTerm(total, float((weight * bootstrap_counts.mean(1)).sum()))
