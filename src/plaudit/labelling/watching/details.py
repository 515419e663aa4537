"""What stands behind a question in a list: its texts, what was said, and in which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from plaudit.groups import plain_text
from plaudit.labelling.answers import Answer
from plaudit.labelling.database.tables import items, judgements, leases, persons, questions, responses
from plaudit.labelling.project import text_of_json
from plaudit.labelling.watching.judged import Judged
from plaudit.text import page_excerpt

_PROMPT, _RESPONSE = 200, 120
_MOST_COMMENTS = 10
_AT_ONCE = 1000


def with_details(
    connection: Connection, judged: Judged, lists: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """Lists of questions with their texts and comments.

    Args:
        connection: of a reading transaction.
        judged: what was said.
        lists: name -> rows with a `question`.
    """
    ids = sorted({row["question"] for rows in lists.values() for row in rows})
    if not ids:
        return {name: [] for name in lists}
    about = _questions(connection, ids)
    remarks = _remarks(connection, judged.id[np.isin(judged.question, ids)].tolist())
    return {
        name: [
            {**row, **about[row["question"]], **_tally(about[row["question"]], remarks[row["question"]])}
            for row in rows
        ]
        for name, rows in lists.items()
    }


def _questions(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    wanted = select(questions, items.c.group_id, items.c.subset, items.c.prompt, items.c.gold)
    rows = connection.execute(wanted.join(items, items.c.id == questions.c.item).where(questions.c.id.in_(ids))).all()
    of_items = responses.c.item.in_({row.item for row in rows})
    texts = {(one.item, one.number): one.text for one in connection.execute(select(responses).where(of_items))}
    return {
        row.id: {
            "group": row.group_id,
            "subset": row.subset,
            "state": row.state,
            "prompt": _excerpt(row.prompt, _PROMPT),
            "responses": [
                {"number": number, "text": _excerpt(texts[row.item, number], _RESPONSE)} for number in row.responses
            ],
            "known": None if row.kind == "ask" else {key: value for key, value in row.gold.items() if key != "of"},
        }
        for row in rows
    }


def _remarks(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[Any]]:
    """Question -> judgements of these ids, with who said it."""
    columns = (leases.c.question, persons.c.name, judgements.c.kind, judgements.c.answer, judgements.c.comment)
    wanted = (
        select(*columns)
        .join(leases, leases.c.id == judgements.c.lease)
        .join(persons, persons.c.id == leases.c.person)
        .order_by(judgements.c.id)
    )
    rows: dict[int, list[Any]] = defaultdict(list)
    for start in range(0, len(ids), _AT_ONCE):
        for row in connection.execute(wanted.where(judgements.c.id.in_(ids[start : start + _AT_ONCE]))):
            rows[row.question].append(row)
    return rows


def _tally(about: Mapping[str, Any], remarks: Sequence[Any]) -> dict[str, Any]:
    """How often each response was the best one alone, how often none was; skips' reasons and comments."""
    votes = {one["number"]: 0 for one in about["responses"]}
    undecided = 0
    reasons, comments = [], []
    for row in remarks:
        best = _best(row.answer)
        if row.kind == "skip":
            reasons.append({"name": row.name, "text": str(row.answer.get("skip", ""))})
        elif best in votes:
            votes[best] += 1
        else:
            undecided += 1
        if row.comment:
            comments.append({"name": row.name, "text": row.comment})
    return {
        "responses": [{**one, "best": votes[one["number"]]} for one in about["responses"]],
        "undecided": undecided,
        "reasons": reasons[-_MOST_COMMENTS:],
        "comments": comments[-_MOST_COMMENTS:],
    }


def _excerpt(text: Any, most: int) -> str:
    shown, omitted = page_excerpt(" ".join(plain_text(text_of_json(text)).split()), most)
    return f"{shown}…" if omitted else shown


def _best(answer: Answer) -> int | None:
    if "best" in answer:
        return int(answer["best"])
    tiers = answer.get("tiers") or [[]]
    return int(tiers[0][0]) if len(tiers[0]) == 1 and len(tiers) > 1 else None
