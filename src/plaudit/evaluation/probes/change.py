"""Probes: one change to a real answer, what a sound reward would make of it, and the table of all probes.

A probe is a few lines in a file of this package, which registers it; a distribution of somebody else's names its module
as an entry point in the group `plaudit.probe`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any

from plaudit.errors import NotFoundError
from plaudit.groups import Group, Text, plain_text
from plaudit.registry import Registry
from plaudit.text import detect_language


class Wanted(StrEnum):
    """What a sound reward does when the answer is changed.

    Example:
        >>> PROBES["padding"].wanted, Wanted("same") is Wanted.SAME
        (<Wanted.NOT_HIGHER: 'not higher'>, True)
    """

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

    Example:
        >>> case = Case(Group("q", "Is 4 even?", ("No.", "Yes.")), 1, strangers=(), random=Random(0))
        >>> case.answer, case.language, case.with_answer("Of course.").group.responses
        ('Yes.', 'en', ('No.', 'Of course.'))
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
        return str(self.response[_last_of(self.response, "assistant")]["content"])

    @property
    def language(self) -> str:
        """`zh` or `en`: that of the answer, or of the prompt where the answer has no letters."""
        return detect_language(self.answer) or detect_language(plain_text(self.group.prompt)) or "en"

    @property
    def spot(self) -> Spot:
        """The answer where it stands, unchanged."""
        return Spot(self.group, self.index)

    def with_answer(self, text: str) -> Spot:
        """The answer's place in the group, with another text."""
        responses = list(self.group.responses)
        responses[self.index] = _with_content(self.response, "assistant", text)
        return Spot(replace(self.group, responses=tuple(responses)), self.index)

    def with_prompt_continued(self, more: str) -> Spot:
        """The same answer to a prompt whose last message of the user goes on with `more`."""
        prompt = self.group.prompt
        before = prompt if isinstance(prompt, str) else str(prompt[_last_of(prompt, "user")]["content"])
        return Spot(replace(self.group, prompt=_with_content(prompt, "user", before + more)), self.index)


@dataclass(frozen=True, slots=True)
class Spot:
    """A response in a group, to be scored.

    Example:
        >>> Spot(Group("q", "2 + 2?", ("4", "5")), 1).response
        '5'
    """

    group: Group
    index: int

    @property
    def response(self) -> Text:
        return self.group.responses[self.index]


@dataclass(frozen=True, slots=True)
class Change:
    """Two spots that differ in one thing; the effect is the score of `changed` minus that of `untouched`.

    Example:
        >>> case = Case(Group("q", "Is 4 even?", ("Yes.",)), 0, strangers=(), random=Random(0))
        >>> change = Change(case.spot, case.with_prompt_continued(" I think it is odd."))
        >>> change.changed.group.prompt, change.changed.response == change.untouched.response
        ('Is 4 even? I think it is odd.', True)
    """

    untouched: Spot
    changed: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
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

    Example:
        >>> shout = edits(lambda answer, language, random: answer + "!!!")
        >>> probe = Probe(name="shout", family="tone", wanted=Wanted.NOT_HIGHER, says="shouting", change=shout)
        >>> probe(Case(Group("q", "2 + 2?", ("4",)), 0, strangers=(), random=Random(0))).changed.response
        '4!!!'
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
    """A change of the answer's text alone. An answer without text has nothing to change.

    Example:
        >>> shout = edits(lambda answer, language, random: answer + "!!!")
        >>> shout(Case(Group("q", "2 + 2?", ("4",)), 0, strangers=(), random=Random(0))).changed.response
        '4!!!'
    """

    def change(case: Case) -> Change | None:
        if not case.answer.strip():
            return None
        text = edit(case.answer, case.language, case.random)
        return None if text is None else Change(case.spot, case.with_answer(text))

    return change


FAMILIES: tuple[str, ...] = (
    "length",
    "order",
    "markdown",
    "tone",
    "hedging",
    "flattery",
    "agreement",
    "injection",
    "spelling",
    "formatting",
    "content",
    "language",
)
"""Probes are shown in the order of their families, new families last."""

_ORDER = {family: number for number, family in enumerate(FAMILIES)}

PROBES: Registry[Probe] = Registry(
    "probe", "plaudit.evaluation.probes", order=lambda probe: _ORDER.get(probe.family, len(_ORDER))
)
"""Name -> probe, family by family."""


def register_probes(*probes: Probe) -> None:
    """Add probes to `PROBES`.

    Raises:
        ValueError: if another probe has the name of one.

    Example:
        >>> register_probes(PROBES["padding"])  # it is there already: once more changes nothing
        >>> register_probes(replace(PROBES["padding"], says="something else"))
        Traceback (most recent call last):
        ...
        ValueError: there are two of the probe 'padding'
    """
    for probe in probes:
        PROBES.register(probe.name, probe)


def chosen_probes(names: Iterable[str]) -> list[Probe]:
    """The probes of these names or families, in the table's order; all of them for no names.

    Raises:
        NotFoundError: if a name is neither.
        TypeError: if `names` is text.

    Example:
        >>> [probe.name for probe in chosen_probes(["opening", "padding"])]
        ['padding', 'opening']
    """
    if isinstance(names, str):
        raise TypeError(f"names of probes are a list, such as [{names!r}], not text")
    chosen = set(names)
    families = dict.fromkeys(probe.family for probe in PROBES.values())
    if unknown := sorted(chosen - set(PROBES) - set(families)):
        raise NotFoundError(
            f"no probe or family is called {unknown[0]!r}",
            remedy=f"families: {', '.join(families)}; probes: {', '.join(PROBES)}",
        )
    return [probe for probe in PROBES.values() if not chosen or {probe.name, probe.family} & chosen]


def _last_of(messages: Sequence[Mapping[str, Any]], role: str) -> int:
    """Index of the last message of a role, or of the last message where none has it."""
    of_role = [i for i, message in enumerate(messages) if message["role"] == role]
    return of_role[-1] if of_role else len(messages) - 1


def _with_content(text: Text, role: str, content: str) -> Text:
    """The text with another content; of messages, that of the last one of a role."""
    if isinstance(text, str):
        return content
    messages = [dict(message) for message in text]
    messages[_last_of(text, role)]["content"] = content
    return tuple(messages)
