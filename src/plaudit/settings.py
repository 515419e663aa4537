"""Settings: what a run can be told, each with its default, its rule and the reason for both in one place.

A class of settings is a frozen dataclass whose fields are made by `setting`. From that one place come the checks, the
conversion of `--set NAME=VALUE` and of files, the class's documentation, and the table in docs/.
"""

from __future__ import annotations

import json
import math
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar, get_args, get_origin, get_type_hints

from plaudit._arguments import fits, in_words, refuse_unfit
from plaudit._other_names import hint
from plaudit.errors import InvalidInputError, NotFoundError


class Rule(NamedTuple):
    """What a setting's value must be.

    Attributes:
        test: truth for a good value. It is not asked about None.
        words: what it must be, to follow "it must be".

    Example:
        >>> even = Rule(lambda value: value % 2 == 0, "an even number")
        >>> even.test(3), f"it must be {even.words}"
        (False, 'it must be an even number')
    """

    test: Callable[[Any], object]
    words: str


def at_least(least: int) -> Rule:
    """No value below `least`.

    Example:
        >>> at_least(1).words
        'at least 1'
    """
    return Rule(lambda value: value >= least, f"at least {least}")


def one_of(*names: str) -> Rule:
    """One of these names.

    Example:
        >>> one_of("auto", "fp32", "bf16").words
        'auto, fp32 or bf16'
    """
    return Rule(lambda value: value in names, f"{', '.join(names[:-1])} or {names[-1]}")


NON_NEGATIVE = Rule(lambda value: 0 <= value < math.inf, "at least 0 and finite")
POSITIVE = Rule(lambda value: 0 < value < math.inf, "above 0 and finite")
SHARE = Rule(lambda value: 0 <= value < 1, "from 0 to below 1")
SEED = Rule(lambda value: 0 <= value < 1 << 32, "at least 0 and below 2^32")


def setting(default: Any, help: str, rule: Rule | None = None, *, shown: str | None = None) -> Any:
    """A field of a `Settings` class.

    Args:
        default: its value where nothing else is asked for.
        help: what it is and why that is its default, as the documentation has it.
        rule: what a value must be, beyond its type.
        shown: the default as the documentation writes it; None: as `--set` would.

    Example:
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Cooking(Settings):
        ...     minutes: int = setting(7, "for a firm yolk", at_least(1))
        >>> Cooking().minutes
        7
    """
    metadata = {"help": help, "rule": rule, "shown": _shown(default) if shown is None else shown}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"`{value}`" if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The base of every class of settings.

    Example:
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Cooking(Settings):
        ...     minutes: int = setting(7, "for a firm yolk", at_least(1))
        >>> Cooking().with_changes({"minutes": "5"}, "--set").minutes
        5
        >>> Cooking(minutes=0)
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: minutes is 0; it must be at least 1
    """

    # A name that is no setting is refused here: the `__init__` that dataclass writes would do so without a hint.
    def __new__(cls, *values: Any, **named: Any) -> Self:
        if values:
            raise TypeError(f"{cls.__name__} takes its settings by name, such as {fields(cls)[0].name}=...")
        known = [one.name for one in fields(cls)]
        for name in named:
            if name not in known:
                raise _unknown(name, known, cls.__name__)
        return object.__new__(cls)

    def __post_init__(self) -> None:
        kinds = _kinds(type(self))
        for one in fields(self):
            rule, value = one.metadata.get("rule"), getattr(self, one.name)
            refuse_unfit(type(self).__name__, one.name, value, kinds[one.name])
            if rule is not None and value is not None and not rule.test(value):
                raise InvalidInputError(f"{one.name} is {value!r}", remedy=f"it must be {rule.words}")

    def with_changes(self, changes: Mapping[str, Any], where: str, parameters: Iterable[str] = ()) -> Self:
        """These settings with some replaced.

        Args:
            changes: values by name, or by `name.key` for an entry of a setting that is a table; text is converted.
            where: where the changes come from, for errors.
            parameters: names that are no settings but may be meant: the function's, where a function took the changes.

        Raises:
            PlauditError: for a name that is not a setting, or a value of the wrong kind.
        """
        kinds = _kinds(type(self))
        values: dict[str, Any] = {}
        for name, value in changes.items():
            table, dot, key = name.partition(".")
            if dot and _is_table(kinds.get(table)):
                values[table] = {**values.get(table, getattr(self, table)), key: _literal(value)}
            elif name not in kinds:
                raise _unknown(name, [*kinds, *parameters], where)
            elif _is_table(kinds[name]):
                if not isinstance(value, Mapping):
                    raise InvalidInputError(f"{name} is {value!r}", remedy="it must be a table", file=where)
                values[name] = {**values.get(name, getattr(self, name)), **value}
            else:
                values[name] = _convert(name, value, kinds[name], where)
        return replace(self, **values)

    def with_sources(
        self,
        verb: str,
        flags: Mapping[str, Any],
        assignments: Sequence[str] | None = None,
        config: str | Path | None = None,
    ) -> Self:
        """These settings as a command line changes them: flags win over `--set`, and `--set` over the file.

        Args:
            verb: the command, for errors.
            flags: values by setting; those that are None were not given.
            assignments: the texts of `--set NAME=VALUE`.
            config: the file of `--config`.
        """
        settings = self if config is None else self.with_changes(read_settings(config), str(config))
        settings = settings.with_changes(dict(map(name_and_value, assignments or ())), "--set")
        return settings.with_changes({name: value for name, value in flags.items() if value is not None}, verb)

    def to_dict(self) -> dict[str, Any]:
        """Values by name, for a run record."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _kinds(cls: Any) -> dict[str, Any]:
    """The type of each setting."""
    return {one.name: _hints(cls)[one.name] for one in fields(cls)}


_hints = cache(get_type_hints)


S = TypeVar("S", bound=type[Settings])


def documented(cls: S) -> S:
    """A decorator: add what each setting is to the docstring of its class.

    Example:
        >>> @documented
        ... @dataclass(frozen=True, kw_only=True)
        ... class Cooking(Settings):
        ...     minutes: int = setting(7, "for a firm yolk")
        >>> "minutes: for a firm yolk" in Cooking.__doc__
        True
    """
    paragraphs = [
        textwrap.fill(f"{one.name}: {one.metadata['help']}", 112, initial_indent=" " * 8, subsequent_indent=" " * 12)
        for one in fields(cls)
    ]
    cls.__doc__ = "\n".join([(cls.__doc__ or "").rstrip(), "", "    Attributes:", *paragraphs, "    "])
    return cls


def settings_table(cls: type[Settings]) -> str:
    """The Markdown table of a class of settings: name, default, reason.

    Example:
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Cooking(Settings):
        ...     minutes: int = setting(7, "for a firm yolk")
        >>> print(settings_table(Cooking))
        | setting | default | why |
        |---|---|---|
        | `minutes` | 7 | for a firm yolk |
    """
    rows = [f"| `{one.name}` | {one.metadata['shown']} | {one.metadata['help']} |" for one in fields(cls)]
    return "\n".join(["| setting | default | why |", "|---|---|---|", *rows])


def read_settings(path: str | Path) -> dict[str, Any]:
    """Settings from a TOML, JSON or YAML file (by its ending; TOML by default), as a table of names and values.

    Raises:
        PlauditError: if it cannot be read or holds no table.

    Example:
        >>> _ = Path("run.toml").write_text('epochs = 5\\nloss = "hinge"')
        >>> read_settings("run.toml")
        {'epochs': 5, 'loss': 'hinge'}
    """
    file = Path(path)
    kind = {".json": "JSON", ".yaml": "YAML", ".yml": "YAML"}.get(file.suffix.lower(), "TOML")
    try:
        table = _parse(file.read_text(encoding="utf-8"), kind)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise NotFoundError("there is no such file", file=str(file), remedy="check the path") from error
        raise NotFoundError(f"cannot read settings from {file}: {error.strerror}") from error
    except ValueError as error:
        raise InvalidInputError(f"{file} is not {kind}: {' '.join(str(error).split())}") from error
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table):
        raise InvalidInputError(f"{file} must hold a table of settings")
    return table


def _parse(text: str, kind: str) -> Any:
    if kind == "JSON":
        return json.loads(text)
    if kind == "TOML":
        return tomllib.loads(text)
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def name_and_value(text: str) -> tuple[str, str]:
    """`--set NAME=VALUE` as name and value.

    Example:
        >>> name_and_value("epochs = 3")
        ('epochs', '3')
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInputError(f"--set {text!r} is not NAME=VALUE")
    return name.strip(), value.strip()


def _unknown(name: str, known: list[str], where: str) -> NotFoundError:
    return NotFoundError(f"there is no setting {name!r}", remedy=hint(name, known), file=where)


# ---- values ---------------------------------------------------------------------------------------------------------

_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _is_table(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _literal(value: Any) -> Any:
    """Text of an entry whose type nobody declared: as JSON where it is JSON."""
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[value.lower()]
    try:
        return json.loads(value)
    except ValueError:
        return value


def _convert(name: str, value: Any, kind: Any, where: str) -> Any:
    """A setting's value from text (`--set`) or from a file, checked against its type."""
    kinds = get_args(kind) or (kind,)
    if type(None) in kinds and (value is None or (isinstance(value, str) and value.lower() in ("none", "auto"))):
        return None
    if several := next((one for one in (kind, *kinds) if get_origin(one) is Sequence), None):
        names = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value
        if not fits(names, several):
            raise InvalidInputError(f"{name} is {value!r}", remedy=f"it must be {in_words(several)}", file=where)
        return tuple(names)
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
