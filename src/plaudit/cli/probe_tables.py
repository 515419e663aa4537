"""What `plaudit probe` prints for people."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plaudit.cli.eval_tables import cells
from plaudit.evaluation.invariance import Checked, Invariance, invariance_verdict
from plaudit.evaluation.probes import Probed, Probes, probes_verdict
from plaudit.evaluation.probes.measuring import EQUAL

# A finding is said in words; colour only helps to find it.
_STYLES = {"misled": "bold red", "sound": "green", "unsure": "yellow", "undefined": "dim"}
_ORDER = list(_STYLES)


def show(probes: Probes, checks: Invariance | None) -> None:
    """Print the probes, the checks of one score, and what both allow to say."""
    console = Console(highlight=False)
    console.print(_table(probes))
    for line in _notes(probes):
        console.print(line, style="dim", markup=False)
    if checks is not None:
        console.print()
        console.print(_checks(checks))
    console.print()
    console.print(probes_verdict(probes), style="bold", markup=False)
    if checks is not None:
        console.print(invariance_verdict(checks), style="bold", markup=False)


def _table(probes: Probes) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("probe", overflow="fold")
    table.add_column("wanted", no_wrap=True)
    table.add_column("found", no_wrap=True)
    table.add_column("effect, sd", justify="right", no_wrap=True)
    table.add_column("95% interval")
    for title in ("q", "raised", "n"):
        table.add_column(title, justify="right", no_wrap=True)
    for family, own in _by_family(probes):
        table.add_row(f"[bold]{escape(family)}[/bold]")
        for one in own:
            table.add_row(*_row(one))
    return table


def _row(one: Probed) -> Iterator[str]:
    effect, interval, n = cells(one.effect, "{:+.2f}")
    yield f"  {escape(one.probe.name)}"
    yield one.probe.wanted.value
    yield f"[{_STYLES[one.finding]}]{one.finding}[/]"
    yield effect
    # Why there is no effect is said once, in the notes.
    yield interval if one.effect.value is not None else ""
    yield "" if one.q is None else f"{one.q:.2g}"
    yield "" if one.raised.value is None else f"{one.raised.value:.0%}"
    yield f"{one.raised.n:,}" if one.effect.value is None else n


def _by_family(probes: Probes) -> list[tuple[str, list[Probed]]]:
    """Families with what misled the reward first, and so the probes of each."""
    families: dict[str, list[Probed]] = {}
    for one in probes.probed:
        families.setdefault(one.probe.family, []).append(one)
    place = lambda one: _ORDER.index(one.finding)  # noqa: E731
    sized = {family: sorted(own, key=place) for family, own in families.items()}
    return sorted(sized.items(), key=lambda item: place(item[1][0]))


def _notes(probes: Probes) -> Iterator[str]:
    sd = f"1 sd = {probes.sd:.3g} of this reward ({probes.sd_of})" if math.isfinite(probes.sd) else "no sd"
    drawn = f"{probes.answers:,} answers of {probes.groups:,} groups"
    yield f"{drawn}; {sd}; intervals clustered by {probes.clusters}; q: p corrected for all probes"
    yield f"sound: surely as wanted, where a move within {EQUAL:g} sd is none; misled: q < 0.05, the wrong way"
    reasons: dict[str, list[str]] = {}
    for one in probes.probed:
        if one.reason is not None and one.finding != "unsure":
            reasons.setdefault(one.reason, []).append(one.probe.name)
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    left_out: dict[str, int] = {}
    for one in probes.probed:
        for why, count in one.left_out.items():
            left_out[why] = left_out.get(why, 0) + count
    if left_out:
        counted = ", ".join(f"{why}: {count:,}" for why, count in left_out.items())
        yield f"answers left out, over all probes: {counted}"


def _checks(found: Invariance) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("one score", overflow="fold")
    table.add_column("same", no_wrap=True)
    for title in ("largest difference", "in sd", "allowed"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("preferences that flip")
    for check in found.checks:
        table.add_row(f"  {check.name}", *_cells(check))
    return table


def _cells(check: Checked) -> Iterator[str]:
    words = {True: "[green]yes[/]", False: "[bold red]no[/]", None: "[dim]-[/]"}
    yield words[check.ok]
    yield "" if check.largest is None else f"{check.largest:.1e}"
    yield "" if check.in_sd is None else f"{check.in_sd:.1e}"
    yield "" if check.largest is None else f"{check.tolerance:g}"
    flips = "" if check.largest is None else f"{check.flips:,} of {check.pairs:,}"
    yield "; ".join(filter(None, (flips, escape(check.reason or ""))))
