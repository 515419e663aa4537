"""Counts in words."""

from __future__ import annotations


def counted(count: int, things: str) -> str:
    """A number of things, whose plural ends in s.

    Args:
        count: of things.
        things: in the plural; what does not end in s has one form.

    Example:
        >>> counted(1, "prompts"), counted(1200, "rows of data"), counted(1, "near-duplicate prompts")
        ('1 prompt', '1,200 rows of data', '1 near-duplicate prompt')
        >>> counted(1, "rows of data")
        '1 row of data'
    """
    if count == 1:
        noun, of, rest = things.partition(" of ")
        things = noun.removesuffix("s") + of + rest
    return f"{count:,} {things}"
