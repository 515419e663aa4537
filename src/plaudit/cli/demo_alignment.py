"""`plaudit demo --align`: a small policy improved by a reward model, told by the truth."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.demo import AlignedPolicy, AlignmentDemo

_LEGEND = (
    "On the questions that nothing was optimised on. Truth: what an answer's sentences are worth together; a sentence: "
    "what one is worth. KL is in nats an answer, length in tokens. ± is half a 95% interval, by question."
)


def show_alignment(folder: Path, *, seed: int, overwrite: bool) -> None:
    """Run the loop, and print what came of it."""
    from rich.console import Console

    from plaudit.demo import run_alignment_demo

    console = Console(highlight=False)
    demo = run_alignment_demo(
        folder, seed=seed, overwrite=overwrite, log=lambda line: console.print(line, markup=False)
    )
    _show_table(console, demo)
    for name, aligned in demo.runs.items():
        if stopped := aligned.record["stopped"]:
            console.print(f"{name} stopped at step {stopped['step']}: {stopped['says']}.", markup=False)
    _show_example(console, max(demo.runs.values(), key=lambda aligned: aligned.figure("gold", "gain").value or 0.0))
    console.print(_next_steps(demo), markup=False, soft_wrap=True)


def _show_table(console: Console, demo: AlignmentDemo) -> None:
    from plaudit.cli.tables import FigureTable

    table = FigureTable("policy", ("truth", "gain", "a sentence", "KL", "length", "distinct", "kept"))
    for aligned in list(demo.runs.values())[:1]:
        table.row("untrained", *_cells(aligned, "before"))
    for name, aligned in demo.runs.items():
        table.row(name, *_cells(aligned, "after"))
    table.show(console)
    console.print(_LEGEND, style="dim")


def _cells(aligned: AlignedPolicy, side: str) -> list[str]:
    from plaudit.cli.tables import half_width_cell, value_cell

    truth, gain = aligned.figure("gold", side), aligned.figure("gold", "gain")
    kl, length, distinct = (aligned.figure(name, side) for name in ("kl", "length", "distinct"))
    after = side == "after"
    return [
        value_cell(truth, "{:+.2f}"),
        half_width_cell(gain, "{:+.2f}") if after else "",
        value_cell(aligned.worth[after], "{:+.2f}"),
        value_cell(kl, "{:.1f}"),
        value_cell(length, "{:.0f}"),
        value_cell(distinct, "{:.0%}"),
        f"step {aligned.kept_step}" if after else "",
    ]


def _show_example(console: Console, aligned: AlignedPolicy) -> None:
    question, before, after = aligned.example
    console.print(f"\n{question}", style="bold", markup=False)
    console.print(f"  before: {before}", markup=False)
    console.print(f"  after:  {after}", markup=False)


def _next_steps(demo: AlignmentDemo) -> str:
    pages = " ".join(shlex.quote(str(aligned.folder / "align.html")) for aligned in demo.runs.values())
    policy, judged, reward = (shlex.quote(str(demo.folder / name)) for name in ("policy", "judged.jsonl", "reward"))
    return f"""
To look at: {pages}
The same with a policy and prompts of your own, here with those of the demo:
  plaudit align {policy} {judged} --reward {reward} -o my-policy --method dpo
"""
