"""Tables of things with names: losses, formats, suites, probes, metrics. One new file adds one new thing."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from plaudit.errors import NotFoundError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Name -> thing, filled by the modules of a package, and by other people's packages.

    The modules are imported when the table is first read. A module calls `register` for what it offers; a distribution
    of somebody else's names its module as an entry point in the group `plaudit.<kind>`.

    Args:
        kind: what one entry is, in a word or two, for messages: "loss".
        package: the package whose modules register themselves, or the one module that does.
        order: sort key of the entries; by default they stand as they were registered, modules by name.

    Example:
        >>> colours = Registry("colour")
        >>> _ = colours.register("red", 0xFF0000)
        >>> colours["red"] == colours.lookup("red")
        True
        >>> colours.lookup("reed")
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: there is no colour called 'reed'; did you mean 'red'?
    """

    def __init__(self, kind: str, package: str | None = None, *, order: Callable[[T], Any] | None = None) -> None:
        self.kind = kind
        self._package = package
        self._order = order
        self._ordered = True
        self._entries: dict[str, T] = {}

    def register(self, name: str, entry: T) -> T:
        """Add an entry and return it.

        Raises:
            ValueError: if the name is taken by another entry.
        """
        if self._entries.setdefault(name, entry) is not entry:
            raise ValueError(f"there are two of the {self.kind} {name!r}")
        self._ordered = False
        return entry

    def lookup(self, name: str) -> T:
        """The entry of that name.

        Raises:
            NotFoundError: if there is none; it names the closest, or all.
        """
        entries = self._loaded()
        if name in entries:
            return entries[name]
        close = get_close_matches(name, entries, 1)
        remedy = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(entries)}"
        raise NotFoundError(f"there is no {self.kind} called {name!r}", remedy=remedy)

    @property
    def registered(self) -> list[T]:
        """What was registered so far, without importing anything."""
        return list(self._entries.values())

    def __getitem__(self, name: str) -> T:
        return self._loaded()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())

    def _loaded(self) -> dict[str, T]:
        package, self._package = self._package, None
        if package is not None:
            module = import_module(package)
            for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
                import_module(f"{package}.{info.name}")
            for point in entry_points(group=f"plaudit.{self.kind.replace(' ', '_')}"):
                point.load()
        if self._order is not None and not self._ordered:
            key = self._order
            self._entries = dict(sorted(self._entries.items(), key=lambda item: key(item[1])))
            self._ordered = True
        return self._entries
