"""Answers of which people preferred one, as their sites and studies publish them: SHP and WebGPT's comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, leave, name_of, need, number_of, optional_number
from plaudit.data.formats.texts import response_of, text_of
from plaudit.data.formats.verdicts import Preference
from plaudit.groups import Group, GroupError

_SPLITS = ("_train", "_validation", "_test")


def knows_shp(row: Mapping[str, Any]) -> bool:
    return {"history", "human_ref_A", "human_ref_B", "labels"} <= row.keys()


def read_shp(row: dict[str, Any], file: FileReading) -> Group:
    """A post and two comments of which one was upvoted more though it came later: `labels` is 1 for A and 0 for B.

    Upvotes (`score_A`, `score_B`) grow with the hours a comment was seen; they are no ratings, and stay in `meta`.

    Example:
        >>> row = {"history": "Why?", "human_ref_A": "Hm.", "human_ref_B": "So that it is.", "labels": 0}
        >>> read_shp(row, FileReading()).rankings[0].tiers
        ((1,), (0,))
    """
    label = number_of(need(row, "labels"), '"labels"')
    if label not in (0, 1):
        raise GroupError(f'"labels" is {label:g}', remedy="it must be 1 (A is better) or 0 (B is)")
    a, b = (optional_number(dict(row), name, name) for name in ("score_A", "score_B"))
    if a is not None and b is not None and ((b > a) if label else (a > b)):
        file.note("the upvotes contradict the label; the label is believed")
    domain = name_of(row, "domain")
    for split in _SPLITS:
        domain = domain.removesuffix(split) if domain else None
    return Group(
        id=name_of(row, "post_id", *IDS) or "",
        prompt=text_of(need(row, "history"), "the history"),
        responses=tuple(response_of(need(row, name), name) for name in ("human_ref_A", "human_ref_B")),
        rankings=Preference(float(label)).rankings(name_of(row, *ANNOTATORS)),
        subset=domain,
    )


def knows_webgpt(row: Mapping[str, Any]) -> bool:
    return {"question", "answer_0", "answer_1", "score_0", "score_1"} <= row.keys()


def read_webgpt(row: dict[str, Any], file: FileReading) -> Group:
    """Two answers with opposite scores: the sign of the first's says whether it is better, its size how much.

    The quotes belong to each answer, not to the prompt; they are left behind.

    Example:
        >>> row = {"question": {"full_text": "Why?"}, "answer_0": "So.", "answer_1": "Hm."}
        >>> group = read_webgpt({**row, "score_0": 0.5, "score_1": -0.5}, FileReading())
        >>> group.prompt, group.rankings[0].tiers, group.rankings[0].strength
        ('Why?', ((0,), (1,)), 0.5)
    """
    question = need(row, "question")
    about = dict(question) if isinstance(question, Mapping) else {"full_text": question}
    prompt = text_of(need(about, "full_text"), "the question")
    identity = name_of(about, "id") or name_of(row, *IDS)
    leave(row, "question", about)
    scores = [optional_number(row, name, name) for name in ("score_0", "score_1")]
    rankings: tuple[Any, ...] = ()
    if scores[0] is None or scores[1] is None:
        file.note("there is no verdict; the responses are kept, unjudged")
    elif abs(scores[0] + scores[1]) > 1e-6:
        raise GroupError(
            f"score_0 is {scores[0]:g} and score_1 is {scores[1]:g}, which are not opposite, so they are no preference "
            "between the two",
            remedy='if they are ratings, give one answer a row, with "score"',
        )
    else:
        first = 0.5 if scores[0] == 0 else float(scores[0] > 0)
        rankings = Preference(first, abs(scores[0])).rankings(name_of(row, *ANNOTATORS))
    return Group(
        id=identity or "",
        prompt=prompt,
        responses=tuple(response_of(need(row, name), name) for name in ("answer_0", "answer_1")),
        rankings=rankings,
        subset=name_of(row, "subset"),
    )


register_format(
    Format(
        name="shp",
        priority=71,
        columns="history, human_ref_A, human_ref_B, labels",
        knows=knows_shp,
        read=read_shp,
    )
)
register_format(
    Format(
        name="webgpt",
        priority=72,
        columns="question, answer_0, answer_1, score_0, score_1",
        knows=knows_webgpt,
        read=read_webgpt,
    )
)
