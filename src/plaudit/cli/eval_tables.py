"""What `plaudit eval` prints for people, in English or Chinese: a row for each registered metric, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from plaudit.cli.printer import Printer
from plaudit.cli.tables import FigureTable, print_notes
from plaudit.cli.verdicts import in_words, print_verdict
from plaudit.evaluation import METRICS, RATING_METRICS, AnyMetric, Evaluation, Rewards, in_table_order
from plaudit.report import baseline_label, judge
from plaudit.statistics import (
    Form,
    Measurement,
    Measurements,
    measurement_of,
    percent,
    signed,
    signed_percent,
    signed_plain,
    three,
)
from plaudit.text import Language, page_name

_LONGEST_LABEL = 40
"""Terminal cells: labels are whole, whatever the width."""

_HISTOGRAM = 24
"""Characters of a histogram in one line, at most."""

_AFTER = "lead_over_length"
"""The row after which those of baselines stand."""

_JUDGEMENTS = ("comparisons", "ratings")


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: a label, what was measured, and how its numbers are written."""

    label: str
    measured: Measurement
    form: Form


def show(evaluation: Evaluation, page: Path | None = None, language: Language = "en") -> None:
    """Print the tables, the counts, what the figures allow to be claimed, and where the page is that says more."""
    console, printer = Console(highlight=False), _Printer(language)
    if evaluation.counts["comparisons"]:
        printer.table("", printer.preference_rows(evaluation)).show(console)
    for attribute, measured in evaluation.ratings.items():
        title = printer.told("terminal.ratings", attribute=page_name(attribute))
        console.print(title, style="bold", markup=False)
        printer.table("", printer.rating_rows(attribute, measured, evaluation)).show(console)
    if evaluation.subsets and evaluation.counts["comparisons"]:
        printer.subset_table(evaluation).show(console)
    if evaluation.rewards is not None and evaluation.rewards.n:
        printer.table(printer.told("terminal.rewards"), printer.reward_rows(evaluation.rewards)).show(console)
    print_notes(console, [printer.counts_line(evaluation.counts, _JUDGEMENTS, evaluation.clusters)])
    print_verdict(console, judge(evaluation), language)
    if page is not None:
        console.print(printer.told("terminal.page", page=str(page)), markup=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class _Printer(Printer):
    """The tables of one model."""

    def table(self, title: str, rows: Iterator[_Row]) -> FigureTable:
        interval = self.told("terminal.interval")
        headings = (self.told("terminal.value"), interval, "n")
        table = FigureTable(title, headings, left=(interval,), shortest_name=_LONGEST_LABEL, language=self.language)
        for row in rows:
            measured = row.measured
            cells = (self.value(measured, row.form), self.interval(measured, row.form), f"{measured.n:,}")
            table.row(row.label, *cells, gaps=(measured,))
        return table

    def preference_rows(self, evaluation: Evaluation) -> Iterator[_Row]:
        """Figures of comparisons and rankings; without ties, accuracy with ties says nothing new."""
        metrics = dict(METRICS)
        if not evaluation.counts["ties"]:
            del metrics["accuracy_with_ties"]
        baselines = {name: baseline.overall for name, baseline in evaluation.baselines.items()}
        return self._rows(metrics, evaluation.overall, baselines, {"accuracy": percent, "lead": signed_percent})

    def rating_rows(self, attribute: str, measured: Measurements, evaluation: Evaluation) -> Iterator[_Row]:
        """Figures of one attribute's ratings."""
        baselines = {name: baseline.ratings[attribute] for name, baseline in evaluation.baselines.items()}
        return self._rows(RATING_METRICS, measured, baselines, {"spearman": signed, "lead": signed})

    def _rows(
        self,
        metrics: Mapping[str, AnyMetric],
        measured: Measurements,
        baselines: Mapping[str, Measurements],
        baseline_forms: Mapping[str, Form],
    ) -> Iterator[_Row]:
        """The rows of one table, those of baselines after `_AFTER`. Of all that is undefined for one reason, the first
        is shown, and what has a defined row standing under it."""
        reasons: set[str | None] = set()
        for metric in in_table_order(metrics):
            figure = measured.get(metric.name)
            members = [metric.name, *(one.name for one in metrics.values() if one.under == metric.name)]
            defined = any(measurement_of(measured, name).value is not None for name in members)
            if figure is not None and (defined or figure.reason not in reasons):
                reasons.add(figure.reason)
                yield _Row(self._label(metric), figure, metric.form)
            for name, figures in baselines.items() if metric.name == _AFTER else ():
                label = baseline_label(name)
                for key, form in baseline_forms.items():
                    words = (
                        self.told("terminal.lead_over", name=label) if key == "lead" else in_words(label, self.language)
                    )
                    yield _Row(f"  {words}", figures[key], form)

    def _label(self, metric: AnyMetric) -> str:
        label = metric.label(self.language)
        if metric.chance is not None:
            label = self.told("terminal.of_chance", label=label, chance=three(metric.chance).rstrip("0"))
        return f"  {label}" if metric.under else label

    def subset_table(self, evaluation: Evaluation) -> FigureTable:
        interval, length_rule = self.told("terminal.interval"), self.told("terminal.length_rule")
        headings = (self.told("terminal.accuracy"), interval, length_rule, "n")
        table = FigureTable(
            self.told("terminal.subset"), headings, gives_way=(length_rule,), left=(interval,), language=self.language
        )
        for name, subset in evaluation.subsets.items():
            accuracy, length = (measurement_of(subset.overall, key) for key in ("accuracy", "length_accuracy"))
            table.row(
                in_words(page_name(name), self.language),
                self.value(accuracy, percent),
                self.interval(accuracy, percent),
                self.value(length, percent),
                f"{accuracy.n:,}",
                gaps=(accuracy, length),
            )
        return table

    def reward_rows(self, rewards: Rewards) -> Iterator[_Row]:
        """How rewards lie, and what there is in them for a policy to learn from."""
        histogram = _histogram(rewards.counts)
        mean = self.told("terminal.mean", histogram=histogram)
        if rewards.sd is not None:
            mean = self.told("terminal.mean_sd", sd=f"{rewards.sd:.3g}", histogram=histogram)
        yield _Row(mean, rewards.mean, signed_plain)
        yield _Row(self.told("terminal.within_prompt_share"), rewards.within_prompt_share, percent)
        yield _Row(self.told("terminal.prompts_without_spread"), rewards.prompts_without_spread, percent)


def _histogram(counts: Sequence[int]) -> str:
    """Bars in one line."""
    bars = [sum(part.tolist()) for part in np.array_split(counts, min(_HISTOGRAM, len(counts)))]
    return "".join("▁▂▃▄▅▆▇█"[round(7 * bar / max(bars))] for bar in bars)
