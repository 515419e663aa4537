"""JSON in files: one object a line, or one indented value a file. Always UTF-8."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def json_line(row: Any, *, allow_nan: bool = False) -> str:
    r"""An object (or a list) on a line of its own, with every script readable.

    Half a surrogate pair, which JSON can hold, has no UTF-8 and stays escaped.

    Args:
        row: the object.
        allow_nan: write numbers that are not finite, for rows that come from somebody's data and go back as they were.

    Raises:
        ValueError: for a number that is not finite, unless they are allowed.

    Example:
        >>> json_line({"prompt": "你好", "score": 1.5})
        '{"prompt": "你好", "score": 1.5}\n'
    """
    return _encodable(json.dumps(row, ensure_ascii=False, allow_nan=allow_nan)) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write a value, indented for people. Not atomic: for a path inside `staged` or `replacing`.

    Example:
        >>> write_json(Path("settings.json"), {"seed": 0})
        >>> print(Path("settings.json").read_text())
        {
          "seed": 0
        }
    """
    path.write_text(_encodable(json.dumps(value, indent=2, ensure_ascii=False)) + "\n", encoding="utf-8")


def _encodable(text: str) -> str:
    """JSON with half surrogates escaped."""
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
