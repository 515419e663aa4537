"""JudgeBench (Tan et al., arXiv 2410.12784): one right and one wrong answer to a hard question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from plaudit.data import name_of, need, prompt_of, response_of
from plaudit.evaluation.suites.rules import separated
from plaudit.evaluation.suites.suite import Place, Shape, Suite, SuiteFigure, each, register_suite
from plaudit.groups import Group, GroupError, Ranking

DOMAINS = {
    "mmlu-pro": "knowledge",
    "livebench-reasoning": "reasoning",
    "livebench-math": "math",
    "livecodebench": "coding",
}
"""What a source begins with -> its domain."""

LABELS = {"A>B": ((0,), (1,)), "B>A": ((1,), (0,))}


def read(row: dict[str, Any], place: Place) -> Group:
    """A pair; sources like `mmlu-pro-law` belong to the domain of what they begin with."""
    label, source = need(row, "label"), str(need(row, "source"))
    if label not in LABELS:
        raise GroupError(f"the label is {label!r:.40}", remedy="it must be A>B or B>A")
    return Group(
        id=name_of(row, "pair_id", "id") or "",
        prompt=prompt_of(row) or "",
        responses=(
            response_of(need(row, "response_A"), "response_A"),
            response_of(need(row, "response_B"), "response_B"),
        ),
        rankings=(Ranking(LABELS[label]),),
        subset=next((domain for start, domain in DOMAINS.items() if source.startswith(start)), source),
    )


def _parts(group: Group) -> tuple[str, str]:
    return "score", group.subset or ""


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """Over all pairs, and for each domain."""
    yield from each(["score"], 0)
    yield from each((part for part in present if part != "score"), 1)


register_suite(
    Suite(
        name="judgebench",
        title="JudgeBench (arXiv 2410.12784)",
        shapes=(Shape(("question", "response_A", "response_B", "label", "source"), read),),
        # Judged in both orders, a pair is right if that is what is left when one order's verdict cancels the other's. A
        # score belongs to one answer, so both orders agree, and equal scores are a tie in both: not right.
        rule=separated(_parts),
        figures=figures,
        subsets=tuple(DOMAINS.values()),
    )
)
