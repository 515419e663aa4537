"""Typed fields of a JSON object: each is what it should be, or an error says which is not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object whose fields are read by type.

    Every method raises ValueError, which names the field, where it is missing or of another type.

    Example:
        >>> row = Fields({"n": 3, "low": None})
        >>> row.integer("n"), row.optional_number("low")
        (3, None)
        >>> row.number("high")
        Traceback (most recent call last):
        ...
        ValueError: "high" is None, not a number
    """

    values: Mapping[str, Any]

    @classmethod
    def of(cls, value: Any, name: str = "it") -> Fields:
        """A value that should be an object."""
        if not isinstance(value, Mapping):
            raise ValueError(f"{name} is {_shown(value)}, not an object")
        return cls(value)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def number(self, key: str) -> float:
        """A finite number."""
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._not(key, "a number")
        try:
            number = float(value)
        except OverflowError:
            raise self._not(key, "a finite number") from None
        if not math.isfinite(number):
            raise self._not(key, "a finite number")
        return number

    def optional_number(self, key: str) -> float | None:
        """A finite number or null."""
        return None if self.values.get(key) is None else self.number(key)

    def integer(self, key: str) -> int:
        """A whole number."""
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._not(key, "a whole number")
        return value

    def optional_integer(self, key: str) -> int | None:
        """A whole number or null."""
        return None if self.values.get(key) is None else self.integer(key)

    def text(self, key: str) -> str:
        """A string."""
        value = self.values.get(key)
        if not isinstance(value, str):
            raise self._not(key, "a text")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string or null."""
        return None if self.values.get(key) is None else self.text(key)

    def optional_flag(self, key: str) -> bool | None:
        """True, false or null."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._not(key, "true or false")
        return value

    def object(self, key: str) -> Fields:
        """An object."""
        return Fields.of(self.values.get(key), f'"{key}"')

    def objects(self, key: str) -> list[Fields]:
        """A list of objects."""
        return [Fields.of(value, f'"{key}"') for value in self._list(key)]

    def numbers(self, key: str) -> list[float]:
        """A list of finite numbers."""
        return [Fields({key: value}).number(key) for value in self._list(key)]

    def integers(self, key: str) -> list[int]:
        """A list of whole numbers."""
        return [Fields({key: value}).integer(key) for value in self._list(key)]

    def items(self) -> Iterator[tuple[str, Fields]]:
        """Every field, each an object."""
        for key in self.values:
            yield key, self.object(key)

    def _list(self, key: str) -> list[Any]:
        value = self.values.get(key)
        if not isinstance(value, list):
            raise self._not(key, "a list")
        return value

    def _not(self, key: str, wanted: str) -> ValueError:
        return ValueError(f'"{key}" is {_shown(self.values.get(key))}, not {wanted}')


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) < 1e20 else "a huge number"
    return text if len(text) <= 40 else f"{text[:39]}…"
