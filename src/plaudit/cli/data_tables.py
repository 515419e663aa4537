"""The tables of `plaudit data`, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from plaudit.cli.tables import FigureTable, elided
from plaudit.data import AlwaysFirst, ClickReport, LengthReport, NearDuplicate, ReadReport
from plaudit.judgements import AttributeSummary, DataCheck
from plaudit.text import counted, terminal_text

NEAR_SHOWN = 10

_ID_WIDTH = 30
"""Terminal cells for an id that is no row's label."""


def check_to_json(
    report: ReadReport, check: DataCheck, near: Sequence[NearDuplicate] | None, bad_rows: int
) -> dict[str, Any]:
    """The object that `plaudit data check --json` prints, with the first `bad_rows` rows that cannot be read."""
    row = {"rows": report.rows, "bad_rows": len(report.rejected), "formats": report.formats, **asdict(check)}
    # `asdict` takes a Counter's items for things to count.
    row["subsets"] = dict(check.subsets)
    return row | {
        "left_behind": report.left_behind,
        "first_bad_rows": [reject._asdict() for reject in report.rejected[:bad_rows]],
        "always_first": [asdict(annotator) for annotator in report.positions.one_sided()],
        "near_duplicates": None if near is None else [asdict(pair) for pair in near],
    }


def show_check(report: ReadReport, check: DataCheck, near: Sequence[NearDuplicate] | None) -> None:
    """The table of `plaudit data check`."""
    console = Console(highlight=False)
    table = FigureTable("", ("count",))
    for label, count, note in _check_rows(report, check):
        table.row(label, count, note=note)
    table.show(console)
    if near is None:
        return
    console.print(f"{counted(len(near), 'prompts of the other data')} found (nearly) in this", markup=False)
    if near:
        table = FigureTable("there", ("here", "similarity"), left=("here",))
        for pair in near[:NEAR_SHOWN]:
            here = elided(Text(terminal_text(pair.train)), _ID_WIDTH)
            table.row(terminal_text(pair.test), here, f"{pair.similarity:.2f}")
        table.show(console)


def _check_rows(report: ReadReport, check: DataCheck) -> Iterable[tuple[str, str, str]]:
    formats = ", ".join(f"{name} x {count}" if count > 1 else name for name, count in report.formats.items())
    agreement = check.agreement
    yield "rows", f"{report.rows:,}", formats
    yield "groups", f"{check.groups:,}", f"the largest has {counted(check.largest, 'responses')}"
    yield "responses", f"{check.responses:,}", ""
    yield (
        "rankings",
        f"{check.rankings:,}",
        f"{counted(check.comparisons, 'comparisons')}, {_share(check.ties, check.comparisons)} ties{_only_ties(check)}",
    )
    yield "ratings", f"{check.ratings:,}", "on each attribute:" if check.attributes else ""
    yield from ((f"  {terminal_text(name)}", f"{of.ratings:,}", _rated(of)) for name, of in check.attributes.items())
    yield "subsets", f"{len(check.subsets):,}", _named(check.subsets)
    yield "annotators", f"{agreement.annotators:,}", _agreement(check)
    yield "bad rows", f"{len(report.rejected):,}", "cannot be read"
    always_first = report.positions.one_sided()
    yield "always first", f"{len(always_first):,}", _always_first(always_first)
    yield "rankings of one", f"{check.alone:,}", "they compare nothing"
    yield "contradictions", f"{check.contradictions:,}", "pairs of which each was ranked above the other; kept"
    yield "unjudged groups", f"{check.unjudged:,}", "no ranking and no rating"
    yield "single responses", f"{check.single:,}", "groups in which nothing can be compared"
    yield "empty responses", f"{check.empty:,}", ""
    yield "shared ids", f"{check.shared_ids:,}", "groups with the id of another"
    yield "columns left behind", f"{len(report.left_behind):,}", _named(report.left_behind)


def _only_ties(check: DataCheck) -> str:
    return ": nothing is better than anything" if check.ties and check.ties == check.comparisons else ""


def _rated(of: AttributeSummary) -> str:
    """`0 to 4; scales [0, 5] 12, none 3: they disagree; 7 rated responses lack it`."""
    values = f"{of.low:g} to {of.high:g}" if of.low < of.high else f"one value only, {of.low:g}"
    scales = [("none" if s is None else f"[{s[0]:g}, {s[1]:g}]", n) for s, n in of.scales]
    declared = sum(scale is not None for scale, _ in of.scales)
    shown = scales[0][0] if len(scales) == 1 else ", ".join(f"{scale} {n:,}" for scale, n in scales)
    return "; ".join(
        [
            values,
            f"scale{'s' if len(scales) > 1 else ''} {shown}" if declared else "no declared scale",
            *(["they disagree"] if declared > 1 else []),
            *([f"{of.missing:,} rated responses lack it"] if of.missing else []),
            *([_raters(of)] if of.shared else []),
        ]
    )


def _raters(of: AttributeSummary) -> str:
    alpha = "undefined" if of.alpha is None else f"{of.alpha:.3f}"
    return f"{counted(of.shared, 'responses')} with several raters, Krippendorff's alpha {alpha}"


def _always_first(annotators: Sequence[AlwaysFirst]) -> str:
    shown = [
        f"{terminal_text(always.annotator)} in all {always.rankings:,} rankings (p = {always.p_value:.2g})"
        for always in annotators[:8]
    ]
    more = [f"{len(annotators) - 8} more"] if len(annotators) > 8 else []
    return ", ".join(shown + more) or "annotators who always put the first response on top"


def _agreement(check: DataCheck) -> str:
    agreement = check.agreement
    if agreement.percent is None:
        rated = any(of.shared for of in check.attributes.values())
        return "" if rated else "no pair was judged by two named annotators"
    alpha = "" if agreement.alpha is None else f", Krippendorff's alpha {agreement.alpha:.3f}"
    return f"agree on {agreement.percent:.1%} of {agreement.pairs:,} shared pairs{alpha}"


def click_lines(
    report: ClickReport, propensities: Sequence[float] | None, clip: float, short: int, untimed: int
) -> Iterable[str]:
    """The summary of `plaudit data clicks`, line by line; counts of zero are left out."""
    yield ", ".join(counted(getattr(report, things), things) for things in ("sessions", "clicks", "comparisons"))
    if propensities is not None:
        yield "chance that a position is looked at: " + ", ".join(f"{chance:.3f}" for chance in propensities)
    counts = {
        "clicks too short to count": short,
        "clicks without a time, which count": untimed,
        "sessions that compare nothing (no click below a response passed over)": report.silent,
        "comparisons of responses always shown in one order: only the lower can win": report.one_sided,
        f"weights cut to {clip:g} (the heaviest was {report.heaviest:.3g})": report.clipped,
    }
    yield from (f"{count:,} {what}" for what, count in counts.items() if count)


def show_lengths(report: LengthReport) -> None:
    """The table of `plaudit data stats`."""
    table = FigureTable("length of", ("n", "least", "median", "mean", "90%", "99%", "most"))
    for name, of in report.lengths.items():
        figures = (f"{value:,.0f}" for value in (of.least, of.median, of.mean, of.p90, of.p99, of.most))
        table.row(name, f"{of.n:,}", *figures)
    table.show(Console(highlight=False))
    if report.longer_wins is not None:
        print(f"the longer response wins {report.longer_wins:.1%} of untied comparisons")
    if (cut := report.truncation) is not None:
        share = _share(cut.too_long, cut.conversations)
        read = counted(cut.conversations, "conversations")
        print(f"{cut.too_long:,} of {read} ({share}) exceed {counted(cut.max_length, 'tokens')}")
        first = "" if cut.first is None else f"; the first is response {cut.first[1]} of the group {cut.first[0]}"
        print(f"of them by themselves, without their prompt: {counted(cut.responses, 'responses')}{first}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "no"


def _named(counts: dict[str, int], shown: int = 8) -> str:
    names = [f"{terminal_text(name)} {count:,}" for name, count in counts.items()]
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
