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
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar, get_type_hints

from plaudit._arguments import refuse_unfit
from plaudit._conversion import convert, is_table, literal
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


class _Explicit:
    """A place for what was asked for by name: no setting, so no field."""

    __slots__ = ("_explicit",)
    _explicit: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(_Explicit):
    """The base of every class of settings.

    A class knows which of its settings were asked for by name (`explicit`), so that one that can have no effect is
    refused even where what was asked for is the default.

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
        settings = object.__new__(cls)
        # All of them at once is a copy or a run record; of those, what is the default was asked for by nobody.
        explicit = named.keys() if len(named) < len(known) else _changed(cls, named)
        object.__setattr__(settings, "_explicit", frozenset(explicit))
        return settings

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
            if dot and is_table(kinds.get(table)):
                values[table] = {**values.get(table, getattr(self, table)), key: literal(value)}
            elif name not in kinds:
                raise _unknown(name, [*kinds, *parameters], where)
            elif is_table(kinds[name]):
                if not isinstance(value, Mapping):
                    raise InvalidInputError(f"{name} is {value!r}", remedy="it must be a table", file=where)
                values[name] = {**values.get(name, getattr(self, name)), **value}
            else:
                values[name] = convert(name, value, kinds[name], where)
        changed = replace(self, **values)
        object.__setattr__(changed, "_explicit", self._explicit | values.keys())
        return changed

    @property
    def explicit(self) -> frozenset[str]:
        """The names of the settings that somebody asked for, be it for the default.

        Example:
            >>> @dataclass(frozen=True, kw_only=True)
            ... class Cooking(Settings):
            ...     minutes: int = setting(7, "for a firm yolk")
            ...     salt: bool = setting(False, "not yet")
            >>> sorted(Cooking(salt=False).with_changes({"minutes": 7}, "--set").explicit)
            ['minutes', 'salt']
        """
        return self._explicit

    def as_implied(self, **changes: Any) -> Self:
        """These settings with some replaced, for a run that another command makes on its own: none counts as asked for.

        Example:
            >>> @dataclass(frozen=True, kw_only=True)
            ... class Cooking(Settings):
            ...     minutes: int = setting(7, "for a firm yolk")
            >>> Cooking(minutes=5).as_implied().explicit
            frozenset()
        """
        implied = replace(self, **changes)
        object.__setattr__(implied, "_explicit", frozenset())
        return implied

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


def _changed(cls: Any, values: Mapping[str, Any]) -> list[str]:
    """Settings whose value is not the default."""
    defaults = {
        one.name: one.default if one.default_factory is MISSING else one.default_factory() for one in fields(cls)
    }
    return [name for name, value in values.items() if value != defaults[name]]


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
