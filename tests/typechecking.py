"""The type checker of the tests: beartype, on what annotations say of arrays and tensors.

jaxtyping's hook puts its decorator on every function, arrays or not, and binds the arguments of every call: that took
as long as the tests themselves. So functions without arrays are left alone, and one that is called very often is
checked at its first calls and then at some.
"""

from collections.abc import Callable
from functools import partial, wraps
from importlib.machinery import SourceFileLoader
from inspect import isclass, isfunction
from itertools import count
from types import CodeType
from typing import Any, get_args
from unittest.mock import patch

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, _import_hook

# A whole number is a float too, as it is to Python.
_CONF = BeartypeConf(is_pep484_tower=True)

# In each process.
_FIRST_CALLS = 200
_THEN_EVERY = 20

# The functions with arrays that the decorator has met since the list was cleared.
_with_arrays: list[str] = []

_decorate = jaxtyping.jaxtyped


def install() -> None:
    """Check shapes in all of plaudit, which must not have been imported yet."""
    jaxtyping.jaxtyped = jaxtyped
    loader: Any = _import_hook._JaxtypingLoader
    loader.exec_module, loader.get_code = SourceFileLoader.exec_module, _get_code
    jaxtyping.install_import_hook(["plaudit"], f"{__name__}.{check.__name__}")


def _get_code(self: Any, name: str) -> CodeType | None:
    """The code of a module of plaudit, from a cache of its own.

    The hook would have all of a module's imports look into that cache, where torch and transformers are not: they were
    compiled from their sources, for as long again as they take to import.
    """
    mine = partial(_import_hook._optimized_cache_from_source, self._typechecker.get_hash())
    with patch("importlib._bootstrap_external.cache_from_source", mine):
        return SourceFileLoader.get_code(self, name)


def jaxtyped(function: Any = None, *, typechecker: Any) -> Any:
    """jaxtyping's decorator, where there is something to check."""
    if function is None:
        return partial(jaxtyped, typechecker=typechecker)
    if isclass(function):
        # The decorator changes a dataclass in place.
        init = function.__init__
        _with_arrays.clear()
        _decorate(function, typechecker=typechecker)
        if function.__init__ is not init:
            function.__init__ = _sparing(init, function.__init__)
        return function
    _with_arrays.clear()
    checked = _decorate(function, typechecker=typechecker)
    return _sparing(function, checked) if isfunction(function) else checked


def _sparing(function: Any, checked: Any) -> Any:
    """The function itself if the decorator has met no arrays in it; else one that is checked at some of its calls."""
    if not _with_arrays:
        return function
    numbers = count()

    @wraps(function)
    def sometimes_checked(*arguments: Any, **options: Any) -> Any:
        number = next(numbers)
        check_now = number < _FIRST_CALLS or number % _THEN_EVERY == 0
        return (checked if check_now else function)(*arguments, **options)

    return sometimes_checked


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the arrays it takes and gives checked, or as it is where there are none.

    What is no array is mypy's to check: tests ask for our own errors about wrong values of it.
    """
    # The import hook hands over a stand-in with the function's signature, made for this checker.
    arrays = {name: hint for name, hint in function.__annotations__.items() if _names_array(hint)}
    if not arrays:
        return function
    _with_arrays.append(function.__qualname__)
    function.__annotations__ = arrays
    return beartype(function, conf=_CONF)


def _names_array(hint: Any) -> bool:
    if isinstance(hint, type):
        return issubclass(hint, AbstractArray)
    return any(_names_array(part) for part in get_args(hint))
