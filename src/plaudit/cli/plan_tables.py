"""The table of `plaudit train --plan`, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from plaudit.cli.tables import FigureTable
from plaudit.text import counted, rounded, terminal_text
from plaudit.training import Machine, TrainingPlan


def show_plan(plan: TrainingPlan) -> None:
    """Tokens, arithmetic, memory and hours, and what to do where a run does not fit."""
    console = Console(highlight=False)
    table = FigureTable("", ("figure",))
    for label, figure, note in _rows(plan):
        table.row(label, figure, note=note)
    table.show(console)
    for number, remedy in enumerate(plan.remedies):
        verdict = "fits" if remedy.fits else "does not fit either"
        flags = " ".join(f"--set {part}" if "=" in part else part for part in remedy.change.split(" "))
        # Each is added to those before it.
        line = f"{'and ' if number else ''}{flags}: {_gigabytes(remedy.memory)}, {verdict}"
        console.print(line, markup=False, soft_wrap=True)


def _rows(plan: TrainingPlan) -> Iterator[tuple[str, str, str]]:
    work, memory, arithmetic = plan.workload, plan.memory, plan.arithmetic
    epoch = work.epoch
    yield "parameters", rounded(plan.parameters), f"{rounded(plan.learning)} learn ({terminal_text(plan.backbone)})"
    yield "tokens an epoch", f"{epoch.tokens:,}", f"{epoch.whole:,} without trees"
    yield "steps an epoch", f"{work.steps_per_epoch:,}", f"forests of {work.forest.tokens:,} tokens at most"
    yield "arithmetic", f"{arithmetic.total:.2e}", f"FLOPs of {counted(plan.epochs, 'epochs')}, evaluations among them"
    yield "  forward", _share(arithmetic.forward, arithmetic.total), ""
    yield "  backward", _share(arithmetic.backward, arithmetic.total), ""
    yield "  attention", _share(arithmetic.attention, arithmetic.total), "of both"
    yield "memory a GPU", _gigabytes(memory.total), _verdict(plan)
    yield "  weights", _gigabytes(memory.weights), "sharded" if plan.sharded else ""
    yield "  gradients", _gigabytes(memory.gradients), ""
    yield "  optimizer", _gigabytes(memory.optimizer), ""
    yield "  activations", _gigabytes(memory.activations), f"batch_tokens={plan.batch_tokens}{_room(plan)}"
    if plan.sharded:
        yield "  gathered layers", _gigabytes(memory.gathered), ""
    if plan.hours is not None:
        yield "time", _duration(plan.hours * 3600), f"estimated, at an assumed MFU of {plan.mfu:g}"
    elif plan.machine.flops is None:
        yield "time", "unknown", "name GPUs, such as --gpus 1xh100"
    else:
        yield "time", "unknown", "the speeds of GPUs that are known are of bf16"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "under 1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:,.1f} h"


def _room(plan: TrainingPlan) -> str:
    return "" if plan.most_tokens is None else f", of at most {plan.most_tokens}"


def _verdict(plan: TrainingPlan) -> str:
    if plan.machine.memory is None:
        return "on a CPU, whose memory is not looked at"
    room = f"{_gigabytes(plan.machine.memory)} of {_named(plan.machine)}"
    return f"fits the {room}" if plan.fits else f"does not fit the {room}"


def _named(machine: Machine) -> str:
    return f"{machine.count} x {machine.name}"


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.2f} GB" if size >= 1e7 else f"{size / 1e6:,.2f} MB"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "0%"
