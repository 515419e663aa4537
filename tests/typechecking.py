"""The type checker of the tests: beartype, on what annotations say of arrays and tensors."""

from collections.abc import Callable
from typing import Any, get_args

from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray

# A whole number is a float too, as it is to Python.
_CONF = BeartypeConf(is_pep484_tower=True)


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the arrays it takes and gives checked, or as it is where there are none.

    What is no array is mypy's to check: tests ask for our own errors about wrong values of it.
    """
    # The import hook hands over a stand-in with the function's signature, made for this checker.
    arrays = {name: hint for name, hint in function.__annotations__.items() if _names_array(hint)}
    if not arrays:
        return function
    function.__annotations__ = arrays
    return beartype(function, conf=_CONF)


def _names_array(hint: Any) -> bool:
    if isinstance(hint, type):
        return issubclass(hint, AbstractArray)
    return any(_names_array(part) for part in get_args(hint))
