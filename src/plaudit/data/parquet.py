"""Groups in Parquet: the native columns, each of one type; `meta` and `tools` are JSON in text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from plaudit.errors import DataError, import_extra
from plaudit.groups import Group, Text
from plaudit.text import replace_surrogates

ROWS_A_BATCH = 1000


def write_parquet(groups: Iterable[Group], path: Path, lost: Counter[str]) -> int:
    """Writes groups and returns their number. Half surrogates, which UTF-8 cannot hold, are replaced and counted.

    Raises:
        DataError: if some prompts (or responses) are text and others messages, or a message has more than a role and
            content: a Parquet column holds one type. JSON lines hold all of them.
    """
    pyarrow = import_extra("pyarrow", "datasets", "Parquet")
    parquet = import_extra("pyarrow.parquet", "datasets", "Parquet")
    rest = iter(groups)
    first = next(rest, None)
    if first is None:
        raise DataError("there are no groups to write", file=path)
    kinds = {"prompt": type(first.prompt), "response": type(first.responses[0])}
    schema = _schema(pyarrow, kinds)
    count = 0
    with parquet.ParquetWriter(path, schema) as writer:
        rest = chain([first], rest)
        while batch := list(islice(rest, ROWS_A_BATCH)):
            rows = [_row(group, kinds) for group in batch]
            try:
                written = pyarrow.RecordBatch.from_pylist(rows, schema)
            except UnicodeEncodeError:
                lost["groups with half a surrogate pair (U+FFFD stands for it)"] += sum(map(_has_surrogates, rows))
                written = pyarrow.RecordBatch.from_pylist([_encodable(row) for row in rows], schema)
            writer.write_batch(written)
            count += len(batch)
    return count


def _has_surrogates(row: Mapping[str, Any]) -> bool:
    return bool(_encodable(row) != row)


def _encodable(value: Any) -> Any:
    """The value without half surrogates in its texts."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, Mapping):
        return {key: _encodable(inner) for key, inner in value.items()}
    return list(map(_encodable, value)) if isinstance(value, list) else value


def _row(group: Group, kinds: Mapping[str, type]) -> dict[str, Any]:
    for kind, texts in (("prompt", (group.prompt,)), ("response", group.responses)):
        for text in texts:
            _check(text, kinds[kind], f"a {kind} of the group {group.id}")
    row = group.to_dict()
    return row | {name: json.dumps(row[name]) for name in ("meta", "tools") if name in row}


def _check(text: Text, kind: type, what: str) -> None:
    if type(text) is not kind:
        raise DataError(
            f"{what} is {_NAMES[type(text)]} where others are {_NAMES[kind]}", remedy="write .jsonl, which holds both"
        )
    if not isinstance(text, str) and (more := sorted({key for m in text for key in m} - {"role", "content"})):
        raise DataError(
            f"{what} has a message with {more[0]!r}, for which Parquet has no column", remedy="write .jsonl"
        )


_NAMES: dict[type, str] = {str: "text", tuple: "messages"}


def _schema(pa: Any, kinds: Mapping[str, type]) -> Any:
    messages = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
    types: dict[type, Any] = {str: pa.string(), tuple: messages}
    about = {"annotator": pa.string(), "weight": pa.float64()}
    ranking = pa.struct({"tiers": pa.list_(pa.list_(pa.int64())), "strength": pa.float64(), **about})
    scale = pa.list_(pa.float64())
    rating = pa.struct(
        {"response": pa.int64(), "value": pa.float64(), "attribute": pa.string(), **about, "scale": scale}
    )
    return pa.schema(
        {
            "id": pa.string(),
            "prompt": types[kinds["prompt"]],
            "responses": pa.list_(types[kinds["response"]]),
            "rankings": pa.list_(ranking),
            "ratings": pa.list_(rating),
            "subset": pa.string(),
            "tools": pa.string(),
            "meta": pa.string(),
        }
    )
