"""The type checker of the tests: beartype, on every function and dataclass whose annotations name an array."""

from collections.abc import Callable
from typing import Any, get_args

from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray

# A whole number is a float too, as it is to Python.
_CONF = BeartypeConf(is_pep484_tower=True)


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with its arguments or its return value checked, or as it is where no array comes in or goes out.

    What is no array is mypy's to check, and wrong values of it have errors of ours that tests ask for.
    """
    names_array = any(_names_array(hint) for hint in function.__annotations__.values())
    return beartype(function, conf=_CONF) if names_array else function


def _names_array(hint: Any) -> bool:
    if isinstance(hint, type):
        return issubclass(hint, AbstractArray)
    return any(_names_array(part) for part in get_args(hint))
