"""What `plaudit best-of` prints for people, in English or Chinese."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.console import Console
from rich.text import Text

from plaudit.cli.printer import Printer
from plaudit.cli.tables import FigureTable, figure_cells, half_width_cell, print_notes
from plaudit.cli.verdicts import in_words, print_findings
from plaudit.evaluation import BestOfN, Curve, best_of_n_kl
from plaudit.report import Wording, count, curve_label, judge_curve, say
from plaudit.statistics import Measurement
from plaudit.text import Language, page_name, terminal_text

_STYLE = "{:+.2f}"

_COUNTS = (
    "repeated_candidates",
    "candidates_without_gold",
    "prompts_without_choice",
    "prompts_with_fewer_candidates",
    "truncated",
    "rejected_rows",
)


def show(result: BestOfN, gold: str, language: Language = "en") -> None:
    """Print the curves, what they come to at the largest n, the counts, and what the figures allow to say."""
    console, printer = Console(highlight=False), _Printer(language)
    console.print(printer.told("best_of.gold", gold=terminal_text(gold)), markup=False)
    if result.counts["prompts"]:
        table = printer.curves(console, result)
        printer.last(console, result)
        print_notes(console, (*table.reasons(), printer.told("best_of.words")))
    print_notes(console, [printer.candidates_line(result)])
    for curve in result.curves:
        if curve.kind != "ideal":
            finding = judge_curve(curve, result.most)
            sentence = say("best_of.of", name=_label(curve), claim=finding.sentence)
            print_findings(console, [replace(finding, sentence=sentence)], language)


def _label(curve: Curve) -> Wording:
    """A proxy is called what its user calls it, in full."""
    return terminal_text(curve.name) if curve.kind == "proxy" else curve_label(curve.name)


@dataclass(frozen=True, slots=True)
class _Printer(Printer):
    """The tables of best-of-n."""

    def half_width(self, measured: Measurement) -> str:
        return half_width_cell(measured, _STYLE, self.told("terminal.undefined"))

    def curves(self, console: Console, result: BestOfN) -> FigureTable:
        """Gold at powers of two and at the largest n, as many of them as there is room for, evenly."""
        shown = [i for i, n in enumerate(result.n) if n > 1 and (n & (n - 1) == 0 or n == result.most)]
        headings = [f"n = {result.n[i]}" for i in shown]
        # Every other one gives way first; the largest n stays.
        gives_way = [*headings[-2::-2][::-1], *headings[-3::-2][::-1]]
        table = FigureTable(self.told("best_of.by"), headings, gives_way=gives_way, language=self.language)
        kl = (Text(f"{float(best_of_n_kl(result.n[i])):.2f}", style="dim") for i in shown)
        table.row(Text(self.told("best_of.kl"), style="dim"), *kl)
        for curve in result.curves:
            figures = (self.half_width(curve.gold[i]) for i in shown)
            gaps = (curve.gold[-1], curve.reward[-1], curve.of_ideal, curve.fit.alpha, curve.fit.beta)
            table.row(in_words(_label(curve), self.language), *figures, gaps=gaps)
        left_out = table.print(console)
        if left := len(result.n) - 1 - len(headings) + len(left_out):
            print_notes(console, [self.told("best_of.more_n", k=count(left))])
        return table

    def last(self, console: Console, result: BestOfN) -> None:
        """What each curve comes to: its promise, its share of the ideal, the fitted law."""
        columns = (self.told("best_of.promised"), self.told("best_of.share"), "alpha", "beta")
        table = FigureTable(self.told("best_of.at", most=str(result.most)), columns, language=self.language)
        for curve in result.curves:
            if curve.gold[-1].value is not None:
                fit = (self.half_width(measured) for measured in (curve.fit.alpha, curve.fit.beta))
                label, promised = in_words(_label(curve), self.language), self.half_width(curve.reward[-1])
                table.row(label, promised, self._share(curve.of_ideal), *fit)
        if table:
            table.print(console)

    def _share(self, measured: Measurement) -> str:
        """A share and its interval, if it has one that is not a point: gold's own share is 100% by definition."""
        if measured.value is None:
            return self.told("terminal.undefined")
        value, interval, _ = figure_cells(measured, "{:.0%}")
        return value if measured.low == measured.high else f"{value} {interval}"

    def candidates_line(self, result: BestOfN) -> str:
        """What was measured, and everything that could not take part."""
        counts = result.counts
        first = self.told("best_of.nothing")
        if counts["prompts"]:
            values = {name: count(counts[name]) for name in ("prompts", "candidates", "clusters")}
            first = self.told("best_of.counted", by=page_name(result.clusters, 40), **values)
        rest = [self.told(f"best_of.{name}", k=count(counts[name])) for name in _COUNTS if counts.get(name)]
        if counts["prompts"] and result.most < counts["most_candidates"]:
            rest.append(self.told("best_of.stops", n=str(result.most), most=count(counts["most_candidates"])))
        return ("; " if self.language == "en" else "；").join([first, *rest])
