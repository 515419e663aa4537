"""What `plaudit best-of` prints for people."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from plaudit.cli.tables import FigureTable, figure_cells, half_width_cell, print_notes
from plaudit.evaluation import BestOfN, best_of_n_kl, finding
from plaudit.statistics import Measurement
from plaudit.text import counted, terminal_text

_STYLE = "{:+.2f}"

_WORDS = (
    "±: half of the 95% interval. promised: the best of n in the chooser's own eyes. share of ideal: of what choosing "
    "by gold itself gains. alpha, beta: of the fitted law, gold = d (alpha - beta d), d = sqrt(KL)"
)

_NOT_SAMPLES = (
    "repeated candidates, left out: {:,} (so those of a prompt are all different, which independent samples need not "
    "be: the curve is not an unbiased one of the policy)"
)

_COUNTS = {
    "repeated_candidates": _NOT_SAMPLES,
    "candidates_without_gold": "candidates without a gold value: {:,}",
    "prompts_without_choice": "prompts with no two candidates: {:,}",
    "prompts_with_fewer_candidates": "prompts with fewer candidates, left out: {:,}",
    "truncated": "truncated: {:,}",
    "rejected_rows": "rejected rows: {:,}",
}


def show(result: BestOfN, gold: str) -> None:
    """Print the curves, what they come to at the largest n, the counts, and what the figures allow to say."""
    console = Console(highlight=False)
    console.print(
        f"gold: {terminal_text(gold)}; in standard deviations within prompts, 0 is a random answer", markup=False
    )
    if result.counts["prompts"]:
        table = _print_curves(console, result)
        _print_last(console, result)
        print_notes(console, (*table.reasons(), _WORDS))
    print_notes(console, [_counts_line(result)])
    for curve in result.curves:
        if curve.kind != "ideal":
            console.print(f"{terminal_text(curve.name)}: {finding(curve, result.most)}", style="bold", markup=False)


def _print_curves(console: Console, result: BestOfN) -> FigureTable:
    """Gold at powers of two and at the largest n, as many of them as there is room for, evenly."""
    shown = [i for i, n in enumerate(result.n) if n > 1 and (n & (n - 1) == 0 or n == result.most)]
    headings = [f"n = {result.n[i]}" for i in shown]
    # Every other one gives way first; the largest n stays.
    gives_way = [*headings[-2::-2][::-1], *headings[-3::-2][::-1]]
    table = FigureTable("gold, best of n by", headings, gives_way=gives_way)
    kl = (Text(f"{float(best_of_n_kl(result.n[i])):.2f}", style="dim") for i in shown)
    table.row(Text("KL, nats", style="dim"), *kl)
    for curve in result.curves:
        figures = (half_width_cell(curve.gold[i], _STYLE) for i in shown)
        gaps = (curve.gold[-1], curve.reward[-1], curve.of_ideal, curve.fit.alpha, curve.fit.beta)
        table.row(terminal_text(curve.name), *figures, gaps=gaps)
    left_out = table.print(console)
    if left := len(result.n) - 1 - len(headings) + len(left_out):
        print_notes(console, [f"(--json and -o have {counted(left, 'more n')})"])
    return table


def _print_last(console: Console, result: BestOfN) -> None:
    """What each curve comes to: its promise, its share of the ideal, the fitted law."""
    table = FigureTable(f"at n = {result.most}, by", ("promised", "share of ideal", "alpha", "beta"))
    for curve in result.curves:
        if curve.gold[-1].value is not None:
            fit = (half_width_cell(measured, _STYLE) for measured in (curve.fit.alpha, curve.fit.beta))
            promised = half_width_cell(curve.reward[-1], _STYLE)
            table.row(terminal_text(curve.name), promised, _share(curve.of_ideal), *fit)
    if table:
        table.print(console)


def _share(measured: Measurement) -> str:
    """A share and its interval, if it has one that is not a point: gold's own share is 100% by definition."""
    value, interval, _ = figure_cells(measured, "{:.0%}")
    return value if measured.low == measured.high else f"{value} {interval}"


def _counts_line(result: BestOfN) -> str:
    counts = result.counts
    prompts, candidates = counted(counts["prompts"], "prompts"), counted(counts["candidates"], "candidates")
    always = f"{prompts} with {candidates}; intervals clustered by {result.clusters} ({counts['clusters']:,})"
    rest = [shape.format(counts[name]) for name, shape in _COUNTS.items() if counts.get(name)]
    if counts["prompts"] and result.most < counts["most_candidates"]:
        rest.append(
            f"n stops at {result.most}, which every prompt has; the most is {counts['most_candidates']:,} "
            "(--most N goes on without the prompts that have fewer)"
        )
    return "; ".join([always if counts["prompts"] else "nothing could be measured", *rest])
