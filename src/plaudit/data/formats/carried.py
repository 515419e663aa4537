"""What a task or record that Plaudit wrote carries of its group, beside what is shown and answered.

Annotation tools keep the data of a task as it is. So what their forms have no place for stands there in one object:

    {"group": "q17", "responses": [0, 1], "subset": "chat", "meta": {...}, "tools": [...],
     "messages": {"prompt": [...]}, "scales": {"helpful": [0, 4]}, "attributes": {"helpful-9d21c0aa": "Helpful!"}}

`responses` are the numbers that the responses have in their group, in the order in which they are shown; `messages` are
those texts that were messages, which are shown as text; `attributes` says what a question of another name asks for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from plaudit.data.formats import FileReading
from plaudit.data.formats.fields import number_of
from plaudit.data.formats.forms import Form, FormAnswer, tiers_of_names
from plaudit.data.formats.texts import words_of
from plaudit.data.formats.verdicts import verdict_of
from plaudit.groups import Group, GroupError, Ranking, Rating, Text, plain_text, stable_id

CARRIED = "plaudit"
"""The field of a task, and the metadata of a record, that carry it."""

BETTER, VERDICT, STRENGTH, RANKING = "better", "verdict", "strength", "ranking"
"""The questions about an order. What rates a response is called by its attribute and the number of the response."""

_ITEM = re.compile(r"item-(\d+)")


@dataclass(slots=True)
class Sheet:
    """What one person said of a group at one time: at most one order, and a value for a response and attribute.

    Attributes:
        annotator: who.
        ranking: their order.
        ratings: (response, attribute) -> rating.
    """

    annotator: str | None
    ranking: Ranking | None = None
    ratings: dict[tuple[int, str], Rating] = field(default_factory=dict)


def sheets_of(group: Group, lost: Counter[str]) -> list[Sheet]:
    """A group's judgements as forms hold them; what no form has a place for is counted.

    Example:
        >>> group = Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,)), annotator="ann"),), (Rating(0, 3),))
        >>> [(sheet.annotator, len(sheet.ratings)) for sheet in sheets_of(group, Counter())]
        [('ann', 0), (None, 1)]
    """
    sheets: list[Sheet] = []
    of: dict[str | None, list[Sheet]] = {}
    for ranking in group.rankings:
        if sum(map(len, ranking.tiers)) < 2:
            lost["rankings of one response"] += 1
            continue
        lost.update({"weights other than 1": 1} if ranking.weight != 1 else {})
        sheets.append(Sheet(ranking.annotator, ranking))
        of.setdefault(ranking.annotator, []).append(sheets[-1])
    for rating in group.ratings:
        lost.update({"weights other than 1": 1} if rating.weight != 1 else {})
        key = rating.response, rating.attribute
        theirs = of.setdefault(rating.annotator, [])
        sheet = next((sheet for sheet in theirs if key not in sheet.ratings), None)
        if sheet is None:
            sheet = Sheet(rating.annotator)
            sheets.append(sheet)
            theirs.append(sheet)
        sheet.ratings[key] = rating
    return sheets


def carried_of(group: Group, names: Sequence[str], lost: Counter[str]) -> dict[str, Any]:
    """What a task or record carries of its group.

    Args:
        group: the group.
        names: what its responses are called there.
        lost: gains the ratings whose scale is not that of the others on their attribute.

    Example:
        >>> carried_of(Group("q", "2 + 2?", ("4", "5"), subset="sums"), ("answer1", "answer2"), Counter())
        {'group': 'q', 'responses': [0, 1], 'subset': 'sums'}
    """
    texts = dict(zip(("prompt", *names), (group.prompt, *group.responses), strict=True))
    messages = {name: [dict(one) for one in text] for name, text in texts.items() if not isinstance(text, str)}
    attributes = dict.fromkeys(rating.attribute for rating in group.ratings)
    carried = {
        "group": group.id or stable_id(group),
        "responses": _order_shown(group),
        "subset": group.subset,
        "meta": dict(group.meta) or None,
        "tools": [dict(tool) for tool in group.tools] or None,
        "messages": messages or None,
        "scales": _scales(group, lost) or None,
        "attributes": {slug(one): one for one in attributes if slug(one) != one} or None,
    }
    return {name: value for name, value in carried.items() if value is not None}


def _order_shown(group: Group) -> list[int]:
    """The responses' numbers: a judgement that `plaudit label` exports has its own, in the order that people saw."""
    judgement = group.meta.get("judgement")
    order = judgement.get("order") if isinstance(judgement, Mapping) else None
    return order if isinstance(order, list) and len(order) == len(group.responses) else [*range(len(group.responses))]


def _scales(group: Group, lost: Counter[str]) -> dict[str, list[float]]:
    scales: dict[str, set[tuple[float, float] | None]] = {}
    for rating in group.ratings:
        scales.setdefault(rating.attribute, set()).add(rating.scale)
    single = {name: next(iter(several)) for name, several in scales.items() if len(several) == 1}
    apart = sum(rating.scale is not None and rating.attribute not in single for rating in group.ratings)
    lost.update({"scales that differ from those of the same attribute": apart} if apart else {})
    return {name: [*scale] for name, scale in single.items() if scale is not None}


def slug(attribute: str) -> str:
    """An attribute as the name of a question: lower-case letters, digits, `_` and `-`. One that is not so already ends
    with a few characters of its hash, so that no two are the same.

    Example:
        >>> slug("helpful"), slug("Instruction Following")
        ('helpful', 'instruction_following-4b63d911')
    """
    bare = re.sub(r"[^a-z0-9_-]+", "_", attribute.lower()).strip("_-")
    if bare == attribute:
        return attribute
    return f"{bare or 'attribute'}-{blake2b(attribute.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def shown_text(text: Text) -> str:
    """A text as a form shows it; of messages, each after the name of its role.

    Example:
        >>> shown_text(({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}))
        'user: Hi\\n\\nassistant: Hello!'
    """
    if isinstance(text, str):
        return text
    return "\n\n".join(f"{message['role']}: {plain_text((message,))}" for message in text)


def is_carried(value: Any) -> bool:
    """Whether this is what a task or record carries of a group of ours."""
    return isinstance(value, Mapping) and isinstance(value.get("group"), str) and "responses" in value


def carried_form(carried: Mapping[str, Any], shown: Mapping[str, Any], names: Sequence[str]) -> Form:
    """The prompt and the responses as they were in the group.

    Args:
        carried: what the task or record carries.
        shown: its texts, by their fields; `prompt` is the prompt.
        names: the responses' fields.

    Raises:
        GroupError: if a text is missing.
    """
    messages = _object(carried, "messages")
    prompt, *responses = [
        tuple(messages[name]) if isinstance(messages.get(name), list) else words_of(shown.get(name), name)
        for name in ("prompt", *names)
    ]
    return Form(prompt, tuple(responses), tuple(names))


def restored(
    carried: Mapping[str, Any],
    form: Form,
    sheets: Sequence[tuple[str | None, Sequence[FormAnswer]]],
    row: dict[str, Any],
    file: FileReading,
) -> Group:
    """The group that a task or record was written from, with what people answered there.

    Args:
        carried: what it carries.
        form: what it shows.
        sheets: who answered, and what they answered together.
        row: what is left of the row; answers that judge no response are put back into it.
        file: the file.

    Raises:
        GroupError: for an answer that names no response, and for a choice that contradicts another.
    """
    rankings: list[Ranking] = []
    ratings: list[Rating] = []
    for annotator, answers in sheets:
        tiers, strength = _tiers(form, answers, file), None
        for answer in answers:
            if answer.question == STRENGTH:
                strength = number_of(answer.value, "the strength")
            elif answer.question not in (BETTER, VERDICT, RANKING):
                rating = _rating(carried, form, answer, annotator)
                if rating is None:
                    row.setdefault(answer.question, []).append(answer.value)
                    file.note(f"the answers to {answer.question!r} judge no response; they are left behind")
                else:
                    ratings.append(rating)
        if tiers is not None:
            rankings.append(Ranking(tiers, strength, annotator))
    subset = carried.get("subset")
    return Group(
        carried["group"],
        form.prompt,
        form.responses,
        tuple(rankings),
        tuple(ratings),
        subset=None if subset is None else str(subset),
        meta=dict(_object(carried, "meta")),
        tools=tuple(carried.get("tools") or ()),
    )


def _tiers(form: Form, answers: Sequence[FormAnswer], file: FileReading) -> tuple[tuple[int, ...], ...] | None:
    """The order that somebody gave: with a choice of two, in words, or by ranks. Choices must agree."""
    verdicts = {}
    for answer in answers:
        if answer.question == RANKING:
            return tiers_of_names(form, answer.value)
        if answer.question in (BETTER, VERDICT):
            verdict = verdict_of(answer.value, answer.question, "letters", file)
            if verdict is not None:
                verdicts[answer.question] = verdict.rankings(None)[0].tiers
    if len({*verdicts.values()}) > 1:
        raise GroupError(f"{BETTER!r} and {VERDICT!r} contradict each other", remedy="correct one of them")
    return next(iter(verdicts.values()), None)


def _rating(carried: Mapping[str, Any], form: Form, answer: FormAnswer, annotator: str | None) -> Rating | None:
    """The rating that a question asked for; None if it asks for none."""
    [about] = answer.about[:1] or [""]
    item = _ITEM.fullmatch(about)
    response = int(item[1]) if item else form.place(about)
    name, dash, _ = answer.question.rpartition("-")
    if response is None or not dash or isinstance(answer.value, (str, list, Mapping, bool)):
        return None
    attribute = str(_object(carried, "attributes").get(name, name))
    scale = _object(carried, "scales").get(attribute)
    value = number_of(answer.value, f"the {attribute} rating")
    return Rating(response, value, attribute, annotator, scale=None if scale is None else tuple(scale))


def _object(carried: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = carried.get(name) or {}
    if not isinstance(value, Mapping):
        raise GroupError(f"{name!r} in what the row carries of its group is no object")
    return value
