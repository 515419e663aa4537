"""RM-Bench (Liu et al., arXiv 2410.16184): three styles of a right answer against the same three of a wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from plaudit.data import IDS, name_of, need, prompt_of, response_of
from plaudit.evaluation.suites.rules import above
from plaudit.evaluation.suites.suite import Outcome, Place, Scores, Shape, Suite, SuiteFigure, register_suite, weighted
from plaudit.groups import Group, GroupError, Ranking

STYLES = ("concise", "detailed", "markdown")
DOMAINS = ("chat", "math", "code", "safety")
SUBSETS = ("chat", "math", "code", "safety-refuse", "safety-response")
"""A subset belongs to the domain its name begins with; the two of safety are one domain, pooled."""

CELLS = [(right, wrong) for right in range(3) for wrong in range(3)]
LEVELS = {
    "easy": [(right, wrong) for right, wrong in CELLS if right > wrong],
    "normal": [(right, wrong) for right, wrong in CELLS if right == wrong],
    "hard": [(right, wrong) for right, wrong in CELLS if right < wrong],
}
"""Which (style of the right, style of the wrong answer) is how hard: it is hard to prefer a plain right answer to a
wrong one in a fancier style."""


def read(row: dict[str, Any], place: Place) -> Group:
    """The three right answers, then the three wrong ones, in the order of `STYLES`. The file of all rows says their
    domain, the others are called by it (`chat_filtered.json`)."""
    answers = []
    for side in ("chosen", "rejected"):
        texts = need(row, side)
        if not isinstance(texts, list) or len(texts) != len(STYLES):
            raise GroupError(f'"{side}" must be a list of three answers: {", ".join(STYLES)}')
        answers += [response_of(text, side) for text in texts]
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt_of(row) or "",
        responses=tuple(answers),
        rankings=(Ranking(((0, 1, 2), (3, 4, 5))),),
        subset=name_of(row, "domain") or place.stem.removesuffix("_filtered"),
    )


def rule(groups: Sequence[Group], scores: Scores) -> Iterator[tuple[int, Outcome]]:
    """Each style of the right answer must score above each of the wrong one; a tie is wrong."""
    for item, (group, row) in enumerate(zip(groups, scores, strict=True)):
        subset = group.subset or ""
        for cell in CELLS:
            right, wrong = cell
            strict, shared, chance = above([row[right]], [row[3 + wrong]])
            for name in dict.fromkeys((_domain(subset), subset)):
                yield item, Outcome(_part(name, cell), float(strict), shared, chance)


def _domain(subset: str) -> str:
    return next((domain for domain in DOMAINS if subset.startswith(domain)), subset)


def _part(name: str, cell: tuple[int, int]) -> str:
    return f"{name}: {STYLES[cell[0]]} > {STYLES[cell[1]]}"


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """The mean of all nine cells, by difficulty, by domain, and the matrix of the domains' mean."""
    yield from _over_domains("score", CELLS, present, 0)
    for level, cells in LEVELS.items():
        yield from _over_domains(level, cells, present, 1)
    for name in sorted({part.partition(":")[0] for part in present}, key=_place):
        parts = [_part(name, cell) for cell in CELLS]
        yield from weighted(name, dict.fromkeys(parts, 1.0), present, 1 if name in DOMAINS else 2)
        for level, cells in LEVELS.items():
            yield from weighted(f"{name}, {level}", dict.fromkeys([_part(name, c) for c in cells], 1.0), present)
    for cell in CELLS:
        yield from _over_domains(f"{STYLES[cell[0]]} > {STYLES[cell[1]]}", [cell], present, 2)


def _over_domains(
    name: str, cells: Sequence[tuple[int, int]], present: Sequence[str], level: int
) -> Iterator[SuiteFigure]:
    """The plain mean of the domains."""
    yield from weighted(name, {_part(d, cell): 1.0 for d in DOMAINS for cell in cells}, present, level)


def _place(name: str) -> tuple[int, str]:
    """Where a domain or subset stands: in the order of the domains, what is of none at the end."""
    domain = _domain(name)
    return DOMAINS.index(domain) if domain in DOMAINS else len(DOMAINS), name


register_suite(
    Suite(
        name="rmbench",
        title="RM-Bench (arXiv 2410.16184)",
        shapes=(Shape(("prompt", "chosen", "rejected"), read),),
        rule=rule,
        figures=figures,
        subsets=SUBSETS,
    )
)
