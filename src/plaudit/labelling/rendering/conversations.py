"""Prompts and answers as turns of a conversation: what is open, what is folded, and what all answers share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from markupsafe import Markup, escape

from plaudit.groups import Message, Text, as_messages
from plaudit.labelling.rendering.controls import draw_controls
from plaudit.labelling.rendering.folding import fold
from plaudit.labelling.rendering.highlighting import highlight_code
from plaudit.labelling.rendering.markdown import render_plain, render_text
from plaudit.labelling.rendering.sanitising import sanitise
from plaudit.text import replace_surrogates

FOLD_EARLIER_LINES = 40
"""Lines of all earlier turns together from which they fold."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as a page shows it.

    Attributes:
        role: who speaks, as the data names it: `system`, `user`, `assistant`, `tool` or another; not escaped.
        markup: the text rendered, tool calls below it.
        plain: the same as it was written.
        lines: lines it takes on a page, about.
        words: its words.
        folded: it is closed until somebody opens it.

    Example:
        >>> (turn,) = render_conversation("Why?")
        >>> turn.role, turn.markup, turn.folded
        ('user', Markup('<p dir="auto">Why?</p>\\n'), False)
    """

    role: str
    markup: Markup
    plain: Markup
    lines: int
    words: int
    folded: bool


def render_conversation(prompt: Text) -> list[Turn]:
    """The turns of a prompt. The system's are folded; those before the last question are, if they are long together.

    Args:
        prompt: text, which is one turn of a user, or messages.

    Example:
        >>> turns = render_conversation(({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}))
        >>> [(turn.role, turn.folded) for turn in turns]
        [('system', True), ('user', False)]
    """
    turns = [_turn(message, folded=message["role"] == "system") for message in as_messages(prompt, "user")]
    last = max((i for i, turn in enumerate(turns) if turn.role == "user"), default=len(turns) - 1)
    if sum(turn.lines for turn in turns[:last] if turn.role != "system") > FOLD_EARLIER_LINES:
        turns[:last] = [replace(turn, folded=True) for turn in turns[:last]]
    return turns


def render_answer(response: Text, shared: int = 0) -> list[Turn]:
    """The turns of one answer, all of them open; a page folds a long one as a whole.

    Args:
        response: text, which is one turn of the assistant, or messages.
        shared: messages at its beginning to leave out, since `shared_opening` shows them.

    Example:
        >>> [turn.role for turn in render_answer("Seven.")]
        ['assistant']
    """
    return [_turn(message, folded=False) for message in as_messages(response, "assistant")[shared:]]


def shared_opening(responses: Sequence[Text]) -> tuple[Message, ...]:
    """The messages that all answers begin with, to be shown once above them. Every answer keeps at least its last.

    Args:
        responses: of one prompt; where one is text, or there is only one, they share nothing.

    Example:
        >>> call, one, other = ({"role": "assistant", "content": text} for text in ("Let me see.", "4", "5"))
        >>> shared_opening([(call, one), (call, other)])
        ({'role': 'assistant', 'content': 'Let me see.'},)
        >>> shared_opening(["4", "5"])
        ()
    """
    messages = [response for response in responses if not isinstance(response, str)]
    if len(messages) < len(responses) or len(responses) < 2:
        return ()
    openings = zip(*(response[:-1] for response in messages), strict=False)
    return tuple(column[0] for column in takewhile(lambda column: all(m == column[0] for m in column), openings))


def _turn(message: Message, *, folded: bool) -> Turn:
    content, calls = message["content"], _calls(message)
    written = "\n\n".join(filter(None, [content, *(f"{name}\n{arguments}" for name, arguments in calls)]))
    size = fold(written)
    # What a tool gives back is data, and a program's.
    text = _monospace(content) if message["role"] == "tool" else render_text(content)
    drawn = Markup("").join([text, *(_drawn_call(name, arguments) for name, arguments in calls)])
    return Turn(message["role"], drawn, render_plain(written), size.lines, size.words, folded)


def _calls(message: Message) -> list[tuple[str, str]]:
    """Name and arguments of the tools a message calls, in the shape of chat APIs; of other shapes, all there is."""
    calls = message.get("tool_calls") or ()
    return [_call(call) for call in (calls if isinstance(calls, (list, tuple)) else [calls])]


def _call(call: Any) -> tuple[str, str]:
    function = call.get("function", call) if isinstance(call, Mapping) else call
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        return "", _json(call)
    return function["name"], _json(function.get("arguments", ""))


def _json(value: Any) -> str:
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
        return json.dumps(parsed, ensure_ascii=False, indent=2, default=str)
    except (ValueError, RecursionError):
        return str(value)


def _drawn_call(name: str, arguments: str) -> Markup:
    title = f"<p><code>{draw_controls(str(escape(replace_surrogates(name))))}</code></p>" if name else ""
    return sanitise(title) + _monospace(arguments)


def _monospace(text: str) -> Markup:
    text = replace_surrogates(text)
    return sanitise(draw_controls(highlight_code(text, "json" if text.lstrip()[:1] in ("{", "[") else "")))
