"""Chat templates: the built-in ones, those of files, and the one for conversations where the tokenizer has none."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from plaudit.errors import NotFoundError
from plaudit.groups import Group, Text

logger = logging.getLogger(__name__)

# Line breaks stand in expressions: transformers' Jinja drops one that follows a block's tag. A pair comes from
# sentence-transformers as `query` and `document`.
BUILT_IN = {
    "turns": "{% if tools %}{{ 'Tools: ' + (tools | tojson) + '\\n\\n' }}{% endif %}"
    "{% set roles = {'query': 'user', 'document': 'assistant'} %}"
    "{% for message in messages %}{{ roles.get(message['role'], message['role']) | capitalize }}: "
    "{{ message['content'] }}"
    "{% if message['tool_calls'] %}{{ ' ' + (message['tool_calls'] | tojson) }}{% endif %}"
    "{% if not loop.last %}{{ '\\n\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '\\n\\nAssistant: ' }}{% else %}{{ eos_token | default('') }}{% endif %}",
}


def settle_template(tokenizer: Any, groups: Iterable[Group]) -> None:
    """Give a tokenizer without a chat template the built-in `turns`, with a warning, if some group is a conversation
    or has tools; the saved model keeps it.

    Example:
        >>> from plaudit.model import open_model
        >>> tokenizer = open_model("my-model").tokenizer
        >>> tokenizer.chat_template = None
        >>> settle_template(tokenizer, [Group("q", ({"role": "user", "content": "Why?"},), ("Because.",))])
        >>> tokenizer.chat_template == read_template("turns")
        True
    """
    if tokenizer.chat_template:
        return
    if any(
        group.tools or any(not isinstance(text, str) for text in (group.prompt, *group.responses)) for group in groups
    ):
        tokenizer.chat_template = BUILT_IN["turns"]
        logger.warning(
            "some prompts or responses are conversations, and the backbone has no chat template: all are written as "
            "plain turns (the built-in chat template turns), which the model keeps"
        )


def read_template(name: str | None) -> str | None:
    """A chat template by file or by built-in name, as Jinja text.

    Example:
        >>> "Tools: " in read_template("turns")
        True
        >>> read_template("turn")
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: no chat template file 'turn' (...); built-in templates: turns
    """
    if name is None or name in BUILT_IN:
        return name and BUILT_IN[name]
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(BUILT_IN)
        raise NotFoundError(
            f"no chat template file {name!r} ({error.strerror})", remedy=f"built-in templates: {known}"
        ) from error


_ONE_TURN = re.compile(r"User: (.*)\n\nAssistant: (.*)", re.DOTALL)


def one_turn(text: str) -> tuple[str, str] | None:
    """Prompt and response of a question and its answer as the built-in `turns` writes them; None of any other text, and
    of one that could be read in two ways. Scorers without a template read rendered text so.

    Example:
        >>> one_turn("User: What is 2 + 2?\\n\\nAssistant: It is 4.")
        ('What is 2 + 2?', 'It is 4.')
        >>> one_turn("What is 2 + 2? It is 4.") is None
        True
    """
    match = _ONE_TURN.fullmatch(text)
    if match is None or re.search(r"\n\n(User|Assistant|System|Tool): ", match[1] + "\n\n" + match[2]):
        return None
    return match[1], match[2]


def without_roles(text: Text, role: str) -> Text:
    """A single message of the role one would take it for, as its text; anything else as it is.

    Example:
        >>> without_roles(({"role": "user", "content": "Why?"},), "user")
        'Why?'
    """
    if not isinstance(text, str) and [dict(message) for message in text] == [
        {"role": role, "content": text[0]["content"]}
    ]:
        return str(text[0]["content"])
    return text
