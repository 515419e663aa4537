"""Files and hub sets -> groups, checks and splits, and groups -> other tools' formats.

Names load with first use: reading needs neither numpy nor what writes Parquet.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from plaudit.data.judgements import majority, rankings_from_ratings
from plaudit.data.read import Reading, load_groups, read_groups

if TYPE_CHECKING:
    from plaudit.data.checks import check_groups
    from plaudit.data.neighbours import near_duplicates
    from plaudit.data.split import split_groups
    from plaudit.data.write import write_groups

_LATER = {
    "check_groups": "checks",
    "near_duplicates": "neighbours",
    "split_groups": "split",
    "write_groups": "write",
}

__all__ = [
    "Reading",
    "check_groups",
    "load_groups",
    "majority",
    "near_duplicates",
    "rankings_from_ratings",
    "read_groups",
    "split_groups",
    "write_groups",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'plaudit.data' has no attribute {name!r}")
    return getattr(import_module(f"plaudit.data.{_LATER[name]}"), name)
