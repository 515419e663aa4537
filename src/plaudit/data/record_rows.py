"""Groups -> Argilla's records, in the shape of its `records.to_json`: a question for the order, and for each rating.

Argilla keeps one answer to a question from each person, who is a UUID. So what a person said of a group more than once
becomes as many records, and names become UUIDs, which the record names.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from plaudit.data.formats.carried import CARRIED, RANKING, STRENGTH, Sheet, carried_of, sheets_of, shown_text, slug
from plaudit.data.pair_rows import OutputRow
from plaudit.groups import Group, Ranking


def record_rows(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    """A group's records: one, or as many as somebody judged it times.

    Example:
        >>> group = Group("q17", "Name a river.", ("The Elbe.", "Paris."), (Ranking(((0,), (1,)), annotator="a7"),))
        >>> [row] = record_rows(group, Counter())
        >>> row["responses"]["ranking"][0]["value"]
        [{'value': 'response-1', 'rank': 1}, {'value': 'response-2', 'rank': 2}]
    """
    names = [f"response-{number}" for number, _ in enumerate(group.responses, 1)]
    carried = carried_of(group, names, lost)
    fields = dict(zip(("prompt", *names), map(shown_text, (group.prompt, *group.responses)), strict=True))
    for number, sheets in enumerate(_turns(sheets_of(group, lost)), 1):
        people = {_user(sheet.annotator): sheet.annotator for sheet in sheets}
        people = {user: name for user, name in people.items() if user != name}
        about = carried | ({"people": people} if people else {})
        metadata = {"group": carried["group"], "subset": group.subset, CARRIED: json.dumps(about, ensure_ascii=False)}
        yield {
            "id": carried["group"] if number == 1 else f"{carried['group']}/{number}",
            "fields": fields,
            "metadata": {name: value for name, value in metadata.items() if value is not None},
            "suggestions": {},
            "responses": _responses(sheets, names),
            "vectors": {},
            "_server_id": None,
        }


def _turns(sheets: Sequence[Sheet]) -> list[list[Sheet]]:
    """What people said, such that nobody stands twice in one list; one empty list if nobody said anything."""
    turns: list[list[Sheet]] = [[]]
    times: Counter[str | None] = Counter()
    for sheet in sheets:
        if times[sheet.annotator] == len(turns):
            turns.append([])
        turns[times[sheet.annotator]].append(sheet)
        times[sheet.annotator] += 1
    return turns


def _responses(sheets: Sequence[Sheet], names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Question -> what each person answered."""
    responses: dict[str, list[dict[str, Any]]] = {}
    for sheet in sheets:
        values: dict[str, Any] = {}
        if sheet.ranking is not None:
            values[RANKING] = _ranks(sheet.ranking, names)
            if sheet.ranking.strength is not None:
                values[STRENGTH] = sheet.ranking.strength
        for (response, attribute), rating in sheet.ratings.items():
            values[f"{slug(attribute)}-{response + 1}"] = rating.value
        for question, value in values.items():
            responses.setdefault(question, []).append({"value": value, "user_id": _user(sheet.annotator)})
    return responses


def _ranks(ranking: Ranking, names: Sequence[str]) -> list[dict[str, Any]]:
    """Every response with its rank, best first; equals share one, and those left out have none."""
    ranks = {index: rank for rank, tier in enumerate(ranking.tiers, 1) for index in sorted(tier)}
    left_out = [index for index in range(len(names)) if index not in ranks]
    return [{"value": names[index], "rank": ranks.get(index)} for index in (*ranks, *left_out)]


def _user(name: str | None) -> str:
    """A person's UUID: the name itself, if it is one; else out of the name, so the same in every file."""
    try:
        if name is not None and str(UUID(name)) == name:
            return name
    except ValueError:
        pass
    text = "" if name is None else f"plaudit:{name}"
    return str(UUID(bytes=blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), version=5))
