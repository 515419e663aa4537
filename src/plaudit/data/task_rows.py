"""Groups -> Label Studio's tasks with their annotations, and the labelling configuration that shows them.

A project has one configuration, so all tasks of a file have one form: two answers side by side where every group has
two responses, else a list to be ranked. Label Studio's `Pairwise` knows left and right alone, and its `Ranker` no ties:
a choice in words (tie, both bad) and a strength stand beside the first, and the second has a bucket for each place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from xml.sax.saxutils import quoteattr

from plaudit.data.formats.carried import (
    BETTER,
    CARRIED,
    RANKING,
    STRENGTH,
    VERDICT,
    Sheet,
    carried_of,
    sheets_of,
    shown_text,
    slug,
)
from plaudit.data.pair_rows import OutputRow
from plaudit.groups import Group, Ranking, each_group

CONFIG_FILE = "label-studio.xml"
"""The labelling configuration, beside the tasks."""

_STARS = range(1, 11)
"""Values that Label Studio's stars can hold."""

_VERDICTS = ("left", "tie", "both bad", "right")


@dataclass(slots=True)
class _Values:
    """The values that a question has had, or that its scale allows."""

    low: float = math.inf
    high: float = -math.inf
    whole: bool = True

    def add(self, *values: float) -> None:
        for value in values:
            self.low, self.high = min(self.low, value), max(self.high, value)
            self.whole = self.whole and value == int(value)

    @property
    def stars(self) -> bool:
        return self.whole and (self.low > self.high or (self.low in _STARS and self.high in _STARS))


@dataclass(slots=True)
class TaskForm:
    """What the tasks of a file have in common, found by looking at every group.

    Attributes:
        most: responses of the largest group.
        fewest: responses of the smallest.
        places: whether an order needs a bucket for each place: it has ties, or leaves responses out.
        strength: values of the strength.
        attributes: attribute -> values of its ratings.

    Example:
        >>> form = TaskForm()
        >>> form.add(Group("q", "2 + 2?", ("4", "5", "6"), (Ranking(((0,), (1, 2))),)))
        >>> form.pairs, form.places
        (False, True)
    """

    most: int = 0
    fewest: int = 1 << 62
    places: bool = False
    strength: _Values = field(default_factory=_Values)
    attributes: dict[str, _Values] = field(default_factory=dict)

    @property
    def pairs(self) -> bool:
        return self.fewest == self.most == 2

    def add(self, group: Group) -> None:
        """Look at one more group."""
        responses = len(group.responses)
        self.most, self.fewest = max(self.most, responses), min(self.fewest, responses)
        for ranking in group.rankings:
            self.places = self.places or len(ranking.tiers) < responses
            if ranking.strength is not None:
                self.strength.add(ranking.strength)
        for rating in group.ratings:
            values = self.attributes.setdefault(rating.attribute, _Values())
            values.add(rating.value, *(rating.scale or ()))


def task_rows(groups: Iterable[Group], form: TaskForm, lost: Counter[str]) -> Iterator[OutputRow]:
    """A task for each group, numbered from 1.

    Example:
        >>> group = Group("q17", "Name a river.", ("Paris.", "The Elbe."), (Ranking(((0, 1),), annotator="7"),))
        >>> form = TaskForm()
        >>> form.add(group)
        >>> [task] = task_rows([group], form, Counter())
        >>> task["data"]["answer2"], [one["value"] for one in task["annotations"][0]["result"]]
        ('The Elbe.', [{'choices': ['tie']}])
    """
    numbers = count(1)
    for number, group in enumerate(groups, 1):
        names = [f"answer{place}" for place, _ in enumerate(group.responses, 1)]
        texts = [shown_text(response) for response in group.responses]
        shown: dict[str, Any] = dict(zip(names, texts, strict=True))
        if not form.pairs:
            shown = {"items": [{"id": name, "body": text} for name, text in shown.items()]}
        data = {"prompt": shown_text(group.prompt), **shown, CARRIED: carried_of(group, names, lost)}
        annotations = [_annotation(next(numbers), sheet, group, form) for sheet in sheets_of(group, lost)]
        yield {"id": number, "data": data, "annotations": annotations}


def _annotation(number: int, sheet: Sheet, group: Group, form: TaskForm) -> dict[str, Any]:
    results: list[dict[str, Any]] = []

    def answer(control: str, about: str, kind: str, value: Any) -> None:
        result = {"from_name": control, "to_name": about, "type": kind, "value": {_KEYS.get(kind, kind): value}}
        results.append({"id": f"r{len(results) + 1}", **result})

    if sheet.ranking is not None:
        if form.pairs:
            verdict = _verdict(sheet.ranking, group)
            if verdict in ("left", "right"):
                answer(BETTER, BETTER, "pairwise", verdict)
            answer(VERDICT, "prompt", "choices", [verdict])
        else:
            answer(RANKING, "items", "ranker", _places(sheet.ranking, len(group.responses), form))
        if sheet.ranking.strength is not None:
            answer(STRENGTH, "prompt", "rating" if form.strength.stars else "number", sheet.ranking.strength)
    for (response, attribute), rating in sheet.ratings.items():
        kind = "rating" if form.attributes[attribute].stars else "number"
        place, about = (response + 1, f"answer{response + 1}") if form.pairs else (response, f"item-{response}")
        answer(f"{slug(attribute)}-{place}", about, kind, rating.value)
    name = sheet.annotator
    who: dict[str, Any] = {} if name is None else {"completed_by": _completed_by(name)}
    return {"id": number, **who, "was_cancelled": False, "ground_truth": False, "result": results}


_KEYS = {"pairwise": "selected"}
"""Under which name a result holds its value, where it is not its type."""


def _completed_by(name: str) -> Any:
    """Label Studio knows people by their numbers and by addresses."""
    return (
        int(name)
        if name.isascii() and name.isdecimal() and len(name) < 19 and str(int(name)) == name
        else {"email": name}
    )


def _verdict(ranking: Ranking, group: Group) -> str:
    if len(ranking.tiers) > 1:
        return "left" if ranking.tiers[0] == (0,) else "right"
    judgement = group.meta.get("judgement")
    answer = judgement.get("answer") if isinstance(judgement, Mapping) else None
    return "both bad" if isinstance(answer, Mapping) and answer.get("all_bad") else "tie"


def _places(ranking: Ranking, responses: int, form: TaskForm) -> dict[str, list[str]]:
    if not form.places:
        return {RANKING: [f"answer{index + 1}" for [index] in ranking.tiers]}
    placed = {index for tier in ranking.tiers for index in tier}
    left_out = [index for index in range(responses) if index not in placed]
    tiers: dict[str, Sequence[int]] = {"_": left_out}
    tiers |= {f"rank-{place}": sorted(tier) for place, tier in enumerate(ranking.tiers, 1)}
    return {name: [f"answer{index + 1}" for index in tier] for name, tier in tiers.items()}


def label_studio_config(groups: Iterable[Group]) -> str:
    """The labelling configuration that shows the tasks which `write_groups(groups, file, "label-studio")` writes, and
    asks for the judgements that they hold.

    Args:
        groups: read once.

    Raises:
        TypeError: if `groups` are not groups.

    Example:
        >>> config = label_studio_config([Group("q", "Name a river.", ("Paris.", "The Elbe."))])
        >>> print(*config.splitlines()[:3], sep="\\n")
        <View>
          <Text name="prompt" value="$prompt"/>
          <Pairwise name="better" toName="answer1,answer2"/>
    """
    form = TaskForm()
    for group in each_group(groups):
        form.add(group)
    return config_of(form)


def config_of(form: TaskForm) -> str:
    """The labelling configuration for tasks of one form."""
    lines = [
        "<View>",
        '  <Text name="prompt" value="$prompt"/>',
        *(_side_by_side(form) if form.pairs else _listed(form)),
    ]
    if form.pairs or form.strength.low <= form.strength.high:
        lines += ['  <Header value="How much better?" size="5"/>', f"  {_scale(STRENGTH, 'prompt', form.strength, 3)}"]
    return "\n".join([*lines, "</View>"]) + "\n"


def _side_by_side(form: TaskForm) -> list[str]:
    """Two answers, which is better in Label Studio's own way, and in words for what that cannot say."""
    lines = [f'  <Pairwise name="{BETTER}" toName="answer1,answer2"/>', '  <View style="display: flex; gap: 2em">']
    for place in (1, 2):
        lines += ['    <View style="flex: 1">', f'      <Text name="answer{place}" value="$answer{place}"/>']
        lines += [f"      {line}" for line in _questions(form, str(place), f"answer{place}")]
        lines += ["    </View>"]
    lines += ["  </View>", f'  <Choices name="{VERDICT}" toName="prompt" choice="single" showInline="true">']
    return [*lines, *(f'    <Choice value="{verdict}"/>' for verdict in _VERDICTS), "  </Choices>"]


def _listed(form: TaskForm) -> list[str]:
    """Any number of answers: a list to put in order, if there are several, and each with its ratings."""
    lines: list[str] = []
    if form.most > 1:
        buckets = form.most if form.places else 0
        lines += ['  <List name="items" value="$items"/>']
        lines += [f'  <Ranker name="{RANKING}" toName="items"{">" if buckets else "/>"}']
        lines += [f'    <Bucket name="rank-{place}" title="{place}"/>' for place in range(1, buckets + 1)]
        lines += ["  </Ranker>"] if buckets else []
    if form.most == 1 or form.attributes:
        lines += ['  <Repeater on="$items" indexFlag="{{idx}}">']
        lines += ['    <Text name="item-{{idx}}" value="$items[{{idx}}].body"/>']
        lines += [f"    {line}" for line in _questions(form, "{{idx}}", "item-{{idx}}")]
        lines += ["  </Repeater>"]
    return lines


def _questions(form: TaskForm, number: str, about: str) -> Iterator[str]:
    asked = form.attributes or ({"overall": _Values()} if form.most == 1 else {})
    for attribute, values in asked.items():
        title = "".join(letter if letter.isprintable() else "\ufffd" for letter in attribute)
        yield f'<Header value={quoteattr(title)} size="5"/>'
        yield _scale(f"{slug(attribute)}-{number}", about, values, 5)


def _scale(name: str, about: str, values: _Values, usual: int) -> str:
    """Stars where they can hold every value, else a number."""
    if values.stars:
        return f'<Rating name="{name}" toName="{about}" maxRating="{max(usual, int(max(values.high, 1)))}"/>'
    step = "1" if values.whole else "0.01"
    return f'<Number name="{name}" toName="{about}" min="{values.low}" max="{values.high}" step="{step}"/>'
