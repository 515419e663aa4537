"""A policy's text, as its trainer hands it over, read back: the templated prompt as the conversation it stands for, and
what was generated as an answer that ended or did not.

A reward model has a template of its own, so that it must be told the messages and not what another template made of
them. What a template writes around messages is learned from three conversations, and every reading is proved by writing
it again: what does not come out as the very same text is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import ForeignTextError
from plaudit.groups import Text
from plaudit.model.template_text import TemplateText

_SYSTEM, _FIRST, _ANSWER, _SECOND = "plaudit-system", "plaudit-first", "plaudit-answer", "plaudit-second"


@dataclass(frozen=True, slots=True)
class _Between:
    """What a template writes between contents."""

    before_user: str
    before_system: str | None
    system_to_user: str
    user_to_assistant: str
    assistant_to_user: str
    after_last: str


class PolicyText:
    """Reads text that a policy's chat template has written.

    Args:
        tokenizer: the policy's. Without a chat template a prompt is what the user said.

    Example:
        >>> from plaudit.model import open_model
        >>> reader = PolicyText(open_model("my-model").tokenizer)
        >>> reader.conversation("<|im_start|>user\\nWhy?<|im_end|>\\n<|im_start|>assistant\\n")
        ({'role': 'user', 'content': 'Why?'},)
        >>> reader.answer("Because.<|im_end|>"), reader.answer("Because it")
        (('Because.', True), ('Because it', False))
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._between: _Between | None = None
        if tokenizer.chat_template:
            self._around = TemplateText.of_template(tokenizer)
            self._between = _learned(lambda messages: self._bare(self._written(messages)))
        else:
            self._around = TemplateText.of_tokenizer(tokenizer, tokenizer.eos_token or "")

    def conversation(self, prompt: str) -> Text:
        """The messages that a prompt stands for. A system message that the template writes by itself is none of them.

        Raises:
            ForeignTextError: if the template does not write this text from any messages that are found in it.

        Example:
            >>> from plaudit.model import open_model
            >>> PolicyText(open_model("my-model").tokenizer).conversation("[INST] Why? [/INST]")
            Traceback (most recent call last):
            ...
            plaudit.errors.ForeignTextError: the policy's chat template did not write the prompt '[INST] ...
        """
        if self._between is None:
            return prompt
        text = self._bare(prompt)
        for messages in _readings(text, self._between):
            try:
                if self._bare(self._written(messages)) == text:
                    return tuple(messages)
            except Exception:
                # Templates raise what they like for roles and orders that they do not know.
                continue
        raise ForeignTextError(
            f"the policy's chat template did not write the prompt {prompt[:60]!r}",
            remedy="give the tokenizer whose template the trainer applies; tools and pictures are not read",
        )

    def answer(self, generated: str) -> tuple[str, bool]:
        """What was generated without what ends it, and whether it ended.

        Example:
            >>> from plaudit.model import open_model
            >>> PolicyText(open_model("my-model").tokenizer).answer("")
            ('', False)
        """
        text = self._around.answer_in(generated)
        return text, text != generated

    def generated(self, query: str, prompt: str) -> str:
        """What follows a prompt in prompt and response decoded together. A trainer may have cut the prompt at the left.

        Raises:
            ForeignTextError: if the text does not go on from the prompt.

        Example:
            >>> from plaudit.model import open_model
            >>> PolicyText(open_model("my-model").tokenizer).generated("user: Why? Because.", "user: Why?")
            ' Because.'
        """
        if query.startswith(prompt):
            return query[len(prompt) :]
        text, asked = self._bare(query), self._bare(prompt)
        least = len(self._between.after_last) if self._between else 1
        for start in range(len(asked) - max(least, 1) + 1):
            if text.startswith(asked[start:]):
                return text[len(asked) - start :]
        raise ForeignTextError(f"the text {query[:60]!r} does not go on from its prompt {prompt[:60]!r}")

    def _written(self, messages: Sequence[dict[str, Any]]) -> str:
        text: str = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return text

    def _bare(self, text: str) -> str:
        """Without the beginning of text, which trainers leave out or double."""
        bos = self.tokenizer.bos_token
        while bos and text.startswith(bos):
            text = text[len(bos) :]
        return text


def _learned(write: Callable[[list[dict[str, Any]]], str]) -> _Between:
    user, answer = {"role": "user", "content": _FIRST}, {"role": "assistant", "content": _ANSWER}
    system, second = {"role": "system", "content": _SYSTEM}, {"role": "user", "content": _SECOND}
    several = write([user, answer, second])
    if not all(content in several for content in (_FIRST, _ANSWER, _SECOND)):
        raise ForeignTextError("the policy's chat template does not write its messages as they are")
    try:
        with_system = write([system, user])
    except Exception:
        # Templates refuse a system message in their own words.
        with_system = ""
    has_system = _SYSTEM in with_system and _FIRST in with_system
    before, _, rest = several.partition(_FIRST)
    user_to_assistant, _, rest = rest.partition(_ANSWER)
    assistant_to_user, _, after_last = rest.partition(_SECOND)
    before_system, _, rest = with_system.partition(_SYSTEM)
    return _Between(
        before_user=before,
        before_system=before_system if has_system else None,
        system_to_user=rest.partition(_FIRST)[0] if has_system else "",
        user_to_assistant=user_to_assistant,
        assistant_to_user=assistant_to_user,
        after_last=after_last,
    )


def _readings(text: str, between: _Between) -> list[list[dict[str, Any]]]:
    """Messages that the text may have been written from, the likeliest first: that of the longer opening. One that the
    template writes by itself is longer than that of any system message, and a system message inside of the first turn
    opens it with more than the user does."""
    if not text.endswith(between.after_last):
        return []
    body = text[: len(text) - len(between.after_last)]
    by_opening: dict[str, list[dict[str, Any]]] = {}
    if body.startswith(between.before_user):
        by_opening[between.before_user] = _turns(body[len(between.before_user) :], between)
    if between.before_system is not None and body.startswith(between.before_system):
        system, seam, rest = body[len(between.before_system) :].partition(between.system_to_user)
        if seam:
            by_opening[between.before_system] = [{"role": "system", "content": system}, *_turns(rest, between)]
    return [by_opening[opening] for opening in sorted(by_opening, key=len, reverse=True)]


def _turns(text: str, between: _Between) -> list[dict[str, Any]]:
    """Turns of user and assistant, of which the last is the user's."""
    messages: list[dict[str, Any]] = []
    seams = (("user", between.user_to_assistant), ("assistant", between.assistant_to_user))
    place = 0
    while True:
        role, seam = seams[len(messages) % 2]
        end = text.find(seam, place) if seam else -1
        if end < 0:
            return [*messages, {"role": role, "content": text[place:]}]
        messages.append({"role": role, "content": text[place:end]})
        place = end + len(seam)
