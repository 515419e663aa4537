"""A room's front door: its names, each loaded with its first use, so that a door costs nothing to walk past."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def face(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package whose `if TYPE_CHECKING:` block imports what it offers.

    The block says once, for people, type checkers and this function, which module each name comes from. A name's
    module is imported when the name is first asked for.

    Args:
        package: the package's `__name__`.
        file: its `__file__`.

    Example:
        >>> from plaudit.statistics import mean  # imports statistics/intervals.py alone
    """
    modules = _modules(Path(file))

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name]), name)

    return load, lambda: sorted(modules)


def _modules(file: Path) -> dict[str, str]:
    """Name -> the module that the package's TYPE_CHECKING block imports it from."""
    blocks = [node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.If)]
    imports = (node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name: str(node.module) for node in imports for alias in node.names}
