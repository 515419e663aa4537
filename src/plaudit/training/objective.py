"""From the head's outputs and what people said to one loss: which loss reads which judgement, in what proportion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from plaudit.losses import centering, classes, cumulative_link, huber, mae, mse
from plaudit.model import Outputs
from plaudit.training.judged import Judged
from plaudit.training.settings import TrainingSettings
from plaudit.training.targets import ComparisonTargets, RankedPlaces, RatingTargets

_OF_VALUES = {"mse": mse, "mae": mae, "huber": huber}


@dataclass(frozen=True, slots=True)
class LossTerm:
    """The losses of one kind of judgement: their weighted sum, and the weights' sum. With several heads, both are means
    over the heads' samples."""

    loss: torch.Tensor
    weight: float


@dataclass(frozen=True, slots=True)
class TrainingObjective:
    """What a run minimises: the weighted sum of every judgement's loss, to be divided by the weights' sum.

    Rankings are judgements of the reward, ratings of their own attribute. With K heads, each learns from its own copies
    of the judgements, and the loss is their mean.

    Attributes:
        settings: the losses' names and options.
        outputs: what the head says.
    """

    settings: TrainingSettings
    outputs: Outputs

    def bare(self) -> TrainingObjective:
        """Without label smoothing and centring, so that held-out losses of different runs compare."""
        return replace(self, settings=self.settings.with_changes({"label_smoothing": 0.0, "centering": 0.0}, "bare"))

    def __call__(
        self,
        raw: torch.Tensor,
        judged: Judged,
        *,
        cuts: Mapping[str, torch.Tensor],
        reliability: torch.Tensor | None = None,
    ) -> dict[str, LossTerm]:
        """Losses by kind of judgement.

        Args:
            raw: `[R, K, W]`, the head's outputs.
            judged: what was said of the R responses.
            cuts: cut-points of ordinal attributes.
            reliability: `[annotators]`, what each annotator's score gaps are multiplied by.

        Returns:
            `rankings` and `ratings`, those of which there are any.
        """
        parts = {}
        if judged.places is None and len(judged.comparisons):
            parts["rankings"] = self._of_comparisons(self.outputs.rewards(raw), judged.comparisons, reliability)
        elif judged.places is not None and len(judged.places):
            parts["rankings"] = self._of_rankings(self.outputs.rewards(raw), judged.places)
        if len(judged.ratings):
            parts["ratings"] = self._of_ratings(raw, judged.ratings, cuts, judged.rating_weight)
        return parts

    def _of_comparisons(
        self, rewards: torch.Tensor, said: ComparisonTargets, reliability: torch.Tensor | None
    ) -> LossTerm:
        tensor = partial(torch.as_tensor, device=rewards.device)
        better, worse = rewards[tensor(said.better)], rewards[tensor(said.worse)]
        gap = better - worse
        if reliability is not None:
            # One more, of 1, for those whom nobody named.
            known = torch.cat([reliability, reliability.new_ones(1)])
            gap = gap * known[tensor(said.annotator)][:, None]
        options: dict[str, Any] = {
            "ties": self.settings.ties,
            "margin": self.settings.margin * tensor(said.strength, dtype=gap.dtype)[:, None],
            "label_smoothing": self.settings.label_smoothing,
        }
        loss, own = self.settings.ranking_loss
        losses = loss.function(gap, tensor(said.tie)[:, None], **own, **{n: options[n] for n in loss.takes})
        if self.settings.centering:
            losses = losses + self.settings.centering * centering(better, worse)
        return _part(losses, said.copies, said.weight)

    def _of_rankings(self, rewards: torch.Tensor, said: RankedPlaces) -> LossTerm:
        response, tier, copies = said.table()
        tiers = torch.as_tensor(tier, device=rewards.device)[:, None]
        scores = rewards[torch.as_tensor(response, device=rewards.device)].transpose(1, 2)
        loss, own = self.settings.ranking_loss
        losses = loss.function(scores, tiers, **own)
        if self.settings.centering:
            # (r_a + r_b)² of a pair, for any number: the square of twice the mean.
            mean = torch.where(tiers >= 0, scores, 0.0).sum(-1) / (tiers >= 0).sum(-1)
            losses = losses + self.settings.centering * centering(mean, mean)
        return _part(losses, copies, said.weight)

    def _of_ratings(
        self, raw: torch.Tensor, said: RatingTargets, cuts: Mapping[str, torch.Tensor], rating_weight: float
    ) -> LossTerm:
        scores, columns = self.outputs.scores(raw), self.outputs.columns(raw)
        total, weight = raw.new_zeros(()), 0.0
        for number, attribute in enumerate(self.outputs.attributes):
            own = said.rows(said.attribute == number)
            if not len(own):
                continue
            rows = torch.as_tensor(own.response, device=raw.device)
            each = scores[rows][..., number]
            level = torch.as_tensor(own.level, device=raw.device)[:, None].expand_as(each)
            if attribute.readout == "ordinal":
                losses = cumulative_link(each, level, cuts[attribute.name])
            elif attribute.readout == "classes":
                losses = classes(columns[number][rows], level)
            else:
                target = torch.as_tensor(own.target, dtype=each.dtype, device=raw.device)[:, None]
                losses = _OF_VALUES[self.settings.rating_loss](each, target.expand_as(each))
            part = _part(losses, own.copies, own.weight * rating_weight)
            total, weight = total + part.loss, weight + part.weight
        return LossTerm(total, weight)


def _part(losses: torch.Tensor, copies: Any, weight: Any) -> LossTerm:
    """Weighted sum of `[n, K]` losses, meaned over heads."""
    shares = torch.as_tensor(copies * weight[:, None], dtype=losses.dtype, device=losses.device) / losses.shape[1]
    return LossTerm((losses * shares).sum(), float((weight * copies.mean(1)).sum()))
