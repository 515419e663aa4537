"""What the forms of annotation tools show and ask: a prompt, its responses, and questions that people answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from plaudit.data.formats import FileReading
from plaudit.data.formats.attributes import is_attribute, is_figure, ratings_of
from plaudit.data.formats.candidates import LISTS, SINGLES
from plaudit.data.formats.fields import is_absent, name_of, need, number_of, prompt_of, take
from plaudit.data.formats.labelled import VERDICTS
from plaudit.data.formats.sides import canonical
from plaudit.data.formats.texts import response_of
from plaudit.data.formats.verdicts import Naming, is_word, verdict_of
from plaudit.groups import Group, GroupError, Ranking, Rating, Text

_SEVERAL = re.compile(
    r"((?:model_)?(?:response|answer|output|completion|generation|candidate|summary|reply|text|option)_?)"
    r"([a-h]|\d{1,2}|left|right)"
)
_ITEMS = ("items", *LISTS)
_TEXTS = ("body", "response", "text", "content", "html", "title")
_ABOUT_RESPONSES = {"response", "answer", "output", "completion", "the", "of", "rating", "score", "value", "rate"}
"""Words in the name of a question that say no quality."""


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """What somebody answered.

    Attributes:
        question: its name.
        value: text, a number, names in order (best first), or objects with `rank` and `value`.
        annotator: who answered.
        about: the fields that the question is about, where the tool says it.
    """

    question: str
    value: Any
    annotator: str | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What was shown: the prompt, the responses and what they are called by."""

    prompt: Text
    responses: tuple[Text, ...]
    names: tuple[str, ...]

    @property
    def naming(self) -> Naming:
        last = {canonical(name)[-1:] for name in self.names}
        if not all(one.isdigit() for one in last):
            return "letters"
        return "from 0" if "0" in last else "from 1"

    def place(self, name: Any) -> int | None:
        """Which response is called so, whatever stands between the words: `response-1` is `response_1`."""
        if name in self.names:
            return self.names.index(name)
        keys = [_key(one) for one in self.names]
        return keys.index(_key(name)) if isinstance(name, str) and keys.count(_key(name)) == 1 else None


@dataclass(slots=True)
class _Judgements:
    """What was read of the answers: rankings of each question, and ratings; and what was not, by question."""

    rankings: dict[str, list[Ranking]] = field(default_factory=dict)
    ratings: list[Rating] = field(default_factory=list)
    unread: dict[str, list[Any]] = field(default_factory=dict)


def form_of(row: dict[str, Any]) -> Form:
    """The prompt and the responses, taken out of a row: several in numbered or lettered fields or in a list, or one.

    Raises:
        GroupError: if there is no prompt, or no response.

    Example:
        >>> form_of({"prompt": "2 + 2?", "response_1": "4", "response_2": "5"}).names
        ('response_1', 'response_2')
    """
    stems: dict[str, list[str]] = {}
    for name in row:
        if match := _SEVERAL.fullmatch(canonical(name)):
            stems.setdefault(match[1], []).append(name)
    names: Sequence[str] = max(stems.values(), key=len, default=[])
    items = next((name for name in _ITEMS if isinstance(row.get(name), list) and row[name]), None)
    if len(names) > 1:
        names = sorted(names, key=lambda name: (len(canonical(name)), canonical(name)))
        responses = [response_of(row.pop(name), name) for name in names]
    elif items is not None:
        names, responses = _listed(row.pop(items))
    else:
        single = next((name for name in (*SINGLES, "model_response", "text") if row.get(name) is not None), None)
        if single is None:
            raise GroupError("the record shows no response", remedy='name its field "response", or "response_1", ...')
        names, responses = [single], [response_of(row.pop(single), single)]
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the record shows no prompt", remedy="say which field it is: --column prompt=FIELD")
    return Form(prompt, tuple(responses), tuple(names))


def _listed(items: Sequence[Any]) -> tuple[list[str], list[Text]]:
    """The names (ids, or response-1, ...) and the texts of a list of responses."""
    names, responses = [], []
    for index, item in enumerate(items, 1):
        one = dict(item) if isinstance(item, Mapping) and "role" not in item else {"text": item}
        names.append(name_of(one, "id") or f"response-{index}")
        responses.append(response_of(need(one, *_TEXTS), f"response {index - 1}"))
    return names, responses


def groups_of(form: Form, answers: Sequence[FormAnswer], row: dict[str, Any], file: FileReading) -> list[Group]:
    """One group, or where several questions compare the responses one for each, which is its subset.

    Answers that judge no response are put back into the row, under their question.

    Args:
        form: what was shown.
        answers: what was answered, already without what was discarded.
        row: what is left of the row; its id and subset are taken.
        file: the file.

    Raises:
        GroupError: for an answer that names no response.
    """
    judged = _Judgements()
    for answer in answers:
        if answer.value is None or is_absent(answer.value):
            file.note("somebody's answer is empty; it is left out")
            continue
        _read(form, answer, judged, file)
    for question, values in judged.unread.items():
        row[question] = values
        file.note(f"the answers to {question!r} judge no response that it names or shows alone; they are left behind")
    identity, subset = name_of(row, "external_id", "id") or "", name_of(row, "subset")
    if not judged.rankings and not judged.ratings:
        file.note("nobody judged the responses; they are kept, unjudged")
    whole = Group(identity, form.prompt, form.responses, ratings=tuple(judged.ratings), subset=subset)
    if len(judged.rankings) < 2:
        return [replace(whole, rankings=tuple(one)) for one in judged.rankings.values()] or [whole]
    return [
        replace(
            whole,
            id=f"{identity}/{question}" if identity else "",
            rankings=tuple(rankings),
            ratings=() if index else whole.ratings,
            subset=question,
        )
        for index, (question, rankings) in enumerate(judged.rankings.items())
    ]


def _read(form: Form, answer: FormAnswer, judged: _Judgements, file: FileReading) -> None:
    tiers = tiers_of_names(form, answer.value)
    if tiers is not None:
        judged.rankings.setdefault(answer.question, []).append(Ranking(tiers, annotator=answer.annotator))
        return
    index, attribute = _rated(form, answer)
    if index is not None and attribute is not None and is_figure(answer.value):
        judged.ratings += ratings_of(index, attribute, answer.value, file, annotator=answer.annotator)
        return
    rankings = _verdict(form, answer, file) if len(form.responses) > 1 else None
    if rankings is None:
        judged.unread.setdefault(answer.question, []).append(answer.value)
    else:
        judged.rankings.setdefault(answer.question, []).extend(rankings)


def tiers_of_names(form: Form, value: Any) -> tuple[tuple[int, ...], ...] | None:
    """The tiers of a ranking; None if the value is none."""
    if isinstance(value, Mapping) and isinstance(value.get("rank"), list) and isinstance(value.get("value"), list):
        value = [{"rank": rank, "value": name} for rank, name in zip(value["rank"], value["value"], strict=False)]
    if not isinstance(value, (list, tuple)) or not value or len(form.responses) < 2:
        return None
    if all(isinstance(one, Mapping) and "value" in one for one in value):
        ranks = {
            _named(form, one["value"]): number_of(one.get("rank"), f"the rank of {one['value']!r:.40}")
            for one in value
            if not ("rank" in one and is_absent(one["rank"]))
        }
        order = sorted(ranks, key=ranks.__getitem__)
        return tuple(tuple(tier) for _, tier in groupby(order, key=ranks.__getitem__)) if len(order) > 1 else None
    if all(isinstance(one, str) for one in value) and any(form.place(one) is not None for one in value):
        return tuple((_named(form, one),) for one in value)
    return None


def _named(form: Form, name: Any) -> int:
    index = form.place(name)
    if index is None:
        raise GroupError(f"the ranking names {name!r:.40}", remedy=f"the responses are {', '.join(form.names)}")
    return index


def _rated(form: Form, answer: FormAnswer) -> tuple[int | None, str | None]:
    """The response that a question rates, and on which attribute; None where its name does not say it."""
    index = form.place(answer.about[0]) if len(answer.about) == 1 else None
    words = canonical(answer.question)
    if index is None and len(form.responses) == 1:
        index = 0
    elif index is None:
        for place, name in enumerate(form.names):
            called = canonical(name)
            tail = called[-1] if len(called) > 1 and not called[-2:].isdigit() else called[-2:]
            pattern = rf"(?<![a-z0-9])({re.escape(called)}|{re.escape(called.replace('_', ''))}|{tail}$)(?![a-z0-9])"
            if re.search(pattern, words):
                index, words = place, re.sub(pattern, "", words)
                break
    quality = "_".join(word for word in words.split("_") if word and word not in _ABOUT_RESPONSES)
    if not quality:
        return index, "overall"
    if answer.about and form.place(answer.about[0]) is not None:
        return index, quality
    return index, quality if is_attribute(quality) else None


def _verdict(form: Form, answer: FormAnswer, file: FileReading) -> list[Ranking] | None:
    """The rankings of an answer that names the best response, or says of two which is better; None if it does not."""
    best = form.place(answer.value)
    if best is not None:
        others = [index for index in range(len(form.responses)) if index != best]
        return [Ranking(((best,), (other,)), annotator=answer.annotator) for other in others]
    is_verdict = canonical(answer.question) in VERDICTS
    if len(form.responses) != 2 or isinstance(answer.value, (list, Mapping)):
        return None
    if not is_verdict and not is_word(answer.value):
        return None
    try:
        verdict = verdict_of(answer.value, answer.question, form.naming, file)
    except GroupError:
        if is_verdict:
            raise
        return None
    return None if verdict is None else list(verdict.rankings(answer.annotator))


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def annotator_of(value: Any) -> str | None:
    """Who answered, from a name or an object with an id.

    Example:
        >>> annotator_of({"id": 3, "email": "ann@example.org"}), annotator_of(None)
        ('3', None)
    """
    if isinstance(value, Mapping):
        value = take(dict(value), "id", "email", "username")
    return None if value is None or str(value).strip() == "" else str(value)
