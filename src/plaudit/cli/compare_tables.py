"""What `plaudit compare` prints for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console

from plaudit.cli.tables import INTERVAL, FigureTable, figure_cells, print_notes
from plaudit.cli.terminal import short
from plaudit.evaluation import Contrast, Disagreement, Paired, paired_verdict
from plaudit.text import terminal_text

# name of the contrast -> how it is called, how its values are printed, and how their difference is.
_OVERALL = {
    "accuracy": ("accuracy", "{:.1%}", "{:+.1%}"),
    "log_loss": ("log loss ↓", "{:.3f}", "{:+.3f}"),
}
_RATINGS = {
    "spearman": ("Spearman", "{:+.3f}", "{:+.3f}"),
    "mae": ("mean absolute error ↓", "{:.3g}", "{:+.3g}"),
}
_SHARE = ("{:.1%}", "{:+.1%}")

Row = tuple[str, Contrast, str, str]


def show(paired: Paired, models: Mapping[str, str]) -> None:
    """Print who is who, the tables, the counts, the prompts A and B disagree on, and what the figures allow to say."""
    console = Console(highlight=False)
    for side, model in models.items():
        console.print(f"{side}: {terminal_text(model)}", markup=False, soft_wrap=True)
    if paired.counts["comparisons"]:
        _table("", _named(_OVERALL, paired.overall)).show(console)
        console.print(_mcnemar_line(paired), markup=False)
        _table("better response is", ((name, row, *_SHARE) for name, row in paired.lengths.items())).show(console)
    if paired.subsets and paired.counts["comparisons"]:
        _table("subset", ((name, row, *_SHARE) for name, row in paired.subsets.items())).show(console)
        note = f"q: p corrected for {len(paired.subsets):,} subsets looked at together (Benjamini-Hochberg)"
        print_notes(console, [note])
    for attribute, figures in paired.ratings.items():
        console.print(f"ratings: {terminal_text(attribute)}", style="bold", markup=False)
        _table("", _named(_RATINGS, figures)).show(console)
    if paired.counts["comparisons"] or paired.ratings:
        print_notes(console, ["↓: lower is better"])
    for one in paired.disagreements:
        console.print(_disagreement(one), markup=False)
    print_notes(console, [_counts_line(paired)])
    console.print(paired_verdict(paired), style="bold", markup=False)


def _named(rows: Mapping[str, tuple[str, str, str]], contrasts: Mapping[str, Contrast]) -> Iterable[Row]:
    return ((label, contrasts[name], style, signed) for name, (label, style, signed) in rows.items())


def _table(title: str, rows: Iterable[Row]) -> FigureTable:
    rows = list(rows)
    # A column for a test that was made on some row.
    tests = [test for test in ("p", "q") if any(getattr(contrast, test) is not None for _, contrast, *_ in rows)]
    # Where there is a q, the p it corrects is the first to go.
    table = FigureTable(title, ("A", "B", "A - B", INTERVAL, *tests, "n"), gives_way=tests[:-1])
    for label, contrast, style, signed in rows:
        sides = ("-" if side.value is None else style.format(side.value) for side in (contrast.a, contrast.b))
        difference, interval, n = figure_cells(contrast.difference, signed)
        p_values = (getattr(contrast, test) for test in tests)
        tested = ("" if p is None else f"{p:.2g}" for p in p_values)
        gaps = (contrast.difference, contrast.a, contrast.b)
        table.row(terminal_text(label), *sides, difference, interval, *tested, n, gaps=gaps)
    return table


def _mcnemar_line(paired: Paired) -> str:
    test = paired.mcnemar
    counts = {
        "both right": test.both,
        "only A": test.only_a,
        "only B": test.only_b,
        "neither": test.neither,
        "equal scores, in none of these": test.equal_scores,
    }
    # Whether there are equal scores is worth a word only where there are.
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count or not name.startswith("equal"))
    p = "undefined, no comparison is right for one only" if test.p is None else f"p = {test.p:.2g}"
    return f"{shown}; McNemar's exact test: {p} (it takes comparisons as independent, and ignores clusters)"


def _disagreement(one: Disagreement) -> str:
    preference = "people call them equal" if one.tie else f"people side with {'A' if one.gap_a > 0 else 'B'}"
    marks = ("=", "=") if one.tie else ("+", "-")
    texts = (
        f"  {mark} {short(one.group.responses[i])}" for mark, i in zip(marks, (one.better, one.worse), strict=True)
    )
    gaps = f"gaps: A {one.gap_a:+.3g}, B {one.gap_b:+.3g}; {preference}"
    return "\n".join(["", f"{terminal_text(one.group.id)} {short(one.group.prompt)}", *texts, f"    {gaps}"])


def _counts_line(paired: Paired) -> str:
    counts = paired.counts
    judged = [f"{counts[name]:,} {name}" for name in ("comparisons", "ratings") if counts[name]]
    always = f"\n{' and '.join(judged)} in {counts['groups']:,} groups; "
    clustered = f"intervals clustered by {paired.clusters} ({counts['clusters']:,})"
    shown = ("comparisons", "ratings", "groups", "clusters")
    rest = [f"{name.replace('_', ' ')}: {count:,}" for name, count in counts.items() if count and name not in shown]
    return "; ".join([always + clustered, *rest])
