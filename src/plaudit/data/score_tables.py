"""Scores in Parquet: the columns of score lines, each of one type, with the run record in the file's footer.

A folder of shards has one such file for each, `scores-00003-of-00016.parquet`. Beside the columns of a score line
stands `row`, the place of the row in the input, by which shards that are read together get back its order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from plaudit.data.scores import Score, score_from_json
from plaudit.errors import DataError, InvalidInputError, import_extra
from plaudit.text import counted, replace_surrogates

_NAME = re.compile(r"scores-(\d{5,})-of-(\d{5,})\.parquet")
_FOOTER = b"plaudit"


def shard_name(shard: int, shards: int) -> str:
    """The file of a shard.

    Example:
        >>> shard_name(3, 16)
        'scores-00003-of-00016.parquet'
    """
    return f"scores-{numbered(shard, shards)}.parquet"


def numbered(shard: int, shards: int) -> str:
    """Which of how many, as it stands in the names of files.

    Example:
        >>> numbered(3, 16)
        '00003-of-00016'
    """
    return f"{shard:05d}-of-{shards:05d}"


def shard_files(folder: str | Path) -> list[Path]:
    """The shards that a folder holds, whole ones alone, in their order.

    Example:
        >>> shard_files("no-folder")
        []
    """
    place = Path(folder)
    return sorted(path for path in place.iterdir() if _NAME.fullmatch(path.name)) if place.is_dir() else []


def is_scores(source: str | Path) -> bool:
    """Whether scores that were made before stand there: a file, a folder of shards, or `-` (stdin).

    Example:
        >>> is_scores("-"), is_scores("my-model")
        (True, False)
    """
    return str(source) == "-" or Path(source).is_file() or bool(shard_files(source))


class ScoreTable:
    """A Parquet file of scores that is being written, row after row. Arguments are those of `score_table`."""

    def __init__(self, file: Path | BinaryIO, like: Score, *, text: bool) -> None:
        self._pyarrow = import_extra("pyarrow", "datasets", "Parquet")
        parquet = import_extra("pyarrow.parquet", "datasets", "Parquet")
        self._shape = _shape_of(like)
        self._schema = _schema(self._pyarrow, like, text)
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[tuple[int, Sequence[Score]]]) -> None:
        """Append the scores of rows, each with the row's place in the input.

        Raises:
            InvalidInputError: if the model gives other attributes than before.
        """
        lines = [self._line(row, score) for row, scores in rows for score in scores]
        if lines:
            self._writer.write_batch(self._pyarrow.RecordBatch.from_pylist(lines, self._schema))

    def close(self, footer: Mapping[str, Any] | None = None) -> None:
        """End the file; `footer` stands in its metadata, as JSON."""
        if footer is not None:
            self._writer.add_key_value_metadata({_FOOTER: json.dumps(footer)})
        self._writer.close()

    def _line(self, row: int, score: Score) -> dict[str, Any]:
        if _shape_of(score) != self._shape:
            raise InvalidInputError(
                f"the score of response {score.response} of group {score.group!r} has other attributes or members than "
                "the scores before it",
                remedy="was the server given another model meanwhile? Score into a new folder",
            )
        line = score.to_dict()
        line["row"] = row
        line["group"] = replace_surrogates(score.group)
        if "text" in line:
            text = line["text"] if isinstance(line["text"], str) else json.dumps(line["text"], ensure_ascii=False)
            line["text"] = replace_surrogates(text)
        if "meta" in line:
            line["meta"] = json.dumps(line["meta"], default=str)
        return line


@contextmanager
def score_table(file: Path | BinaryIO, like: Score, *, text: bool) -> Iterator[tuple[ScoreTable, dict[str, Any]]]:
    """A table to write to, and what is going to stand in its footer when the block ends well.

    Args:
        file: where to.
        like: any score of the same model: which columns there are follows from it.
        text: whether there is a column for the response itself.

    Example:
        >>> score = Score("q17", 0, 1.5, 212, False)
        >>> with score_table(Path("scores.parquet"), score, text=False) as (table, footer):
        ...     table.write([(0, [score])])
        ...     footer["record"] = {"model": "m"}
        >>> read_score_tables(Path("scores.parquet")) == ([score], {"model": "m"})
        True
    """
    table, footer = ScoreTable(file, like, text=text), dict[str, Any]()
    try:
        yield table, footer
    except BaseException:
        table.close()
        raise
    table.close(footer)


def read_footer(file: str | Path) -> dict[str, Any]:
    """What stands in the footer of a Parquet file of scores: which shard it is, of how many, what was counted, and the
    run record.

    Raises:
        DataError: if it is no such file, or not whole.

    Example:
        >>> from plaudit.scoring import score_shards
        >>> _ = score_shards("my-bow", "test.jsonl", "a-folder", 1)
        >>> footer = read_footer("a-folder/scores-00000-of-00001.parquet")
        >>> footer["shard"], footer["shards"], footer["responses"], footer["record"]["model"]
        (0, 1, 40, 'my-bow')
    """
    parquet = import_extra("pyarrow.parquet", "datasets", "Parquet")
    try:
        metadata = parquet.read_metadata(file).metadata or {}
        footer = json.loads(metadata.get(_FOOTER, b"{}"))
    except (OSError, ValueError) as error:  # pyarrow's own errors are kinds of these two
        raise _not_whole(file, error) from error
    return dict(footer)


def read_score_tables(source: Path) -> tuple[list[Score], dict[str, Any]]:
    """The scores of a Parquet file, or of all shards of a folder in the order of the input, and their run record.

    Raises:
        DataError: if a shard is missing, or a file holds something else.
    """
    files = [source] if source.is_file() else _all_shards(source)
    rows: list[tuple[int, Score]] = []
    for file in files:
        rows += _read_table(file)
    rows.sort(key=lambda row: row[0])
    return [score for _, score in rows], read_footer(files[0]).get("record") or {}


def _all_shards(folder: Path) -> list[Path]:
    files = shard_files(folder)
    numbers = [match.groups() for file in files if (match := _NAME.fullmatch(file.name))]
    totals = {int(total) for _, total in numbers}
    if len(totals) > 1:
        raise DataError(f"it holds shards of {' and of '.join(map(str, sorted(totals)))}", file=folder)
    missing = max(totals) - len(files)
    if missing:
        raise DataError(
            f"{missing:,} of {counted(max(totals), 'shards')} are missing",
            file=folder,
            remedy="`plaudit score ... --shards` once more scores what is missing",
        )
    return files


def _read_table(file: Path) -> Iterator[tuple[int, Score]]:
    parquet = import_extra("pyarrow.parquet", "datasets", "Parquet")
    number = 0
    try:
        with parquet.ParquetFile(file, pre_buffer=False) as opened:
            for batch in opened.iter_batches():
                for line in batch.to_pylist():
                    number += 1
                    yield line.get("row") or 0, score_from_json(_without_empty(line))
    except InvalidInputError as error:
        raise DataError(error.message, file=file, line=number, remedy=error.remedy) from None
    except (OSError, ValueError) as error:
        raise _not_whole(file, error) from error


def _without_empty(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as it stands in JSON: what there is none of is left out, but a score or spread that is no number."""
    return {name: value for name, value in line.items() if value is not None or name in ("score", "spread")}


def _not_whole(file: str | Path, error: Exception) -> DataError:
    return DataError(f"it is not a whole Parquet file of scores: {str(error).splitlines()[0]}", file=file)


def _shape_of(score: Score) -> tuple[Any, ...]:
    attributes = None if score.scores is None else frozenset(score.scores)
    return attributes, score.spread is None, None if score.members is None else len(score.members)


def _schema(pa: Any, like: Score, text: bool) -> Any:
    columns = {"row": pa.int64(), "group": pa.string(), "response": pa.int64(), "hash": pa.string()}
    columns["score"] = pa.float64()
    if like.spread is not None:
        columns["spread"] = pa.float64()
    if like.members is not None:
        columns["members"] = pa.list_(pa.float64())
    if like.scores is not None:
        columns["scores"] = pa.struct({attribute: pa.float64() for attribute in like.scores})
    columns |= {"tokens": pa.int64(), "truncated": pa.bool_()}
    if text:
        columns["text"] = pa.string()
    return pa.schema(columns | {"meta": pa.string()})
