"""ms-swift's pairs: the chosen answer ends the conversation, and the rejected one stands in a column of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import need, take
from plaudit.data.formats.pairs import read_trl
from plaudit.data.formats.texts import answered
from plaudit.groups import Group


def knows(row: Mapping[str, Any]) -> bool:
    if "chosen" in row or "rejected" in row:
        return False
    if isinstance(row.get("messages"), list):
        return "rejected_response" in row or "rejected_messages" in row
    return {"response", "rejected_response"} <= row.keys()


def read(row: dict[str, Any], file: FileReading) -> Group:
    """A pair: `messages` with its last turn, or `response`, over `rejected_response`, or over `rejected_messages`.

    Example:
        >>> asked, answered = {"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}
        >>> group = read({"messages": [asked, answered], "rejected_response": "5"}, FileReading())
        >>> group.prompt, group.responses, group.rankings[0].tiers
        (({'role': 'user', 'content': '2 + 2?'},), ('4', '5'), ((0,), (1,)))
    """
    conversation = take(row, "messages")
    if conversation is None:
        row["chosen"], row["rejected"] = need(row, "response"), need(row, "rejected_response")
    elif row.get("rejected_messages") is not None:
        row["chosen"], row["rejected"] = conversation, row.pop("rejected_messages")
    else:
        row["rejected"] = need(row, "rejected_response")
        row["prompt"], row["chosen"] = answered(conversation, "the conversation")
    return read_trl(row, file)


register_format(
    Format(
        name="ms-swift",
        priority=111,
        columns="messages, rejected_response or rejected_messages",
        knows=knows,
        read=read,
    )
)
