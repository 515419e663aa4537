"""UKPConvArg's three formats: agreed pairs, single votes, and ranked arguments of one side of a debate.

Pairs and ranks name the debate and the side only in the file's name (`debate_side.tsv`), in lower case and without
punctuation; votes name them in full. All three are brought to the file name's words, so that they meet in one group.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, name_of, need, number_of
from plaudit.data.formats.texts import words_of
from plaudit.data.formats.verdicts import verdict_tiers
from plaudit.groups import Group, GroupError, Ranking, Rating, Text


def knows_pairs(row: Mapping[str, Any]) -> bool:
    return {"id", "label", "a1", "a2"} == row.keys()


def knows_vote(row: Mapping[str, Any]) -> bool:
    return {"debate", "stance", "a1", "a2", "choice"} <= row.keys()


def knows_rank(row: Mapping[str, Any]) -> bool:
    return {"id", "rank", "argument"} == row.keys()


def read_pair(row: dict[str, Any], file: FileReading) -> Group:
    row.pop("id", None)  # names the two arguments, which the group holds itself
    return _group(*_topic(file.stem), row, need(row, "label"))


def read_vote(row: dict[str, Any], file: FileReading) -> Group:
    debate, stance = (_plain(words_of(need(row, name), name)) for name in ("debate", "stance"))
    return _group(debate, stance, row, need(row, "choice"))


def _group(debate: str, stance: str, row: dict[str, Any], label: Any) -> Group:
    return Group(
        id="",
        prompt=f"{debate}: {stance}",
        responses=(words_of(need(row, "a1"), "a1"), words_of(need(row, "a2"), "a2")),
        rankings=(Ranking(verdict_tiers(label, lettered=False), annotator=name_of(row, *ANNOTATORS)),),
        meta={"debate": debate, "stance": stance},
    )


def read_rank(row: dict[str, Any], file: FileReading) -> Group:
    debate, stance = _topic(file.stem)
    figure = number_of(need(row, "rank"), "the rank")
    argument = words_of(need(row, "argument"), "the argument")
    file.tally[argument] += 1
    if file.tally[argument] > 1:
        file.note("the argument stands in an earlier row as well; it is ranked once, by the mean of its figures")
    return Group(
        id="",
        prompt=f"{debate}: {stance}",
        responses=(argument,),
        ratings=(Rating(0, figure, "rank"),),
        meta={"debate": debate, "stance": stance},
    )


def join_ranks(rows: Sequence[Group], file: FileReading) -> Group:
    """One ranking of all arguments; the lower the figure the better, equal figures tie.

    An argument that was entered twice stands once, at the mean of its figures.
    """
    by_argument: dict[Text, list[float]] = {}
    for row in rows:
        by_argument.setdefault(row.responses[0], []).append(row.ratings[0].value)
    figures = [sum(values) / len(values) for values in by_argument.values()]
    order = sorted(range(len(figures)), key=figures.__getitem__)
    tiers = tuple(tuple(tier) for _, tier in groupby(order, key=figures.__getitem__))
    return Group(
        id="", prompt=rows[0].prompt, responses=tuple(by_argument), rankings=(Ranking(tiers),), meta=rows[0].meta
    )


def _topic(stem: str) -> tuple[str, str]:
    debate, underscore, stance = stem.partition("_")
    if not (underscore and _plain(debate) and _plain(stance)):
        raise GroupError("in this format the file's name is the prompt: name the file debate_side.tsv (not stdin)")
    return _plain(debate), _plain(stance)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


register_format(
    Format(
        name="ukp-pairs",
        priority=10,
        columns="TSV: #id label a1 a2; the file's name is the prompt",
        knows=knows_pairs,
        read=read_pair,
    )
)
register_format(
    Format(
        name="ukp-votes",
        priority=20,
        columns="debate, stance, a1, a2, annotator, choice",
        knows=knows_vote,
        read=read_vote,
        judgement_columns=frozenset({"pair_id", "reason", "accepted_at", "submitted_at"}),
    )
)
register_format(
    Format(
        name="ukp-ranks",
        priority=30,
        columns="TSV: #id rank argument; the file's name is the prompt",
        knows=knows_rank,
        read=read_rank,
        join=join_ranks,
        judgement_columns=frozenset({"id"}),
    )
)
