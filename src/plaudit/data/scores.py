"""Scores on disk: one JSON object a line, one line a response, and the run record in a first line.

    {"plaudit": "scores", "record": {…}}
    {"group": "q17", "response": 0, "hash": "9f86d081884c7d65", "score": 1.234, "tokens": 212, "truncated": false}
    {"group": "q17", "response": 1, "hash": "60303ae22b998861", "score": 0.5, "spread": 0.1, "scores": {…}, …}

JSON has no NaN or infinity: a score that is not finite is written as null and read as NaN, so a model that broke on one
response loses none of the others, and every measurement that meets the missing score says so.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, TextIO, cast

from plaudit._arguments import checked
from plaudit._group_json import text_to_json
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import Group, Text, prompt_key, text_key
from plaudit.storage import check_ending, check_place, json_line, replacing


@dataclass(frozen=True, slots=True)
class Score:
    """What a model gave one response.

    Attributes:
        group: the id of the response's group.
        response: its index there.
        score: the reward; NaN if the model gave none.
        tokens: how many tokens the model read, prompt included.
        truncated: whether any of the response's own tokens were cut.
        scores: attribute -> the value the model expects people to give, in the units they rate in; for models that
            learned from ratings. Attributes learned from rankings alone have no units and no value.
        spread: standard deviation of the reward over the model's heads or members; None where there is one only.
        members: the reward of each member of an ensemble; None for everything else.
        hash: `text_hash` of the prompt and response that were scored; None if the file does not have it.
        rank: its place among the responses of its row, from 1; equal scores share one. None where it was not ranked.
        text: the response itself, where it was asked for.
        meta: the row's own fields, where they were asked for.

    Example:
        >>> Score(group="q17", response=0, score=1.234, tokens=212, truncated=False).to_dict()
        {'group': 'q17', 'response': 0, 'score': 1.234, 'tokens': 212, 'truncated': False}
    """

    group: str
    response: int
    score: float
    tokens: int
    truncated: bool
    scores: Mapping[str, float] | None = None
    spread: float | None = None
    hash: str | None = None
    rank: int | None = None
    text: Text | None = None
    meta: Mapping[str, Any] | None = None
    members: tuple[float, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The line's object. What there is none of is left out."""
        row: dict[str, Any] = {"group": self.group, "response": self.response}
        if self.hash is not None:
            row["hash"] = self.hash
        if self.rank is not None:
            row["rank"] = self.rank
        row["score"] = _finite(self.score)
        if self.spread is not None:
            row["spread"] = _finite(self.spread)
        if self.members is not None:
            row["members"] = [_finite(value) for value in self.members]
        if self.scores is not None:
            row["scores"] = {attribute: _finite(value) for attribute, value in self.scores.items()}
        row |= {"tokens": self.tokens, "truncated": self.truncated}
        if self.text is not None:
            row["text"] = text_to_json(self.text)
        if self.meta:
            row["meta"] = dict(self.meta)
        return row


def text_hash(group: Group, response: int) -> str:
    """Which text a score is of: the first 16 hex digits of the SHA-256 of the prompt's and the response's `text_key`,
    with a zero byte between them. An id and an index say where the text stands, not that it is still the same.

    Example:
        >>> first, second = Group("a", "2 + 2?", ("4", "5")), Group("b", "2 + 2?", ("5",))
        >>> text_hash(first, 1) == text_hash(second, 0), text_hash(first, 0) == text_hash(second, 0)
        (True, False)
    """
    text = f"{prompt_key(group)}\0{text_key(group.responses[response])}"
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def ranked(scores: Iterable[Score]) -> list[Score]:
    """Scores of one row, best first, each with its rank: one more than there are better ones, so equal scores share it.

    What has no score has no rank and comes last.

    Example:
        >>> row = [Score("q", 0, 1.0, 3, False), Score("q", 1, 2.0, 3, False), Score("q", 2, 1.0, 3, False)]
        >>> [(score.response, score.rank) for score in ranked(row)]
        [(1, 1), (0, 2), (2, 2)]
    """
    places: dict[float, int] = {}
    ordered = sorted(scores, key=lambda score: -score.score if math.isfinite(score.score) else math.inf)
    for place, score in enumerate(ordered, 1):
        places.setdefault(score.score, place)
    return [replace(score, rank=places[score.score] if math.isfinite(score.score) else None) for score in ordered]


@checked
def write_scores(
    scores: Iterable[Score],
    target: str | Path | TextIO,
    record: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write scores (streamed) to a path, to an open text stream, or to stdout (`"-"`); `.gz` paths are compressed.

    A path is written beside itself and moved into place at the end: an interrupt leaves the old file whole.

    Raises:
        DataError: if the path cannot be written, or the file exists and `overwrite` is False.

    Example:
        >>> write_scores([Score("q1", 0, 1.5, 9, False)], "-", record={"model": "m"})
        {"plaudit": "scores", "record": {"model": "m"}}
        {"group": "q1", "response": 0, "score": 1.5, "tokens": 9, "truncated": false}
    """
    if str(target) == "-":
        target = sys.stdout
    if isinstance(target, str | Path):
        check_ending(target, ".jsonl or .jsonl.gz")
        check_place(target, overwrite=overwrite)
        with replacing(target) as temporary, _open(temporary, "w") as stream:
            _write(scores, stream, record)
    else:
        _write(scores, target, record)


def _write(scores: Iterable[Score], stream: TextIO, record: Mapping[str, Any] | None) -> None:
    # The first score is computed before anything is written: what cannot be read or scored leaves no half answer.
    rest = iter(scores)
    first = next(rest, None)
    if record is not None:
        stream.write(json_line({"plaudit": "scores", "record": dict(record)}))
    for score in () if first is None else chain((first,), rest):
        stream.write(json_line(score.to_dict()))


@checked
def read_scores(source: str | Path) -> tuple[list[Score], dict[str, Any]]:
    """Read scores and their run record (`{}` if the file has none) from a path, plain or `.gz`, from stdin (`"-"`), or
    from a folder of shards (or one of them, a Parquet file), whose scores come in the order of the input.

    Raises:
        DataError: with file and line, if the file cannot be read or a line is not a score; if a shard is missing.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "scores.jsonl")
        >>> write_scores([Score("q17", 0, 1.5, 212, False)], file, record={"model": "m"})
        >>> [score], record = read_scores(file)
        >>> score.score, record
        (1.5, {'model': 'm'})
    """
    if str(source) != "-" and (Path(source).suffix == ".parquet" or Path(source).is_dir()):
        from plaudit.data.score_tables import read_score_tables

        return read_score_tables(Path(source))
    scores: list[Score] = []
    record: dict[str, Any] = {}
    for number, line in enumerate(_lines(source), 1):
        if not line.strip():
            continue
        file = "<stdin>" if str(source) == "-" else source
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            remedy = "a scores file has one JSON object a line"
            raise DataError(f"not JSON ({error.msg})", file=file, line=number, remedy=remedy) from None
        if number == 1 and isinstance(row, dict) and row.get("plaudit") == "scores":
            record = row.get("record") or {}
            continue
        try:
            scores.append(score_from_json(row))
        except InvalidInputError as error:
            raise DataError(error.message, file=file, line=number, remedy=error.remedy) from None
    return scores, record


def score_from_json(row: Any) -> Score:
    """The score that a line's object holds.

    Raises:
        InvalidInputError: if it holds none.
    """
    if not isinstance(row, dict):
        raise InvalidInputError("a score is a JSON object")
    for name, (types, meaning) in _FIELDS.items():
        if name not in row:
            raise InvalidInputError(f'the field "{name}" is missing', remedy=f"a score has {', '.join(_FIELDS)}")
        value = row[name]
        # In Python true and false are numbers too.
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            raise InvalidInputError(f'"{name}" is {value!r}', remedy=f"it must be {meaning}")
    if row["response"] < 0:
        raise InvalidInputError(f'"response" is {row["response"]}', remedy="it must be an index, 0 or more")
    attributes = row.get("scores")
    if attributes is not None and not (
        isinstance(attributes, dict) and all(isinstance(value, _FIELDS["score"][0]) for value in attributes.values())
    ):
        raise InvalidInputError('"scores" must be an object of numbers, one an attribute')
    digest = row.get("hash", row.get("text"))  # earlier versions wrote it as "text"
    if digest is not None and not (isinstance(digest, str) and _HASH.fullmatch(digest)):
        if "hash" in row:
            raise InvalidInputError(f'"hash" is {digest!r}', remedy="it must be the hash of what was scored, as text")
        digest = None
    spread = row.get("spread")
    if spread is not None and not (isinstance(spread, int | float) and not isinstance(spread, bool) and spread >= 0):
        raise InvalidInputError(f'"spread" is {spread!r}', remedy="it must be a standard deviation, 0 or more")
    members = row.get("members")
    if members is not None and not (
        isinstance(members, list) and all(isinstance(m, _FIELDS["score"][0]) for m in members)
    ):
        raise InvalidInputError('"members" must be a list of numbers, one a member')
    return Score(
        group=row["group"],
        response=row["response"],
        score=_number(row["score"]),
        tokens=row["tokens"],
        truncated=row["truncated"],
        scores=None if attributes is None else {name: _number(value) for name, value in attributes.items()},
        spread=_number(spread) if "spread" in row else None,
        hash=digest,
        members=None if members is None else tuple(map(_number, members)),
    )


_HASH = re.compile(r"[0-9a-f]{8}(?:[0-9a-f]{8})?")

_FIELDS: dict[str, tuple[Any, str]] = {
    "group": (str, "the group's id, as text"),
    "response": (int, "an index, 0 or more"),
    "score": ((int, float, type(None)), "a number, or null where the model gave none"),
    "tokens": (int, "a number of tokens"),
    "truncated": (bool, "true or false"),
}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _lines(source: str | Path) -> Iterator[str]:
    try:
        with nullcontext(sys.stdin) if str(source) == "-" else _open(Path(source), "r") as stream:
            yield from stream
    except UnicodeDecodeError:
        raise DataError("not UTF-8 text", file=source) from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read: {getattr(error, 'strerror', None) or error}", file=source) from None


def _open(path: Path, mode: str) -> TextIO:
    opened = gzip.open if path.suffix == ".gz" else open
    return cast(TextIO, opened(path, mode + "t", encoding="utf-8"))
