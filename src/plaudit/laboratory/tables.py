"""The laboratory's table as text: one wide table in Markdown, several narrow ones for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plaudit.laboratory.results import Comparison, ResultRow
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

# Figures side by side in a terminal: three intervals of up to 16 characters leave a name and the seconds their room in
# 80 columns.
_ABREAST = 3

Column = tuple[str | None, str]
"""An attribute (None for rankings) and the name of one of its figures."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """One of several tables of the same rows, for a terminal of 80 columns.

    Attributes:
        title: what its figures are of.
        header: titles, broken into lines no wider than the cells below where words allow.
        cells: a list a row, each of up to two lines: value and spread, and the interval.
    """

    title: str
    header: list[str]
    cells: list[list[str]]


def header(found: Comparison) -> list[str]:
    """Titles, the leading figure first."""
    titles = [title_of(found, attribute, name) for attribute, name in _columns(found)]
    return ["loss", titles[0], *_DIFFERENCES[: _differences(found)], *titles[1:], "seconds"]


def cells(found: Comparison) -> list[list[str]]:
    """A list of cells a row, in the order of the header."""
    first, *rest = _columns(found)
    return [
        [
            row.name,
            figure(row.figures_of(first[0])[first[1]]),
            *_behind_cells(found, row),
            *(figure(row.figures_of(attribute).get(name)) for attribute, name in rest),
            f"{row.seconds:.1f}",
        ]
        for row in found.rows
    ]


def narrow(found: Comparison) -> list[Narrow]:
    """The same as several tables: the leading figure with its differences, then the rankings' other figures, then each
    attribute's, a few at a time."""
    lead, *rest = _columns(found)
    order = [
        [
            row.name,
            figure(row.figures_of(lead[0])[lead[1]], lines=True),
            *_behind_cells(found, row, lines=True),
            f"{row.seconds:.1f}",
        ]
        for row in found.rows
    ]
    titles = ["loss", _TITLES[lead[1]], *_DIFFERENCES[: _differences(found)], "seconds"]
    tables = [_narrow(f"Losses, best first by {title_of(found, *lead)}", titles, order)]
    for attribute in dict.fromkeys(attribute for attribute, _ in rest):
        names = [name for own, name in rest if own == attribute]
        title = "Rankings" if attribute is None else f"Ratings: {attribute}"
        for start in range(0, len(names), _ABREAST):
            some = names[start : start + _ABREAST]
            rows = [
                [row.name, *(figure(row.figures_of(attribute).get(name), lines=True) for name in some)]
                for row in found.rows
            ]
            tables.append(_narrow(title, ["loss", *(_TITLES[name] for name in some)], rows))
    return tables


def _narrow(title: str, titles: Sequence[str], rows: list[list[str]]) -> Narrow:
    widths = [max(len(line) for row in rows for line in row[place].split("\n")) for place in range(len(titles))]
    broken = [
        "\n".join(textwrap.wrap(one, max(width, 1), break_long_words=False))
        for one, width in zip(titles, widths, strict=True)
    ]
    return Narrow(title, broken, rows)


def _behind_cells(found: Comparison, row: ResultRow, lines: bool = False) -> list[str]:
    behind = (row.to_first, row.to_best_loss)[: _differences(found)]
    return ["" if one is None else figure(one, sign=True, lines=lines) for one in behind]


def figure(given: SeedAverage | None, sign: bool = False, lines: bool = False) -> str:
    """`0.746 [0.701, 0.790] ±0.003`: value, interval, and spread over seeds, or with the interval on a second of two
    `lines`; a dash for what is undefined."""
    if given is None or given.value is None:
        return "–"
    style = "{:+.3f}" if sign else "{:.3f}"
    value, interval, spread = style.format(given.value), "", ""
    if given.low is not None and given.high is not None:
        interval = f"[{style.format(given.low)}, {style.format(given.high)}]"
    if given.spread is not None:
        spread = f"±{given.spread:.3f}"
    if lines:
        return f"{value} {spread}".strip() + f"\n{interval}".rstrip()
    return " ".join(filter(None, (value, interval, spread)))


def notes(found: Comparison) -> list[str]:
    """What the table must be read with, a line each."""
    record, counts = found.record, found.counts
    called = {"comparisons": "comparisons", "ties": "of them ties", "ratings": "ratings"}
    counted = ", ".join(f"{counts[name]:,} {words}" for name, words in called.items() if counts[name])
    how = f"{record['folds']} folds" if record["folds"] else "one split"
    lines = [
        f"Measured on {counted} of {counts['responses']:,} held-out responses, in {counts['groups']:,} of "
        f"{record['groups']:,} groups; "
        f"{how} by {record['by']}; {record['backbone']}, trainable={record['settings']['trainable']}, "
        f"{record['seeds']} seeds.",
        f"[95% interval, clustered by {record['by']}: {counts['clusters']:,}]; ± standard deviation over seeds. "
        "A difference is real where its interval leaves 0 out and the seeds do not explain it; with many rows, expect "
        "one in twenty to stray.",
        *_verdict(found),
    ]
    if any("log_loss" in row.rankings for row in found.rows):
        lines.append(
            "Log loss and ECE: of σ(gap) for likelihoods of a comparison; of σ(gap / T) for the others, T fitted on "
            "held-out training judgements."
        )
    for other in dict.fromkeys(found.same.values()):
        alike = ", ".join(name for name, own in found.same.items() if own == other)
        lines.append(f"The same as {other} on these judgements, so not run: {alike}.")
    reasons: dict[str, list[str]] = {}
    for name, why in found.left_out.items():
        reasons.setdefault(why.removeprefix(f"{name} "), []).append(name)
    lines += [f"Left out: {', '.join(names)} ({why})." for why, names in reasons.items()]
    return lines


def markdown(found: Comparison) -> str:
    """`losses.md`."""
    rows = [header(found), ["---"] * len(header(found)), *cells(found)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n".join(["# Losses compared", "", table, "", *(f"- {line}" for line in notes(found))]) + "\n"


def _differences(found: Comparison) -> int:
    """How many columns of differences there are: a loss in the first row is the best loss too."""
    return 1 if found.rows[0].to_best_loss is None else 2


def _verdict(found: Comparison) -> Iterator[str]:
    """Which rows cannot be told from the first."""
    first, *rest = found.rows
    near: list[str] = []
    unsure: dict[str, list[str]] = {}
    for row in rest:
        behind = row.to_first
        if behind is None or behind.high is None:
            unsure.setdefault((behind and behind.reason) or "undefined", []).append(row.name)
        elif behind.high >= 0:
            near.append(row.name)
    if near:
        yield f"Not distinguishable from {first.name}: {', '.join(near)}."
    for reason, names in unsure.items():
        yield f"How sure {first.name} is ahead of {', '.join(names)} cannot be said: {reason}."
    if not near and not unsure:
        yield f"{first.name} is ahead of every other row."


def _columns(found: Comparison) -> list[Column]:
    """The leading figure, then all others that are defined in some row."""
    first = found.rows[0]
    lead = (found.lead.attribute, found.lead.name)
    every: list[Column] = [(None, name) for name in first.rankings]
    every += [(attribute, name) for attribute, figures in first.ratings.items() for name in figures]
    defined = [
        column for column in every if any(_defined(row.figures_of(column[0]).get(column[1])) for row in found.rows)
    ]
    return [lead, *(column for column in defined if column != lead)]


def _defined(given: SeedAverage | None) -> bool:
    return given is not None and given.value is not None


def title_of(found: Comparison, attribute: str | None, name: str) -> str:
    """What a column is called; the attribute is named where there are several."""
    several = len(found.rows[0].ratings) > 1
    return f"{attribute}: {_TITLES[name]}" if several and attribute else _TITLES[name]
