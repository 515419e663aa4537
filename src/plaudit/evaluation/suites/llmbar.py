"""LLMBar (Zeng et al., arXiv 2310.07641): does it follow the instruction, or only look as if it did?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from plaudit.data import FileReading, read_llmbar
from plaudit.evaluation.suites.rules import by_subset, separated
from plaudit.evaluation.suites.suite import Place, Shape, Suite, SuiteFigure, average, each, register_suite, weighted
from plaudit.groups import Group

ADVERSARIAL = ("neighbor", "gptinst", "gptout", "manual")
SUBSETS = ("natural", *ADVERSARIAL)


def read(row: dict[str, Any], place: Place) -> Group:
    """The subset is the last word of the file's (or its folder's) name: Neighbor, adversarial-neighbor and so on."""
    group = read_llmbar(row, FileReading(place.stem))
    name = group.subset or ""
    word = re.split(r"[^a-z0-9]+", name.casefold())[-1]
    return replace(group, subset=word if word in SUBSETS else name)


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """The mean of the five subsets, that of the adversarial ones, and each subset."""
    yield from average("score", list(each(part for part in SUBSETS if part in present)))
    yield from weighted("adversarial", dict.fromkeys(ADVERSARIAL, 1), present, 1)
    yield from each(present)


register_suite(
    Suite(
        name="llmbar",
        title="LLMBar (arXiv 2310.07641)",
        shapes=(Shape(("input", "output_1", "output_2", "label"), read),),
        # The authors judge in both orders and average. Where they rate answers one by one, equal ratings are right in
        # one order and wrong in the other.
        rule=separated(by_subset, share_ties=True),
        figures=figures,
        subsets=SUBSETS,
    )
)
