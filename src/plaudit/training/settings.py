"""Everything a training run can be told, with defaults that need no tuning. docs/training.md gives each its reason."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from plaudit.data import Bounds, parse_scale
from plaudit.errors import PlauditError
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES, TIES, RankingLoss, ranking_loss
from plaudit.model import TRAINABLE, baseline_names, is_baseline


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What a training run can be told.

    Attributes:
        loss: of rankings: `bradley-terry`, `ranknet`, `hinge`, `plackett-luce` (`plackett-luce:K`: the first K places),
            `infonce` or `best-worst`.
        rating_loss: of ratings: `mse`, `mae`, `huber`, `ordinal` (a cumulative link) or `classes` (cross entropy).
        rating_weight: what one rating counts beside one ranking.
        scales: rating scales, as `helpful=0:4,verbose=1:5`; None: those the ratings declare, or the values seen.
        mix: the reward as a sum of attributes, as `helpful=0.7,verbose=-0.3`; None: `overall` where there is one, else
            the mean of all.
        annotators: estimate how reliable each annotator is, and trust their comparisons accordingly.
        passes: times every group is met; a large group is dealt anew each time.
        hand: most responses of a group in one step (M).
        groups_per_step: groups (or hands) of one optimiser step; None: so many that a pass has about 100 steps, of 8 to
            64 responses.
        learning_rate: peak of AdamW's; None: 0.03 / hidden size, times 10 for LoRA.
        head_rate: how many times that rate the head learns at: it starts from nothing, the backbone does not.
        warmup: share of the steps in which the rate rises; it then falls along a line to zero.
        weight_decay, max_grad_norm: AdamW's decay, and the norm gradients are clipped to.
        pooling: what of a response is read: `last` (decoders) or `cls` (encoders), which `auto` stands for, or `mean`.
        head: `linear`, or `hidden` for one hidden layer, which plain transformers cannot hold.
        heads: copies of the head, each trained on a bootstrap sample of the judgements; their spread is on each score.
        trainable: `layers` (all but the embeddings), `all`, `last:K`, `head`, `lora` or `lora:RANK`.
        dropout: whether the backbone's own dropout is on while training.
        ties: `half`, `rao-kupper` or `ignore` (see `losses.bradley_terry`).
        margin: what one unit of a ranking's strength adds to the gap it asks for; 0: strengths are not used.
        label_smoothing: chance that a comparison is the wrong way round.
        centering: weight of (r_a + r_b)², which keeps the mean score at zero.
        batch_tokens: most tokens of one forward pass; bounds memory, does not change the loss.
        gradient_checkpointing: recompute activations in the backward pass: about a third slower, far less memory.
        precision: `fp32`, `bf16`, or `auto`: bf16 where the hardware multiplies in it. Weights stay in fp32.
        max_length: most tokens of prompt and response; None: the backbone's context.
        truncate_responses: cut responses that do not fit, instead of raising an error.
        chat_template: a Jinja file or a built-in template's name, in place of the tokenizer's own.
        holdout: share of the groups held out by prompt to watch the loss, where no `eval_groups` are given.
        evaluate_every: passes between two looks at the held-out loss; each is a checkpoint to resume from.
        patience: looks without a better held-out loss before training stops early; 0: never.
        report_to: where curves go: `tensorboard`, `none`, or any other that transformers knows, by comma.
        seed: of the head, the order and the deals.
        trust_remote_code: run code that comes with the backbone.
        baselines: plain models to fit beside a trained one, by comma: `length`, `bow`, `frozen:BACKBONE`; or `none`.
        folds_by: what the cross-validation of plain models keeps whole: `prompt`, `subset`, or a field of `meta`.
    """

    loss: str = "bradley-terry"
    rating_loss: str = "mse"
    rating_weight: float = 1.0
    scales: str | None = None
    mix: str | None = None
    annotators: bool = False
    passes: int = 3
    hand: int = 16
    groups_per_step: int | None = None
    learning_rate: float | None = None
    head_rate: float = 10.0
    warmup: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    pooling: str = "auto"
    head: str = "linear"
    heads: int = 1
    trainable: str = "layers"
    dropout: bool = False
    ties: str = "half"
    margin: float = 0.0
    label_smoothing: float = 0.0
    centering: float = 0.01
    batch_tokens: int = 2048
    gradient_checkpointing: bool = False
    precision: str = "auto"
    max_length: int | None = None
    truncate_responses: bool = False
    chat_template: str | None = None
    holdout: float = 0.1
    evaluate_every: float = 0.5
    patience: int = 3
    report_to: str = "tensorboard"
    seed: int = 0
    trust_remote_code: bool = False
    baselines: str = "bow"
    folds_by: str = "prompt"

    def __post_init__(self) -> None:
        for name, (test, wanted) in _RULES.items():
            value = getattr(self, name)
            if value is not None and not test(value):
                raise PlauditError(f"{name} is {value!r}; it must be {wanted}")
        loss, _ = self.ranking_loss
        for name, unused in (("margin", 0.0), ("label_smoothing", 0.0), ("ties", "half")):
            if name not in loss.takes and getattr(self, name) != unused:
                raise PlauditError(f"the loss {self.loss} has no {name}; leave it at {unused}")
        if self.loss == "hinge" and self.ties == "rao-kupper":
            raise PlauditError("the loss hinge has no ties=rao-kupper; it can be half or ignore")
        if self.annotators and "label_smoothing" not in loss.takes:
            raise PlauditError(f"the loss {self.loss} has no probabilities to tell how reliable annotators are by")

    @property
    def ranking_loss(self) -> tuple[RankingLoss, dict[str, int]]:
        """The loss of rankings, and its own options."""
        found = ranking_loss(self.loss)
        assert found is not None, "the rule of `loss` lets no other name in"
        return found

    def with_changes(self, changes: Mapping[str, Any], where: str) -> TrainingSettings:
        """These settings with some replaced; `where` says in errors where the changes came from.

        Raises:
            PlauditError: for a name that is not a setting, or a value of the wrong kind.
        """
        kinds = get_type_hints(TrainingSettings)
        unknown = sorted(set(changes) - set(kinds))
        if unknown:
            raise PlauditError(f"{where}: no setting {unknown[0]!r}; there are {', '.join(kinds)}")
        return replace(self, **{name: _convert(name, value, kinds[name], where) for name, value in changes.items()})

    @property
    def baseline_names(self) -> list[str]:
        return baseline_names(self.baselines)

    def to_dict(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def read_settings(path: str | Path) -> dict[str, Any]:
    """Settings from a TOML or JSON file, as a flat table of names and values."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        table = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise PlauditError(f"cannot read settings from {file}: {error.strerror}") from error
    except ValueError as error:
        raise PlauditError(f"{file} is neither TOML nor JSON: {error}") from error
    if not isinstance(table, dict):
        raise PlauditError(f"{file} must hold a table of settings")
    return table


def loss_settings(text: str) -> dict[str, str]:
    """`--loss huber` or `--loss plackett-luce,ordinal` -> the settings `loss` and `rating_loss`, told by the name."""
    chosen: dict[str, str] = {}
    for name in filter(None, (part.strip() for part in text.split(","))):
        kind = "rating_loss" if name in RATING_LOSSES else "loss"
        if kind == "loss" and not ranking_loss(name):
            known = f"of rankings: {', '.join(RANKING_LOSSES)}; of ratings: {', '.join(RATING_LOSSES)}"
            raise PlauditError(f"there is no loss {name!r}; {known}")
        if kind in chosen:
            raise PlauditError(f"--loss {text} names two losses for the same judgements: {chosen[kind]} and {name}")
        chosen[kind] = name
    return chosen


def read_mix(text: str) -> dict[str, float]:
    """`helpful=0.7,verbose=-0.3` -> weights by attribute."""
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = part.rpartition("=")
        try:
            weights[name.strip()] = float(weight)
        except ValueError:
            weights[name.strip()] = math.nan
        if not name.strip() or not math.isfinite(weights[name.strip()]):
            raise PlauditError(f"mix={text} is not NAME=WEIGHT by comma, such as helpful=0.7,verbose=-0.3")
    return weights


def read_scales(text: str) -> dict[str, Bounds]:
    """`helpful=0:4,verbose=1:5` -> the lowest and highest value by attribute."""
    return dict(parse_scale(part.strip()) for part in text.split(","))


_RULES: dict[str, tuple[Any, str]] = {
    "loss": (ranking_loss, f"one of {', '.join(RANKING_LOSSES)} (or plackett-luce:K)"),
    "rating_loss": (lambda v: v in RATING_LOSSES, f"one of {', '.join(RATING_LOSSES)}"),
    "rating_weight": (lambda v: 0 < v < math.inf, "above 0 and finite"),
    "mix": (lambda v: bool(read_mix(v)), "NAME=WEIGHT, by comma"),
    "scales": (lambda v: bool(read_scales(v)), "NAME=LOW:HIGH, by comma"),
    "pooling": (lambda v: v in ("auto", "last", "cls", "mean"), "auto, last, cls or mean"),
    "head": (lambda v: v in ("linear", "hidden"), "linear or hidden"),
    "heads": (lambda v: v >= 1, "at least 1"),
    "passes": (lambda v: v >= 1, "at least 1"),
    "hand": (lambda v: v >= 2, "at least 2"),
    "groups_per_step": (lambda v: v >= 1, "at least 1"),
    "learning_rate": (lambda v: 0 < v < math.inf, "above 0 and finite"),
    "head_rate": (lambda v: 0 < v < math.inf, "above 0 and finite"),
    "warmup": (lambda v: 0 <= v < 1, "from 0 to below 1"),
    "weight_decay": (lambda v: 0 <= v < math.inf, "at least 0 and finite"),
    "max_grad_norm": (lambda v: v > 0, "above 0"),
    "trainable": (TRAINABLE.fullmatch, "layers, all, last:K, head, lora or lora:RANK"),
    "ties": (lambda v: v in TIES, " or ".join(TIES)),
    "margin": (lambda v: 0 <= v < math.inf, "at least 0 and finite"),
    "label_smoothing": (lambda v: 0 <= v < 0.5, "from 0 to below 0.5"),
    "centering": (lambda v: 0 <= v < math.inf, "at least 0 and finite"),
    "batch_tokens": (lambda v: v >= 1, "at least 1"),
    "precision": (lambda v: v in ("auto", "fp32", "bf16"), "auto, fp32 or bf16"),
    "max_length": (lambda v: v >= 2, "at least 2"),
    "holdout": (lambda v: 0 <= v < 1, "from 0 to below 1"),
    "evaluate_every": (lambda v: 0 < v < math.inf, "above 0 and finite"),
    "patience": (lambda v: v >= 0, "at least 0"),
    "seed": (lambda v: 0 <= v < 1 << 32, "at least 0 and below 2^32"),
    "baselines": (
        lambda v: all(map(is_baseline, baseline_names(v))),
        "length, bow or frozen:BACKBONE, by comma, or none",
    ),
    "folds_by": (bool, "prompt, subset, or a field of meta"),
}


_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def _convert(name: str, value: Any, kind: Any, where: str) -> Any:
    """A setting's value from text (`--set`) or from a file, checked against its type."""
    kinds = get_args(kind) or (kind,)
    if type(None) in kinds and (value is None or (isinstance(value, str) and value.lower() in ("none", "auto"))):
        return None
    wanted = kinds[0]
    if isinstance(value, str) and wanted is not str:
        words = {"true": True, "yes": True, "false": False, "no": False}
        try:
            return words[value.lower()] if wanted is bool else wanted(value)
        except (KeyError, ValueError):
            raise PlauditError(f"{where}: {name} is {value!r}; it must be {_KINDS[wanted]}") from None
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise PlauditError(f"{where}: {name} is {value!r}; it must be {_KINDS[wanted]}")
    return value
