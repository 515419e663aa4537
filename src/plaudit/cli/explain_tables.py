"""What `plaudit explain` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from plaudit.cli.explain_summary import Summary
from plaudit.cli.explain_words import meanings, part_of, shape
from plaudit.cli.highlight import legend, painted
from plaudit.cli.terminal import counted, short
from plaudit.explaining import Explanation
from plaudit.groups import Group
from plaudit.statistics import Measurement
from plaudit.text import terminal_text

_WIDE = 100
"""Columns of a terminal in which two responses stand side by side."""

_PAINTED = {
    "attribution": "what each token contributed (integrated gradients from {reference})",
    "exact": "what each word contributed, exactly",
    "gain": "how the reward changed at each piece ({kind})",
    "effect": "the score with each {part}, minus without",
}

_AGAINST_SHUFFLED = {"signed": "contributions against those", "sizes": "their sizes, signs aside, against those"}


def show(
    found: Sequence[tuple[Group, Sequence[Explanation]]], figures: Summary, notes: Sequence[str], full: bool
) -> None:
    """Print each group's responses, and what they say together."""
    console = Console(highlight=False)
    colour = console.color_system is not None and not console.no_color
    for group, explanations in found:
        console.print(f"\n{f'{terminal_text(group.id)} {short(group.prompt)}'.lstrip()}", markup=False, style="bold")
        kind, columns = _columns(explanations)
        largest = max((abs(v) for _, values in columns for v in values if v is not None), default=0.0)
        numbers = shape(value for e in explanations for value in (e.score, e.baseline))
        bodies = [
            Text("\n").join([_head(e, numbers), painted(*column, largest, colour=colour, full=full)])
            for e, column in zip(explanations, columns, strict=True)
        ]
        _side_by_side(console, bodies)
        if largest:
            console.print(Text(f"{_said(kind, explanations)}: ").append_text(legend(largest, colour=colour)))
        for explanation in explanations:
            if explanation.sentences:
                console.print(_parts(explanation))
        if len(explanations) == 2:
            console.print(_gap(*explanations), markup=False)
    everything = [explanation for _, explanations in found for explanation in explanations]
    console.print()
    for line in (*_together(figures), *meanings(everything), *notes):
        console.print(line, style="dim", markup=False)


def _columns(explanations: Sequence[Explanation]) -> tuple[str, list[tuple[list[str], list[float | None]]]]:
    """What is painted, the most telling there is of attributions, gains and effects; of each response, its pieces and
    their values."""
    if all(e.baseline is not None for e in explanations):
        kind = "exact" if all(e.steps is None for e in explanations) else "attribution"
        return kind, [([t.text for t in e.tokens], [t.attribution for t in e.tokens]) for e in explanations]
    if all(e.kind is not None for e in explanations):
        return "gain", [([t.text for t in e.tokens], _gains(e)) for e in explanations]
    return "effect", [([p.text for p in e.sentences], [p.effect for p in e.sentences]) for e in explanations]


def _gains(explanation: Explanation) -> list[float | None]:
    """How far each piece moved the reward from where it was read last."""
    gains: list[float | None] = []
    last = explanation.opening
    for token in explanation.tokens:
        gains.append(None if token.reward is None or last is None else token.reward - last)
        last = token.reward if token.reward is not None else last
    return gains


def _said(kind: str, explanations: Sequence[Explanation]) -> str:
    first = explanations[0]
    reference = "the mean embedding" if first.reference == "mean" else f"the {first.reference} token"
    return _PAINTED[kind].format(reference=reference, kind=first.kind, part=part_of(first))


def _head(explanation: Explanation, numbers: str) -> Text:
    head = Text(f"response {explanation.response}: score {numbers.format(explanation.score)}", style="bold")
    rest = []
    # What is exact begins at nothing, and misses nothing.
    if explanation.steps is not None:
        rest.append(f"reference {numbers.format(explanation.baseline)}")
    if explanation.complete is False:
        rest.append(f"{numbers.format(explanation.completeness)} unexplained after {explanation.steps} steps")
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


def _parts(explanation: Explanation) -> Table:
    """Each part: what the score is worth without it, what its tokens contributed, and the reward read at its end."""
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left", title_style="")
    rows = [
        ("worth", [part.effect for part in explanation.sentences]),
        ("tokens", [part.attribution for part in explanation.sentences]),
        ("reward here", _ends(explanation)),
    ]
    rows = [(name, values) for name, values in rows if any(value is not None for value in values)]
    for name, _ in rows:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"{part_of(explanation)} of response {explanation.response}", overflow="fold")
    columns = [(shape(values), values) for _, values in rows]
    for number, part in enumerate(explanation.sentences):
        figures = ("" if values[number] is None else numbers.format(values[number]) for numbers, values in columns)
        table.add_row(*figures, Text(short(part.text.strip(), 90)))
    return table


def _ends(explanation: Explanation) -> list[float | None]:
    """The last reward read in each part, before the white space at its end: that belongs to the token after it."""
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
    """The difference of two scores, taken apart."""
    numbers = shape([a.score - b.score]).format
    gap = f"score {a.response} - score {b.response} = {numbers(a.score - b.score)}"
    if a.baseline is None or b.baseline is None:
        return gap
    sums = [sum(token.attribution or 0.0 for token in one.tokens) for one in (a, b)]
    found = f"{gap}: tokens of {a.response} {numbers(sums[0])}, of {b.response} {numbers(-sums[1])}"
    if a.steps is None:
        return found
    rest = (a.completeness or 0.0) - (b.completeness or 0.0)
    return f"{found}; their references {numbers(a.baseline - b.baseline)}; unexplained {numbers(rest)}"


def _together(figures: Summary) -> Iterator[str]:
    if figures.n > 1:
        yield counted(figures.n, "responses")
    if figures.agreement.value is not None:
        yield f"contributions against worth: {_correlation(figures.agreement)}"
    for name, measured in figures.randomised.items():
        yield f"{_AGAINST_SHUFFLED[name]} with shuffled weights: {_correlation(measured)}"
    if figures.incomplete:
        of = counted(figures.incomplete, "responses")
        yield f"the contributions of {of} do not sum to what they explain within 1%; try --steps 1024"


def _correlation(mean: Measurement) -> str:
    """A mean of rank correlations with its interval, or why there is none."""
    if mean.value is None:
        return f"undefined ({mean.reason})"
    said = f"{'mean ' if mean.n > 1 else ''}rank correlation {mean.value:+z.2f} over {counted(mean.n, 'responses')}"
    if mean.low is None or mean.high is None:
        return f"{said} (no interval: {mean.reason})"
    return f"{said}, 95% interval [{mean.low:+z.2f}, {mean.high:+z.2f}]"
