"""Groups -> a plain model: linear in length, in words, or in the features of a frozen backbone.

Rankings are learned by Bradley-Terry, ratings by ridge regression. Where there are both, the reward is learned from the
rankings, and the ratings become attributes beside it; from ratings alone, or where a mix is given, the reward is the
mix of the standardised attributes. There is one best fit, so no steps, no checkpoints and no held-out share: the
penalty is chosen by cross-validation, and the last fit uses everything.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from plaudit.data import Scale
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text, prompt_key
from plaudit.model import (
    FEATURES,
    PROBE_PREFIX,
    Attribute,
    Linear,
    LinearModel,
    Matrix,
    Outputs,
    Scorer,
    make_linear_probe,
)
from plaudit.text import counted
from plaudit.training.card import linear_card
from plaudit.training.convex import BradleyTerry, LeastSquares, LinearFit, fit_convex
from plaudit.training.reader import REWARD, check_pooling, target_reader
from plaudit.training.run.rendering import render_groups
from plaudit.training.run.training_run import TrainingRun
from plaudit.training.settings import TrainingSettings, read_mix
from plaudit.training.targets import ComparisonTargets
from plaudit.training.wishes import JudgementKinds, check_wishes, refuse_explicit

logger = logging.getLogger(__name__)

# What a plain model reads; with a seed, of which it draws nothing, it is the same model.
_USED = ("ties", "scales", "mix", "folds_by", "seed")
_USED_BY_FROZEN = ("pooling", "max_length", "chat_template", "truncate_responses", "batch_tokens", "trust_remote_code")
# What it does anyway, where that was asked for.
_ALWAYS = {"loss": "bradley-terry", "rating_loss": "mse"}


def train_linear(
    run: TrainingRun[TrainingSettings],
    backbone: str,
    groups: Sequence[Group],
    validation_groups: Sequence[Group] | None,
) -> Scorer:
    """`train` for a baseline.

    Raises:
        PlauditError: if there is nothing to learn from, or the folder is taken.
    """
    run.open()
    check_linear_wishes(run.settings, backbone, JudgementKinds.of(groups))
    model = fit_linear(groups, backbone, run.settings)
    validation = {"groups": 0} if validation_groups is None else _validate(model, validation_groups, run.settings)
    model.record |= run.record(validation=validation)
    run.save(lambda: model.save(run.output, card=linear_card(model.record), overwrite=True))
    return model


def unused_settings(settings: TrainingSettings, backbone: str) -> list[str]:
    """Settings that were asked for and mean nothing to a plain model.

    Example:
        >>> unused_settings(TrainingSettings(epochs=3, ties="ignore", baselines="none"), "bow")
        ['epochs']
    """
    used = {*_USED, *(_USED_BY_FROZEN if backbone.startswith(PROBE_PREFIX) else ())}
    values = settings.to_dict()
    used |= {name for name, value in _ALWAYS.items() if values[name] == value}
    off: tuple[object, ...] = (None, False, 0, "none", {})
    return [name for name in values if name in settings.explicit - used and values[name] not in off]


def check_linear_wishes(settings: TrainingSettings, backbone: str, kinds: JudgementKinds) -> None:
    """Refuse what was asked for and a plain model cannot do.

    Raises:
        InvalidInputError: names the settings.
    """
    if unused := unused_settings(settings, backbone):
        names = ", ".join(unused)
        raise InvalidInputError(
            f"{backbone} has no use for {names}: it is fitted in one step, without gradients",
            remedy=f"leave {'it' if len(unused) == 1 else 'them'} out, or train a backbone",
        )
    check_wishes(settings, kinds)
    if settings.ties == "rao-kupper":
        refuse_explicit(settings, ("ties",), f"is no rule that {backbone} has", "it can be half or ignore")
    if settings.mix and kinds.ranked and REWARD in read_mix(settings.mix):
        raise InvalidInputError(
            f"mix={settings.mix} mixes rankings with ratings, and {backbone} learns its reward from one of them",
            remedy=f"leave {REWARD} or the mix out, or train a backbone",
        )


def fit_linear(groups: Sequence[Group], backbone: str, settings: TrainingSettings) -> Scorer:
    """Fit a plain model. Of the settings, `ties`, `scales`, `mix` and `folds_by` count; for a frozen backbone also
    those that say how text is read.

    Args:
        groups: those without judgements are left out, and counted in a warning.
        backbone: `length`, `bow`, or `frozen:` and the name of a backbone.

    Raises:
        PlauditError: if there is nothing to learn from.

    Example:
        >>> from plaudit.data import load_groups
        >>> model = fit_linear(load_groups("train.jsonl"), "length", TrainingSettings())
        >>> model.record["backbone"], model.record["groups"]
        ('length', 60)
    """
    usable = [group for group in groups if group.ratings or len(ComparisonTargets.of(group, settings.ties))]
    if not usable:
        raise InvalidInputError("no group has a rating, or a ranking of two or more responses, to learn from")
    if len(usable) < len(groups):
        logger.warning("%d of %d groups have no judgement and are left out", len(groups) - len(usable), len(groups))
    build = _frozen if backbone.startswith(PROBE_PREFIX) else _plain
    model, learned = build(usable, backbone, settings)
    model.record |= {"backbone": backbone, "groups": len(usable), "fits": learned.report()}
    return model


def _plain(groups: Sequence[Group], backbone: str, settings: TrainingSettings) -> tuple[Scorer, Learned]:
    texts = [plain_text(response) for group in groups for response in group.responses]
    features, matrix = FEATURES[backbone].of(texts)
    learned = learn(matrix, groups, settings)
    attributes = {
        one.name: (weights * one.spread, one.centre, Scale(one.low, one.high)) for one, weights in learned.rated
    }
    return LinearModel(features, Linear(learned.reward, attributes)), learned


def _frozen(groups: Sequence[Group], backbone: str, settings: TrainingSettings) -> tuple[Scorer, Learned]:
    """Standardised features are learned from; their means and deviations are then folded into the head."""
    name = backbone.removeprefix(PROBE_PREFIX)
    features, pooling, options = frozen_features(groups, name, settings)
    centre, scale = features.mean(0), features.std(0)
    scale[scale == 0] = 1.0
    learned = learn((features - centre) / scale, groups, settings)
    attributes, rows = [], []
    if learned.rankings is not None:
        attributes.append(Attribute(REWARD))
        rows.append(learned.reward / scale)
    for attribute, weights in learned.rated:
        rows.append(weights / scale)
        shift = attribute.spread * float(rows[-1] @ centre)
        share = attribute.weight if learned.rankings is None else 0.0
        attributes.append(replace(attribute, weight=share, centre=attribute.centre - shift))
    outputs = Outputs(tuple(attributes), pooling=pooling)
    return make_linear_probe(name, outputs, np.array(rows, dtype=np.float32), **options), learned


def frozen_features(
    groups: Sequence[Group], name: str, settings: TrainingSettings
) -> tuple[Float[np.ndarray, "responses hidden"], str, dict[str, Any]]:
    """`[R, H]` of what an untrained backbone reads in every response, what of it is pooled, and the reader's options.

    A backbone that nobody fine-tunes has no place where it gathers what it read (all-MiniLM's own pooler was never
    trained), so the mean of all tokens is read unless `pooling` says otherwise.

    Example:
        >>> from plaudit.data import load_groups
        >>> features, pooling, _ = frozen_features(load_groups("test.jsonl"), "my-backbone", TrainingSettings())
        >>> features.shape, pooling
        ((40, 64), 'mean')
    """
    from plaudit.model import RewardModel, cached_features

    pooling = "mean" if settings.pooling in ("auto", "mean") else "own"
    options: dict[str, Any] = {
        "max_length": settings.max_length,
        "chat_template": settings.chat_template,
        "trust_remote_code": settings.trust_remote_code,
    }
    reader = RewardModel.from_backbone(name, outputs=Outputs(pooling=pooling), **options)
    check_pooling(settings.pooling, reader.network.causal)
    template = reader.tokenizer.chat_template
    (items,) = render_groups(reader, settings, groups)
    if reader.tokenizer.chat_template != template:
        options["chat_template"] = "turns"
    return cached_features(reader, items, settings.forward_tokens).astype(np.float64), pooling, options


# ---- the fits, whatever the features --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learned:
    """What the judgements of some groups teach about linear scores.

    Attributes:
        rankings: the reward's fit, where it is learned from rankings.
        ratings: each rated attribute, its `centre` that of responses whose features are zero, with its fit.
    """

    rankings: LinearFit | None
    ratings: tuple[tuple[Attribute, LinearFit], ...]

    @property
    def rated(self) -> list[tuple[Attribute, Float[np.ndarray, " features"]]]:
        """Attributes with their `[F]` weights: a value on [0, 1] is `centre + spread * features @ weights`."""
        return [(attribute, fit.weights) for attribute, fit in self.ratings]

    @property
    def reward(self) -> Float[np.ndarray, " features"]:
        """`[F]`: of the rankings, else the mix of standardised attributes."""
        if self.rankings is not None:
            return self.rankings.weights
        return np.asarray(np.sum([attribute.weight * weights for attribute, weights in self.rated], axis=0))

    def report(self) -> dict[str, dict[str, float | None]]:
        """What was learned from -> penalty, and held-out loss beside that of constant scores."""
        fits = {} if self.rankings is None else {"rankings": self.rankings}
        fits |= {f"ratings of {attribute.name}": fit for attribute, fit in self.ratings}
        return {
            name: {"penalty": one.penalty, "out_of_fold_loss": one.loss, "loss_of_equal_scores": one.constant}
            for name, one in fits.items()
        }


def learn(features: Matrix, groups: Sequence[Group], settings: TrainingSettings) -> Learned:
    """Fit rankings and each rated attribute.

    Args:
        features: `[R, F]`, one row for each response of each group, in order.
        groups: with R responses in all, and at least one judgement.
        settings: `ties`, `folds_by`, `scales` and `mix`.

    Example:
        >>> from plaudit.groups import Ranking
        >>> groups = [Group(f"{n}", f"{n} + 1?", (f"{n + 1}", "?"), (Ranking(((0,), (1,))),)) for n in range(20)]
        >>> learned = learn(np.array([[1.0], [0.0]] * 20), groups, TrainingSettings())  # 1 where it is a number
        >>> learned.reward.shape, bool(learned.reward[0] > 0)
        ((1,), True)
    """
    wanted = target_reader(
        groups, settings.as_implied(loss="bradley-terry", rating_loss="mse", heads=1, head="linear", annotators=False)
    )
    rated = [attribute for attribute in wanted.outputs.attributes if attribute.readout == "value"]
    parts = np.array([_part(number, group, settings.folds_by) for number, group in enumerate(groups)])
    starts = [0, *accumulate(len(group.responses) for group in groups)]
    comparisons = _comparisons(groups, starts, parts, settings.ties)
    if comparisons is not None and rated:
        source = f"mix of ratings, as mix={settings.mix} asks" if settings.mix else "rankings; ratings stand beside it"
        logger.warning("a plain model learns its reward from one kind of judgement: here the %s", source)
    if comparisons is not None and (comparisons.won == 0.5).all():
        logger.warning(
            "every comparison is a tie, so nothing can be told apart by them (%s)",
            counted(len(comparisons.won), "comparisons"),
        )
    rankings = None if comparisons is None or settings.mix else fit_convex(features, comparisons)
    return Learned(
        rankings, tuple(_rated(features, one, wanted.scales[one.name], groups, starts, parts) for one in rated)
    )


def _part(number: int, group: Group, by: str) -> str:
    """What is held out together with this group. Blank prompts say nothing, so each is its own."""
    if by == "prompt":
        return prompt_key(group, number)
    value = group.subset if by == "subset" else group.meta.get(by)
    if value is None:
        raise InvalidInputError(
            f"the group {group.id} has no {by!r}, which folds_by names", remedy="use prompt, subset or its meta"
        )
    return str(value)


def _comparisons(
    groups: Sequence[Group], starts: Sequence[int], parts: Shaped[np.ndarray, " groups"], ties: str
) -> BradleyTerry | None:
    every = [ComparisonTargets.of(group, ties) for group in groups]
    if not any(map(len, every)):
        return None
    join = np.concatenate
    return BradleyTerry(
        first=join([one.better + start for one, start in zip(every, starts, strict=False)]),
        second=join([one.worse + start for one, start in zip(every, starts, strict=False)]),
        won=np.where(join([one.tie for one in every]), 0.5, 1.0),
        weight=join([one.weight for one in every]),
        part=np.repeat(parts, list(map(len, every))),
    )


def _rated(
    features: Matrix,
    attribute: Attribute,
    scale: Scale,
    groups: Sequence[Group],
    starts: Sequence[int],
    parts: Shaped[np.ndarray, " groups"],
) -> tuple[Attribute, LinearFit]:
    rows = [
        (start + rating.response, scale.unit(rating), rating.weight, part)
        for group, start, part in zip(groups, starts, parts, strict=False)
        for rating in group.ratings
        if rating.attribute == attribute.name
    ]
    row, unit, weight, part = (np.array(column) for column in zip(*rows, strict=True))
    target = (unit - attribute.centre) / attribute.spread
    fit = fit_convex(features, LeastSquares(row=row, target=target, weight=weight, part=part))
    return replace(attribute, centre=attribute.centre + attribute.spread * fit.intercept), fit


def _validate(model: Scorer, groups: Sequence[Group], settings: TrainingSettings) -> dict[str, Any]:
    """Log loss and accuracy on the validation groups, where they have comparisons."""
    starts = [0, *accumulate(len(group.responses) for group in groups)]
    comparisons = _comparisons(groups, starts, np.arange(len(groups)), settings.ties)
    if comparisons is None:
        return {"groups": len(groups)}
    scores = np.array([score.score for row in model.stream(groups) for score in row])
    gap = (scores[comparisons.first] - scores[comparisons.second])[comparisons.won == 1]
    accuracy = {"accuracy": float(((gap > 0) + 0.5 * (gap == 0)).mean())} if len(gap) else {}
    return {"groups": len(groups), "loss": comparisons.loss(scores)[0], **accuracy}
