"""What `plaudit probe` prints for people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plaudit.evaluation.invariance.checks import Checked, Invariance, invariance_verdict
from plaudit.evaluation.probes import Probed, Probes, probes_verdict
from plaudit.evaluation.probes.measuring import EQUAL, NOT_LOWER, NOT_SURE
from plaudit.evaluation.statistics.intervals import NO_VARIATION, Measurement

# A finding is said in words; colour only helps to find it. In the order they are shown.
_STYLES = {"misled": "bold red", "unsure": "yellow", "sound": "green", "undefined": "dim"}

# What a reader sees from the interval anyway.
_PLAIN_TO_SEE = {NO_VARIATION, NOT_SURE, NOT_LOWER}

_WIDE = 90
"""Columns from which there is room for all figures."""


def show(probes: Probes, checks: Invariance | None) -> None:
    """Print the probes, the checks of one score, and what both allow to say."""
    console = Console(highlight=False)
    console.print(_table(probes, wide=console.width >= _WIDE))
    for line in _notes(probes):
        console.print(line, style="dim", markup=False)
    if checks is not None:
        console.print()
        console.print(_checks(checks))
        for line in _by_reason((check.reason, check.name) for check in checks.checks):
            console.print(line, style="dim", markup=False)
    console.print()
    console.print(probes_verdict(probes), style="bold", markup=False)
    if checks is not None:
        console.print(invariance_verdict(checks), style="bold", markup=False)


def _table(probes: Probes, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("probe", "wanted", "found", "effect in sd"):
        table.add_column(title, no_wrap=True)
    for title in ("q", *(["raised"] if wide else []), "n"):
        table.add_column(title, justify="right", no_wrap=True)
    for family, own in _by_family(probes):
        table.add_row(f"[bold]{escape(family)}[/bold]")
        for one in own:
            raised = "" if one.raised.value is None else f"{one.raised.value:.0%}"
            table.add_row(
                f"  {escape(one.probe.name)}",
                one.probe.wanted.value,
                f"[{_STYLES[one.finding]}]{one.finding}[/]",
                _effect(one.effect),
                "" if one.q is None else "<0.001" if one.q < 0.001 else f"{one.q:.3f}",
                *([raised] if wide else []),
                f"{one.raised.n:,}",
            )
    return table


def _effect(effect: Measurement) -> str:
    if effect.value is None:
        return "undefined"
    if effect.low is None or effect.high is None:
        return f"{effect.value:+.2f} {'every time' if effect.reason == NO_VARIATION else '(no interval)'}"
    # The square bracket is markup to rich unless it is escaped.
    return rf"{effect.value:+.2f} \[{effect.low:+.2f}, {effect.high:+.2f}]"


def _by_family(probes: Probes) -> list[tuple[str, list[Probed]]]:
    """Families with what misled the reward first, and so the probes of each."""
    families: dict[str, list[Probed]] = {}
    for one in sorted(probes.probed, key=lambda one: list(_STYLES).index(one.finding)):
        families.setdefault(one.probe.family, []).append(one)
    return list(families.items())


def _notes(probes: Probes) -> Iterator[str]:
    sd = f"1 sd = {probes.sd:.3g} of this reward ({probes.sd_of})" if math.isfinite(probes.sd) else "no sd"
    yield f"{probes.answers:,} answers of {probes.groups:,} groups; {sd}; intervals clustered by {probes.clusters}"
    yield f"misled: q < 0.05 (p corrected for all probes) and the wrong way; sound: surely as wanted, to {EQUAL:g} sd"
    yield from _by_reason((one.reason, one.probe.name) for one in probes.probed)
    left_out: dict[str, int] = {}
    for one in probes.probed:
        for why, count in one.left_out.items():
            left_out[why] = left_out.get(why, 0) + count
    if left_out:
        yield f"answers left out of probes: {', '.join(f'{why}: {count:,}' for why, count in left_out.items())}"


def _by_reason(found: Iterable[tuple[str | None, str]]) -> Iterator[str]:
    """Each reason once, with the names it holds for."""
    reasons: dict[str, list[str]] = {}
    for reason, name in found:
        if reason is not None and reason not in _PLAIN_TO_SEE:
            reasons.setdefault(reason, []).append(name)
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


def _checks(found: Invariance) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("one score", "same"):
        table.add_column(title, no_wrap=True)
    for title in ("largest gap", "in sd", "allowed", "flips"):
        table.add_column(title, justify="right", no_wrap=True)
    for check in found.checks:
        table.add_row(f"  {escape(check.name)}", *_cells(check))
    return table


def _cells(check: Checked) -> Iterator[str]:
    yield {True: "[green]yes[/]", False: "[bold red]no[/]", None: "[dim]-[/]"}[check.ok]
    if check.largest is None:
        return
    yield f"{check.largest:.1e}"
    yield "undefined" if check.in_sd is None else f"{check.in_sd:.1e}"
    yield f"{check.tolerance:g}"
    yield f"{check.flips:,} of {check.pairs:,}"
