"""What was measured, for the README.md of a model folder: the same verdict and headline figures, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plaudit.errors import DataError
from plaudit.report.format import ParsedFigure, Shape, count, figure, interval, mapping, number, percent, points, signed
from plaudit.report.i18n import Said, say
from plaudit.report.labels import baseline
from plaudit.report.verdict import Verdict, judge
from plaudit.storage import replacing
from plaudit.text import page_text

BEGIN, END = "<!-- plaudit eval: begin -->", "<!-- plaudit eval: end -->"
"""Between these lines a card holds what `plaudit eval` measured last; all around them is left alone."""

# What Markdown or HTML could read inside a line, and the marks by which a bare address or name becomes a link.
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$@]|:(?=//)|(?<=www)\.")


def model_card_figures(metrics: Mapping[str, Any]) -> str:
    """A Markdown section between markers: the verdict, a table of headline figures, and what they were measured on."""
    verdict = judge(metrics)
    rows = list(_rows(metrics))
    table = ["| | value | 95% interval | n |", "|---|---|---|---|", *rows, ""] if rows else []
    return "\n".join(
        [
            BEGIN,
            "## How far can it be trusted?",
            "",
            f"**{_plain(say(f'signal.{verdict.signal}'))}.** {_plain(verdict.headline)}",
            "",
            *_findings(verdict),
            *table,
            _measured_on(metrics),
            END,
        ]
    )


def update_card(folder: str | Path, metrics: Mapping[str, Any]) -> Path:
    """Put the section into the folder's README.md: in place of an earlier one, else at its end. The rest is unchanged.

    Raises:
        DataError: if there is no such folder, or its card cannot be read or written.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError("there is no such model folder; give the folder that holds the model", str(folder))
    path = folder / "README.md"
    try:
        card = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the model card cannot be read: {error}; repair or remove it", str(path)) from error
    with replacing(path) as temporary:
        temporary.write_text(with_figures(card, metrics), encoding="utf-8")
    return path


def with_figures(card: str, metrics: Mapping[str, Any]) -> str:
    """The card with the section in it, once."""
    section = model_card_figures(metrics)
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        return f"{before}{section}{after}"
    return f"{card.rstrip()}\n\n{section}\n".lstrip()


def _findings(verdict: Verdict) -> Iterator[str]:
    for side in ("use", "misleads", "sure"):
        found = verdict.on(side)
        said = [f"- {_plain(finding.said)}" for finding in found] or [f"- {_plain(say(f'nothing.{side}'))}"]
        yield from (f"{_plain(say(f'side.{side}'))}:", "", *said, "")


def _rows(metrics: Mapping[str, Any]) -> Iterator[str]:
    named: list[tuple[Said, ParsedFigure, Shape]] = [
        (say(f"row.{label}"), figure(metrics.get(name)), shape)
        for label, name, shape in (
            ("model", "accuracy", percent),
            ("people", "human_accuracy", percent),
            ("length", "length_accuracy", percent),
        )
    ]
    for name, row in mapping(metrics.get("baselines")).items():
        named.append((say("card.lead", name=baseline(name)), figure(mapping(row).get("lead")), points))
    for said, found, shape in named:
        yield from _row(_plain(said), found, shape)
    for attribute, row in mapping(metrics.get("ratings")).items():
        label = f"{_escaped(str(attribute))}: {_plain(say('row.spearman'))}"
        yield from _row(label, figure(mapping(row).get("spearman")), signed)


def _row(label: str, found: ParsedFigure, shape: Shape) -> Iterator[str]:
    if found.value is not None:
        between = interval(found, shape) or found.reason or ""
        yield f"| {label} | {shape(found.value)} | {_escaped(between)} | {count(found.n)} |"


def _plain(said: Said | Any) -> str:
    return _escaped(said.plain("en"))


def _escaped(text: str) -> str:
    """On one line, with every character that Markdown or HTML could read as its own written so that it is not."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(page_text(text).split()))


def _measured_on(metrics: Mapping[str, Any]) -> str:
    counts, data = mapping(metrics.get("counts")), mapping(metrics.get("record")).get("scored_data")
    comparisons, ratings = (count(number(counts.get(name)) or 0) for name in ("comparisons", "ratings"))
    of = f" (data {_escaped(str(data))})" if data else ""
    clusters = _escaped(str(metrics.get("clusters") or "prompt"))
    return (
        f"Measured by `plaudit eval` on {comparisons} {comparisons:comparison|comparisons} "
        f"and {ratings} {ratings:rating|ratings}{of}; "
        f"intervals are clustered by {clusters}."
    )
