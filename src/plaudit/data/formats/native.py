"""Plaudit's own shape: one group a row (see docs/formats.md)."""

from collections.abc import Mapping
from json import JSONDecodeError, loads
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.groups import Group, GroupError


def knows(row: Mapping[str, Any]) -> bool:
    return "prompt" in row and "responses" in row


def read(row: dict[str, Any], file: FileReading) -> Group:
    whole = dict(row)
    row.clear()
    for name, wanted in (("meta", "an object"), ("tools", "a list")):
        if isinstance(whole.get(name), str):  # in Parquet, whose columns need one type, it is JSON in text
            try:
                whole[name] = loads(whole[name])
            except JSONDecodeError as error:
                raise GroupError(f'"{name}" is text but not JSON', remedy=f"write {wanted}") from error
    if not isinstance(whole.get("meta") or {}, Mapping):
        raise GroupError('"meta" must be an object')
    return Group.from_dict(whole)


register_format(
    Format(name="native", priority=150, columns="prompt, responses, rankings, ratings", knows=knows, read=read)
)
