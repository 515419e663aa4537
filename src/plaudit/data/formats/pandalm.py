"""PandaLM's and LLMBar's formats: an instruction, two responses, and who preferred which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import ONE_BASED, FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, name_of, need, prompt_of, take
from plaudit.data.formats.texts import response_of, words_of
from plaudit.data.formats.verdicts import verdict_of
from plaudit.groups import Group, GroupError

_ANNOTATOR = re.compile(r"annotator_?\d+")


def knows_pandalm(row: Mapping[str, Any]) -> bool:
    return {"instruction", "response1", "response2"} <= row.keys() and any(_ANNOTATOR.fullmatch(name) for name in row)


def read_pandalm(row: dict[str, Any], file: FileReading) -> Group:
    """One column a verdict (1, 2, or 0 for a tie), its name the annotator's; a blank one was not given."""
    one_based = FileReading(labels=file.labels or ONE_BASED)
    votes = {name: take(row, name) for name in list(row) if _ANNOTATOR.fullmatch(name)}
    verdicts = {
        name: verdict
        for name, vote in votes.items()
        if vote is not None and (verdict := verdict_of(vote, name, "from 1", one_based)) is not None
    }
    if not verdicts:
        raise GroupError("no annotator gave a verdict", remedy="fill one of the annotator columns or remove the row")
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add a prompt or an instruction")
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=(response_of(need(row, "response1"), "response1"), response_of(need(row, "response2"), "response2")),
        rankings=tuple(ranking for name, verdict in verdicts.items() for ranking in verdict.rankings(name)),
        subset=name_of(row, "subset"),
    )


def knows_llmbar(row: Mapping[str, Any]) -> bool:
    return {"input", "output_1", "output_2", "label"} <= row.keys() and "prompt" not in row and "instruction" not in row


def read_llmbar(row: dict[str, Any], file: FileReading) -> Group:
    """The file's name is the subset: the adversarial kinds come one a file.

    Example:
        >>> row = {"input": "2 + 2?", "output_1": "5", "output_2": "4", "label": 2}
        >>> group = read_llmbar(row, FileReading(stem="Manual"))
        >>> group.prompt, group.rankings[0].tiers, group.subset
        ('2 + 2?', ((1,), (0,)), 'Manual')
    """
    verdict = verdict_of(need(row, "label"), "label", "from 1", file)
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=words_of(need(row, "input"), "the input"),
        responses=(response_of(need(row, "output_1"), "output_1"), response_of(need(row, "output_2"), "output_2")),
        rankings=verdict.rankings(name_of(row, *ANNOTATORS)) if verdict is not None else (),
        subset=name_of(row, "subset") or file.stem or None,
    )


register_format(
    Format(
        name="pandalm",
        priority=70,
        columns="instruction, input, response1, response2, annotator1...",
        knows=knows_pandalm,
        read=read_pandalm,
    )
)
register_format(
    Format(name="llmbar", priority=80, columns="input, output_1, output_2, label", knows=knows_llmbar, read=read_llmbar)
)
