"""Reward and gold against the distance gone, with best-of-n of the same reward choices the run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plaudit.report.aligned.line_plots import Along, LineGrid, LinePlot, LinePoint, LineSeries, line_plot, round_ticks
from plaudit.report.aligned.run import AlignmentRun
from plaudit.report.blocks import Note, Section, TableBlock
from plaudit.report.cells import figure_cell
from plaudit.report.i18n import Wording, say
from plaudit.statistics import UNMEASURED, Measurement, measurement_of, signed, two


def section(run: AlignmentRun) -> Section:
    """What the reward promised and what gold says of it, over the validation prompts."""
    panels = [plot for name in ("reward", "gold") for plot in _panel(run, name)]
    if not panels:
        return Section("aligned_path", (), (Note(say("aligned.no_evaluation")),))
    choices = _best_of_n(run)
    legend: list[tuple[str, Wording]] = [("a", say("aligned.this_run"))]
    if choices:
        legend.append(("b", say("aligned.best_of_n")))
    legend += [("band", say("legend.interval")), *run.mark_words]
    caption = say("aligned.path_beside" if choices else "aligned.path")
    blocks: list[Any] = [LineGrid(say("aligned.path_head"), caption, tuple(panels), tuple(legend), wide=True)]
    if not run.has_gold:
        blocks.append(Note(say("aligned.no_gold")))
    return Section("aligned_path", (), tuple(blocks))


def _panel(run: AlignmentRun, name: str) -> Iterator[LinePlot]:
    series = [LineSeries(say("aligned.this_run"), "a", list(_of_run(run, name)))]
    series.append(LineSeries(say("aligned.best_of_n"), "b", list(_of_choice(_best_of_n(run), name))))
    drawn = [one for one in series if one.points]
    if not series[0].points:
        return
    yield line_plot(
        drawn,
        signed,
        head=say(f"aligned.path_{name}"),
        along=Along(say("aligned.root_kl"), round_ticks),
        table=_table(drawn),
        marks=_marks(run, series[0].points),
    )


def _marks(run: AlignmentRun, points: Sequence[LinePoint]) -> list[tuple[str, float]]:
    """How far the policy kept has gone, and the one at which the alarm sounded."""
    steps = {"kept": str(run.kept)} | ({} if run.alarm is None else {"alarm": str(run.alarm["step"])})
    return [(kind, point.x) for kind, step in steps.items() for point in points if point.at == step]


def _of_run(run: AlignmentRun, name: str) -> Iterator[LinePoint]:
    for one in run.validation:
        kl, figure = measurement_of(one.figures, "kl").value, measurement_of(one.figures, name)
        if kl is not None and figure.value is not None:
            # An estimate of a small KL may lie below 0.
            yield LinePoint(math.sqrt(max(kl, 0.0)), figure, str(one.step))


def _best_of_n(run: AlignmentRun) -> Mapping[str, Any]:
    """`n`, `kl`, and `reward` and `gold` for each n; empty where it was not measured."""
    choices = run.record.get("best_of_n")
    return choices if isinstance(choices, Mapping) else {}


def _of_choice(choices: Mapping[str, Any], name: str) -> Iterator[LinePoint]:
    figures: Sequence[Any] = choices.get(name) or []
    for n, kl, figure in zip(choices.get("n") or [], choices.get("kl") or [], figures, strict=False):
        measured = Measurement.from_json(figure) if figure else UNMEASURED
        if measured.value is not None:
            yield LinePoint(math.sqrt(max(float(kl), 0.0)), measured, f"n = {n}")


def _table(series: Sequence[LineSeries]) -> TableBlock:
    rows: list[tuple[Wording, ...]] = [
        (one.label, point.at, two(point.x), figure_cell(point.figure, signed)) for one in series for point in one.points
    ]
    head = (say("aligned.of_what"), say("aligned.step_or_n"), say("aligned.root_kl"), say("head.value"))
    return TableBlock(say("table.same"), head, tuple(rows), folded=True)
