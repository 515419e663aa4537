"""What `plaudit best-of` prints for people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plaudit.cli.eval_tables import cells
from plaudit.cli.terminal import name_of
from plaudit.evaluation.best_of_n import BestOfN, Curve, best_of_n_kl, finding
from plaudit.evaluation.statistics.intervals import Measurement

_COUNTS = {
    "candidates_without_gold": "candidates without a gold value: {:,}",
    "prompts_without_choice": "prompts with no two candidates: {:,}",
    "prompts_with_fewer_candidates": "prompts with fewer candidates, left out: {:,}",
    "truncated": "truncated: {:,}",
    "rejected_rows": "rejected rows: {:,}",
}


_NAME = 18
"""Characters that a curve's name has in one line at least."""

_MOST_COLUMNS = 5


def show(found: BestOfN, gold: str) -> None:
    """Print the curves, what they come to at the largest n, the counts, and what the figures allow to say."""
    console = Console(highlight=False)
    console.print(f"gold: {name_of(gold)}; in standard deviations within prompts, 0 is a random answer", markup=False)
    if found.counts["prompts"]:
        console.print(_curves_table(found))
        console.print(_last_table(found))
    console.print(_counts_line(found), style="dim", markup=False)
    for curve in found.curves:
        if curve.kind != "ideal":
            console.print(f"{name_of(curve.name)}: {finding(curve, found.most)}", style="bold", markup=False)


def _curves_table(found: BestOfN) -> Table:
    """Gold at powers of two and at the largest n; at every other one where they are many."""
    shown = [i for i, n in enumerate(found.n) if n > 1 and (n & (n - 1) == 0 or n == found.most)]
    if len(shown) > _MOST_COLUMNS:
        shown = shown[::-2][::-1]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("gold, best of n by", overflow="fold", min_width=_NAME)
    for i in shown:
        table.add_column(f"n = {found.n[i]}", justify="right", no_wrap=True)
    table.add_row("KL, nats", *(f"{float(best_of_n_kl(found.n[i])):.2f}" for i in shown), style="dim")
    for curve in found.curves:
        table.add_row(escape(name_of(curve.name)), *(_with_half_width(curve.gold[i]) for i in shown))
    return table


def _with_half_width(measured: Measurement) -> str:
    if measured.value is None:
        return "undefined"
    if measured.low is None or measured.high is None:
        return f"{measured.value:+.2f}"
    return f"{measured.value:+.2f} ±{(measured.high - measured.low) / 2:.2f}"


def _last_table(found: BestOfN) -> Table:
    """What each curve comes to: its promise, its share of the ideal, the fitted law."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"at n = {found.most}, by", overflow="fold", min_width=_NAME)
    for heading in ("promised", "share of ideal", "alpha", "beta"):
        table.add_column(heading, justify="right")
    for curve in found.curves:
        if curve.gold[-1].value is not None:
            table.add_row(escape(name_of(curve.name)), *_last_cells(curve))
    return table


def _last_cells(curve: Curve) -> list[str]:
    share = " ".join(cells(curve.of_ideal, "{:.0%}")[:2])
    promised, alpha, beta = map(_with_half_width, (curve.reward[-1], curve.fit.alpha, curve.fit.beta))
    return [promised, share, alpha, beta]


def _counts_line(found: BestOfN) -> str:
    counts = found.counts
    always = (
        f"{counts['prompts']:,} prompts with {counts['candidates']:,} candidates; "
        f"intervals clustered by {found.clusters} ({counts['clusters']:,})"
    )
    rest = [shape.format(counts[name]) for name, shape in _COUNTS.items() if counts.get(name)]
    if counts["prompts"] and found.most < counts["most_candidates"]:
        rest.append(
            f"n stops at {found.most}, which every prompt has; the most is {counts['most_candidates']:,} "
            "(--most N goes on without the prompts that have fewer)"
        )
    return "; ".join([always, *rest])
