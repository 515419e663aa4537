"""The examples in docstrings (`>>>`) do what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(__file__).parents[1] / "src"
MODULES = [
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8") and path.stem != "__main__"
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    module = import_module(name)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testmod(module, optionflags=flags, extraglobs={"np": np})
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples fail: python -m doctest says which"
    assert result.attempted
