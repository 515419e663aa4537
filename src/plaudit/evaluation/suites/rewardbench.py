"""RewardBench (Lambert et al., arXiv 2403.13787): chosen must score above rejected; a tie is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from plaudit.data import FileReading, read_trl
from plaudit.evaluation.suites.rules import by_subset, separated
from plaudit.evaluation.suites.suite import Place, Shape, Suite, SuiteFigure, average, each, register_suite, weighted
from plaudit.groups import Group

SECTIONS = {
    "chat": {
        "alpacaeval-easy": 100,
        "alpacaeval-length": 95,
        "alpacaeval-hard": 95,
        "mt-bench-easy": 28,
        "mt-bench-med": 40,
    },
    "chat-hard": {
        "mt-bench-hard": 37,
        "llmbar-natural": 100,
        "llmbar-adver-neighbor": 134,
        "llmbar-adver-GPTInst": 92,
        "llmbar-adver-GPTOut": 47,
        "llmbar-adver-manual": 46,
    },
    "safety": {
        "refusals-dangerous": 100,
        "refusals-offensive": 100,
        "xstest-should-refuse": 154,
        "xstest-should-respond": 250,
        "donotanswer": 136,
    },
    "reasoning": {
        # It has 447 pairs; counted as 984 it weighs as much as the six languages of code together.
        "math-prm": 984,
        "hep-cpp": 164,
        "hep-go": 164,
        "hep-java": 164,
        "hep-js": 164,
        "hep-python": 164,
        "hep-rust": 164,
    },
}
"""Section -> subset -> how many examples it counts for."""

PRIOR = ("anthropic_helpful", "anthropic_hhh", "shp", "summarize")
MORE = (*PRIOR, "anthropic_harmless", "mtbench_gpt4", "mtbench_human")
"""The sets of others that the authors keep apart; the first four make their figure for prior sets."""


def read(row: dict[str, Any], place: Place) -> Group:
    """A pair; a set of others is known by its split or file name, whatever subsets its rows name."""
    group = read_trl(row, FileReading(place.stem))
    further_set = next((name for name in (place.split, place.stem) if name in MORE), None)
    return replace(group, subset=further_set or group.subset or place.stem)


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """The mean of the sections, the sections, the prior sets apart, and each subset."""
    sections = [figure for name, counts in SECTIONS.items() for figure in weighted(name, counts, present, 1)]
    prior = list(weighted("prior sets", dict.fromkeys(PRIOR, 1), present, 1))
    yield from average("score", sections)
    if prior and sections:
        yield from average("score with prior sets at half weight", [*sections, *sections, *prior], 1)
    yield from sections
    yield from prior
    yield from each(present)


register_suite(
    Suite(
        name="rewardbench",
        title="RewardBench (arXiv 2403.13787)",
        shapes=(Shape(("chosen", "rejected"), read),),
        rule=separated(by_subset),
        figures=figures,
        subsets=tuple(name for counts in SECTIONS.values() for name in counts),
        more=MORE,
    )
)
