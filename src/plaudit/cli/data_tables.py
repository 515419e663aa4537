"""The tables of `plaudit data`, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from plaudit.cli.tables import FigureTable, elided
from plaudit.data import AlwaysFirst, ClickReport, LengthReport, NearDuplicate, ReadReport
from plaudit.judgements import AttributeSummary, DataCheck
from plaudit.text import terminal_text

NEAR_SHOWN = 10

_ID_WIDTH = 30
"""Terminal cells for an id that is no row's label."""


def findings(reading: ReadReport, found: DataCheck, near: Sequence[NearDuplicate] | None) -> None:
    """What `plaudit data check` found."""
    console = Console(highlight=False)
    formats = ", ".join(f"{name} x {count}" if count > 1 else name for name, count in reading.formats.items())
    table = FigureTable("", ("count",))
    for label, count, note in _findings(reading, found, formats):
        table.row(label, count, note=note)
    table.show(console)
    if near is None:
        return
    console.print(f"{len(near):,} prompts of the other data are (nearly) in this", markup=False)
    if near:
        table = FigureTable("there", ("here", "similarity"), left=("here",))
        for one in near[:NEAR_SHOWN]:
            here = elided(Text(terminal_text(one.train)), _ID_WIDTH)
            table.row(terminal_text(one.test), here, f"{one.similarity:.2f}")
        table.show(console)


def _findings(reading: ReadReport, found: DataCheck, formats: str) -> Iterable[tuple[str, str, str]]:
    agreed = found.agreement
    yield "rows", f"{reading.rows:,}", formats
    yield "groups", f"{found.groups:,}", f"the largest has {found.largest:,} responses"
    yield "responses", f"{found.responses:,}", ""
    yield (
        "rankings",
        f"{found.rankings:,}",
        f"{found.comparisons:,} comparisons, {_share(found.ties, found.comparisons)} ties{_only_ties(found)}",
    )
    yield "ratings", f"{found.ratings:,}", "on each attribute:" if found.attributes else ""
    yield from ((f"  {terminal_text(name)}", f"{of.ratings:,}", _rated(of)) for name, of in found.attributes.items())
    yield "subsets", f"{len(found.subsets):,}", _named(found.subsets)
    yield "annotators", f"{agreed.annotators:,}", _agreement(found)
    yield "bad rows", f"{len(reading.rejected):,}", "cannot be read"
    always_first = reading.positions.one_sided()
    yield "always first", f"{len(always_first):,}", _always_first(always_first)
    yield "rankings of one", f"{found.alone:,}", "they compare nothing"
    yield "contradictions", f"{found.contradictions:,}", "pairs of which each was ranked above the other; kept"
    yield "unjudged groups", f"{found.unjudged:,}", "no ranking and no rating"
    yield "single responses", f"{found.single:,}", "groups in which nothing can be compared"
    yield "empty responses", f"{found.empty:,}", ""
    yield "shared ids", f"{found.shared_ids:,}", "groups with the id of another"
    yield "columns left behind", f"{len(reading.left_behind):,}", _named(reading.left_behind)


def _only_ties(found: DataCheck) -> str:
    return ": nothing is better than anything" if found.ties and found.ties == found.comparisons else ""


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
        ]
    )


def _always_first(annotators: Sequence[AlwaysFirst]) -> str:
    shown = [
        f"{terminal_text(one.annotator)} in all {one.rankings:,} rankings (p = {one.p_value:.2g})"
        for one in annotators[:8]
    ]
    more = [f"{len(annotators) - 8} more"] if len(annotators) > 8 else []
    return ", ".join(shown + more) or "annotators who always put the first response on top"


def _agreement(found: DataCheck) -> str:
    agreed = found.agreement
    if agreed.percent is None:
        return "no pair was judged by two named annotators"
    alpha = "" if agreed.alpha is None else f", Krippendorff's alpha {agreed.alpha:.3f}"
    return f"agree on {agreed.percent:.1%} of {agreed.pairs:,} shared pairs{alpha}"


def clicks_read(
    report: ClickReport, propensities: Sequence[float] | None, clip: float, short: int, untimed: int
) -> Iterable[str]:
    """What `plaudit data clicks` made of a log, a line each; counts of nothing are left out."""
    yield f"{report.sessions:,} sessions, {report.clicks:,} clicks, {report.comparisons:,} comparisons"
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


def lengths(report: LengthReport) -> None:
    """What `plaudit data stats` measured."""
    table = FigureTable("length of", ("n", "least", "median", "mean", "90%", "99%", "most"))
    for name, of in report.lengths.items():
        figures = (f"{value:,.0f}" for value in (of.least, of.median, of.mean, of.p90, of.p99, of.most))
        table.row(name, f"{of.n:,}", *figures)
    table.show(Console(highlight=False))
    if report.longer_wins is not None:
        print(f"the longer response wins {report.longer_wins:.1%} of untied comparisons")
    if (cut := report.truncation) is not None:
        share = _share(cut.too_long, cut.conversations)
        print(f"{cut.too_long:,} of {cut.conversations:,} conversations ({share}) exceed {cut.max_length:,} tokens")
        first = "" if cut.first is None else f"; the first is response {cut.first[1]} of the group {cut.first[0]}"
        print(f"{cut.responses:,} responses exceed it by themselves{first}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "no"


def _named(counts: dict[str, int], shown: int = 8) -> str:
    names = [f"{terminal_text(name)} {count:,}" for name, count in counts.items()]
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
