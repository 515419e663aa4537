"""What was asked for by name and can have no effect on these data is refused, even where it is the default.

A setting that is off (0, False, None, `none`) is obeyed by doing nothing, and a bound that nothing reaches by leaving
everything inside it; every other one would be dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.settings import Settings
from plaudit.training.run.settings import RunSettings
from plaudit.training.settings import TrainingSettings


class JudgementKinds(NamedTuple):
    """Which judgements a set of groups holds.

    Attributes:
        ranked: a ranking of two responses or more.
        rated: a rating.
        strengths: a ranking that says how far apart its tiers are.

    Example:
        >>> from plaudit.groups import Ranking
        >>> JudgementKinds.of([Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))])
        JudgementKinds(ranked=True, rated=False, strengths=False)
    """

    ranked: bool
    rated: bool
    strengths: bool

    @classmethod
    def of(cls, groups: Iterable[Group]) -> JudgementKinds:
        ranked = rated = strengths = False
        for group in groups:
            rated = rated or bool(group.ratings)
            for ranking in group.rankings:
                ranked = ranked or len(ranking.tiers) > 1 or len(ranking.tiers[0]) > 1
                strengths = strengths or bool(ranking.strength)
        return cls(ranked, rated, strengths)


def check_wishes(settings: TrainingSettings, kinds: JudgementKinds) -> None:
    """Refuse settings that were asked for and of which these judgements leave nothing to do.

    Raises:
        InvalidInputError: names the setting, the reason and the remedy.

    Example:
        >>> check_wishes(TrainingSettings(rating_loss="mse"), JudgementKinds(ranked=True, rated=False, strengths=False))
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: the loss mse learns from ratings, and the data have none; leave --loss out
    """
    # A loss that is no default was chosen by somebody, whoever made the settings.
    losses = (
        ("loss", settings.loss, "bradley-terry", kinds.ranked, "rankings"),
        ("rating_loss", settings.rating_loss, "mse", kinds.rated, "ratings"),
    )
    for name, loss, default, present, kind in losses:
        if not present and (loss != default or name in settings.explicit):
            raise InvalidInputError(
                f"the loss {loss} learns from {kind}, and the data have none", remedy="leave --loss out"
            )
    if not kinds.ranked:
        refuse_explicit(
            settings, ("ties", "margin", "label_smoothing", "centering"), "is of rankings, and the data have none"
        )
    if not (kinds.rated and kinds.ranked):
        lacking = "ratings" if kinds.ranked else "rankings"
        reason = f"weighs ratings against rankings, and the data have no {lacking}"
        refuse_explicit(settings, ("rating_weight",), reason)
    if not kinds.strengths:
        remedy = "leave it out, or say how far apart the responses are in a column strength"
        refuse_explicit(
            settings, ("margin",), "adds to the gap by a ranking's strength, and no ranking has one", remedy
        )
    if "ties" not in settings.ranking_loss[0].takes:
        refuse_explicit(settings, ("ties",), f"is nothing that the loss {settings.loss} has a rule for")


def check_run_wishes(settings: TrainingSettings, *, validated: bool, validation_data: bool) -> None:
    """Refuse settings that were asked for and have no effect whatever the judgements are.

    Args:
        settings: of the run.
        validated: whether there is a validation set.
        validation_data: whether it was given, and not held out.

    Raises:
        InvalidInputError: names the setting, the reason and the remedy.
    """
    check_together(settings)
    if validation_data:
        reason = "holds out a share of the data, and validation data are given"
        refuse_explicit(settings, ("validation_share",), reason, "leave one of the two out")
    check_held_out(settings, validated)
    if not validated:
        reason = "counts evaluations on a validation set, and there is none"
        refuse_explicit(
            settings, ("patience",), reason, "give validation data or a larger validation_share, or leave it out"
        )
    if settings.trainable == "head":
        reason = "saves the memory of layers that learn, and with trainable=head none does"
        refuse_explicit(settings, ("gradient_checkpointing",), reason)
    if not settings.baselines or settings.baselines == "none":
        refuse_explicit(
            settings, ("folds_by",), "is about fitting the baselines, and baselines=none asks for none of them"
        )


def check_together(settings: TrainingSettings) -> None:
    """Refuse settings that exclude each other, once all of them are known."""
    if settings.weights != "fp32" and not settings.trainable.startswith(("lora", "head")):
        raise InvalidInputError(
            f"weights={settings.weights} is of frozen weights, and trainable={settings.trainable} lets them learn",
            remedy="use trainable=lora or head, or leave weights at fp32",
        )
    # torch switches its compiler off inside `checkpoint`. Without that, what is recomputed can take another graph than
    # the forward pass took, and fails (CheckpointError; pytorch #166926): forests differ in size. The other way round,
    # a compiled function may hold a checkpoint only if no graph breaks inside it, and attention breaks every layer's.
    if settings.compile and settings.gradient_checkpointing:
        raise InvalidInputError(
            "compile has no effect on layers that are recomputed by gradient_checkpointing",
            remedy="leave one of the two out",
        )


def check_held_out(settings: RunSettings, validated: bool) -> None:
    """Refuse a share that was asked for and is too small to hold anything out."""
    if not validated:
        reason = "of these data is too little to validate on"
        remedy = "give a larger share, more data, or validation_share=0 to hold nothing out"
        refuse_explicit(settings, ("validation_share",), reason, remedy)


def check_curves(settings: RunSettings) -> None:
    """Refuse curves that were asked for where nothing can write them."""
    names = [name.strip() for name in settings.report_to.split(",")]
    if "tensorboard" in names and find_spec("tensorboard") is None:
        reason = "asks for curves, and TensorBoard is not installed"
        refuse_explicit(settings, ("report_to",), reason, "pip install 'plaudit[tensorboard]', or report_to=none")


def refuse_explicit(settings: Settings, names: Sequence[str], reason: str, remedy: str = "leave it out") -> None:
    """Refuse the first of these settings that was asked for, unless what was asked for is that it be off.

    Args:
        settings: what was asked for is among them.
        names: of settings.
        reason: why they have no effect, to follow `NAME=VALUE`.
        remedy: what to do.

    Raises:
        InvalidInputError: names the setting, the reason and the remedy.

    Example:
        >>> refuse_explicit(TrainingSettings(patience=3), ("patience",), "has nothing to watch")
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: patience=3 has nothing to watch; leave it out
    """
    for name in names:
        value = getattr(settings, name)
        if name in settings.explicit and value not in (None, False, 0, "none"):
            shown = "on" if value is True else f"{value:g}" if isinstance(value, float) else value
            raise InvalidInputError(f"{name}={shown} {reason}", remedy=remedy)
