"""Values of settings from text (`--set`) or from a file, converted to what the setting holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from plaudit._arguments import fits, in_words
from plaudit.errors import InvalidInputError

_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def is_table(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def literal(value: Any) -> Any:
    """Text of an entry whose type nobody declared: as JSON where it is JSON."""
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[value.lower()]
    try:
        return json.loads(value)
    except ValueError:
        return value


def convert(name: str, value: Any, kind: Any, where: str) -> Any:
    """A setting's value from text (`--set`) or from a file, checked against its type."""
    kinds = get_args(kind) or (kind,)
    if type(None) in kinds and (value is None or (isinstance(value, str) and value.lower() in ("none", "auto"))):
        return None
    if several := next((one for one in (kind, *kinds) if get_origin(one) in (Sequence, tuple)), None):
        names = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value
        if not fits(names, several):
            raise InvalidInputError(f"{name} is {value!r}", remedy=f"it must be {in_words(several)}", file=where)
        return tuple(names)
    if str in kinds and float in kinds:
        return _number_or_text(value)
    wanted = kinds[0]
    wrong = InvalidInputError(f"{name} is {value!r}", remedy=f"it must be {_KINDS[wanted]}", file=where)
    # YAML 1.1 reads 1e-5 as text, so text may stand for a number in files, too.
    if isinstance(value, str) and wanted is not str:
        try:
            return _WORDS[value.lower()] if wanted is bool else wanted(value)
        except (KeyError, ValueError):
            raise wrong from None
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise wrong
    return value


def _number_or_text(value: Any) -> Any:
    """A number where text is one; what is neither is refused by the setting's type."""
    try:
        return float(value) if isinstance(value, str | int) and not isinstance(value, bool) else value
    except ValueError:
        return value
