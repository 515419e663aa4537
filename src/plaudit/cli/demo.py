"""`plaudit demo`: from a preference set of known quality to a trained, measured and used reward model."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plaudit.cli.demo_alignment import show_alignment
from plaudit.cli.options import Overwrite
from plaudit.errors import InvalidInputError, MissingExtraError
from plaudit.text import counted

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.cli.tables import FigureTable
    from plaudit.demo import Demo

QUESTION = "My basil from the supermarket dies within a week. How do I keep it alive?"
RESPONSES = [
    "Basil is a popular herb, and plants are all a little different. With some patience and a positive attitude you "
    "will surely find out what works. The most important thing is that you enjoy it.",
    "Split the pot into three or four, because twenty seedlings are crammed into one. Put each in fresh soil on a "
    "bright sill, water from below when the surface is dry, and cut whole tips above a pair of leaves so it branches.",
    "It's hard to say without knowing more, as it could be one thing or another. You may want to ask a professional. "
    "Some people have luck with basil and others don't, and I wouldn't want to promise anything.",
    "Honestly, you could have looked this up yourself, but people never do. Water it or don't, it makes no difference "
    "to me. If you can't even keep a herb alive, then buy it dried and don't waste my time.",
]
LANGUAGES = {"en": "English", "zh": "Chinese"}
LEGEND = (
    "Truth is the quality the answers were written with; people are the simulated annotators, and their ceiling is "
    "how often the truth itself agrees with them. Chance is 50%. Intervals are 95%, clustered by topic."
)
SIDES = {"test": "new questions", "new-topics": "new topics"}


def demo_command(
    output: Path = typer.Option(Path("plaudit-demo"), "--output", "-o", help="Where data and model go."),
    backbone: str = typer.Option(
        "minilm-l6", "--backbone", "-b", help="minilm-l6 (minutes), smollm2-135m (reads Chinese, slow), or your own."
    ),
    prompt: str | None = typer.Option(None, "--prompt", "-p", help="A question of your own, to rank answers to."),
    response: list[str] = typer.Option([], "--response", "-r", help="An answer to it; give two or more."),
    questions: int = typer.Option(3, "--questions", min=1, max=3, help="Questions a topic; fewer take less time."),
    seed: int = typer.Option(0, "--seed", help="Another seed makes another set."),
    candidates: Path | None = typer.Option(
        None,
        "--candidates",
        metavar="FILE",
        help="Train nothing: write many answers of known quality to each held-out question, for `plaudit best-of`.",
    ),
    each: int = typer.Option(64, "--each", min=2, help="Candidates a question."),
    align: bool = typer.Option(
        False, "--align", help="Instead: pretrain a small policy, judge what it writes, and align it by that (minutes)."
    ),
    overwrite: Overwrite = False,
) -> None:
    """Train a reward model on a preference set whose true quality is known, see what it recovered, and use it.

    Needs no model hub: about two minutes on two CPU cores, and more with --align.

    Example: `plaudit demo --prompt "How do I boil an egg?" --response "Seven minutes." --response "No idea."`
    """
    if (prompt is not None or response) and (prompt is None or len(response) < 2):
        raise InvalidInputError("a question to rank needs --prompt and at least two --response")

    if align:
        show_alignment(output / "alignment", seed=seed, overwrite=overwrite)
        return
    if candidates is not None:
        _write_candidates(candidates, output, overwrite, seed=seed, questions=questions, count=each)
        return

    made = {"backbone": backbone, "seed": seed, "questions": questions, "overwrite": overwrite}
    _run_and_show(output, (prompt, response) if prompt is not None else None, **made)


def _run_and_show(output: Path, asked: tuple[str, list[str]] | None, **made: Any) -> None:
    """Run the demo, and print what came of it."""
    from rich.console import Console

    from plaudit.demo import run_demo

    console = Console(highlight=False)
    demo = run_demo(output, log=lambda line: console.print(line, markup=False), **made)
    _table(demo).show(console)
    console.print(LEGEND, style="dim")
    _show_ranking(console, demo, *(asked or _asked()))
    _show_serving(console, demo)
    console.print(_next_steps(demo.folder), markup=False, soft_wrap=True)


def _write_candidates(file: Path, output: Path, overwrite: bool, **options: int) -> None:
    from plaudit.demo import write_candidates

    groups = write_candidates(file, overwrite=overwrite, **options)
    count = sum(len(group.responses) for group in groups)
    model, where = shlex.quote(str(output / "model")), shlex.quote(str(file))
    questions = counted(len(groups), "held-out questions")
    typer.echo(f"{counted(count, 'candidates')} for {questions}: {file}. With the demo's model:")
    typer.echo(f"  plaudit best-of {model} {where} --gold ratings:quality --clusters topic -o {output / 'best-of'}")


def _table(demo: Demo) -> FigureTable:
    from plaudit.cli.tables import INTERVAL, UNDEFINED, FigureTable, interval_cell, value_cell

    table = FigureTable("held out", ("truth", INTERVAL, "longer wins", "people", "ceiling", "n"))
    share = "{:.1%}"
    for side, name in SIDES.items():
        recovery = demo.recovery[side]
        truth, people = ({"": e, **e.subsets} for e in (recovery.truth, recovery.people))
        for part, ceiling in recovery.ceiling.items():
            accuracy = truth[part].overall["accuracy"]
            table.row(
                f"  {LANGUAGES[part]}" if part else name,
                value_cell(accuracy, share),
                interval_cell(accuracy, share),
                value_cell(truth[part].overall["length_accuracy"], share),
                value_cell(people[part].overall["accuracy"], share),
                UNDEFINED if ceiling is None else share.format(ceiling),
                f"{accuracy.n:,}",
                gaps=(accuracy,),
            )
    return table


def _asked() -> tuple[str, list[str]]:
    """On a terminal a question and answers of the user's own; ours if there is no terminal or nothing is typed."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return QUESTION, RESPONSES
    question = typer.prompt("\nA question of your own (Enter: one of ours)", default="", show_default=False)
    answers: list[str] = []
    while question:
        answer = typer.prompt(f"Answer {len(answers) + 1} (Enter: done)", default="", show_default=False)
        if not answer:
            break
        answers.append(answer)
    if question and len(answers) < 2:
        typer.echo("One answer cannot be ranked; here is a question of ours.")
    return (question, answers) if len(answers) > 1 else (QUESTION, RESPONSES)


def _show_ranking(console: Console, demo: Demo, question: str, answers: list[str]) -> None:
    console.print(f"\n{question}", style="bold", markup=False)
    for place, score in enumerate(demo.model.rank(question, answers), start=1):
        console.print(f"  {place}. {score.score:+.2f}  {answers[score.response]}", markup=False)


def _show_serving(console: Console, demo: Demo) -> None:
    from plaudit.demo import serve_demo

    try:
        served = serve_demo(demo)
    except MissingExtraError as error:
        console.print(f"\n{error}", markup=False)
        return
    console.print(
        f"\nOver HTTP, {served.responses} responses have the same scores as here (largest difference "
        f"{served.difference:.0e}). The best of {served.n} candidates, chosen over HTTP, exceeds a random one by "
        f"{served.gain} standard deviations of true quality.",
        markup=False,
    )
    model = shlex.quote(str(demo.folder / "model"))
    console.print(f"To serve it:\n  plaudit serve {model}\nand to ask it, as", markup=False, soft_wrap=True)
    for wire, line in served.requests:
        console.print(f"  {wire}:\n    {line}", markup=False, soft_wrap=True)


def _next_steps(folder: Path) -> str:
    model, test, report = (shlex.quote(str(folder / name)) for name in ("model", "new-topics.jsonl", "report"))
    return f"""
The same with data of your own:
  plaudit data check yours.jsonl
  plaudit train yours.jsonl -o my-model
  plaudit eval my-model held-out.jsonl -o report
And with what the demo made:
  plaudit eval {model} {test} --clusters topic -o {report}    # then open report.html there
  plaudit rank {model} --prompt "How do I boil an egg?" --response "Seven minutes." --response "No idea."
  plaudit demo --candidates candidates.jsonl    # then: is the best of 64 by this model any better than the best of 4?
"""
