"""Plaudit's own shape: one group a row (see docs/formats.md)."""

from collections.abc import Mapping
from json import JSONDecodeError, loads
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.groups import Group, GroupError

JUDGEMENTS = ("rankings", "ratings")
FIELDS = {"id", "prompt", "responses", "subset", "tools", "meta", *JUDGEMENTS}


def knows(row: Mapping[str, Any]) -> bool:
    """Columns of somebody's own belong to responses that nobody judged (`candidates`); beside judgements they would
    be a slip of the pen."""
    return {"prompt", "responses"} <= row.keys() and (row.keys() <= FIELDS or not row.keys().isdisjoint(JUDGEMENTS))


def read(row: dict[str, Any], file: FileReading) -> Group:
    judged = not row.keys().isdisjoint(JUDGEMENTS)
    whole = {name: row.pop(name) for name in [*row] if judged or name in FIELDS}
    if isinstance(whole.get("meta"), str):  # in Parquet, whose columns need one type, `meta` is JSON in text
        try:
            whole["meta"] = loads(whole["meta"])
        except JSONDecodeError as error:
            raise GroupError('"meta" is text but not JSON', remedy="write an object") from error
    if not isinstance(whole.get("meta") or {}, Mapping):
        raise GroupError('"meta" must be an object')
    return Group.from_dict(whole)


register_format(
    Format(
        name="native",
        priority=150,
        columns="prompt, responses, rankings, ratings",
        knows=knows,
        read=read,
        is_ours=lambda row: True,
    )
)
