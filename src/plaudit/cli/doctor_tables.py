"""Tables of `plaudit doctor`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from plaudit.cli.tables import INTERVAL, FigureTable
from plaudit.doctor import Cleaned, Diagnosis, Item
from plaudit.text import counted, terminal_text

SHOWN_OF_A_KIND = 3
"""Items of each kind that are printed."""

_INDENT = 6
_MAX_LINES, _MORE = 2, " …"
_LEAST_WIDTH = 40
_LONG_WORD = re.compile(r"(\S{12})\S{10,}(\S{10})")
"""An id or a name too long for a line of two; the work list has it whole."""

_KINDS = {
    "contaminated-prompt": "the prompt is in the test data",
    "contaminated-response": "responses are in the test data",
    "annotator-disagrees": "agrees less with others than people do",
    "annotator-one-sided": "always puts one side on top",
    "annotator-no-variance": "always says the same",
    "suspicious-ranking": "contradicted by models and by others",
    "suspicious-rating": "far from what models and others say",
    "opposite-labels": "one pair judged both ways",
    "identical-responses": "judged apart, and the same",
    "empty-response": "empty, and ranked above words",
}

_FIGURES = {
    "flipped": "are estimated to be the wrong way round",
    "contradicted": "are the wrong way round, or too hard for these models",
    "accuracy_of_models": "are as held-out models say",
    "accuracy_with_others": "are as models and other judgements say",
    "accuracy_of_others": "are as other judgements say",
}


def summary(diagnosis: Diagnosis, cleaned: Cleaned) -> None:
    """Counts by kind, figures, the first items of each kind, and what was removed."""
    console = Console(highlight=False)
    if diagnosis.items:
        _counts(diagnosis.items).show(console)
    else:
        console.print(f"nothing found in {counted(diagnosis.groups, 'groups')}")
    if diagnosis.figures:
        _figures(diagnosis).show(console)
    for name, reason in diagnosis.unmeasured.items():
        console.print(escape(f"not examined: {terminal_text(name)}: {terminal_text(reason)}"))
    for item in _first_of_each(diagnosis.items):
        _show(item, console)
    if diagnosis.items:
        console.print(f"\n{removed_in_words(cleaned)}")


def _counts(items: Sequence[Item]) -> FigureTable:
    listed = Counter(item.kind for item in items)
    proposed = Counter(item.kind for item in items if not item.keep)
    table = FigureTable("found", ("listed", "to remove"))
    for kind in filter(listed.__contains__, Item.KINDS):
        table.row(kind, f"{listed[kind]:,}", f"{proposed[kind]:,}", note=_KINDS[kind])
    return table


def _figures(diagnosis: Diagnosis) -> FigureTable:
    table = FigureTable("of the comparisons", ("share", INTERVAL, "n"))
    for name, figure in diagnosis.figures.items():
        table.figure(_FIGURES[name], figure, "{:.1%}")
    return table


def _show(item: Item, console: Console) -> None:
    """One unbroken line to copy: suspicion, place and proposal; and the reason in two lines at most."""
    where = item.where or item.group or (item.target and item.target.annotator) or ""
    head = f"\n{item.suspicion:.2f}  {terminal_text(where)}  {terminal_text(item.action)}"
    console.print(Text(head), soft_wrap=True)
    reason = Text(_LONG_WORD.sub(r"\1…\2", terminal_text(item.what)))
    lines = reason.wrap(console, max(console.width - _INDENT - len(_MORE), _LEAST_WIDTH))
    for number, line in enumerate(lines[:_MAX_LINES], 1):
        more = _MORE if number == _MAX_LINES < len(lines) else ""
        console.print(Text(f"{'':{_INDENT}}{line.plain}{more}"), soft_wrap=True)


def _first_of_each(items: Sequence[Item]) -> Iterator[Item]:
    """The most suspicious few of each kind, in the order of the list."""
    seen: Counter[str] = Counter()
    for item in items:
        seen[item.kind] += 1
        if seen[item.kind] <= SHOWN_OF_A_KIND:
            yield item


def removed_in_words(cleaned: Cleaned) -> str:
    """`taken out: rankings 3, ratings 1; groups left without a judgement: 2`."""
    removed = ", ".join(f"{what} {count:,}" for what, count in cleaned.removed.items())
    left = f"; groups left without a judgement: {cleaned.unjudged:,}" if cleaned.unjudged else ""
    return f"taken out: {removed or 'nothing'}{left}"
