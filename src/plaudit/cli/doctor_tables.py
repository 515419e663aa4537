"""What `plaudit doctor` found, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plaudit.cli.terminal import name_of
from plaudit.doctor import Cleaned, Diagnosis, Item
from plaudit.evaluation.statistics.intervals import Measurement

SHOWN_OF_A_KIND = 3

_KINDS = {
    "contaminated-prompt": "the prompt is in the test data",
    "contaminated-response": "responses are in the test data, under another prompt",
    "annotator-disagrees": "agrees with the others less than people do",
    "annotator-one-sided": "always puts one side on top",
    "annotator-no-variance": "always says the same",
    "suspicious-ranking": "contradicted by models and by other judgements",
    "suspicious-rating": "far from what models and other raters say",
    "opposite-labels": "one pair judged both ways",
    "identical-responses": "judged apart, and the same",
    "empty-response": "empty, and ranked above words",
}

_FIGURES = {
    "flipped": "estimated to be the wrong way round, by models and others",
    "contradicted": "the wrong way round or beyond the models, where they speak alone",
    "accuracy_of_models": "held-out models alone agree with",
    "accuracy_with_others": "models and the other judgements of the prompt agree with",
    "accuracy_of_others": "the other judgements of the prompt agree with",
}


def summary(diagnosis: Diagnosis, cleaned: Cleaned) -> None:
    """Counts by kind, figures, the first items, and what went."""
    console = Console(highlight=False)
    listed = Counter(item.kind for item in diagnosis.items)
    proposed = Counter(item.kind for item in diagnosis.items if not item.keep)
    counts = _table("found", "listed", "to remove", "")
    for kind in filter(listed.__contains__, Item.KINDS):
        counts.add_row(kind, f"{listed[kind]:,}", f"{proposed[kind]:,}", _KINDS[kind])
    if listed:
        console.print(counts)
    else:
        console.print(f"nothing suspicious in {diagnosis.groups:,} groups")
    for name, one in diagnosis.figures.items():
        console.print(f"{_FIGURES[name]}: {_share(one)}")
    for name, reason in diagnosis.unmeasured.items():
        console.print(escape(f"not examined: {name_of(name)}: {name_of(reason)}"))
    shown = _table("wrong", "where", "what", "to do")
    for item in _first_of_each(diagnosis.items):
        where = item.where or item.group or ""
        words = (escape(name_of(text)) for text in (where, item.what, item.action))
        shown.add_row(f"{item.suspicion:.2f}", *words)
    if diagnosis.items:
        console.print()
        console.print(shown)
    console.print(taken(cleaned))


def _first_of_each(items: Sequence[Item]) -> Iterator[Item]:
    """The most suspicious few of each kind, in the order of the list."""
    seen: Counter[str] = Counter()
    for item in items:
        seen[item.kind] += 1
        if seen[item.kind] <= SHOWN_OF_A_KIND:
            yield item


def taken(cleaned: Cleaned) -> str:
    """`taken out: rankings 3, ratings 1; groups left without a judgement: 2`."""
    went = ", ".join(f"{what} {count:,}" for what, count in cleaned.removed.items())
    left = f"; groups left without a judgement: {cleaned.unjudged:,}" if cleaned.unjudged else ""
    return f"taken out: {went or 'nothing'}{left}"


def _share(one: Measurement) -> str:
    if one.value is None:
        return f"undefined ({one.reason})"
    known = one.low is not None and one.high is not None
    interval = f"[{one.low:.1%}, {one.high:.1%}]" if known else f"({one.reason})"
    return escape(f"{one.value:.1%} {interval} of {one.n:,}")


def _table(*header: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in header:
        numeric = name in ("listed", "to remove", "wrong")
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    return table
