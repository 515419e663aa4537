"""The floors of the house: a module imports only from floors below its own (docs/architecture.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import plaudit

SOURCE = Path(__file__).parents[1] / "src" / "plaudit"

FLOORS = [
    {"groups", "errors"},
    {"data"},
    {"losses", "forest"},
    {"model"},
    {"training"},
    {"evaluation", "explaining"},
    {"report"},
    {"labelling", "serving", "alignment", "demo", "doctor", "laboratory"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
ROOT = "plaudit"


def imports(path: Path, package: list[str]) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything a file imports, at its top, inside functions and through importlib.

    Args:
        path: a Python file.
        package: names of the package it stands in, outermost first, to resolve relative imports.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "importlib.import_module"):
            yield from ((node.lineno, arg.value) for arg in node.args if isinstance(arg, ast.Constant))


def rooms_imported(path: Path, source: Path) -> Iterator[tuple[int, str]]:
    """(line, room) for each import of ours. The package opens rooms by name on demand, so `from plaudit import train`
    is an import of training; its version belongs to no room."""
    package = [ROOT, *path.relative_to(source).parent.parts]
    for line, name in imports(path, package):
        parts = name.split(".")
        if parts[0] == ROOT and name != f"{ROOT}.__version__":
            module = plaudit._EXPORTS.get(parts[1], name) if len(parts) > 1 else f"{ROOT}.{ROOT}"
            yield line, module.split(".")[1]


def trespasses(source: Path) -> list[str]:
    """Every import that does not go down, as `file:line: room may not import room`."""
    found = []
    for path in sorted(source.rglob("*.py")):
        inside = path.relative_to(source)
        room = inside.parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for line, other in rooms_imported(path, source):
            same = other == room and len(inside.parts) > 1
            if not same and not LEVEL.get(other, len(FLOORS)) < LEVEL[room]:
                found.append(f"{inside}:{line}: {room} (floor {LEVEL[room]}) may not import {other}")
    return found


def test_every_import_goes_down():
    assert trespasses(SOURCE) == []


def test_every_room_has_a_floor():
    rooms = {
        path.name.removesuffix(".py")
        for path in SOURCE.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.name != "__init__.py"
    }
    assert rooms - {"__main__"} <= set(LEVEL)


@pytest.mark.parametrize("name", FLOORS[0])
def test_the_ground_floor_imports_nothing_of_ours(name):
    assert list(rooms_imported(SOURCE / f"{name}.py", SOURCE)) == []


def test_the_package_itself_imports_nothing_of_ours():
    assert list(rooms_imported(SOURCE / "__init__.py", SOURCE)) == []


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("model/a.py", "from plaudit.training import train", "training"),
        ("model/a.py", "def f():\n    import plaudit.cli.eval", "cli"),
        ("model/a.py", "from plaudit import evaluation", "evaluation"),
        ("model/a.py", "from plaudit import train", "training"),
        ("model/a.py", "import plaudit", "plaudit"),
        ("model/a.py", "from ..training import x", "training"),
        ("model/a.py", "from .. import training", "training"),
        ("forest/a.py", "import plaudit.losses", "losses"),
        ("groups.py", "from plaudit.errors import PlauditError", "errors"),
        ("data/formats/a.py", "from ...model import x", "model"),
        ("data/a.py", "import_module('plaudit.model')", "model"),
    ],
)
def test_the_walk_sees_a_trespass(tmp_path, file, text, named):
    for room in LEVEL:
        (tmp_path / room).mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    if file == "groups.py":
        (tmp_path / "groups").rmdir()
    (tmp_path / file).write_text(text)
    (trespass,) = trespasses(tmp_path)
    assert trespass.startswith(f"{file}:{text.count(chr(10)) + 1}: ")
    assert trespass.endswith(f"may not import {named}")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("model/a.py", "from plaudit.model.b import x\nfrom .b import y\nfrom plaudit import __version__"),
        ("model/a.py", "import torch\nfrom plaudit.forest import Tree\nfrom ..groups import Group"),
        ("data/formats/a.py", "from . import b\nfrom .. import read\nfrom ...errors import DataError"),
    ],
)
def test_the_walk_lets_the_rest_through(tmp_path, file, text):
    for room in LEVEL:
        (tmp_path / room).mkdir()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    assert trespasses(tmp_path) == []
