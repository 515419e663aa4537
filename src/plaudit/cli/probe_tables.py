"""What `plaudit probe` prints for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from plaudit.cli.tables import UNDEFINED, FigureTable, by_reason, print_notes
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
from plaudit.text import Language, counted

# A finding is said in words; colour only helps to find it. In the order they are shown.
_STYLES = {"misled": "bold red", "unsure": "yellow", "sound": "green", "undefined": "dim"}

# What a reader sees from the interval anyway.
_PLAIN_TO_SEE = {NO_VARIATION, NOT_SURE, NOT_LOWER}

_SAME = {True: Text("yes", style="green"), False: Text("no", style="bold red"), None: Text("-", style="dim")}

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
    _probe_table(probes).show(console)
    print_notes(console, _notes(probes, repeated))
    if checks is not None:
        console.print()
        _check_table(checks).show(console)
        print_notes(console, by_reason((check.reason, check.name) for check in checks.checks))
    console.print()
    print_findings(console, judge_probes(probes, checks), language)


def _probe_table(probes: Probes) -> FigureTable:
    """The probes, family by family, each below its family's name."""
    columns = ("wanted", "found", "effect in sd", "q", "raised", "n")
    table = FigureTable("probe", columns, gives_way=_GIVE_WAY, left=("wanted", "found", "effect in sd"))
    for family, members in _by_family(probes):
        table.section(family)
        for one in members:
            table.row(
                f"  {one.probe.name}",
                one.probe.wanted.value,
                Text(one.finding, style=_STYLES[one.finding]),
                _effect(one.effect),
                _q(one),
                "" if one.raised.value is None else f"{one.raised.value:.0%}",
                f"{one.raised.n:,}",
            )
    return table


def _q(one: Probed) -> str:
    """Only of what was found something: a q beside no effect says nothing."""
    if one.q is None or one.finding == "undefined":
        return ""
    return "<0.001" if one.q < 0.001 else f"{one.q:.3f}"


def _effect(effect: Measurement) -> str:
    if effect.value is None:
        return UNDEFINED
    if effect.low is None or effect.high is None:
        return f"{_sd(effect.value)} {'every time' if effect.reason == NO_VARIATION else '(no interval)'}"
    return f"{_sd(effect.value)} [{_sd(effect.low)}, {_sd(effect.high)}]"


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


def _check_table(invariance: Invariance) -> FigureTable:
    table = FigureTable("one score", ("same", "largest gap", "in sd", "allowed", "flips"), left=("same",))
    for check in invariance.checks:
        table.row(f"  {check.name}", _SAME[check.ok], *_gap_cells(check))
    return table


def _gap_cells(check: Checked) -> tuple[str, str, str, str]:
    """How far the scores are apart; nothing where there was nothing to compare."""
    if check.largest is None:
        return "", "", "", ""
    in_sd = UNDEFINED if check.in_sd is None else f"{check.in_sd:.1e}"
    return f"{check.largest:.1e}", in_sd, f"{check.tolerance:g}", f"{check.flips:,} of {check.pairs:,}"
