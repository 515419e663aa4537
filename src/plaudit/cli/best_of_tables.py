"""What `plaudit best-of` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from plaudit.cli.eval_tables import cells
from plaudit.cli.tables import Column, by_reason, print_table
from plaudit.cli.terminal import counted
from plaudit.evaluation import BestOfN, Curve, best_of_n_kl, finding
from plaudit.statistics import Measurement
from plaudit.text import terminal_text

_NAME = 18
"""Characters that a curve's name has in one line at least."""

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


def show(found: BestOfN, gold: str) -> None:
    """Print the curves, what they come to at the largest n, the counts, and what the figures allow to say."""
    console = Console(highlight=False)
    console.print(
        f"gold: {terminal_text(gold)}; in standard deviations within prompts, 0 is a random answer", markup=False
    )
    if found.counts["prompts"]:
        _print_curves(console, found)
        _print_last(console, found)
        for line in (*_gaps(found), _WORDS):
            console.print(line, style="dim", markup=False)
    console.print(_counts_line(found), style="dim", markup=False)
    for curve in found.curves:
        if curve.kind != "ideal":
            console.print(f"{terminal_text(curve.name)}: {finding(curve, found.most)}", style="bold", markup=False)


def _print_curves(console: Console, found: BestOfN) -> None:
    """Gold at powers of two and at the largest n, as many of them as there is room for, evenly."""
    shown = [i for i, n in enumerate(found.n) if n > 1 and (n & (n - 1) == 0 or n == found.most)]
    points = [
        Column(
            f"n = {found.n[i]}", (_dim_kl(found.n[i]), *(_figure(curve.gold[i]) for curve in found.curves)), right=True
        )
        for i in shown
    ]
    names = Column("gold, best of n by", ("[dim]KL, nats[/]", *_names(found.curves)), folds=_NAME)
    # Every other one first; the largest n stays.
    every = [*points[-2::-2][::-1], *points[-3::-2][::-1]]
    left_out = print_table(console, (names, *points), [column.title for column in every])
    if left := len(found.n) - 1 - len(points) + len(left_out):
        console.print(f"(--json and -o have {counted(left, 'more n')})", style="dim", markup=False)


def _dim_kl(n: int) -> str:
    return f"[dim]{float(best_of_n_kl(n)):.2f}[/]"


def _names(curves: Sequence[Curve]) -> list[str]:
    return [escape(terminal_text(curve.name)) for curve in curves]


def _figure(measured: Measurement) -> str:
    """A value and half its interval; where it has none, `_gaps` says why."""
    if measured.value is None:
        return "undefined"
    if measured.low is None or measured.high is None:
        return f"{measured.value:+.2f}"
    return f"{measured.value:+.2f} ±{(measured.high - measured.low) / 2:.2f}"


def _print_last(console: Console, found: BestOfN) -> None:
    """What each curve comes to: its promise, its share of the ideal, the fitted law."""
    curves = [curve for curve in found.curves if curve.gold[-1].value is not None]
    if not curves:
        return
    columns = {
        "promised": [_figure(curve.reward[-1]) for curve in curves],
        "share of ideal": [_share(curve.of_ideal) for curve in curves],
        "alpha": [_figure(curve.fit.alpha) for curve in curves],
        "beta": [_figure(curve.fit.beta) for curve in curves],
    }
    names = Column(f"at n = {found.most}, by", _names(curves), folds=_NAME)
    print_table(console, (names, *(Column(title, cells, right=True) for title, cells in columns.items())))


def _share(measured: Measurement) -> str:
    """A share and its interval, if it has one that is not a point: gold's own share is 100% by definition."""
    value, interval, _ = cells(measured, "{:.0%}")
    return value if measured.low == measured.high else f"{value} {interval}"


def _gaps(found: BestOfN) -> Iterator[str]:
    """Why figures have no interval, or no value."""
    return by_reason(
        (measured.reason, terminal_text(curve.name))
        for curve in found.curves
        for measured in (curve.gold[-1], curve.reward[-1], curve.of_ideal, curve.fit.alpha, curve.fit.beta)
    )


def _counts_line(found: BestOfN) -> str:
    counts = found.counts
    prompts, candidates = counted(counts["prompts"], "prompts"), counted(counts["candidates"], "candidates")
    always = f"{prompts} with {candidates}; intervals clustered by {found.clusters} ({counts['clusters']:,})"
    rest = [shape.format(counts[name]) for name, shape in _COUNTS.items() if counts.get(name)]
    if counts["prompts"] and found.most < counts["most_candidates"]:
        rest.append(
            f"n stops at {found.most}, which every prompt has; the most is {counts['most_candidates']:,} "
            "(--most N goes on without the prompts that have fewer)"
        )
    return "; ".join([always if counts["prompts"] else "nothing could be measured", *rest])
