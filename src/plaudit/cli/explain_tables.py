"""Tables and highlighted text of `plaudit explain`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from plaudit.cli.explain_summary import Summary
from plaudit.cli.highlight import highlighted, legend
from plaudit.cli.tables import FigureTable
from plaudit.cli.terminal import short
from plaudit.explaining import Explanation
from plaudit.groups import Group
from plaudit.statistics import Measurement
from plaudit.text import counted, terminal_text

_WIDE = 100
"""Columns of a terminal from which on two responses are printed side by side."""

_CAPTIONS = {
    "attribution": "what each token contributed (integrated gradients from {reference})",
    "exact": "what each word contributed, exactly",
    "gain": "how the reward changed at each piece ({kind})",
    "effect": "the score with each {part}, minus without",
}

_AGAINST_SHUFFLED = {"signed": "contributions against those", "sizes": "their sizes, signs aside, against those"}


_DIGITS = 3
"""Significant digits of the largest of some numbers, and decimals at least."""

_ROUNDING = 1e-7
"""A smaller number is rounding of a sum, and is shown as 0."""

_REFERENCE = (
    "reference: the score of an answer of as many tokens that say nothing, from which contributions lead to the score; "
    "what they miss of the way is unexplained"
)
# Explanation of a word on the screen -> whether the word is printed for an explanation.
_MEANINGS: dict[str, Callable[[Explanation], bool]] = {
    _REFERENCE: lambda e: e.steps is not None,
    "worth: the score, minus the score without this part": lambda e: bool(e.sentences),
    "tokens: what the part's tokens contributed, in all": lambda e: bool(e.sentences) and e.baseline is not None,
    "reward here: the reward read at the part's end; blank where none was read": lambda e: (
        bool(e.sentences) and e.kind is not None
    ),
    "shuffled weights: near 0 where contributions show what was learned, and not the text alone": lambda e: (
        e.randomised is not None
    ),
}


def print_explanations(
    explained: Sequence[tuple[Group, Sequence[Explanation]]], summary: Summary, notes: Sequence[str], full: bool
) -> None:
    """Print each group's responses, then the summary of all."""
    console = Console(highlight=False)
    colour = console.color_system is not None and not console.no_color
    for group, explanations in explained:
        console.print(f"\n{f'{terminal_text(group.id)} {short(group.prompt)}'.lstrip()}", markup=False, style="bold")
        kind, columns = _columns(explanations)
        largest = max((abs(value) for _, values in columns for value in values if value is not None), default=0.0)
        numbers = number_format(value for e in explanations for value in (e.score, e.baseline))
        bodies = [
            Text("\n").join([_head(e, numbers), highlighted(*column, largest, colour=colour, full=full)])
            for e, column in zip(explanations, columns, strict=True)
        ]
        _side_by_side(console, bodies)
        if largest:
            console.print(Text(f"{_caption(kind, explanations)}: ").append_text(legend(largest, colour=colour)))
        for explanation in explanations:
            if explanation.sentences:
                _segments(explanation).print(console)
        if len(explanations) == 2:
            console.print(_gap(*explanations), markup=False)
    everything = [explanation for _, explanations in explained for explanation in explanations]
    console.print()
    for line in (*_summary_lines(summary), *meanings(everything), *notes):
        console.print(line, style="dim", markup=False)


def _columns(explanations: Sequence[Explanation]) -> tuple[str, list[tuple[list[str], list[float | None]]]]:
    """What is highlighted: attributions, else gains of the reward, else ablation effects; and the texts and values of
    each response."""
    if all(e.baseline is not None for e in explanations):
        kind = "exact" if all(e.steps is None for e in explanations) else "attribution"
        return kind, [([t.text for t in e.tokens], [t.attribution for t in e.tokens]) for e in explanations]
    if all(e.kind is not None for e in explanations):
        return "gain", [([t.text for t in e.tokens], _gains(e)) for e in explanations]
    return "effect", [([p.text for p in e.sentences], [p.effect for p in e.sentences]) for e in explanations]


def _gains(explanation: Explanation) -> list[float | None]:
    """How much each token changed the reward since it was last read."""
    gains: list[float | None] = []
    last = explanation.opening
    for token in explanation.tokens:
        gains.append(None if token.reward is None or last is None else token.reward - last)
        last = token.reward if token.reward is not None else last
    return gains


def _caption(kind: str, explanations: Sequence[Explanation]) -> str:
    first = explanations[0]
    reference = "the mean embedding" if first.reference == "mean" else f"the {first.reference} token"
    return _CAPTIONS[kind].format(reference=reference, kind=first.kind, part=segment_name(first))


def _head(explanation: Explanation, numbers: str) -> Text:
    head = Text(f"response {explanation.response}: score {numbers.format(explanation.score)}", style="bold")
    rest = []
    # Exact attributions have no reference and leave nothing unexplained.
    if explanation.steps is not None:
        rest.append(f"reference {numbers.format(explanation.baseline)}")
    if explanation.complete is False:
        rest.append(
            f"{numbers.format(explanation.completeness)} unexplained after {counted(explanation.steps or 0, 'steps')}"
        )
    if explanation.truncated:
        rest.append("truncated")
    return head.append("".join(f", {part}" for part in rest), style="not bold")


def _side_by_side(console: Console, bodies: Sequence[Text]) -> None:
    if len(bodies) != 2 or console.width < _WIDE:
        for body in bodies:
            console.print(body)
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2), expand=True)
    for _ in bodies:
        table.add_column(ratio=1)
    table.add_row(*bodies)
    console.print(table)


def _segments(explanation: Explanation) -> FigureTable:
    """Each segment: its ablation effect, what its tokens contributed, and the reward read at its end."""
    columns = {
        "worth": [part.effect for part in explanation.sentences],
        "tokens": [part.attribution for part in explanation.sentences],
        "reward here": _ends(explanation),
    }
    columns = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    formats = {name: number_format(values) for name, values in columns.items()}
    table = FigureTable(f"{segment_name(explanation)} of response {explanation.response}", list(columns))
    for number, part in enumerate(explanation.sentences):
        figures = (
            "" if values[number] is None else formats[name].format(values[number]) for name, values in columns.items()
        )
        table.row(short(part.text.strip(), 90), *figures)
    return table


def _ends(explanation: Explanation) -> list[float | None]:
    """The last reward read in each segment, before the white space at its end: that belongs to the token after it."""
    ends: list[float | None] = []
    tokens = iter(explanation.tokens)
    done = start = 0
    for part in explanation.sentences:
        end, start = start + len(part.text.rstrip()), start + len(part.text)
        reward = None
        while done < end and (token := next(tokens, None)) is not None:
            done += len(token.text)
            reward = token.reward if token.reward is not None else reward
        ends.append(reward)
    return ends


def _gap(a: Explanation, b: Explanation) -> str:
    """The difference of two scores as a sum of its parts."""
    numbers = number_format([a.score - b.score]).format
    gap = f"score {a.response} - score {b.response} = {numbers(a.score - b.score)}"
    if a.baseline is None or b.baseline is None:
        return gap
    sums = [sum(token.attribution or 0.0 for token in explanation.tokens) for explanation in (a, b)]
    by_tokens = f"{gap}: tokens of {a.response} {numbers(sums[0])}, of {b.response} {numbers(-sums[1])}"
    if a.steps is None:
        return by_tokens
    rest = (a.completeness or 0.0) - (b.completeness or 0.0)
    return f"{by_tokens}; their references {numbers(a.baseline - b.baseline)}; unexplained {numbers(rest)}"


def _summary_lines(summary: Summary) -> Iterator[str]:
    if summary.n > 1:
        yield counted(summary.n, "responses")
    if summary.agreement.value is not None:
        yield f"contributions against worth: {_correlation(summary.agreement)}"
    for name, correlation in summary.randomised.items():
        yield f"{_AGAINST_SHUFFLED[name]} with shuffled weights: {_correlation(correlation)}"
    if summary.incomplete:
        of = counted(summary.incomplete, "responses")
        yield f"the contributions of {of} do not sum to what they explain within 1%; try --steps 1024"


def _correlation(mean: Measurement) -> str:
    """A mean of rank correlations with its interval, or why there is none."""
    if mean.value is None:
        return f"undefined ({mean.reason})"
    value = f"{'mean ' if mean.n > 1 else ''}rank correlation {mean.value:+z.2f} over {counted(mean.n, 'responses')}"
    if mean.low is None or mean.high is None:
        return f"{value} (no interval: {mean.reason})"
    return f"{value}, 95% interval [{mean.low:+z.2f}, {mean.high:+z.2f}]"


# ---- words and numbers ----------------------------------------------------------------------------------------------


def meanings(explanations: Collection[Explanation]) -> list[str]:
    """A line for each word on the screen that needs explaining."""
    return [meaning for meaning, is_printed in _MEANINGS.items() if any(map(is_printed, explanations))]


def number_format(values: Iterable[float | None]) -> str:
    """A common format of some numbers, in which the largest has three significant digits."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max((size for size in sizes if size >= _ROUNDING), default=1.0)
    return f"{{:+z.{max(_DIGITS, _DIGITS - 1 - math.floor(math.log10(largest)))}f}}"


def segment_name(explanation: Explanation) -> str:
    """What a segment is, in words: "sentence", or "3 sentences" where so many were ablated together."""
    together = explanation.each is not None and explanation.each > 1
    return f"{explanation.each:,} {explanation.unit}s" if together else str(explanation.unit)
