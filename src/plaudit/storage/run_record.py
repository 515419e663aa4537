"""The run record `plaudit.json`: what produced a model or a number, complete enough to produce it again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from plaudit.errors import InvalidInputError
from plaudit.storage.json_files import write_json

RECORD_FILE = "plaudit.json"

CARD_FILE = "README.md"
"""The model card's file, which the hub shows."""

_PACKAGES = ("plaudit", "torch", "transformers", "accelerate", "peft", "numpy", "scipy", "scikit-learn")


class ToDict(Protocol):
    """Whatever has a form in JSON: a group, for one."""

    def to_dict(self) -> dict[str, Any]: ...


def read_record(folder: Path) -> dict[str, Any]:
    """A model folder's run record; empty where there is none.

    Raises:
        InvalidInputError: if the file is no run record.

    Example:
        >>> folder = Path("a-model")
        >>> folder.mkdir()
        >>> read_record(folder)
        {}
        >>> write_record(folder, {"seed": 0})
        >>> read_record(folder)
        {'seed': 0}
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not isinstance(record.get("max_length"), int | None):
            raise ValueError("it must be an object, and its max_length a whole number")
    except (OSError, ValueError) as error:
        raise InvalidInputError(
            f"{path} is no run record ({error})", remedy="restore it, or delete it to load the plain checkpoint"
        ) from error
    return record


def write_record(folder: Path, record: Mapping[str, Any], card: str | None = None) -> None:
    """Write plaudit.json, and README.md if there is a model card, into a folder that is being made.

    Example:
        >>> folder = Path("the-model")
        >>> folder.mkdir()
        >>> write_record(folder, {"seed": 0}, card="# The model")
        >>> sorted(file.name for file in folder.iterdir())
        ['README.md', 'plaudit.json']
    """
    write_json(folder / RECORD_FILE, record)
    if card is not None:
        (folder / CARD_FILE).write_text(card, encoding="utf-8", errors="backslashreplace")


def versions() -> dict[str, str]:
    """Python's version and those of the packages that decide a score.

    Example:
        >>> sorted(versions())[:2]
        ['accelerate', 'numpy']
    """
    installed = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def short_hash(text: str) -> str:
    """The first 16 hex digits of a text's SHA-256.

    Example:
        >>> short_hash("a chat template")
        '3f4b9cc927f71134'
    """
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def data_hash(rows: Iterable[ToDict]) -> str:
    """A hash of groups as they stand in the native format, in their order: the first 16 hex digits of SHA-256.

    Example:
        >>> from plaudit.groups import Group
        >>> data_hash([Group(id="1", prompt="Name a tree.", responses=("Oak.", "No."))])
        '069920e1d327c5d9'
    """
    digest = hashlib.sha256()
    for row in rows:
        add_to_hash(digest, row)
    return digest.hexdigest()[:16]


def add_to_hash(digest: Any, row: ToDict) -> None:
    """Feed one more of the groups that `data_hash` is a hash of to a SHA-256.

    Example:
        >>> from hashlib import sha256
        >>> from plaudit.groups import Group
        >>> group, digest = Group("q", "2 + 2?", ("4", "5")), sha256()
        >>> add_to_hash(digest, group)
        >>> digest.hexdigest()[:16] == data_hash([group])
        True
    """
    digest.update(json.dumps(row.to_dict(), ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"))
    digest.update(b"\n")
