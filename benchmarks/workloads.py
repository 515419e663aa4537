"""What the speed benchmarks compute on: groups of real or drawn text, the same whenever they are asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from common import SHARED, pairs_of, tokens_of, ukp_groups

from plaudit.groups import Group, Ranking, plain_text

LONGEST = 256
"""Tokens a side beyond which an HH pair is left out on both sides: one long conversation would decide a short run."""


def workload(name: str, comparisons: int, tokenizer: Any, seed: int = 0) -> list[Group]:
    """Groups of at least `comparisons` comparisons in all.

    Args:
        name: `pairs` (HH, or drawn text where HH is absent), `K=4` or any other size, `graph`.
        comparisons: how many are wanted.
        tokenizer: the backbone's, by which HH's lengths are told.
        seed: of what is drawn.
    """
    numbers = random.Random(seed)
    chosen: list[Group] = []
    for group in _source(name, tokenizer, numbers):
        chosen.append(group)
        comparisons -= len(pairs_of(group))
        if comparisons <= 0:
            break
    return chosen


def _source(name: str, tokenizer: Any, numbers: random.Random) -> Iterator[Group]:
    if name == "graph":
        yield from _hands(numbers)
    if name == "pairs" and (SHARED / "hh-harmless").is_dir():
        yield from _hh(tokenizer, numbers)
    while True:
        yield synthetic(int(name.removeprefix("K=")) if name.startswith("K=") else 2, numbers)


def _hh(tokenizer: Any, numbers: random.Random) -> Iterator[Group]:
    """HH-RLHF harmless pairs of at most `LONGEST` tokens a side, in random order."""
    from plaudit.data import load_groups

    groups = load_groups(SHARED / "hh-harmless")
    numbers.shuffle(groups)
    for group in groups:
        if not tokenizer.chat_template:
            group = replace(group, prompt=plain_text(group.prompt))
        if pairs_of(group) and all(len(tokens_of(tokenizer, group.prompt, r)) <= LONGEST for r in group.responses):
            yield group


def _hands(numbers: random.Random) -> Iterator[Group]:
    """Hands of 16 arguments of one side of a UKP debate, with every comparison among them."""
    sides = ukp_groups()
    while True:
        side = numbers.choice(sides)
        yield side.among(sorted(numbers.sample(range(len(side.responses)), 16)))


def synthetic(k: int, numbers: random.Random, prompt: float = 60, response: float = 35) -> Group:
    """A full ranking of `k` responses of random common words. Word counts are log-normal (sigma 0.5) about the medians
    `prompt` and `response`, whose defaults give about HH's token counts."""

    def words(median: float) -> str:
        count = max(4, round(numbers.lognormvariate(0.0, 0.5) * median))
        return " ".join(numbers.choice(_WORDS) for _ in range(count)).capitalize() + "."

    asked, answers = words(prompt), tuple(words(response) for _ in range(k))
    order = Ranking(tuple((index,) for index in numbers.sample(range(k), k)))
    return Group(f"{numbers.getrandbits(64):x}", asked, answers, (order,))


def shared_tokens(sequences: Sequence[Sequence[int]]) -> int:
    """How many tokens all sequences start with."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*sequences, strict=False)))


_COMMON = (
    "about after again air also always animal another answer around ask away back because before begin best better "
    "between big book both boy call change children city close come country cut day different earth eat end enough "
    "every eye family far father feet few find first follow food form found give good great group grow hand hard head "
    "help here high home house important keep kind know land large last late learn leave letter life light line list "
    "little live long look made make man many mean men might mile more most mother move much music must name near need "
    "never new next night number often old open other over own page paper part people place plant play point put "
    "question quick read really right river run same say school sea second see seem sentence set should show side "
    "small something song soon sound spell start state still stop story study such take talk tell thing think thought "
    "three time together tree try turn under until use very walk want watch water way well went where while white why "
    "will without word work world would write year young"
)
_WORDS = _COMMON.split()
