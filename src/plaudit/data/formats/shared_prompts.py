"""The prompt that two answers begin with, and what becomes of a prompt that stands in a column as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading
from plaudit.data.formats.fields import system_of
from plaudit.data.formats.texts import is_transcript, turns_of
from plaudit.groups import GroupError, Message, Text, plain_text


def whole_prompt(column: Text | None, shared: Text, row: dict[str, Any], file: FileReading) -> Text:
    """The prompt of conversations that begin with `shared`, in a row that says something of it in columns as well.

    A system message, earlier turns or a document that only the columns have belong to it. Where the two differ
    otherwise, the messages are believed, and the file notes it.

    Args:
        column: the prompt as the row's columns have it; None if they have none.
        shared: what both conversations begin with.
        row: the row's other columns; a system message is taken out of it.
        file: the file.

    Example:
        >>> shared = ({"role": "user", "content": "Why?"},)
        >>> whole_prompt(None, shared, {"system": "Be brief."}, FileReading())
        ({'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': 'Why?'})
    """
    if isinstance(shared, str):
        if column and not _says_the_same(column, shared):
            file.note(_DIFFER)
        return shared
    if not column:
        system = system_of(row) if row else ()
        if system and shared[0]["role"] != "system":
            return (*system, *shared)
        column = (*system, *shared[1:]) if system else shared
    if _says_the_same(column, shared):
        return shared
    turns: tuple[Message, ...] = ({"role": "user", "content": column},) if isinstance(column, str) else column
    *before, last = shared
    if turns[-len(shared) :] == shared or (
        [*turns[:-1], turns[-1]["role"]] == [*before, last["role"]]
        and plain_text(turns[-1:]).endswith(f"\n\n{last['content']}")
    ):
        return turns
    file.note(_DIFFER)
    return shared


_DIFFER = "the prompt's column and the messages differ; the messages are believed"


def _says_the_same(column: Text, prompt: Text) -> bool:
    """Whether a column's prompt is the messages' own, or the last of them."""
    last = prompt if isinstance(prompt, str) else plain_text(prompt[-1:])
    return plain_text(column).strip() in (plain_text(prompt).strip(), last.strip())


def holds_prompt(chosen: Any) -> bool:
    """Whether messages under `chosen` begin with the prompt's own, as in sets that give both."""
    if not isinstance(chosen, (list, tuple)) or not chosen or not isinstance(chosen[0], Mapping):
        return False
    return chosen[0].get("role", chosen[0].get("from")) in ("system", "user", "human")


def shared_prompt(first: Text, second: Text, row: Mapping[str, Any]) -> tuple[Text, Text, Text]:
    """The prompt that two conversations or texts begin with, and what is left of each; see `split_prompt` and
    `split_text`."""
    if isinstance(first, str) and isinstance(second, str):
        return split_text(first, second, row)
    return split_prompt(first, second)


def split_prompt(first: Text, second: Text) -> tuple[Text, Text, Text]:
    """The beginning two conversations share, and what is left of each. Each keeps at least its last message.

    Raises:
        GroupError: if they share nothing, or one of them is text.
    """
    if isinstance(first, str) or isinstance(second, str):
        raise GroupError("one of the two responses is text and the other messages", remedy="make both the same")
    if not first or not second:
        raise GroupError("one of the two conversations has no messages", remedy="remove the row")
    shared = 0
    while shared < min(len(first), len(second)) - 1 and first[shared] == second[shared]:
        shared += 1
    systems = [one[0]["role"] == "system" for one in (first, second)]
    if not shared and systems[0] != systems[1]:
        raise GroupError(
            f"only the {'first' if systems[0] else 'second'} of the two conversations begins with a system message, so "
            "they share no prompt",
            remedy="both must begin with the same messages",
        )
    if not shared:
        raise GroupError(
            f"the two conversations begin differently ({first[0]['role']} and {second[0]['role']}), so they share no "
            "prompt",
            remedy="both must begin with the same messages",
        )
    return first[:shared], first[shared:], second[shared:]


# What opens the assistant's turn, after somebody else's, where a conversation is written as text.
_ANSWER_OPENS = re.compile(
    r"(?<=\n)[ \t<|]*(assistant|answer|response|bot|model|gpt|a|tl;dr)\s*(:|\|>|<\|end_header_id\|>)[ \t]*\n*|"
    r"<\|im_start\|>assistant\n|\[/INST\]\s*|<start_of_turn>model\n|<｜Assistant｜>",
    re.IGNORECASE,
)
# Columns of words that are about a row and never its prompt.
_ABOUT = re.compile(
    r"(.*_)?(id|source|model|dataset|subset|category|domain|language|lang|split|type|status|task|name)s?", re.IGNORECASE
)


def split_text(first: str, second: str, row: Mapping[str, Any]) -> tuple[Text, Text, Text]:
    """The prompt that two texts begin with, up to where the assistant's turn opens, and what is left of each.

    The first words that two answers share are no prompt: nobody wrote them as one.

    Args:
        first: a text.
        second: another.
        row: the row's other columns, one of which may hold the prompt.

    Raises:
        GroupError: if they do not begin with a prompt; it names the column that may hold it.
    """
    if is_transcript(first) and is_transcript(second):
        return split_prompt(turns_of(first, "chosen"), turns_of(second, "rejected"))
    opens = [
        match.end()
        for match in _ANSWER_OPENS.finditer(first)
        if first[: match.start()].strip() and second.startswith(first[: match.end()])
    ]
    others = _may_be_prompt(row)
    if opens and not others:
        return first[: opens[-1]], first[opens[-1] :], second[opens[-1] :]
    if others:
        raise GroupError(f"there is no prompt; it may be {others[0]!r}", remedy=f"say so: --column prompt={others[0]}")
    raise GroupError(
        "there is no prompt, and the two texts begin with none", remedy='give it as "prompt" (it may be empty)'
    )


def _may_be_prompt(row: Mapping[str, Any]) -> list[str]:
    """Columns with text of several words, the longest first."""
    texts = {name: value for name, value in row.items() if isinstance(value, str) and not _ABOUT.fullmatch(name)}
    several = [name for name, value in texts.items() if len(value.split()) > 1 or len(value) > 20]
    return sorted(several, key=lambda name: -len(texts[name]))
