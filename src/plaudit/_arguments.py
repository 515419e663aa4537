"""Arguments of a wrong kind, refused in one line at the front door instead of by an AttributeError from inside.

What is wanted is what the annotation says, so it is written once. A class may say what to do about text in its place:

    _remedy_for_text     a line with `{}` for the text, such as "open it with open_model({})"
    _counts_as_several   whether a single one may stand where several are wanted
    _checks_itself       whether what takes it refuses what it is not, and says more of why than could be said here
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from inspect import Parameter, signature, unwrap
from numbers import Integral, Real
from os import PathLike
from types import NoneType, UnionType
from typing import Any, Literal, TextIO, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from plaudit._other_names import hint

F = TypeVar("F", bound=Callable[..., Any])

_WORDS: dict[Any, str] = {
    NoneType: "None",
    bool: "True or False",
    float: "a number",
    int: "a whole number",
    str: "text",
}


def checked(function: F) -> F:
    """A decorator: refuse arguments that are not what the function's annotations say, and names it does not have.

    Where several are wanted, text and mappings are refused, whose parts nobody means, and the items of a list are
    looked at. Any iterable will do for a list: what reads it once or twice is the function's own affair.

    Example:
        >>> @checked
        ... def sums(rows: Iterable[int], learning_rate: float | None = None) -> int:
        ...     return sum(rows)
        >>> sums((1, 2))
        3
        >>> sums("12")
        Traceback (most recent call last):
        ...
        TypeError: sums() takes rows as a list of whole numbers, not '12'
        >>> sums([1], lr=0.1)
        Traceback (most recent call last):
        ...
        TypeError: sums() has no argument 'lr'; it is called learning_rate here
    """
    parameters = signature(function).parameters
    order = [name for name, one in parameters.items() if one.kind in _BY_POSITION]
    is_open = any(one.kind is Parameter.VAR_KEYWORD for one in parameters.values())
    kinds: dict[str, Any] = {}

    @wraps(function)
    def call(*values: Any, **named: Any) -> Any:
        if not kinds:  # at the first call: an annotation may name what stands further down in its file
            kinds.update(get_type_hints(function, localns=_Names(unwrap(function).__globals__)))
        what = f"{function.__name__}()"
        for name, value in zip(order, values, strict=False):
            refuse_unfit(what, name, value, kinds.get(name, Any))
        for name, value in named.items():
            if name in parameters:
                refuse_unfit(what, name, value, kinds.get(name, Any))
            elif not is_open:
                known = [one for one in parameters if one not in ("self", "cls")]
                raise TypeError(f"{what} has no argument {name!r}; {hint(name, known)}")
        return function(*values, **named)

    return cast(F, call)


class _Names(dict[str, Any]):
    """What names in annotations mean; one that is imported for type checkers alone means anything here."""

    def __missing__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by who reads tracebacks
            raise KeyError(name)
        return getattr(builtins, name, Any)


_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def refuse_unfit(what: str, name: str, value: Any, kind: Any) -> None:
    """Raise a TypeError if a value is not of a kind.

    Args:
        what: who takes it.
        name: the argument.
        value: what was given.
        kind: a type, as annotations write it.
    """
    if fits(value, kind):
        return
    items = value if isinstance(value, (list, tuple)) else ()
    stranger = next((one for one in items if not _is_item(one, kind)), None)
    shown = _shown(value) if stranger is None else f"with {_shown(stranger)} in it"
    raise TypeError(f"{what} takes {name} as {in_words(kind)}, not {shown}{_remedy(value, kind)}")


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a kind, as far as a glance tells: the items of a list or tuple are looked at, those of an
    iterator are not. Shapes of arrays are another check's affair.

    Example:
        >>> fits([1, 2], Iterable[int]), fits([1, "2"], Iterable[int]), fits(3, float), fits(True, int)
        (True, False, True, False)
    """
    if kind is Any:
        return True
    plain = get_origin(kind) or kind
    if plain in (Union, UnionType):
        return any(getattr(one, "_checks_itself", False) or fits(value, one) for one in get_args(kind))
    if plain is Literal:
        return value in get_args(kind)
    if plain in (int, float):
        return isinstance(value, Integral if plain is int else Real) and not isinstance(value, bool)
    if plain is Callable:
        return callable(value)
    if plain is TextIO:
        return hasattr(value, "write")
    if _is_several(plain):
        item = _item(kind)
        if getattr(item, "_counts_as_several", False) and isinstance(value, item):
            return True
        if not isinstance(value, Iterable) or isinstance(value, (str, bytes, Mapping)):
            return False
        return not isinstance(value, (list, tuple)) or all(fits(one, item) for one in value)
    plain = getattr(plain, "array_type", plain)  # of jaxtyping
    return not isinstance(plain, type) or isinstance(value, plain)


def in_words(kind: Any) -> str:
    """What a kind is called in a message.

    Example:
        >>> in_words(int | None), in_words(Iterable[str | int]), in_words(Exception)
        ('a whole number or None', 'a list of texts or whole numbers', 'an Exception')
    """
    plain = get_origin(kind) or kind
    if plain in (Union, UnionType):
        return _either(in_words(one) for one in get_args(kind))
    if plain is Literal:
        return _either(map(repr, get_args(kind)))
    if plain in _WORDS:
        return _WORDS[plain]
    if plain is Callable:
        return "a function"
    if _is_several(plain):
        return f"a list of {_plural(_item(kind))}"
    return with_article(_name(plain))


def with_article(noun: str) -> str:
    """A noun with its article: `an int`, `a str`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


_SEVERAL = (Iterable, Iterator, Collection, Sequence, list, tuple)


def _is_several(plain: Any) -> bool:
    return plain in _SEVERAL


def _item(kind: Any) -> Any:
    """What the items are; anything, where a tuple says it of each place."""
    items = get_args(kind)
    is_of_one_kind = len(items) == 1 or items[1:] == (...,)
    return items[0] if is_of_one_kind else Any


def _is_item(value: Any, kind: Any) -> bool:
    kinds = get_args(kind) if (get_origin(kind) in (Union, UnionType)) else (kind,)
    several = [one for one in kinds if _is_several(get_origin(one) or one)]
    return not several or any(fits(value, _item(one)) for one in several)


def _plural(kind: Any) -> str:
    plain = get_origin(kind) or kind
    if plain in (Union, UnionType):
        return _either(_plural(one) for one in get_args(kind))
    if _is_several(plain):
        return f"lists of {_plural(_item(kind))}"
    return {str: "texts", int: "whole numbers", float: "numbers", Any: "anything"}.get(plain) or f"{_name(plain)}s"


def _name(plain: Any) -> str:
    name = str(getattr(plain, "__name__", plain))
    return {"Path": "path", "Mapping": "dict", "TextIO": "text stream"}.get(name, name)


def _either(words: Iterable[str]) -> str:
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last


def _shown(value: Any) -> str:
    """Plain values as they are, in short; of others the class alone."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        text = repr(value)
        return text if len(text) <= 80 else f"{text[:77]}..."
    return with_article(type(value).__name__)


def _remedy(value: Any, kind: Any) -> str:
    if not isinstance(value, (str, PathLike)):
        return ""
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    classes = [_item(one) if _is_several(get_origin(one) or one) else one for one in kinds]
    remedies = [one._remedy_for_text for one in classes if hasattr(one, "_remedy_for_text")]
    return f"; {remedies[0].format(repr(str(value)[:80]))}" if remedies else ""
