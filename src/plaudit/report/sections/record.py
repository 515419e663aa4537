"""What produced the figures, what was left out, and how to make them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.report.blocks import Label, Section, TableBlock
from plaudit.report.cells import between
from plaudit.report.format import count, figure, mapping, number, plain
from plaudit.report.i18n import Said, say
from plaudit.report.inputs import ReportInputs
from plaudit.report.labels import known
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

KEPT = ("groups", "responses", "comparisons", "ratings", "clusters")
"""Counts of what was measured; the others count what could not take part, or took part in half."""

_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Command:
    """A command line to copy."""

    kind: ClassVar[str] = "command"
    caption: Said
    line: str


def section(material: ReportInputs) -> Section:
    """The record, the counts, every figure, and the command."""
    metrics = material.metrics
    blocks: list[Any] = []
    if material.command:
        blocks.append(Command(say("record.again"), page_text(material.command).replace("\n", " ")))
    tables = (
        TableBlock(say("record.made"), (say("head.field"), say("head.value")), tuple(_fields(metrics)), numeric=2),
        TableBlock(say("record.counts"), (say("head.count"), say("head.n")), tuple(_counts(metrics))),
        TableBlock(
            say("record.every"),
            (say("head.figure"), say("head.value"), say("head.interval"), say("head.n")),
            tuple(_every(metrics)),
            folded=True,
        ),
    )
    blocks += [table for table in tables if table.rows]
    return Section("record", (_intervals(metrics),), tuple(blocks))


def _intervals(metrics: Mapping[str, Any]) -> Said:
    level, rounds = number(metrics.get("level")) or 0.95, number(metrics.get("bootstrap"))
    values = {"level": f"{level:.0%}", "clusters": page_name(str(metrics.get("clusters") or "prompt"), 40)}
    return say("record.bootstrap", rounds=count(rounds), **values) if rounds else say("record.intervals", **values)


def _fields(metrics: Mapping[str, Any]) -> Iterator[tuple[Label, ...]]:
    record = mapping(metrics.get("record"))
    for name in FIELDS:
        if record.get(name) is not None:
            value = record[name]
            said = known("answer", str(value)) if isinstance(value, bool) else page_name(str(value), _LONGEST)
            yield known("field", name), said
    if versions := mapping(record.get("versions")):
        yield known("field", "versions"), page_name(", ".join(f"{k} {v}" for k, v in versions.items()), _LONGEST)


def _counts(metrics: Mapping[str, Any]) -> Iterator[tuple[Label, ...]]:
    counts = mapping(metrics.get("counts"))
    for name in (*KEPT, *(name for name in counts if name not in KEPT)):
        many = number(counts.get(name))
        if many is not None and (many or name not in KEPT):
            yield known("count", str(name), str(name).replace("_", " ")), count(many)


def _every(metrics: Mapping[str, Any]) -> Iterator[tuple[Label, ...]]:
    """Every measurement of rankings under the name it has in `metrics.json`, those that are undefined with why."""
    for name, row in metrics.items():
        if isinstance(row, Mapping) and "value" in row and "n" in row:
            found = figure(row)
            value = "–" if found.value is None else plain(found.value)
            yield page_name(str(name), 60), value, between(found, plain), count(found.n)
