"""A run told before it is run: tokens, arithmetic, memory a GPU, hours, and what to do where it does not fit.

Nothing is written, and no weights are loaded: a configuration, a tokenizer and the data say all of it. Hours are an
estimate at an assumed share of the GPU's arithmetic on paper (`mfu`); nothing of it was measured on a GPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.data import judgements_of, keep_groups
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model import Skeleton, is_baseline, open_skeleton
from plaudit.training.group_targets import read_targets
from plaudit.training.planning.arithmetic import Arithmetic, arithmetic_of
from plaudit.training.planning.footprint import Costs, measure_costs
from plaudit.training.planning.gpus import Machine, machine_of
from plaudit.training.planning.memory import USABLE, Memory, memory_of, tokens_that_fit
from plaudit.training.planning.workload import Amount, Workload, measure_workload
from plaudit.training.reader import check_pooling, target_reader
from plaudit.training.run.rendering import groups_of_items, render_groups
from plaudit.training.run.split import split_validation
from plaudit.training.run.trainer import multiplies_in_bf16
from plaudit.training.settings import TrainingSettings
from plaudit.training.sharding import copies_fit, sharding_asked
from plaudit.training.steps import Steps
from plaudit.training.wishes import check_run_wishes

MFU = 0.4
"""Model FLOPs utilisation that is assumed where none is given."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of settings, added to those before it.

    Attributes:
        change: as `--set` has it, or the GPUs to take.
        memory: bytes a GPU would hold then.
        fits: whether that is enough.
    """

    change: str
    memory: float
    fits: bool


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What a run would take.

    Attributes:
        backbone: what is trained.
        machine: where.
        parameters, learning: how many parameters there are, and how many of them learn.
        workload: tokens and steps.
        epochs: of the run.
        batch_tokens: of one forward pass.
        most_tokens: the largest `batch_tokens` for which a GPU has room, 65,536 at most; None on a CPU, and with
            `attention=segments`.
        arithmetic: of the whole run, over all GPUs.
        memory: of one GPU.
        sharded: whether weights, gradients and moments are divided among the GPUs.
        fits: whether a GPU holds it; None where its memory is not known.
        mfu: the share of the GPU's arithmetic on paper that is assumed.
        hours: of the run, estimated; None where the machine's speed is not known, as in fp32.
        remedies: in order, each with those before it, up to the first that fits; none where the run fits.

    Example:
        >>> from plaudit.data import load_groups
        >>> from plaudit.training import plan_training
        >>> plan = plan_training(load_groups("train.jsonl"), "my-backbone", gpus="1xrtx-4090")
        >>> plan.fits, plan.memory.total < 24e9
        (True, True)
    """

    backbone: str
    machine: Machine
    parameters: int
    learning: int
    workload: Workload
    epochs: int
    batch_tokens: int
    most_tokens: int | None
    arithmetic: Arithmetic
    memory: Memory
    sharded: bool
    fits: bool | None
    mfu: float
    hours: float | None
    remedies: tuple[Remedy, ...]

    def to_dict(self) -> dict[str, Any]:
        """As one JSON object."""
        values = asdict(self)
        values["memory"]["total"], values["arithmetic"]["total"] = self.memory.total, self.arithmetic.total
        return values


@checked
def plan_training(
    groups: Sequence[Group],
    backbone: str | Path = "minilm-l6",
    *,
    validation_groups: Sequence[Group] | None = None,
    settings: TrainingSettings | None = None,
    gpus: str | None = None,
    mfu: float | None = None,
    **changes: Any,
) -> TrainingPlan:
    """What `train` would compute and hold with the same arguments.

    Args:
        groups, backbone, validation_groups, settings, changes: as of `train`.
        gpus: `8xh100`, a number and a name of the table in docs/scale.md; None: the GPU that is here, or the CPU.
        mfu: model FLOPs utilisation, the share of the GPUs' arithmetic on paper that the run is assumed to reach; None:
            0.4. Where no time can be estimated, it is refused.

    Raises:
        PlauditError: as `train` does before its first step, or if the backbone cannot be counted without its weights.

    Example:
        >>> from plaudit.data import load_groups
        >>> plan = plan_training(load_groups("train.jsonl"), "my-backbone", epochs=2)
        >>> plan.epochs, plan.arithmetic.backward > plan.arithmetic.forward
        (2, True)
    """
    settings = (settings or TrainingSettings()).with_changes(changes, "plan_training()", ["gpus", "mfu"])
    if is_baseline(backbone):
        raise InvalidInputError(f"{backbone} takes no steps, so there is nothing to plan", remedy="train it")
    if mfu is not None and not 0 < mfu <= 1:
        raise InvalidInputError(f"mfu is {mfu}", remedy="it must be above 0 and at most 1")
    machine = machine_of(gpus)
    if mfu is not None and machine.flops is None:
        what = "mfu is asked for, and there is no GPU of a known speed"
        raise InvalidInputError(what, remedy="name GPUs, such as --gpus 1xh100 (gpus='1xh100'), or leave it out")
    sharding_asked(settings, machine.count)
    groups = keep_groups(groups)
    reader = target_reader(judgements_of(groups), settings)
    train_groups, validation = split_validation(groups, validation_groups, settings, reader)
    check_run_wishes(settings, validated=bool(validation), validation_data=validation_groups is not None)
    skeleton = open_skeleton(
        backbone,
        max_length=settings.max_length,
        chat_template=settings.chat_template,
        trust_remote_code=settings.trust_remote_code,
        outputs=reader.outputs,
    )
    network = skeleton.network
    check_pooling(settings.pooling, network.causal)
    items, held_out = render_groups(skeleton, settings, train_groups, validation)
    planner = _Planner(skeleton, settings, machine)
    if mfu is not None and not planner.bf16:
        what = "mfu is asked for, and the speeds of GPUs that are known are of bf16"
        raise InvalidInputError(what, remedy="use precision=bf16, or leave it out")
    targets = read_targets(groups_of_items(items), reader, numbered=True)
    steps = Steps(items, targets, network, planner.settings, shares=machine.count, on_gpus=planner.fills_gpus)
    workload = measure_workload(steps, (network.grow(item.sequences, item.types) for item in held_out))
    return planner.plan(str(backbone), workload, MFU if mfu is None else mfu)


class _Planner:
    """One backbone on one machine, with one set of settings and others beside it."""

    def __init__(self, skeleton: Skeleton, settings: TrainingSettings, machine: Machine) -> None:
        self.network, self.settings, self.machine = skeleton.network, settings, machine
        config = skeleton.network.config
        self.layers = int(config.get_text_config().num_hidden_layers)
        precise = multiplies_in_bf16() if machine.memory is None else True
        self.bf16 = settings.precision == "bf16" or (settings.precision == "auto" and precise)

        @lru_cache
        def costs(trainable: str, weights: str, checkpointing: bool) -> Costs:
            changed = settings.as_implied(
                trainable=trainable, weights=weights, gradient_checkpointing=checkpointing, compile=False
            )
            return measure_costs(config, skeleton.network.outputs, changed, bf16=self.bf16)

        self._costs = costs
        if settings.batch_tokens is None and (most := self.most_tokens()):
            # As the run itself chooses it.
            self.settings = settings.as_implied(batch_tokens=most)

    def costs(self, settings: TrainingSettings) -> Costs:
        return self._costs(settings.trainable, settings.weights, settings.gradient_checkpointing)

    @property
    def segments(self) -> bool:
        """Whether attention is computed segment by segment, as on a CPU."""
        return self.machine.memory is None or self.settings.attention == "segments"

    @property
    def fills_gpus(self) -> bool:
        """Whether steps grow to fill GPUs; the features of a frozen backbone never do."""
        frozen = self.settings.trainable == "head" and not self.settings.dropout
        return self.machine.memory is not None and not frozen

    def most_tokens(self) -> int | None:
        """The largest forest that the machine has room for; None where a run does not ask for it: on a CPU, and where
        attention copies keys, as many as the data has."""
        settings, memory = self.settings, self.machine.memory
        if memory is None or self.segments:
            return None
        return tokens_that_fit(
            self.costs(settings),
            settings,
            memory,
            layers=self.layers,
            bf16=self.bf16,
            processes=self.machine.count,
            sharded=self.is_sharded(settings),
        )

    def is_sharded(self, settings: TrainingSettings) -> bool:
        """Whether the run shares its weights out."""
        asked = sharding_asked(settings, self.machine.count)
        if asked is not None:
            return asked
        cost = self.costs(settings).whole
        return not copies_fit(settings.weights, cost.frozen, cost.learning, self.machine.memory or 0)

    def memory(self, settings: TrainingSettings, forest: Amount) -> Memory:
        return memory_of(
            self.costs(settings),
            settings,
            forest,
            layers=self.layers,
            bf16=self.bf16,
            processes=self.machine.count,
            sharded=self.is_sharded(settings),
            segments=self.segments,
        )

    def fits(self, memory: Memory) -> bool:
        return self.machine.memory is None or memory.total <= USABLE * self.machine.memory

    def plan(self, backbone: str, workload: Workload, mfu: float) -> TrainingPlan:
        settings, machine = self.settings, self.machine
        costs, memory = self.costs(settings), self.memory(settings, workload.forest)
        arithmetic = arithmetic_of(costs, workload, settings)
        # The table's speeds are of bf16.
        speed = machine.count * machine.flops * mfu if machine.flops is not None and self.bf16 else None
        fits = None if machine.memory is None else self.fits(memory)
        return TrainingPlan(
            backbone=backbone,
            machine=machine,
            parameters=sum(parameter.numel() for parameter in self.network.parameters()),
            learning=round(costs.whole.learning),
            workload=workload,
            epochs=settings.epochs,
            batch_tokens=settings.forward_tokens,
            most_tokens=self.most_tokens(),
            arithmetic=arithmetic,
            memory=memory,
            sharded=self.is_sharded(settings),
            fits=fits,
            mfu=mfu,
            hours=None if speed is None else arithmetic.total / speed / 3600,
            remedies=() if fits is not False else tuple(self._remedies(workload)),
        )

    def _remedies(self, workload: Workload) -> Iterator[Remedy]:
        """What makes a run smaller, the cheapest first, up to the first that fits."""
        least, forest, settings = max(1024, workload.largest_tree), workload.forest, self.settings
        for change in self._changes(least, workload):
            if all(getattr(settings, name) == value for name, value in change.items()):
                continue
            settings = settings.as_implied(**change)
            if "batch_tokens" in change:
                share = least / max(forest.tokens, 1)
                forest = Amount(1, max(1, round(forest.responses * share)), least, least, forest.pairs, forest.copied)
            memory = self.memory(settings, forest)
            words = " ".join(f"{name}={str(value).lower()}" for name, value in change.items())
            yield Remedy(words, memory.total, self.fits(memory))
            if self.fits(memory):
                return
        yield Remedy("GPUs with more memory", memory.total, False)

    def _changes(self, least: int, workload: Workload) -> Iterator[dict[str, Any]]:
        """Changes of the settings that take less memory and that these settings can have, the cheapest first."""
        settings, several = self.settings, self.machine.count > 1
        if (settings.batch_tokens or workload.forest.tokens) > least:
            yield {"batch_tokens": least}
        # A backbone that stays as it is has no activations to recompute, and nothing to share.
        adapted = settings.trainable if settings.trainable.startswith("lora") else "lora"
        if settings.trainable == "head":
            adapted = "head"
        else:
            yield {"gradient_checkpointing": True} | ({"compile": False} if settings.compile else {})
            # 8-bit optimisers are not shared out, nor weights of 4 bits.
            if several and settings.weights != "4bit":
                yield {"sharding": "fsdp"} | ({} if settings.optimizer == "adamw" else {"optimizer": "adamw"})
            elif settings.optimizer == "adamw":
                yield {"optimizer": "adamw-8bit"}
        changed = {} if adapted == settings.trainable else {"trainable": adapted}
        if settings.weights != "4bit":
            yield changed | {"weights": "bf16"}
            yield {"weights": "4bit"} | ({"sharding": "none"} if several else {})
