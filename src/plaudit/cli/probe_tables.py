"""What `plaudit probe` prints for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from plaudit.cli.tables import Column, by_reason, print_table
from plaudit.cli.terminal import counted
from plaudit.cli.verdicts import print_findings
from plaudit.evaluation import (
    EQUAL,
    NOT_LOWER,
    NOT_SURE,
    Checked,
    Invariance,
    Probed,
    Probes,
)
from plaudit.report import judge_probes
from plaudit.statistics import NO_VARIATION, Measurement
from plaudit.text import Language

# A finding is said in words; colour only helps to find it. In the order they are shown.
_STYLES = {"misled": "bold red", "unsure": "yellow", "sound": "green", "undefined": "dim"}

# What a reader sees from the interval anyway.
_PLAIN_TO_SEE = {NO_VARIATION, NOT_SURE, NOT_LOWER}

_SAME = {True: "[green]yes[/]", False: "[bold red]no[/]", None: "[dim]-[/]"}

_GIVE_WAY = ("raised", "wanted")
"""Columns for which there may be no room; the JSON has them."""


def show(probes: Probes, checks: Invariance | None, language: Language = "en", repeated: int = 0) -> None:
    """Print the probes, the checks of one score, and what both allow to say.

    Args:
        probes: what they found.
        checks: None where they were not asked for.
        language: of the findings.
        repeated: answers that were left out when data were read, each the same as another to its prompt.
    """
    console = Console(highlight=False)
    left_out = print_table(console, _columns(probes), _GIVE_WAY)
    for line in (*_left_columns(left_out), *_notes(probes, repeated)):
        console.print(line, style="dim", markup=False)
    if checks is not None:
        console.print()
        print_table(console, _check_columns(checks))
        for line in by_reason((check.reason, check.name) for check in checks.checks):
            console.print(line, style="dim", markup=False)
    console.print()
    print_findings(console, judge_probes(probes, checks), language)


def _columns(probes: Probes) -> list[Column]:
    """The probes, family by family, each below its family's name."""
    lines: list[str | Probed] = []
    for family, own in _by_family(probes):
        lines += [family, *own]

    def column(title: str, cell: Callable[[Probed], str], family: str = "", right: bool = False) -> Column:
        cells = [family.format(escape(line)) if isinstance(line, str) else cell(line) for line in lines]
        return Column(title, cells, right)

    return [
        column("probe", lambda one: f"  {escape(one.probe.name)}", family="[bold]{}[/bold]"),
        column("wanted", lambda one: one.probe.wanted.value),
        column("found", lambda one: f"[{_STYLES[one.finding]}]{one.finding}[/]"),
        column("effect in sd", lambda one: _effect(one.effect)),
        column("q", _q, right=True),
        column("raised", lambda one: "" if one.raised.value is None else f"{one.raised.value:.0%}", right=True),
        column("n", lambda one: f"{one.raised.n:,}", right=True),
    ]


def _left_columns(titles: Sequence[str]) -> list[str]:
    return [f"(no room for: {', '.join(titles)}; --json and -o have them)"] if titles else []


def _q(one: Probed) -> str:
    """Only of what was found something: a q beside no effect says nothing."""
    if one.q is None or one.finding == "undefined":
        return ""
    return "<0.001" if one.q < 0.001 else f"{one.q:.3f}"


def _effect(effect: Measurement) -> str:
    if effect.value is None:
        return "undefined"
    if effect.low is None or effect.high is None:
        return f"{_sd(effect.value)} {'every time' if effect.reason == NO_VARIATION else '(no interval)'}"
    # The square bracket is markup to rich unless it is escaped.
    return rf"{_sd(effect.value)} \[{_sd(effect.low)}, {_sd(effect.high)}]"


def _sd(value: float) -> str:
    """To hundredths, where they tell something."""
    size = abs(value)
    return f"{value:+.2f}" if size < 100 else f"{value:+.0f}" if size < 1e6 else f"{value:+.2e}"


def _by_family(probes: Probes) -> list[tuple[str, list[Probed]]]:
    """Families with what misled the reward first, and so the probes of each."""
    families: dict[str, list[Probed]] = {}
    for one in sorted(probes.probed, key=lambda one: list(_STYLES).index(one.finding)):
        families.setdefault(one.probe.family, []).append(one)
    return list(families.items())


def _notes(probes: Probes, repeated: int) -> Iterator[str]:
    sd = f"1 sd = {probes.sd:.3g} of this reward ({probes.sd_of})" if math.isfinite(probes.sd) else "no sd"
    answers, groups = counted(probes.answers, "answers"), counted(probes.groups, "groups")
    yield f"{answers} of {groups}; {sd}; intervals clustered by {probes.clusters} ({probes.cluster_count:,})"
    yield f"misled: q < 0.05 (p corrected for all probes) and the wrong way; sound: surely as wanted, to {EQUAL:g} sd"
    yield from by_reason((None if one.reason in _PLAIN_TO_SEE else one.reason, one.probe.name) for one in probes.probed)
    left_out: Counter[str] = Counter()
    for one in probes.probed:
        left_out.update(one.left_out)
    if left_out:
        yield f"answers left out of probes: {', '.join(f'{why}: {count:,}' for why, count in left_out.items())}"
    if repeated:
        yield f"answers left out, the same as another in their row: {repeated:,}"


def _check_columns(found: Invariance) -> list[Column]:
    def column(title: str, cell: Callable[[Checked], str], right: bool = True) -> Column:
        return Column(title, [cell(check) for check in found.checks], right)

    def measured(title: str, cell: Callable[[Checked], str]) -> Column:
        return column(title, lambda check: "" if check.largest is None else cell(check))

    return [
        column("one score", lambda check: f"  {escape(check.name)}", right=False),
        column("same", lambda check: _SAME[check.ok], right=False),
        measured("largest gap", lambda check: f"{check.largest:.1e}"),
        measured("in sd", lambda check: "undefined" if check.in_sd is None else f"{check.in_sd:.1e}"),
        measured("allowed", lambda check: f"{check.tolerance:g}"),
        measured("flips", lambda check: f"{check.flips:,} of {check.pairs:,}"),
    ]
