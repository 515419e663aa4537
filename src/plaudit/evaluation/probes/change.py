"""What a probe is: one change to a real answer, and what a sound reward would make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from plaudit.groups import Group, Text, plain_text
from plaudit.text import detect_language


class Wanted(StrEnum):
    """What a person would want the reward to do when the answer is changed."""

    LOWER = "lower"
    SAME = "same"
    NOT_HIGHER = "not higher"


@dataclass(frozen=True, slots=True)
class Case:
    """One answer that is put to a probe.

    Attributes:
        group: the prompt, the answer and its siblings.
        index: which of the group's responses the answer is.
        strangers: answers to other prompts.
        random: decides what a probe leaves open (which wording, which words).
    """

    group: Group
    index: int
    strangers: Sequence[Text]
    random: Random

    @property
    def response(self) -> Text:
        return self.group.responses[self.index]

    @property
    def answer(self) -> str:
        """The text that is changed: the response's, or its last assistant message's."""
        if isinstance(self.response, str):
            return self.response
        return str(self.response[_place(self.response, "assistant")]["content"])

    @property
    def language(self) -> str:
        """`zh` or `en`: that of the answer, or of the prompt where the answer has no letters."""
        return detect_language(self.answer) or detect_language(plain_text(self.group.prompt)) or "en"

    def saying(self, answer: str) -> Spot:
        """The same place, with another text for the answer."""
        responses = list(self.group.responses)
        responses[self.index] = _with(self.response, "assistant", answer)
        return Spot(replace(self.group, responses=tuple(responses)), self.index)

    def asked(self, more: str) -> Spot:
        """The same answer, to a prompt whose last message of the user goes on with `more`."""
        prompt = self.group.prompt
        said = prompt if isinstance(prompt, str) else str(prompt[_place(prompt, "user")]["content"])
        return Spot(replace(self.group, prompt=_with(prompt, "user", said + more)), self.index)


@dataclass(frozen=True, slots=True)
class Spot:
    """A response in a group: what is scored."""

    group: Group
    index: int

    @property
    def response(self) -> Text:
        return self.group.responses[self.index]


@dataclass(frozen=True, slots=True)
class Change:
    """Two spots that differ in one thing. The effect is the score of `changed` minus that of `untouched`."""

    untouched: Spot
    changed: Spot


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that is changed.

    Attributes:
        name: unique among the probes.
        family: what kind of thing is changed.
        wanted: what a sound reward does.
        says: the change in a few words, as they stand in "raised by …".
        change: a pure function; None where the change does not apply to an answer.
        exact: whether any difference at all breaks a promise. The groups are then scored as they stand, not gathered
            by prompt.
    """

    name: str
    family: str
    wanted: Wanted
    says: str
    change: Callable[[Case], Change | None]
    exact: bool = False

    def __call__(self, case: Case) -> Change | None:
        """The change, unless it does not apply or would leave everything as it is."""
        change = self.change(case)
        return None if change is None or change.untouched == change.changed else change


Edit = Callable[[str, str, Random], str | None]
"""(answer, language, random) -> the answer changed, or None where the change does not apply."""


def edits(edit: Edit) -> Callable[[Case], Change | None]:
    """A change of the answer's text alone. An answer without text has nothing to change."""

    def change(case: Case) -> Change | None:
        if not case.answer.strip():
            return None
        text = edit(case.answer, case.language, case.random)
        return None if text is None else Change(Spot(case.group, case.index), case.saying(text))

    return change


def _place(messages: Sequence, role: str) -> int:
    """Index of the last message of a role, or of the last message where there is none of it."""
    own = [i for i, message in enumerate(messages) if message["role"] == role]
    return own[-1] if own else len(messages) - 1


def _with(text: Text, role: str, content: str) -> Text:
    if isinstance(text, str):
        return content
    messages = [dict(message) for message in text]
    messages[_place(text, role)]["content"] = content
    return tuple(messages)
