"""PPE, human preference (Frick et al., arXiv 2410.14872): the winners of Chatbot Arena battles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from plaudit.data import name_of, need, prompt_of, response_of, take, verdict_tiers
from plaudit.evaluation.suites.rules import separated
from plaudit.evaluation.suites.suite import Place, Shape, Suite, SuiteFigure, each, register_suite
from plaudit.groups import Group, Ranking

FLAGS = ("hard_prompt", "easy_prompt", "if_prompt", "math_prompt", "is_code")
"""Columns of true and false that make subsets; they overlap."""


def read(row: dict[str, Any], place: Place) -> Group:
    """A battle; a tie between the two is kept, counted and not measured. The subset is the language."""
    flags = [flag for flag in FLAGS if take(row, flag) is True]
    return Group(
        id=name_of(row, "question_id", "id") or "",
        prompt=prompt_of(row) or "",
        responses=(
            response_of(need(row, "response_1"), "response_1"),
            response_of(need(row, "response_2"), "response_2"),
        ),
        rankings=(Ranking(verdict_tiers(need(row, "winner"), lettered=True)),),
        subset=name_of(row, "language"),
        meta={"flags": flags},
    )


def _parts(group: Group) -> Iterator[str]:
    yield "score"
    yield from group.meta["flags"]
    if group.subset:
        yield f"language: {group.subset}"


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """Over all battles, for each kind of prompt, and for each language."""
    yield from each(["score"], 0)
    yield from each((flag for flag in FLAGS if flag in present), 1)
    yield from each(sorted(part for part in present if part.startswith("language: ")))


register_suite(
    Suite(
        name="ppe-human",
        title="PPE, human preference (arXiv 2410.14872)",
        shapes=(Shape(("prompt", "response_1", "response_2", "winner"), read),),
        rule=separated(_parts),
        figures=figures,
    )
)
