"""Every array or tensor in an annotation says its shape, and the tests' hook checks it."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import typechecking
from jaxtyping import TypeCheckError

from plaudit.judgements import credit
from plaudit.training.targets import ComparisonTargets

SOURCE = Path(__file__).parents[1] / "src"

_ARRAY = r"\b(np\.ndarray|(torch\.)?Tensor|NDArray)\b"
_SHAPED = re.compile(rf"\w+\[{_ARRAY}, '[^']*'\]")


def bare_arrays(source):
    """Line and text of each annotation that names an array without its shape."""
    for node in ast.walk(ast.parse(source)):
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if hint is not None and re.search(_ARRAY, _SHAPED.sub("", ast.unparse(hint))):
                yield hint.lineno, ast.unparse(hint)


def test_no_annotation_names_a_bare_array():
    bare = {path: list(bare_arrays(path.read_text(encoding="utf-8"))) for path in SOURCE.rglob("*.py")}
    assert not {str(path.relative_to(SOURCE)): found for path, found in bare.items() if found}


@pytest.mark.parametrize("hint", ["np.ndarray", "Tensor | None", "dict[str, torch.Tensor]", "NDArray[np.int64]"])
def test_a_bare_array_would_be_found(hint):
    assert list(bare_arrays(f"def f(x: {hint}): ...")) == [(1, hint)]
    assert not list(bare_arrays("def f(x: dict[str, Float[torch.Tensor, ' n']]) -> Int[np.ndarray, 'n 2']: ..."))


@pytest.fixture
def every_call_checked(monkeypatch):
    monkeypatch.setattr(typechecking, "_THEN_EVERY", 1)


def test_the_hook_checks_a_shape_and_a_kind_of_number(every_call_checked):
    with pytest.raises(TypeCheckError):
        credit(np.zeros((2, 2)))
    with pytest.raises(TypeCheckError):
        credit(np.zeros(2, dtype=np.int64))


def test_the_hook_checks_that_axes_of_one_name_are_as_long(every_call_checked):
    columns = dict.fromkeys(("better", "worse", "ranking", "annotator"), np.zeros(2, dtype=np.int64))
    with pytest.raises(TypeCheckError):
        ComparisonTargets(
            **columns,
            tie=np.zeros(3, dtype=bool),
            strength=np.zeros(2),
            judgement_weight=np.ones(2),
            bootstrap_counts=np.ones((2, 1)),
        )
