"""A comparison of losses as text, in English or Chinese: one wide table in Markdown, one for each attribute on a
terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from plaudit.laboratory.results import LossComparison, ResultRow
from plaudit.laboratory.seed_averages import SeedAverage
from plaudit.report import Sentence, Wording, count, reason_label, say
from plaudit.text import Language

_DIFFERENCES = ("losses.minus_first", "losses.minus_best_loss")

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


def wide_header(comparison: LossComparison, language: Language = "en") -> list[str]:
    """Titles, the leading figure first."""
    titles = [title_of(comparison, *column, language) for column in _columns(comparison)]
    return [_told("losses.loss", language), titles[0], *_difference_titles(comparison, language), *titles[1:],
            _told("losses.seconds", language)]  # fmt: skip


def _told(key: str, language: Language, **values: Wording) -> str:
    return say(key, **values).plain(language)


def _difference_titles(comparison: LossComparison, language: Language) -> list[str]:
    return [_told(key, language) for key in _DIFFERENCES[: _differences(comparison)]]


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


def narrow_tables(comparison: LossComparison, language: Language = "en") -> list[NarrowTable]:
    """The same as several tables: the leading figure with its differences, the rankings' other figures, then each
    attribute's.

    Example:
        >>> from plaudit.laboratory.seed_averages import Lead
        >>> figures = {"accuracy": SeedAverage(0.75, 0.70, 0.80, spread=0.01, n=400)}
        >>> row = ResultRow("bradley-terry", "rankings", figures, {}, to_first=None, to_best_loss=None, seconds=1.5)
        >>> [table] = narrow_tables(LossComparison((row,), Lead(None, "accuracy"), {}, {}, {}, {}))
        >>> dict(zip(table.header, table.cells[0], strict=True))
        {'loss': 'bradley-terry', 'accuracy': '0.750 [0.700, 0.800] ±0.010', 'minus the first': '', 'seconds': '1.5'}
    """
    lead, *rest = _columns(comparison)
    loss, seconds = _told("losses.loss", language), _told("losses.seconds", language)
    titles = [loss, _told(f"losses.{lead[1]}", language), *_difference_titles(comparison, language), seconds]
    rows = [
        [
            row.name,
            format_average(row.figures_of(lead[0])[lead[1]]),
            *_difference_cells(comparison, row),
            f"{row.seconds:.1f}",
        ]
        for row in comparison.rows
    ]
    first = _told("losses.best_first", language, figure=title_of(comparison, *lead, language))
    tables = [NarrowTable(first, titles, rows)]
    for attribute in dict.fromkeys(attribute for attribute, _ in rest):
        names = [name for of, name in rest if of == attribute]
        title = _told("losses.rankings", language)
        if attribute is not None:
            title = _told("losses.ratings", language, attribute=attribute)
        rows = [
            [row.name, *(format_average(row.figures_of(attribute).get(name)) for name in names)]
            for row in comparison.rows
        ]
        tables.append(NarrowTable(title, [loss, *(_told(f"losses.{name}", language) for name in names)], rows))
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


def notes(comparison: LossComparison, language: Language = "en") -> list[str]:
    """Notes that the table is to be read with, a line each.

    Example:
        >>> from plaudit import compare_losses, load_groups
        >>> chosen = {"losses": ["bradley-terry", "hinge"], "baselines": ["length"]}
        >>> quick = {"seeds": 2, "trainable": "head", "epochs": 1}
        >>> lines = notes(compare_losses(load_groups("train.jsonl"), "noted", "my-backbone", **chosen, **quick))
        >>> lines[0].split(";")[0]
        'Measured on 2 comparisons of 4 held-out responses, in 2 of 60 groups'
    """
    return [sentence.plain(language) for sentence in _notes(comparison)]


def _notes(comparison: LossComparison) -> Iterator[Sentence]:
    record = comparison.record
    yield _measured(comparison)
    yield say("losses.how_to_read", by=record["by"], clusters=count(comparison.counts["clusters"]))
    yield from _who_leads(comparison)
    if any("log_loss" in row.rankings for row in comparison.rows):
        yield say("losses.temperature")
    for other in dict.fromkeys(comparison.same.values()):
        alike = [name for name, equivalent in comparison.same.items() if equivalent == other]
        yield say("losses.same", other=other, names=_listed(alike))
    reasons: dict[str, list[str]] = {}
    for name, reason in comparison.left_out.items():
        reasons.setdefault(reason.removeprefix(f"{name} "), []).append(name)
    for reason, names in reasons.items():
        yield say("losses.left_out", names=_listed(names), reason=reason_label(reason))


def _measured(comparison: LossComparison) -> Sentence:
    """What was measured on, and how it was split."""
    record, counts = comparison.record, comparison.counts
    keys = {"comparisons": "losses.comparisons", "ties": "losses.ties", "ratings": "losses.rated"}
    return say(
        "losses.measured",
        judgements=_listed([say(key, n=count(counts[name])) for name, key in keys.items() if counts[name]]),
        responses=count(counts["responses"]),
        groups=count(counts["groups"]),
        all=count(record["groups"]),
        splits=say("losses.folds", k=count(record["folds"])) if record["folds"] else say("losses.one_split"),
        by=record["by"],
        backbone=record["backbone"],
        trainable=record["settings"]["trainable"],
        seeds=count(record["seeds"]),
    )


def _listed(names: Sequence[Wording]) -> Wording:
    """All of them, by comma."""
    return reduce(lambda first, name: say("losses.and", first=first, next=name), names)


def markdown(comparison: LossComparison, language: Language = "en") -> str:
    """`losses.md`.

    Example:
        >>> from plaudit import compare_losses, load_groups
        >>> chosen = {"losses": ["bradley-terry", "hinge"], "baselines": ["length"]}
        >>> quick = {"seeds": 2, "trainable": "head", "epochs": 1}
        >>> text = markdown(compare_losses(load_groups("train.jsonl"), "losses", "my-backbone", **chosen, **quick))
        >>> text.splitlines()[0], "| hinge |" in text
        ('# Losses compared', True)
    """
    header = wide_header(comparison, language)
    rows = [header, ["---"] * len(header), *wide_cells(comparison)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    lines = [f"- {line}" for line in notes(comparison, language)]
    return "\n".join([f"# {_told('losses.heading', language)}", "", table, "", *lines]) + "\n"


def _differences(comparison: LossComparison) -> int:
    """How many columns of differences there are: a loss in the first row is the best loss too."""
    return 1 if comparison.rows[0].to_best_loss is None else 2


def _who_leads(comparison: LossComparison) -> Iterator[Sentence]:
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
        yield say("losses.near", first=first.name, names=_listed(near))
    for reason, names in unsure.items():
        yield say("losses.unsure", first=first.name, names=_listed(names), reason=reason_label(reason))
    if not near and not unsure:
        yield say("losses.ahead", first=first.name)


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


def title_of(comparison: LossComparison, attribute: str | None, name: str, language: Language = "en") -> str:
    """What a column is called; the attribute is named where there are several."""
    title = say(f"losses.{name}")
    if attribute is None or len(comparison.rows[0].ratings) < 2:
        return title.plain(language)
    return _told("losses.of_attribute", language, attribute=attribute, figure=title)
