"""The run step by step: what the reward was made of, what became of the answers, and where the time went."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from plaudit.report.aligned.line_plots import (
    STEPS,
    Along,
    LineGrid,
    LinePlot,
    LinePoint,
    LineSeries,
    line_plot,
    thinned,
    whole_ticks,
)
from plaudit.report.aligned.run import FIGURES, AlignmentRun
from plaudit.report.blocks import Section, TableBlock
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.labels import known_label
from plaudit.statistics import Form, Measurement, measurement_of, percent, plain, signed, two

LOOKS = "abcdef"

_WATCHED = ("kl", "ended", "length", "distinct", "repeated", "entropy", "spread")
"""Plots of what became of the answers; KL holds k3 too, and distinct answers those within a prompt."""

_BESIDE = {"kl": "kl3", "distinct": "distinct_within"}

_SHARES = (0.0, 1.0)

_LABELS: Mapping[str, Callable[[str], Wording]] = {
    "rewards": lambda name: known_label("aligned_term", name),
    "seconds": lambda name: known_label("aligned_part", name),
}


def section(run: AlignmentRun) -> Section:
    """Everything that has a line of its own in `curves.jsonl`."""
    grids = (_answers(run), _rewards(run))
    blocks: list[Any] = [grid for grid in grids if grid is not None]
    blocks += [table for table in (_optimiser(run), _time(run)) if table.rows]
    return Section("aligned_steps", (), tuple(blocks))


def _marks(run: AlignmentRun) -> list[tuple[str, float]]:
    marks = [("kept", float(run.kept))]
    if run.alarm is not None:
        marks.append(("alarm", float(run.alarm["step"])))
    return marks


def _along(run: AlignmentRun) -> Along:
    return Along(run.step_word, lambda last: whole_ticks(max(last, run.last)))


def _answers(run: AlignmentRun) -> LineGrid | None:
    plots = tuple(plot for name in _WATCHED for plot in _watched(run, name))
    if not plots:
        return None
    legend: list[tuple[str, Wording]] = [("a", say("aligned.on_validation")), ("band", say("legend.interval"))]
    if any(line.look == STEPS for plot in plots for line in plot.lines):
        legend.insert(0, (STEPS, say("aligned.on_train")))
    return LineGrid(say("aligned.answers_head"), say("aligned.answers"), plots, (*legend, *run.mark_words))


def _watched(run: AlignmentRun, name: str) -> Iterator[LinePlot]:
    form = FIGURES[name][0]
    label, second = known_label("aligned_figure", name), _BESIDE.get(name)
    series = [
        LineSeries(say("aligned.on_train"), STEPS, _of_steps(run, "figures", name), framed=not run.validation),
        LineSeries(label, "a", _of_evaluations(run, name)),
    ]
    if second is not None:
        # k3 has a heavy tail: where the policy has gone far, single answers decide it.
        framed = second != "kl3"
        known = known_label("aligned_figure", second)
        series.append(LineSeries(known, "b", _of_evaluations(run, second), framed=framed))
    drawn = [one for one in series if one.points]
    if not drawn:
        return
    bounds = _SHARES if form is percent else (0.0 if name == "length" else -math.inf, math.inf)
    both = drawn[-1].look == "b"
    head = say(f"aligned.both_{name}") if both else say(f"aligned_figure.{name}")
    yield line_plot(drawn, form, head=head, along=_along(run), marks=_marks(run), bounds=bounds, keyed=both)


def _of_steps(run: AlignmentRun, group: str, name: str) -> list[LinePoint]:
    points = []
    for row in run.steps:
        value = (row.get(group) or {}).get(name)
        if isinstance(value, int | float) and math.isfinite(value):
            points.append(LinePoint(float(row["step"]), Measurement(float(value), None, None, 1), str(row["step"])))
    return thinned(points)


def _of_evaluations(run: AlignmentRun, name: str) -> list[LinePoint]:
    return [
        LinePoint(float(one.step), measured, str(one.step))
        for one in run.validation
        for measured in [measurement_of(one.figures, name)]
        if measured.value is not None
    ]


def _rewards(run: AlignmentRun) -> LineGrid | None:
    """What was paid, what it was made of, and how long each part took; over steps, so without intervals."""
    plots = []
    terms = [name for name in ("standardised", "shaped", "total") if _changes(run, name)]
    costs = [name for name in ("unfinished", "spread", "length") if _is_paid(run, name)]
    for names, head in ((terms, "aligned.terms"), (costs, "aligned.costs"), (["raw"], "aligned.raw")):
        if series := _lines(run, "rewards", names):
            plots.append(_over_steps(run, series, signed, say(head)))
    parts = list(dict.fromkeys(name for row in run.steps for name in row.get("seconds") or {}))
    if series := _lines(run, "seconds", parts[: len(LOOKS)]):
        plots.append(_over_steps(run, series, two, say("aligned.seconds")))
    if not plots:
        return None
    return LineGrid(say("aligned.rewards_head"), say("aligned.rewards"), tuple(plots), tuple(run.mark_words))


def _changes(run: AlignmentRun, name: str) -> bool:
    """Whether a term says something that `standardised` does not."""
    same = [(row.get("rewards") or {}).get(name) == (row.get("rewards") or {}).get("standardised") for row in run.steps]
    return name == "standardised" or not all(same)


def _is_paid(run: AlignmentRun, name: str) -> bool:
    return any((row.get("rewards") or {}).get(name) for row in run.steps)


def _lines(run: AlignmentRun, group: str, names: Sequence[str]) -> list[LineSeries]:
    lines = [(name, _of_steps(run, group, name)) for name in names]
    return [
        LineSeries(_LABELS[group](name), LOOKS[place], points) for place, (name, points) in enumerate(lines) if points
    ]


def _over_steps(run: AlignmentRun, series: Sequence[LineSeries], form: Form, head: Sentence) -> LinePlot:
    return line_plot(series, form, head=head, along=_along(run), marks=_marks(run), keyed=True)


def _optimiser(run: AlignmentRun) -> TableBlock:
    """What else was noted at every step: enough to see that something went wrong, and when."""
    noted: dict[str, list[float]] = {}
    for row in run.steps:
        for name, value in (row.get("figures") or {}).items():
            if name not in FIGURES and isinstance(value, int | float):
                noted.setdefault(name, []).append(float(value))
    rows = tuple(
        (
            known_label("aligned_learning", name),
            plain(values[0]),
            plain(values[-1]),
            plain(min(values)),
            plain(max(values)),
        )
        for name, values in noted.items()
    )
    head = tuple(say(f"aligned.head_{name}") for name in ("noted", "first", "last", "least", "most"))
    return TableBlock(say("aligned.optimiser"), head, rows, folded=True)


def _time(run: AlignmentRun) -> TableBlock:
    """Seconds of each part: all steps together, and one."""
    seconds: dict[str, float] = {}
    for row in run.steps:
        for name, value in (row.get("seconds") or {}).items():
            seconds[name] = seconds.get(name, 0.0) + float(value)
    whole = sum(seconds.values())
    rows = _time_rows(seconds, whole, len(run.steps)) if whole else ()
    head = tuple(say(f"aligned.head_{name}") for name in ("part", "seconds", "a_step", "share"))
    return TableBlock(say("aligned.time", n=count(len(run.steps))), head, tuple(rows), folded=True)


def _time_rows(seconds: Mapping[str, float], whole: float, steps: int) -> Iterator[tuple[Wording, ...]]:
    for name, value in seconds.items():
        yield known_label("aligned_part", name), f"{value:,.1f}", two(value / steps), percent(value / whole)
    yield say("aligned.in_all"), f"{whole:,.1f}", two(whole / steps), percent(1.0)
