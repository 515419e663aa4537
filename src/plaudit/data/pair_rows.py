"""Groups -> rows of pairs: what TRL and OpenRLHF train on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from plaudit.errors import DataError
from plaudit.groups import Group, Text, as_messages

OutputRow = dict[str, Any]


def trl_rows(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    def text(value: Text) -> str:
        if not isinstance(value, str):
            raise DataError(
                f"the group {group.id} holds messages, which `trl` writes as text", remedy="use trl-conversational"
            )
        return value

    for better, worse, about in _pairs(group, lost):
        yield {"prompt": text(group.prompt), "chosen": text(better), "rejected": text(worse), **about}


def trl_conversational_rows(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    prompt = as_messages(group.prompt, "user")
    for better, worse, about in _pairs(group, lost):
        yield {
            "prompt": prompt,
            "chosen": as_messages(better, "assistant"),
            "rejected": as_messages(worse, "assistant"),
            **about,
        }


def openrlhf_rows(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    prompt = as_messages(group.prompt, "user")
    for better, worse, about in _pairs(group, lost):
        sides = {
            "chosen": prompt + as_messages(better, "assistant"),
            "rejected": prompt + as_messages(worse, "assistant"),
        }
        yield {**sides, **about}


def _pairs(group: Group, lost: Counter[str]) -> Iterator[tuple[Text, Text, OutputRow]]:
    """Every untied comparison as (better, worse, columns about it); what pairs cannot say is counted."""
    compared: set[int] = set()
    for ranking in group.rankings:
        lost.update({"weights other than 1": 1} if ranking.weight != 1 else {})
        for a, b, tied in ranking.comparisons():
            if tied:
                lost["ties"] += 1
                continue
            compared |= {a, b}
            about: OutputRow = {
                "id": group.id,
                "subset": group.subset,
                "tools": [dict(tool) for tool in group.tools] or None,
                "annotator": ranking.annotator,
                "margin": ranking.strength,
            }
            yield group.responses[a], group.responses[b], {k: v for k, v in about.items() if v is not None}
    lost.update({"ratings": len(group.ratings)} if group.ratings else {})
    lost.update({"groups' own columns (meta)": 1} if group.meta else {})
    left = len(group.responses) - len(compared)
    lost.update({"responses in no untied comparison": left} if left else {})
