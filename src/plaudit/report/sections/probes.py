"""Probes: what one change does to the reward, family by family; and what must not change it at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plaudit.evaluation import Checked, Evaluation, Invariance, Probed, Probes
from plaudit.report.blocks import Dots, Entry, Note, Section, TableBlock, dots
from plaudit.report.cells import figure_cell
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.labels import known_label, probe_label, reason_label
from plaudit.report.rules.probes import unseen
from plaudit.statistics import percent, signed, small
from plaudit.text import page_name

_TONES = {"misled": "bad", "sound": "good", "unsure": "open", "undefined": "open", "unseen": "baseline"}
"""How the dot of a finding is drawn."""


def section(evaluation: Evaluation) -> Section:
    """The forest plot, a table with its p-values, and the invariance checks; a sentence for each that was not made."""
    probes, invariance = evaluation.probes, evaluation.invariance
    blocks: list[Any] = [Note(say("probed.none"))]
    if probes is not None and probes.probed:
        ordered = _by_family(probes.probed)
        blocks = [_forest(ordered, probes), _figures(ordered)]
    has_checks = invariance is not None and invariance.checks
    blocks.append(_checks(invariance) if invariance and has_checks else Note(say("probed.no_checks")))
    return Section("probed", (), tuple(blocks))


def _forest(results: Sequence[Probed], probes: Probes) -> Dots:
    entries = [
        Entry(probe_label(one.probe), one.effect, _TONES.get(_finding(one), "open"), note=_note(one)) for one in results
    ]
    caption = say("probed.caption", groups=count(probes.groups))
    lines = [("zero", 0.0)]
    return dots(entries, signed, say("head.effect"), caption, lines=lines, tones="probe_legend")


def _by_family(results: Sequence[Probed]) -> list[Probed]:
    """Families together, in the order of their first probes; within one, the greatest effect first."""
    families = list(dict.fromkeys(one.probe.family for one in results))
    return sorted(results, key=lambda one: (families.index(one.probe.family), -(one.effect.value or 0.0)))


def _finding(result: Probed) -> str:
    return "unseen" if unseen(result) else result.finding


def _note(result: Probed) -> Sentence:
    """The family and the finding in words."""
    finding = _finding(result)
    words = say(f"finding.{finding}") if finding in _TONES else page_name(finding)
    return say("finding.of", family=known_label("family", result.probe.family), finding=words)


def _figures(results: Sequence[Probed]) -> TableBlock:
    cells = tuple(
        (
            probe_label(one.probe),
            known_label("wanted", one.probe.wanted.value),
            _p(one.p),
            _p(one.q),
            figure_cell(one.raised, percent),
        )
        for one in results
    )
    head = (say("head.probe"), say("head.wanted"), "p", "q", say("head.raised"))
    return TableBlock(say("probed.figures"), head, cells, folded=True, numeric=2)


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _checks(invariance: Invariance) -> TableBlock:
    cells = tuple(
        (
            known_label("check", check.name),
            _outcome(check),
            "–" if check.largest is None else small(check.largest),
            "–" if check.in_sd is None else small(check.in_sd),
            count(check.flips),
            count(check.n),
        )
        for check in invariance.checks
    )
    head = tuple(say(f"head.{name}") for name in ("check", "holds", "largest", "in_sd", "flips", "n"))
    return TableBlock(say("probed.checks"), head, cells, numeric=2)


def _outcome(check: Checked) -> Wording:
    """Whether it holds, in words; a check that could not be made says why."""
    if check.reason and check.ok is not False:
        return reason_label(check.reason)
    return say("holds.yes" if check.ok else "holds.no")
