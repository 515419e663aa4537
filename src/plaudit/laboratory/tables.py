"""A comparison of losses as text: one wide table in Markdown, one for each attribute on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plaudit.laboratory.results import LossComparison, ResultRow
from plaudit.laboratory.seed_averages import SeedAverage

_TITLES = {
    "accuracy": "accuracy",
    "log_loss": "log loss",
    "ece": "ECE",
    "top1": "best of K",
    "kendall_within": "Kendall within prompts",
    "spearman": "Spearman",
    "kendall": "Kendall",
    "pearson": "Pearson",
    "mae": "MAE",
}

_DIFFERENCES = ("minus the first", "minus the best loss")

Column = tuple[str | None, str]
"""An attribute (None for rankings) and the name of one of its figures."""


@dataclass(frozen=True, slots=True)
class NarrowTable:
    """One of several tables of the same rows.

    Attributes:
        title: what its figures are of.
        header: titles; the first is that of the names.
        cells: a list a row: its name, and a figure for each title.
    """

    title: str
    header: list[str]
    cells: list[list[str]]


def wide_header(comparison: LossComparison) -> list[str]:
    """Titles, the leading figure first."""
    titles = [title_of(comparison, attribute, name) for attribute, name in _columns(comparison)]
    return ["loss", titles[0], *_DIFFERENCES[: _differences(comparison)], *titles[1:], "seconds"]


def wide_cells(comparison: LossComparison) -> list[list[str]]:
    """A list of cells a row, in the order of the header."""
    first, *rest = _columns(comparison)
    return [
        [
            row.name,
            format_average(row.figures_of(first[0])[first[1]]),
            *_difference_cells(comparison, row),
            *(format_average(row.figures_of(attribute).get(name)) for attribute, name in rest),
            f"{row.seconds:.1f}",
        ]
        for row in comparison.rows
    ]


def narrow_tables(comparison: LossComparison) -> list[NarrowTable]:
    """The same as several tables: the leading figure with its differences, the rankings' other figures, then each
    attribute's."""
    lead, *rest = _columns(comparison)
    titles = ["loss", _TITLES[lead[1]], *_DIFFERENCES[: _differences(comparison)], "seconds"]
    rows = [
        [
            row.name,
            format_average(row.figures_of(lead[0])[lead[1]]),
            *_difference_cells(comparison, row),
            f"{row.seconds:.1f}",
        ]
        for row in comparison.rows
    ]
    tables = [NarrowTable(f"Losses, best first by {title_of(comparison, *lead)}", titles, rows)]
    for attribute in dict.fromkeys(attribute for attribute, _ in rest):
        names = [name for of, name in rest if of == attribute]
        title = "Rankings" if attribute is None else f"Ratings: {attribute}"
        rows = [
            [row.name, *(format_average(row.figures_of(attribute).get(name)) for name in names)]
            for row in comparison.rows
        ]
        tables.append(NarrowTable(title, ["loss", *(_TITLES[name] for name in names)], rows))
    return tables


def _difference_cells(comparison: LossComparison, row: ResultRow) -> list[str]:
    differences = (row.to_first, row.to_best_loss)[: _differences(comparison)]
    return ["" if one is None else format_average(one, sign=True) for one in differences]


def format_average(average: SeedAverage | None, sign: bool = False) -> str:
    """`0.746 [0.701, 0.790] ±0.003`: value, interval, and spread over seeds; a dash for what is undefined."""
    if average is None or average.value is None:
        return "–"
    style = "{:+.3f}" if sign else "{:.3f}"
    value, interval, spread = style.format(average.value), "", ""
    if average.low is not None and average.high is not None:
        interval = f"[{style.format(average.low)}, {style.format(average.high)}]"
    if average.spread is not None:
        spread = f"±{average.spread:.3f}"
    return " ".join(filter(None, (value, interval, spread)))


def notes(comparison: LossComparison) -> list[str]:
    """Notes that the table is to be read with, a line each."""
    record, counts = comparison.record, comparison.counts
    labels = {"comparisons": "comparisons", "ties": "of them ties", "ratings": "ratings"}
    counted = ", ".join(f"{counts[name]:,} {label}" for name, label in labels.items() if counts[name])
    splits = f"{record['folds']} folds" if record["folds"] else "one split"
    lines = [
        f"Measured on {counted} of {counts['responses']:,} held-out responses, in {counts['groups']:,} of "
        f"{record['groups']:,} groups; "
        f"{splits} by {record['by']}; {record['backbone']}, trainable={record['settings']['trainable']}, "
        f"{record['seeds']} seeds.",
        f"[95% interval, clustered by {record['by']}: {counts['clusters']:,}]; ± standard deviation over seeds. "
        "A difference is real where its interval leaves 0 out and the seeds do not explain it; with many rows, expect "
        "one in twenty to stray.",
        *_who_leads(comparison),
    ]
    if any("log_loss" in row.rankings for row in comparison.rows):
        lines.append(
            "Log loss and ECE: of σ(gap) for likelihoods of a comparison; of σ(gap / T) for the others, T fitted on "
            "held-out training judgements."
        )
    for other in dict.fromkeys(comparison.same.values()):
        alike = ", ".join(name for name, equivalent in comparison.same.items() if equivalent == other)
        lines.append(f"The same as {other} on these judgements, so not run: {alike}.")
    reasons: dict[str, list[str]] = {}
    for name, reason in comparison.left_out.items():
        reasons.setdefault(reason.removeprefix(f"{name} "), []).append(name)
    lines += [f"Left out: {', '.join(names)} ({reason})." for reason, names in reasons.items()]
    return lines


def markdown(comparison: LossComparison) -> str:
    """`losses.md`."""
    rows = [wide_header(comparison), ["---"] * len(wide_header(comparison)), *wide_cells(comparison)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n".join(["# Losses compared", "", table, "", *(f"- {line}" for line in notes(comparison))]) + "\n"


def _differences(comparison: LossComparison) -> int:
    """How many columns of differences there are: a loss in the first row is the best loss too."""
    return 1 if comparison.rows[0].to_best_loss is None else 2


def _who_leads(comparison: LossComparison) -> Iterator[str]:
    """Which rows cannot be told from the first."""
    first, *rest = comparison.rows
    near: list[str] = []
    unsure: dict[str, list[str]] = {}
    for row in rest:
        difference = row.to_first
        if difference is None or difference.high is None:
            unsure.setdefault((difference and difference.reason) or "undefined", []).append(row.name)
        elif difference.high >= 0:
            near.append(row.name)
    if near:
        yield f"Not distinguishable from {first.name}: {', '.join(near)}."
    for reason, names in unsure.items():
        yield f"How sure {first.name} is ahead of {', '.join(names)} cannot be said: {reason}."
    if not near and not unsure:
        yield f"{first.name} is ahead of every other row."


def _columns(comparison: LossComparison) -> list[Column]:
    """The leading figure, then all others that are defined in some row."""
    first = comparison.rows[0]
    lead = (comparison.lead.attribute, comparison.lead.name)
    columns: list[Column] = [(None, name) for name in first.rankings]
    columns += [(attribute, name) for attribute, figures in first.ratings.items() for name in figures]
    defined = [
        column
        for column in columns
        if any(_is_defined(row.figures_of(column[0]).get(column[1])) for row in comparison.rows)
    ]
    return [lead, *(column for column in defined if column != lead)]


def _is_defined(average: SeedAverage | None) -> bool:
    return average is not None and average.value is not None


def title_of(comparison: LossComparison, attribute: str | None, name: str) -> str:
    """What a column is called; the attribute is named where there are several."""
    is_named = len(comparison.rows[0].ratings) > 1
    return f"{attribute}: {_TITLES[name]}" if is_named and attribute else _TITLES[name]
