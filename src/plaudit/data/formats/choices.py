"""Choices of which some are right: an object of `choices` and `labels` beside the prompt (HHH alignment)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, leave, name_of, need, number_of, prompt_of
from plaudit.data.formats.texts import response_of
from plaudit.groups import Group, GroupError, Ranking


def knows(row: Mapping[str, Any]) -> bool:
    targets = row.get("targets")
    if not isinstance(targets, Mapping) or row.keys().isdisjoint(PROMPTS):
        return False
    return isinstance(targets.get("choices"), list) and isinstance(targets.get("labels"), list)


def read(row: dict[str, Any], file: FileReading) -> Group:
    """Each choice above every one with a smaller label; equal labels say nothing.

    Example:
        >>> row = {"input": "2 + 2?", "targets": {"choices": ["5", "4"], "labels": [0, 1]}}
        >>> read(row, FileReading()).rankings[0].tiers
        ((1,), (0,))
    """
    targets = need(row, "targets")
    if not isinstance(targets, Mapping):
        raise GroupError('"targets" must be an object with "choices" and "labels"')
    rest = dict(targets)
    choices, labels = need(rest, "choices"), need(rest, "labels")
    if not isinstance(choices, list) or not isinstance(labels, list) or len(choices) != len(labels) or not choices:
        raise GroupError('"choices" and "labels" must be lists of the same length', remedy="give a label for each")
    values = [number_of(label, f"label {index}") for index, label in enumerate(labels)]
    leave(row, "targets", rest)
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    annotator = name_of(row, *ANNOTATORS)
    pairs = [(a, b) for a in range(len(values)) for b in range(len(values)) if values[a] > values[b]]
    if not pairs:
        file.note("every label is the same; the responses are kept, unjudged")
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=tuple(response_of(choice, f"choice {index}") for index, choice in enumerate(choices)),
        rankings=tuple(Ranking(((better,), (worse,)), annotator=annotator) for better, worse in pairs),
        subset=name_of(row, "subset"),
    )


register_format(
    Format(
        name="choices",
        priority=39,
        columns="input, targets with choices and labels",
        knows=knows,
        read=read,
    )
)
