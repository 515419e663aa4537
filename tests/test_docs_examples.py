"""The examples in docstrings (`>>>`) do what they say, and whatever a front door offers has one.

An example runs in a folder of its own, in which `docs_samples.py` has put a few files and models: `train.jsonl`,
`test.jsonl`, `pairs.jsonl`, `my-backbone`, `my-model`, `my-second-model`, `my-bow` and `my-project`. Of names, only
`np` is there beside its module's.
"""

import doctest
import inspect
import shutil
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
from docs_samples import prepare_samples

SOURCE = Path(__file__).parents[1] / "src"


def _module_name(path):
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


MODULES = [
    _module_name(path)
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8") and path.stem != "__main__"
]
FACES = [
    _module_name(path) for path in sorted(SOURCE.rglob("__init__.py")) if "__all__" in path.read_text(encoding="utf-8")
]
# Rooms of one file offer whatever public name is defined there.
SINGLE_FILES = [
    "plaudit._texts",
    "plaudit.errors",
    "plaudit.groups",
    "plaudit.logs",
    "plaudit.registry",
    "plaudit.settings",
]

_MEMBERS = (FunctionType, classmethod, staticmethod, property, cached_property)

# Modules whose examples need an extra -> the package it brings.
_EXTRAS = {
    "plaudit.laboratory.plots": "altair",
    "plaudit.report.best_of_n_plot": "altair",
    "plaudit.report.charts": "altair",
    "plaudit.serving.ray": "ray",
    "plaudit.training.language_model.fine_tuning": "trl",
}


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    return prepare_samples(tmp_path_factory.mktemp("samples"))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name, samples, monkeypatch, tmp_path):
    if name in _EXTRAS:
        pytest.importorskip(_EXTRAS[name])
    folder = shutil.copytree(samples, tmp_path / "here")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    module = import_module(name)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testmod(module, optionflags=flags, extraglobs={"np": np})
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples fail: python -m doctest says which"
    assert result.attempted


def _offered():
    """Every function and class that a front door offers, by the name of the module it is defined in."""
    for face in FACES:
        module = import_module(face)
        for name in module.__all__:
            yield getattr(module, name)
    for file in SINGLE_FILES:
        module = import_module(file)
        for name, value in vars(module).items():
            if not name.startswith("_") and getattr(value, "__module__", None) == file:
                yield value


def _has_example(value):
    """Whether it, or a public method or property of a class, shows one; inherited ones show that of another class."""
    documented = [value]
    if inspect.isclass(value):
        members = (member for name, member in vars(value).items() if not name.startswith("_"))
        # Values of fields are left out: an int has examples of its own.
        documented += [member for member in members if isinstance(member, _MEMBERS)]
    return any(">>>" in (one.__doc__ or "") for one in documented)


def test_whatever_a_front_door_offers_has_an_example():
    offered = [value for value in _offered() if inspect.isclass(value) or inspect.isfunction(value)]
    # Types of arrays are classes too, of jaxtyping's.
    offered = [value for value in offered if value.__module__.startswith("plaudit.")]
    assert len(offered) > 100
    assert [f"{one.__module__}.{one.__qualname__}" for one in offered if not _has_example(one)] == []
