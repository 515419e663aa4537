"""Tables of rows: a file, each file of a folder, stdin, a split of a saved data set or of one on the hub.

Tables are opened lazily and their rows stream, so nothing here holds more than a line (or, in a JSON list, one element)
at a time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from io import IOBase
from pathlib import Path
from typing import IO, Any, BinaryIO

from plaudit._arguments import with_article
from plaudit.data.containers import decompressed, read_rows
from plaudit.data.containers.json_rows import CHUNK
from plaudit.data.containers.separated import check_header
from plaudit.data.rows import Row
from plaudit.data.watching import open_watched, tell_rows
from plaudit.errors import DataError, InvalidInputError, NotFoundError, import_extra
from plaudit.logs import launched_processes

SUFFIXES = (".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet")
"""Endings of the data files in a folder; each may be followed by `.gz` (but Parquet, which is compressed already)."""

HUB_ID = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?::(?P<config>[\w.-]+))?(?:@(?P<split>[\w.-]+))?")
"""`owner/name`, with an optional `:configuration` and `@split`."""


@dataclass(frozen=True, slots=True)
class Table:
    """A stream of rows with one shape.

    Attributes:
        name: the file or data set, for messages.
        stem: the bare file name, which some formats read as the prompt or the subset.
        rows: the rows, opened with first use.

    Example:
        >>> from plaudit import load_groups
        >>> row = Row("mine", 1, {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"})
        >>> load_groups(Table(name="mine", stem="mine", rows=iter([row])))[0].responses
        ('4', '5')
    """

    name: str
    stem: str
    rows: Iterator[Row]


Source = str | Path | Table | Iterable[str | Path | Table]
"""A path, `-` (stdin), a hub id, an open table, or several of these."""


def list_sources(source: Source) -> tuple[str | Path | Table, ...]:
    """The sources one by one.

    Raises:
        TypeError: for anything that is not a path, a table or several of them, such as groups that were loaded already.

    Example:
        >>> list_sources("train.jsonl"), list_sources(["train.jsonl", "test.jsonl"])
        (('train.jsonl',), ('train.jsonl', 'test.jsonl'))
    """
    if isinstance(source, (str, Path, Table)):
        return (source,)
    # An open file is an iterable of text too, and its lines are no paths.
    if not isinstance(source, Iterable) or isinstance(source, (bytes, Mapping, IOBase)):
        raise _not_a_source(source)
    sources = tuple(source)
    for single in sources:
        if not isinstance(single, (str, Path, Table)):
            raise _not_a_source(single)
    return sources


def _not_a_source(value: object) -> TypeError:
    kind = with_article(type(value).__name__)
    return TypeError(f"groups are read from paths, `-` (stdin), hub ids or tables, not from {kind}")


def tables(source: Source, split: str | None = None) -> Iterator[Table]:
    """Every table of a source, in the order of the sources; a folder's files in the order of their paths.

    The split of a saved data set is chosen by `folder@split` or `split`, that of a hub id by `owner/name@split` or
    `split`.

    Raises:
        NotFoundError: if there is no such file or data set.
        DataError: if a folder holds no data files, or a data set needs `split` to be chosen.
        TypeError: for a source that is neither a path nor a table.

    Example:
        >>> Path("folder").mkdir()
        >>> for name in ("train.csv", "notes.md", "test.csv"):
        ...     _ = Path("folder", name).write_text("prompt,response,value")
        >>> [table.stem for table in tables("folder")]
        ['test', 'train']
    """
    for single in list_sources(source):
        if isinstance(single, Table):
            yield single
        else:
            yield from _tables_of_path(single, split)


def _tables_of_path(source: str | Path, split: str | None) -> Iterator[Table]:
    if not str(source):
        raise InvalidInputError("a path is empty", remedy="name a file or folder")
    path = Path(source)
    try:
        path.exists()
    except OSError as error:  # text that is no path at all, longer than any file name
        raise NotFoundError("there is no such file or folder", file=source, remedy="check the path") from error
    folder, at, named_split = str(source).rpartition("@")
    if at and not path.exists() and Path(folder).is_dir():
        path, split = Path(folder), named_split
    if str(source) == "-":
        yield Table("stdin", "", _rows_of_stream(open_stdin(), "stdin", ""))
    elif path.is_dir():
        yield from _folder(path, split)
    elif path.exists():
        yield _file(path)
    elif (hub := HUB_ID.fullmatch(str(source))) and not _meant_as_file(path):
        yield from _hub_data_set(hub["name"], hub["config"], hub["split"] or split)
    else:
        raise NotFoundError("there is no such file or folder", file=source, remedy="check the path")


def files_of(source: Source) -> list[Path] | None:
    """The files that a source stands in, all those of its folders; None where it is no file: a stream, an open table, a
    data set of the hub, or nothing at all.

    Example:
        >>> [path.name for path in files_of(["train.jsonl", "test.jsonl"])], files_of("-")
        (['train.jsonl', 'test.jsonl'], None)
    """
    files: list[Path] = []
    for single in list_sources(source):
        path = Path(str(single).rpartition("@")[0]) if "@" in str(single) and not Path(str(single)).exists() else single
        if isinstance(path, Table) or not str(path) or not Path(path).exists():
            return None
        path = Path(path)
        files += sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    return files if all(path.is_file() for path in files) else None


def _meant_as_file(path: Path) -> bool:
    """Whether `a/b` is more likely a mistyped path than a hub id."""
    return path.parent.is_dir() or any(suffix in SUFFIXES for suffix in path.suffixes)


def _folder(folder: Path, split: str | None) -> Iterator[Table]:
    if _is_saved_data_set(folder):
        yield from _saved_data_set(folder, split)
        return
    for path in _files_in(folder):
        yield _file(path)


def _files_in(folder: Path) -> list[Path]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and _is_data(path)]
    if not files:
        raise DataError(
            "the folder holds no data files",
            file=folder,
            remedy=f"they end in {', '.join(SUFFIXES)} (or .gz after it)",
        )
    return files


def data_files(path: Path) -> list[Path]:
    """The files that are read where a file or a folder is named, in their order."""
    if not path.is_dir():
        return [path]
    if _is_saved_data_set(path):
        return sorted(file for file in path.rglob("*") if file.is_file())
    return _files_in(path)


def _is_saved_data_set(folder: Path) -> bool:
    return (folder / "dataset_dict.json").exists() or (folder / "state.json").exists()


def _is_data(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.removesuffix(".gz").endswith(SUFFIXES)


def open_stdin() -> BinaryIO:
    """The bytes of stdin.

    Raises:
        InvalidInputError: in one of several processes, each of which would get some of them.

    Example:
        >>> open_stdin() is sys.stdin.buffer
        True
    """
    _, processes = launched_processes()
    if processes > 1:
        raise InvalidInputError("several processes cannot share stdin", remedy="write it to a file, and give its name")
    return sys.stdin.buffer


def _file(path: Path) -> Table:
    bare = path.name.removesuffix(".gz")
    suffix = next((s for s in SUFFIXES if bare.endswith(s)), "")
    stem = bare.removesuffix(suffix)
    # `dataset.json` says nothing; the folder it lies in does (LLMBar's own layout).
    stem = path.resolve().parent.name if stem in ("dataset", "data") else stem
    if suffix == ".parquet":
        return Table(str(path), stem, _parquet_rows(path))
    return Table(str(path), stem, _rows_of_file(path, suffix))


def _rows_of_file(path: Path, suffix: str) -> Iterator[Row]:
    try:
        with open_watched(path, CHUNK) as stream:
            yield from _rows_of_stream(stream, str(path), suffix)
    except OSError as error:
        raise DataError(f"it cannot be read: {error.strerror or error}", file=path) from error


def _rows_of_stream(stream: IO[bytes], name: str, suffix: str) -> Iterator[Row]:
    # A generator, so that stdin is not touched before its first row is asked for.
    yield from read_rows(decompressed(stream), name, suffix)


def _parquet_rows(path: Path) -> Iterator[Row]:
    parquet = import_extra("pyarrow.parquet", "datasets", "Parquet")
    types = import_extra("pyarrow.types", "datasets", "Parquet")
    name, number = str(path), 0
    try:
        # Buffered ahead, all of the file that was read would stay in memory until its end.
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            check_header(file.schema_arrow.names, name)
            for batch in file.iter_batches(batch_size=512):
                tell_rows(name, number + batch.num_rows, file.metadata.num_rows)
                for value in _rows_of_batch(batch, types):
                    number += 1
                    yield Row(name, number, value)
    except DataError:
        raise
    except (OSError, ValueError) as error:  # pyarrow's own errors are kinds of these two
        raise DataError(f"it is not a whole Parquet file: {_first_line(error)}", file=path) from error


def _rows_of_batch(batch: Any, types: Any) -> Iterator[dict[str, Any]]:
    """The rows of an Arrow batch without their nulls. Columns of texts and numbers say whether they have any, which
    spares their values the look."""
    names, cells, whole = batch.schema.names, [], True
    for column in batch.columns:
        flat = types.is_string(column.type) or types.is_large_string(column.type) or types.is_primitive(column.type)
        cells.append(column.to_pylist() if flat else [_without_nulls(cell) for cell in column.to_pylist()])
        whole = whole and flat and not column.null_count
    for values in zip(*cells, strict=True):
        row = dict(zip(names, values, strict=True))
        yield row if whole else {name: value for name, value in row.items() if value is not None}


def _saved_data_set(folder: Path, split: str | None) -> Iterator[Table]:
    datasets = import_extra("datasets", "datasets", "a saved data set")
    try:
        loaded = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"the saved data set cannot be loaded: {_first_line(error)}", file=folder) from error
    yield from _splits(loaded, str(folder), folder.name, split)


def _hub_data_set(name: str, config: str | None, split: str | None) -> Iterator[Table]:
    datasets = import_extra("datasets", "datasets", f"the hub data set {name}")
    try:
        loaded = datasets.load_dataset(name, config)
    except Exception as error:  # the hub client raises many unrelated kinds: network, permission, unknown name
        reason = f"there is no such file, and as a hub data set it cannot be loaded: {_first_line(error)}"
        raise NotFoundError(reason, file=name) from error
    yield from _splits(loaded, name, name.rpartition("/")[2], split)


def _splits(loaded: Any, name: str, stem: str, split: str | None) -> Iterator[Table]:
    if not isinstance(loaded, dict):  # one data set; a DatasetDict is a dict of them
        if split is not None:
            raise DataError(f"it has no splits, so {split!r} cannot be chosen", file=name)
        yield Table(name, stem, _data_set_rows(loaded, name))
        return
    splits = ", ".join(loaded)
    if split is None and len(loaded) > 1:
        remedy = f"choose one as {name}@{next(iter(loaded))}"
        raise DataError(f"it has the splits {splits}", file=name, remedy=remedy)
    chosen = split or next(iter(loaded))
    if chosen not in loaded:
        raise DataError(f"it has no split {chosen!r}, only {splits}", file=name)
    yield Table(f"{name}@{chosen}", stem, _data_set_rows(loaded[chosen], f"{name}@{chosen}"))


def _data_set_rows(loaded: Iterable[dict[str, Any]], name: str) -> Iterator[Row]:
    for number, value in enumerate(loaded, 1):
        yield Row(name, number, _without_nulls(value))


def _without_nulls(value: Any) -> Any:
    """The value without the nulls that Arrow adds: it gives every object of a column the same fields. Decimal numbers
    are numbers."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    if isinstance(value, Decimal):  # what databases write numbers as
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
