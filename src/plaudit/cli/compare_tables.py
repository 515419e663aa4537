"""What `plaudit compare` prints for people, in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rich.console import Console

from plaudit.cli.printer import Printer
from plaudit.cli.tables import FigureTable, print_notes
from plaudit.cli.terminal import short
from plaudit.cli.verdicts import print_findings
from plaudit.evaluation import Contrast, Disagreement, Paired
from plaudit.report import count, judge_pair
from plaudit.statistics import Form, percent, plain, signed_percent, signed_plain, signed_three, three
from plaudit.text import Language, terminal_text

_OVERALL: dict[str, tuple[str, Form, Form]] = {
    "accuracy": ("terminal.accuracy", percent, signed_percent),
    "log_loss": ("compare.log_loss", three, signed_three),
}
"""Name of a contrast -> how it is called, how its values are written, and how their difference is."""

_RATINGS: dict[str, tuple[str, Form, Form]] = {
    "spearman": ("compare.spearman", signed_three, signed_three),
    "mae": ("compare.mae", plain, signed_plain),
}
_LENGTHS = {"longer": "compare.longer", "shorter": "compare.shorter", "as long": "compare.as_long"}
_JUDGEMENTS = ("comparisons", "ratings")

Row = tuple[str, Contrast, Form, Form]


def show(paired: Paired, models: Mapping[str, str], language: Language = "en") -> None:
    """Print who is who, the tables, the counts, the prompts A and B disagree on, and what the figures allow to say."""
    console, printer = Console(highlight=False), _Printer(language)
    told = printer.told
    for side, model in models.items():
        console.print(told("compare.model", side=side, model=terminal_text(model)), markup=False, soft_wrap=True)
    if paired.counts["comparisons"]:
        printer.table("", printer.named(_OVERALL, paired.overall)).show(console)
        console.print(printer.mcnemar_line(paired), markup=False)
        lengths = ((told(_LENGTHS[name]), contrast) for name, contrast in paired.lengths.items())
        printer.table(told("compare.better_response_is"), _shares(lengths)).show(console)
    if paired.subsets and paired.counts["comparisons"]:
        subsets = ((terminal_text(name), contrast) for name, contrast in paired.subsets.items())
        printer.table(told("terminal.subset"), _shares(subsets)).show(console)
        print_notes(console, [told("compare.q", k=count(len(paired.subsets)))])
    for attribute, figures in paired.ratings.items():
        title = told("terminal.ratings", attribute=terminal_text(attribute))
        console.print(title, style="bold", markup=False)
        printer.table("", printer.named(_RATINGS, figures)).show(console)
    if paired.counts["comparisons"] or paired.ratings:
        print_notes(console, [told("compare.lower_is_better")])
    for one in paired.disagreements:
        console.print(printer.disagreement(one), markup=False)
    console.print()
    print_notes(console, [printer.counts_line(paired.counts, _JUDGEMENTS, paired.clusters)])
    print_findings(console, judge_pair(paired), language)


def _shares(rows: Iterable[tuple[str, Contrast]]) -> Iterator[Row]:
    return ((label, contrast, percent, signed_percent) for label, contrast in rows)


@dataclass(frozen=True, slots=True)
class _Printer(Printer):
    """The tables of two models."""

    def named(self, rows: Mapping[str, tuple[str, Form, Form]], contrasts: Mapping[str, Contrast]) -> Iterator[Row]:
        return ((self.told(key), contrasts[name], form, signed) for name, (key, form, signed) in rows.items())

    def table(self, title: str, rows: Iterable[Row]) -> FigureTable:
        rows, interval = list(rows), self.told("terminal.interval")
        # A column for a test that was made on some row.
        tests = [test for test in ("p", "q") if any(getattr(contrast, test) is not None for _, contrast, *_ in rows)]
        headings = ("A", "B", self.told("compare.difference"), interval, *tests, "n")
        # Where there is a q, the p it corrects is the first to go.
        table = FigureTable(title, headings, gives_way=tests[:-1], left=(interval,), language=self.language)
        for label, contrast, form, signed in rows:
            sides = ("-" if side.value is None else form(side.value) for side in (contrast.a, contrast.b))
            apart = contrast.difference
            p_values = (getattr(contrast, test) for test in tests)
            tested = ("" if p is None else f"{p:.2g}" for p in p_values)
            figures = (self.value(apart, signed), self.interval(apart, signed), *tested, f"{apart.n:,}")
            table.row(label, *sides, *figures, gaps=(apart, contrast.a, contrast.b))
        return table

    def mcnemar_line(self, paired: Paired) -> str:
        test = paired.mcnemar
        p = self.told("compare.p_undefined") if test.p is None else self.told("compare.p", p=f"{test.p:.2g}")
        # Whether there are equal scores is worth a word only where there are.
        equal = self.told("compare.equal_scores", k=count(test.equal_scores)) if test.equal_scores else ""
        counts = {name: count(getattr(test, name)) for name in ("both", "only_a", "only_b", "neither")}
        return self.told("compare.mcnemar", p=p, equal=equal, **counts)

    def disagreement(self, one: Disagreement) -> str:
        model = "A" if one.gap_a > 0 else "B"
        people = self.told("compare.people_tie") if one.tie else self.told("compare.people_side", model=model)
        marks = ("=", "=") if one.tie else ("+", "-")
        texts = (
            f"  {mark} {short(one.group.responses[i])}" for mark, i in zip(marks, (one.better, one.worse), strict=True)
        )
        gaps = self.told("compare.gaps", a=signed_plain(one.gap_a), b=signed_plain(one.gap_b), people=people)
        return "\n".join(["", f"{terminal_text(one.group.id)} {short(one.group.prompt)}", *texts, f"    {gaps}"])
