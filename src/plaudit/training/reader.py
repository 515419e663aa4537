"""Which outputs a head needs to learn from the judgements at hand, and what the reward is made of."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from plaudit.data import Scale, scales_of
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.losses import RATING_LOSSES
from plaudit.model import Attribute, Outputs
from plaudit.training.group_targets import TargetReader
from plaudit.training.settings import TrainingSettings, read_mix, read_scales
from plaudit.training.wishes import JudgementKinds, check_wishes

logger = logging.getLogger(__name__)

REWARD = "overall"
"""The attribute that rankings judge, where no mix says otherwise."""


def target_reader(groups: Sequence[Group], settings: TrainingSettings) -> TargetReader:
    """How these groups are to be read: an output for each rated attribute, one for rankings, and their mix, the reward.

    Raises:
        PlauditError: if the mix names an attribute that nobody rated, a rating loss needs levels that are not there, or
            a setting that was asked for has nothing to do here.
    """
    scales = scales_of(groups, read_scales(settings.scales) if settings.scales else None)
    kinds = JudgementKinds.of(groups)
    check_wishes(settings, kinds)
    mix = _mix(list(scales), kinds.ranked, settings)
    attributes = [_rated(name, scale, groups, settings.rating_loss, mix) for name, scale in scales.items()]
    if REWARD not in scales and (REWARD in mix or not attributes):
        attributes.append(Attribute(REWARD, mix.get(REWARD, 1.0)))
    return TargetReader(
        loss=settings.ranking_loss[0],
        ties=settings.ties,
        outputs=Outputs(
            tuple(attributes),
            heads=settings.heads,
            hidden=settings.head == "hidden",
            pooling="mean" if settings.pooling == "mean" else "own",
        ),
        scales=scales,
        rating_weight=settings.rating_weight,
        annotators=_annotators(groups) if settings.annotators else None,
        seed=settings.seed,
    )


def check_pooling(pooling: str, causal: bool) -> None:
    """Refuse to read a decoder's first token or an encoder's last: neither has seen the response.

    Raises:
        PlauditError: says what to use instead.
    """
    right, wrong, kind = ("last", "cls", "a decoder") if causal else ("cls", "last", "an encoder")
    if pooling == wrong:
        raise InvalidInputError(f"pooling={pooling}, but the backbone is {kind}", remedy=f"it can be {right} or mean")


def _mix(rated: list[str], ranked: bool, settings: TrainingSettings) -> Mapping[str, float]:
    """Attribute -> weight in the reward; those not named count nothing."""
    if settings.mix:
        weights = read_mix(settings.mix)
        known = [*rated, *([REWARD] if ranked and REWARD not in rated else [])]
        if unknown := [name for name in weights if name not in known]:
            raise InvalidInputError(
                f"mix names {unknown[0]!r}, which nobody judged", remedy=f"attributes: {', '.join(known)}"
            )
        if not any(weights.values()):
            raise InvalidInputError(
                f"mix={settings.mix} gives every response the reward 0", remedy="give some attribute a weight"
            )
        return weights
    if ranked or REWARD in rated:
        return {REWARD: 1.0}
    if len(rated) > 1:
        logger.warning("the reward is the mean of %s; say otherwise with mix=NAME=WEIGHT,...", ", ".join(rated))
    return {name: 1 / len(rated) for name in rated}


def _rated(name: str, scale: Scale, groups: Sequence[Group], rating_loss: str, mix: Mapping[str, float]) -> Attribute:
    readout = RATING_LOSSES[rating_loss].readout
    rated = [(scale.unit(r), r.weight) for group in groups for r in group.ratings if r.attribute == name]
    units, weights = np.array(rated).T
    centre = float(np.average(units, weights=weights))
    spread = float(np.sqrt(np.average((units - centre) ** 2, weights=weights)))
    if spread == 0:
        logger.warning("every rating of %s is %g: there is nothing to learn from them", name, scale.value(centre))
    levels: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    if readout != "value":
        if scale.levels is None:
            raise InvalidInputError(
                f"ratings of {name} take too many values to be levels",
                remedy=f"rating_loss={rating_loss} needs at most 11: use mse, mae or huber",
            )
        if len(scale.levels) < 2:
            raise InvalidInputError(
                f"every rating of {name} is {scale.levels[0]:g}, and rating_loss={rating_loss} needs two levels or more"
            )
        levels = scale.levels
        places = (np.array(levels) - scale.low) / (scale.high - scale.low)
        nearest = np.abs(units[:, None] - places).argmin(1)
        shares = tuple((np.bincount(nearest, weights, len(levels)) / weights.sum()).tolist())
    return Attribute(name, mix.get(name, 0.0), readout, scale.low, scale.high, centre, spread or 1.0, levels, shares)


def _annotators(groups: Sequence[Group]) -> dict[str, int]:
    """Those who are named in a ranking, numbered from the most judgements to the fewest."""
    votes = Counter(r.annotator for group in groups for r in group.rankings if r.annotator is not None)
    if not votes:
        raise InvalidInputError(
            "no ranking names its annotator, so their reliability cannot be told", remedy="leave annotators off"
        )
    return {name: number for number, (name, _) in enumerate(votes.most_common())}
