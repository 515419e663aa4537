"""Probes: what one change does to the reward, family by family; and what must not change it at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.report import labels
from plaudit.report.blocks import Dots, Entry, Note, Section, TableBlock, dots
from plaudit.report.cells import whole
from plaudit.report.format import (
    count,
    figure,
    mapping,
    number,
    percent,
    plain_tick,
    rows,
    signed,
    small,
)
from plaudit.report.i18n import Count, say
from plaudit.report.probing import unseen
from plaudit.text import page_name

_TONES = {"misled": "bad", "sound": "good", "unsure": "open", "undefined": "open", "unseen": "baseline"}
"""How the dot of a finding is drawn."""


def section(metrics: Mapping[str, Any]) -> Section:
    """The forest plot, a table with its p-values, and the invariance checks; a sentence for each that was not made."""
    probes, checks = mapping(metrics.get("probes")), mapping(metrics.get("invariance"))
    tried = rows(probes.get("probes"))
    blocks: list[Any] = [_forest(tried, probes), _figures(tried)] if tried else [Note(say("probed.none"))]
    blocks.append(_checks(rows(checks.get("checks"))) or Note(say("probed.no_checks")))
    return Section("probed", (), tuple(blocks))


def _forest(tried: list[Mapping[str, Any]], probes: Mapping[str, Any]) -> Dots:
    entries = [
        Entry(
            labels.probe(probe),
            figure(probe.get("effect")),
            _TONES.get(_finding(probe), "open"),
            note=_note(probe),
        )
        for probe in _by_family(tried)
    ]
    groups = number(probes.get("groups"))
    caption = say("probed.caption", groups=Count("–") if groups is None else count(groups))
    lines = [("zero", 0.0)]
    return dots(entries, signed, say("head.effect"), caption, ticks=plain_tick, lines=lines, tones="probe_legend")


def _by_family(tried: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Families together, in the order of their first probes; within one, the greatest effect first."""
    families = list(dict.fromkeys(str(probe.get("family")) for probe in tried))
    return sorted(
        tried,
        key=lambda probe: (families.index(str(probe.get("family"))), -(figure(probe.get("effect")).value or 0.0)),
    )


def _finding(probe: Mapping[str, Any]) -> str:
    return "unseen" if unseen(probe) else str(probe.get("finding"))


def _note(probe: Mapping[str, Any]) -> Any:
    """The family and the finding in words."""
    finding = _finding(probe)
    said = say(f"finding.{finding}") if finding in _TONES else page_name(finding)
    return say("finding.of", family=labels.known("family", str(probe.get("family"))), finding=said)


def _figures(tried: list[Mapping[str, Any]]) -> TableBlock:
    cells = tuple(
        (
            labels.probe(probe),
            labels.known("wanted", str(probe.get("wanted"))),
            _p(number(probe.get("p"))),
            _p(number(probe.get("q"))),
            whole(raised, percent),
        )
        for probe in _by_family(tried)
        for raised in [figure(probe.get("raised"))]
    )
    head = (say("head.probe"), say("head.wanted"), "p", "q", say("head.raised"))
    return TableBlock(say("probed.figures"), head, cells, folded=True, numeric=2)


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _checks(checks: list[Mapping[str, Any]]) -> TableBlock | None:
    if not checks:
        return None
    cells = tuple(
        (
            labels.known("check", str(check.get("name"))),
            _verdict(check),
            _or_dash(check.get("largest")),
            _or_dash(check.get("in_sd")),
            _or_dash(check.get("flips")),
            _or_dash(check.get("n")),
        )
        for check in checks
    )
    head = tuple(say(f"head.{name}") for name in ("check", "holds", "largest", "in_sd", "flips", "n"))
    return TableBlock(say("probed.checks"), head, cells, numeric=2)


def _verdict(check: Mapping[str, Any]) -> Any:
    """Whether it holds, in words; a check that could not be made says why."""
    if check.get("reason") and check.get("ok") is not False:
        return labels.reason(str(check["reason"]))
    return say("holds.yes" if check.get("ok") else "holds.no")


def _or_dash(value: Any) -> str:
    found = number(value)
    if found is None:
        return "–"
    return f"{found:,.0f}" if isinstance(value, int) else small(found)
