"""The shape of the house (docs/architecture.md): floors, front doors, names, and the size of what stands in it."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "plaudit"
ROOT = "plaudit"

FLOORS = [
    {"errors", "_face", "_other_names"},
    {"_arguments"},
    {"_conversion"},
    {"_group_json", "_texts"},
    {"groups", "logs", "registry", "settings", "storage", "text"},
    {"data", "statistics"},
    {"judgements", "losses", "forest"},
    {"model"},
    {"training", "scoring"},
    {"evaluation", "explaining"},
    {"report", "web"},
    {"serving", "labelling", "alignment", "doctor", "laboratory"},
    {"demo"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


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


def is_room(source: Path, name: str) -> bool:
    return name in LEVEL and not (source / f"{name}.py").is_file()


def trespasses(source: Path) -> list[str]:
    """Every import that does not go down, or that goes past a room's front door, as `file:line: reason`.

    The package opens rooms by name on demand, so `from plaudit import train` is an import of all of it, and only the
    command line, above everything, may do that; `__version__` belongs to no room.
    """
    wrong = []
    for path in sorted(source.rglob("*.py")):
        inside = path.relative_to(source)
        room = inside.parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        package = [ROOT, *inside.parent.parts]
        for line, name in imports(path, package):
            parts = name.split(".")
            if parts[0] != ROOT or name == f"{ROOT}.__version__":
                continue
            other = parts[1] if len(parts) > 1 else ROOT
            if other == room and len(inside.parts) > 1:
                continue
            if not LEVEL.get(other, len(FLOORS)) < LEVEL[room]:
                wrong.append(f"{inside}:{line}: {room} (floor {LEVEL[room]}) may not import {other}")
            elif is_room(source, other) and (len(parts) > 3 or (source / other / f"{parts[-1]}.py").is_file()):
                wrong.append(f"{inside}:{line}: {name} reaches past the front door of {other}")
    return wrong


def test_every_import_goes_down_and_ends_at_a_front_door():
    assert trespasses(SOURCE) == []


def test_every_room_has_a_floor():
    rooms = {
        path.name.removesuffix(".py")
        for path in SOURCE.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.name != "__init__.py"
    }
    assert rooms - {"__main__"} <= set(LEVEL)


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("model/a.py", "from plaudit.training import train", "may not import training"),
        ("model/a.py", "def f():\n    import plaudit.cli", "may not import cli"),
        ("model/a.py", "from plaudit import evaluation", "may not import evaluation"),
        ("model/a.py", "from plaudit import train", "may not import train"),
        ("model/a.py", "import plaudit", "may not import plaudit"),
        ("model/a.py", "from ..training import x", "may not import training"),
        ("model/a.py", "from .. import training", "may not import training"),
        ("forest/a.py", "import plaudit.losses", "may not import losses"),
        ("groups.py", "from plaudit.storage import staged", "may not import storage"),
        ("data/formats/a.py", "from ...model import x", "may not import model"),
        ("data/a.py", "import_module('plaudit.model')", "may not import model"),
        ("model/a.py", "from plaudit.data.read import x", "plaudit.data.read.x reaches past the front door of data"),
        ("model/a.py", "from ..data.read import x", "plaudit.data.read.x reaches past the front door of data"),
        ("model/a.py", "import plaudit.data.read.x", "plaudit.data.read.x reaches past the front door of data"),
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
    assert trespass.endswith(named)


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
    (tmp_path / "groups").rmdir()
    (tmp_path / "errors").rmdir()
    (tmp_path / "groups.py").touch()
    (tmp_path / "errors.py").touch()
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    assert trespasses(tmp_path) == []


ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py") if path.parent.name not in ("cli",))


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_a_front_door_keeps_its_word(room):
    from importlib import import_module

    package = import_module(f"plaudit.{room}" if room else "plaudit")
    assert set(package.__all__) - {"__version__"} == set(dir(package)) - {"__version__"}
    for name in package.__all__:
        assert getattr(package, name) is not None


def definitions() -> Iterator[tuple[Path, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield path, node


def test_no_class_name_means_two_things():
    names = Counter(n.name for _, n in definitions() if isinstance(n, ast.ClassDef) and not n.name.startswith("_"))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_package_attribute_hides_a_module():
    hidden = []
    for init in SOURCE.rglob("__init__.py"):
        tree = ast.parse(init.read_text(encoding="utf-8"))
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            # `from plaudit.x import y` inside x, where y is a module, is that module.
            if node.module != ".".join([ROOT, *init.parent.relative_to(SOURCE).parts])
        } | {node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        modules = {p.name.removesuffix(".py") for p in init.parent.iterdir() if p.suffix == ".py" or p.is_dir()}
        hidden += [f"{init.parent.relative_to(SOURCE)}: {name}" for name in sorted(names & modules)]
    assert hidden == []


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return len(function.args.args) + len(function.args.kwonlyargs)


# `forest_attention` has the signature that transformers calls its attention functions with.
DICTATED = {"forest_attention"}


def test_functions_fit_on_a_screen():
    long = [
        f"{path.relative_to(SOURCE)}:{node.name}"
        for path, node in definitions()
        if not isinstance(node, ast.ClassDef) and node.end_lineno - node.lineno + 1 > 60 and node.name not in DICTATED
    ]
    assert long == []


def test_a_verb_is_short():
    """Its options, its help and what it does, all in one function."""
    long = [
        f"{path.relative_to(SOURCE)}:{node.name}"
        for path, node in definitions()
        if path.parent.name == "cli" and not isinstance(node, ast.ClassDef) and node.end_lineno - node.lineno + 1 > 50
    ]
    assert long == []


def test_functions_take_few_parameters():
    wide = [
        f"{path.relative_to(SOURCE)}:{node.name}"
        for path, node in definitions()
        if not isinstance(node, ast.ClassDef)
        and parameters(node) > 8
        and path.parent.name != "cli"
        and node.name not in DICTATED
    ]
    assert wide == []


def test_files_are_read_in_one_sitting():
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 350
    }
    assert long == {}


# Words that mean nothing until one has learnt them (docs/architecture.md, "Words"). The number may fall, never rise.
DIALECT = {
    *(
        "said",
        "own",
        "found",
        "given",
        "kin",
        "hole",
        "heard",
        "spoken",
        "voices",
        "beside",
        "looks",
        "passes",
        "rivals",
    ),
    *("rivals", "foretell", "foretold", "instead_of_layers", "meaned"),
}
MOST_DIALECT = 0


def test_names_are_the_fields_words():
    names = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.append((path.name, node.id))
            elif isinstance(node, ast.arg):
                names.append((path.name, node.arg))
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.append((path.name, node.name))
    assert len([name for name in names if name[1].strip("_") in DIALECT]) <= MOST_DIALECT
