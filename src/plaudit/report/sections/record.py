"""What produced the figures, what was left out, and how to make them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.evaluation import METRICS, Evaluation
from plaudit.report.blocks import Section, TableBlock
from plaudit.report.cells import interval_cell
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.inputs import ReportInputs
from plaudit.report.labels import known_label, metric_label
from plaudit.statistics import LEVEL, plain
from plaudit.text import page_name, page_text

FIELDS = (
    "model",
    "backbone",
    "data",
    "scored_data",
    "template",
    "pooled_token",
    "dtype",
    "max_length",
    "truncation",
    "truncate_responses",
    "seed",
)
"""What is shown of the record, in this order; all the rest stands in `metrics.json`."""

MEASURED = ("groups", "responses", "comparisons", "ratings", "clusters")
"""Counts of what was measured; the others count what could not take part, or took part in half."""

_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Command:
    """A command line to copy."""

    kind: ClassVar[str] = "command"
    caption: Sentence
    line: str


def section(inputs: ReportInputs) -> Section:
    """The record, the counts, every figure, and the command."""
    evaluation = inputs.evaluation
    blocks: list[Any] = []
    if inputs.command:
        blocks.append(Command(say("record.again"), page_text(inputs.command).replace("\n", " ")))
    tables = (
        TableBlock(say("record.made"), (say("head.field"), say("head.value")), tuple(_fields(evaluation)), numeric=2),
        TableBlock(say("record.counts"), (say("head.count"), say("head.n")), tuple(_counts(evaluation))),
        TableBlock(
            say("record.every"),
            (say("head.figure"), say("head.value"), say("head.interval"), say("head.n")),
            tuple(_every_figure(evaluation)),
            folded=True,
        ),
    )
    blocks += [table for table in tables if table.rows]
    return Section("record", (_intervals(evaluation),), tuple(blocks))


def _intervals(evaluation: Evaluation) -> Sentence:
    values = {"level": f"{LEVEL:.0%}", "clusters": page_name(evaluation.clusters, 40)}
    if evaluation.bootstrap:
        return say("record.bootstrap", rounds=count(evaluation.bootstrap), **values)
    return say("record.intervals", **values)


def _fields(evaluation: Evaluation) -> Iterator[tuple[Wording, ...]]:
    record = evaluation.record
    for name in FIELDS:
        if (value := record.get(name)) is not None:
            shown = known_label("answer", str(value)) if isinstance(value, bool) else page_name(str(value), _LONGEST)
            yield known_label("field", name), shown
    # A scores file may bring a record of any shape.
    if isinstance(versions := record.get("versions"), Mapping) and versions:
        shown = page_name(", ".join(f"{name} {version}" for name, version in versions.items()), _LONGEST)
        yield known_label("field", "versions"), shown


def _counts(evaluation: Evaluation) -> Iterator[tuple[Wording, ...]]:
    counts = evaluation.counts
    for name in (*MEASURED, *(name for name in counts if name not in MEASURED)):
        if name in counts and (counts[name] or name not in MEASURED):
            yield known_label("count", name, name.replace("_", " ")), count(counts[name])


def _every_figure(evaluation: Evaluation) -> Iterator[tuple[Wording, ...]]:
    """Every measurement of rankings under the name it has in `metrics.json`, those that are undefined with why."""
    for name, measured in evaluation.overall.items():
        form = METRICS[name].form if name in METRICS else plain
        value = "–" if measured.value is None else form(measured.value)
        yield metric_label(name), value, interval_cell(measured, form), count(measured.n)
