"""Everything a training run can be told, with defaults that need no tuning, and the reason for each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from plaudit.data import Bounds, parse_scale
from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES, TIES, RankingLoss, ranking_loss
from plaudit.model import TRAINABLE, baseline_names, is_baseline
from plaudit.settings import NON_NEGATIVE, POSITIVE, SEED, SHARE, Rule, at_least, documented, one_of, setting
from plaudit.training.run.settings import RunSettings

_BELOW_HALF = Rule(lambda value: 0 <= value < 0.5, "from 0 to below 0.5")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(RunSettings):
    """What a training run of a reward model can be told.

    Example:
        >>> TrainingSettings(epochs=2, trainable="last:4").learning_rate is None  # chosen by the backbone's width
        True
    """

    loss: str = setting(
        "bradley-terry",
        "of rankings: the likelihood of a choice between two. Or `ranknet`, `hinge`, `plackett-luce` "
        "(`plackett-luce:K`: the first K places), `infonce`, `best-worst`; see [losses.md](losses.md)",
        Rule(ranking_loss, f"one of {', '.join(RANKING_LOSSES)} (or plackett-luce:K)"),
    )
    rating_loss: str = setting(
        "mse",
        "of ratings: least where the score is the mean rating. Or `mae`, `huber`, `ordinal`, `classes`",
        Rule(lambda value: value in RATING_LOSSES, f"one of {', '.join(RATING_LOSSES)}"),
    )
    rating_weight: float = setting(1.0, "a rating counts as much as a ranking", POSITIVE)
    scales: str | None = setting(
        None,
        "rating scales: what the ratings declare, else the lowest and highest value seen; `helpful=0:4,verbose=1:5` "
        "says otherwise",
        Rule(lambda value: bool(read_scales(value)), "NAME=LOW:HIGH, by comma"),
        shown="told from the data",
    )
    mix: str | None = setting(
        None,
        "the reward: `overall` where people ranked or rated it, else the mean of the rated attributes (and a warning); "
        "`helpful=0.7,verbose=-0.3` declares it",
        Rule(lambda value: bool(read_mix(value)), "NAME=WEIGHT, by comma"),
        shown="`overall`",
    )
    annotators: bool = setting(
        False, "on, how far to trust each annotator is estimated while the model learns, and stands in `plaudit.json`"
    )
    epochs: int = setting(
        3,
        "times every group is met; a large group is dealt into other hands each time. The best checkpoint is kept, so "
        "an epoch too many costs time, not quality. On UKP eight epochs gave 0.859, 0.801, 0.811 and 0.796 on the four "
        "folds, three 0.847, 0.796, 0.822 and 0.810: no better on average",
        at_least(1),
    )
    hand: int = setting(
        16,
        "most responses of a group in one step: up to 120 comparisons from 16 forward computations",
        at_least(2),
    )
    groups_per_step: int | None = setting(
        None,
        "so many that an epoch has about 100 steps, of 8 to 64 responses: a few thousand judgements teach more in many "
        "small steps than in a few smooth ones; with many more, larger steps waste less time on the optimiser. On GPUs "
        "as many as fill a forest on each, but 20 steps an epoch or more",
        at_least(1),
        shown="auto",
    )
    learning_rate: float | None = setting(
        None,
        "the peak, 0.03 / H: wider models want smaller steps (8e-5 for MiniLM, 5e-5 for SmolLM2-135M, 7e-6 for a 7B "
        "model). Ten times that for LoRA, whose adapters start from nothing",
        POSITIVE,
        shown="auto",
    )
    head_learning_rate_factor: float = setting(
        10.0,
        "the head learns ten times faster than the backbone: it starts from nothing, and until it has grown the "
        "backbone learns in noise. On UKP, fold 0, two epochs at 1e-4 with every parameter trained: 0.842 with it, "
        "0.824 with the backbone's rate",
        POSITIVE,
    )
    pooling: str = setting(
        "auto",
        "a decoder's last token (`last`), an encoder's first through its pooler (`cls`): what the checkpoint's own "
        "class reads. Or `mean`, over prompt and response, which plain transformers cannot hold",
        one_of("auto", "last", "cls", "mean"),
    )
    head: str = setting(
        "linear",
        "a linear head is what every serving tool expects; `hidden` puts a layer of tanh units before it",
        Rule(lambda value: value in ("linear", "hidden"), "linear or hidden"),
    )
    heads: int = setting(
        1,
        "more heads (8, say), each with a start and a bootstrap sample of the judgements of its own, cost almost "
        "nothing, and their standard deviation stands on each score as `spread`; the reward is their mean "
        "([uncertainty.md](uncertainty.md))",
        at_least(1),
    )
    trainable: str = setting(
        "layers",
        "everything but the embedding tables. Half of MiniLM's parameters are word vectors; a few hundred texts move "
        "the words they happen to hold, which fits the training set and says nothing of the next. On UKP, fold 1, "
        "three epochs of hands of 8 at 1e-4: 0.811 so, 0.804 with `all`, 0.815 with `last:4`. Also less memory and "
        "time. Or `all`, `last:K` layers, `head`, `lora`, `lora:RANK`; LoRA is merged when the model is saved, and the "
        "head is always trained and always saved",
        Rule(TRAINABLE.fullmatch, "layers, all, last:K, head, lora or lora:RANK"),
    )
    weights: str = setting(
        "fp32",
        "of a backbone that stays frozen, under LoRA or a head alone: `bf16` halves its memory, `4bit` (NF4, "
        "`plaudit[quantized]`) leaves an eighth of it; what learns is fp32 always",
        one_of("fp32", "bf16", "4bit"),
    )
    save_precision: str = setting(
        "auto",
        "of the saved weights: `fp32` where they were trained so, `bf16` where `weights` are less. Or `fp32`, `bf16`: "
        "half the disk, scores rounded; `plaudit.json` says which",
        one_of("auto", "fp32", "bf16"),
    )
    dropout: bool = setting(False, "a preference is a difference of two scores; dropout adds noise to both")
    ties: str = setting("half", "see above; no ties are lost", Rule(lambda value: value in TIES, " or ".join(TIES)))
    margin: float = setting(
        0.0,
        "what a unit of a ranking's strength adds to the gap it asks for; units differ between data sets, so set it "
        "where yours mean something",
        NON_NEGATIVE,
    )
    label_smoothing: float = setting(
        0.0, "set it to the share of judgements you think are the wrong way round", _BELOW_HALF
    )
    centering: float = setting(
        0.01,
        "Bradley–Terry leaves the mean score free; this pulls it to zero, which RL wants, at no cost in accuracy",
        NON_NEGATIVE,
    )
    batch_tokens: int | None = setting(
        None,
        "tokens of one forward pass: bounds memory, does not change the loss. On a GPU as many as its free memory has "
        "room for, 65,536 at most; on two CPU cores 512 to 4096 were equally fast",
        at_least(1),
        shown="auto",
    )
    sharding: str = setting(
        "auto",
        "of the model over several processes: `none`, each has a copy (DDP); `fsdp`, each has a share of weights, "
        "gradients and optimiser states (FSDP2). `auto`: copies where they fit the GPUs, shares where they do not",
        Rule(
            lambda value: value in ("auto", "none", "fsdp"),
            "auto, none or fsdp (DeepSpeed takes an optimiser step after every forest, where a step here has several)",
        ),
    )
    attention: str = setting(
        "auto",
        "what computes the attention of forests. On a GPU in bf16 `varlen`, two kernels a layer whatever the forest; "
        "where windows, soft caps or fp32 are beyond those `flex`; else, and on a CPU, `segments`, one call a segment. "
        "It is tried before it is used, on this device and against float64; what fails falls back, and the run record "
        "says which one ran",
        one_of("auto", "varlen", "flex", "segments"),
    )
    gradient_checkpointing: bool = setting(False, "on, it saves memory for about a third more time")
    compile: bool = setting(
        False,
        "on, torch compiles each layer of the backbone, once for forests of all sizes; not with "
        "`gradient_checkpointing`, inside which torch would compile nothing",
    )
    liger: bool = setting(
        False, "on, a GPU computes norms, rotations and gates with Liger's fused kernels (`plaudit[liger]`)"
    )
    max_length: int | None = setting(None, "most tokens of prompt and response", at_least(2), shown="the context")
    truncate_responses: bool = setting(False, "people judged whole responses; on, those that do not fit are cut")
    chat_template: str | None = setting(
        None, "a Jinja file or a built-in template's name, in place of the tokenizer's own", shown="the tokenizer's"
    )
    validation_share: float = setting(
        0.1,
        "share of the prompts held out to watch the loss, where no `--validation-data` is given; none, and a warning, "
        "if that were fewer than three prompts",
        SHARE,
    )
    evaluate_every: float = setting(
        0.5, "epochs between two evaluations on the validation set; each is a checkpoint to resume from", POSITIVE
    )
    patience: int = setting(
        3, "evaluations without a better validation loss before training stops early; 0: never", at_least(0)
    )
    seed: int = setting(0, "head, order and deals all follow from it", SEED)
    baselines: str = setting(
        "bow",
        "plain models fitted to the same groups and saved beside the model, so that every table can show what costs "
        "nothing: `length`, `bow`, `frozen:BACKBONE`, by comma, or `none` (see [baselines.md](baselines.md))",
        Rule(
            lambda value: all(map(is_baseline, baseline_names(value))),
            "length, bow or frozen:BACKBONE, by comma, or none",
        ),
    )
    folds_by: str = setting(
        "prompt",
        "what the cross-validation of plain models keeps whole: `prompt`, `subset`, or a field of `meta`",
        Rule(bool, "prompt, subset, or a field of meta"),
    )

    def __post_init__(self) -> None:
        RunSettings.__post_init__(self)
        loss, _ = self.ranking_loss
        for name, unused in (("margin", 0.0), ("label_smoothing", 0.0), ("ties", "half")):
            if name not in loss.takes and getattr(self, name) != unused:
                raise InvalidInputError(f"the loss {self.loss} has no {name}", remedy=f"leave it at {unused}")
        if "ties" in loss.takes and self.ties not in loss.tie_rules:
            rules = " or ".join(rule for rule in TIES if rule in loss.tie_rules)
            raise InvalidInputError(f"the loss {self.loss} has no ties={self.ties}", remedy=f"it can be {rules}")
        if self.annotators and not loss.has_win_probability:
            raise InvalidInputError(f"the loss {self.loss} has no probabilities to tell how reliable annotators are by")

    @property
    def ranking_loss(self) -> tuple[RankingLoss, dict[str, int]]:
        """The loss of rankings, and its own options."""
        loss = ranking_loss(self.loss)
        assert loss is not None, "the rule of `loss` lets no other name in"
        return loss

    @property
    def forward_tokens(self) -> int:
        """Most tokens of one forward pass; what suits a CPU where `batch_tokens` is left open, and no GPU chose."""
        return self.batch_tokens or 2048

    @property
    def saved_precision(self) -> str:
        """fp32 or bf16: of the weights that are saved."""
        if self.save_precision != "auto":
            return self.save_precision
        return "fp32" if self.weights == "fp32" else "bf16"

    @property
    def baseline_names(self) -> list[str]:
        return baseline_names(self.baselines)


def loss_settings(text: str) -> dict[str, str]:
    """`--loss` as the settings `loss` and `rating_loss`, told by the name.

    Example:
        >>> loss_settings("plackett-luce, ordinal")
        {'loss': 'plackett-luce', 'rating_loss': 'ordinal'}
    """
    chosen: dict[str, str] = {}
    for name in filter(None, (part.strip() for part in text.split(","))):
        kind = "rating_loss" if name in RATING_LOSSES else "loss"
        if kind == "loss" and not ranking_loss(name):
            known = f"of rankings: {', '.join(RANKING_LOSSES)}; of ratings: {', '.join(RATING_LOSSES)}"
            raise NotFoundError(f"there is no loss {name!r}", remedy=known)
        if kind in chosen:
            raise InvalidInputError(
                f"--loss {text} names two losses for the same judgements: {chosen[kind]} and {name}"
            )
        chosen[kind] = name
    return chosen


def read_mix(text: str) -> dict[str, float]:
    """A mix as weights by attribute.

    Example:
        >>> read_mix("helpful=0.7, verbose=-0.3")
        {'helpful': 0.7, 'verbose': -0.3}
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = part.rpartition("=")
        try:
            weights[name.strip()] = float(weight)
        except ValueError:
            weights[name.strip()] = math.nan
        if not name.strip() or not math.isfinite(weights[name.strip()]):
            raise InvalidInputError(f"mix={text} is not NAME=WEIGHT by comma, such as helpful=0.7,verbose=-0.3")
    return weights


def read_scales(text: str) -> dict[str, Bounds]:
    """Scales as the lowest and highest value by attribute.

    Example:
        >>> read_scales("helpful=0:4, verbose=1:5")
        {'helpful': (0.0, 4.0), 'verbose': (1.0, 5.0)}
    """
    return dict(parse_scale(part.strip()) for part in text.split(","))
