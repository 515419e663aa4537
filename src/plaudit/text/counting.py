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


def rounded(count: int) -> str:
    """A count in three digits or so.

    Example:
        >>> rounded(134_515_008), rounded(22_360), rounded(7_241_732_096), rounded(12)
        ('135M', '22.4K', '7.24B', '12')
    """
    for unit, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= unit:
            return f"{float(f'{count / unit:.3g}'):g}{letter}"
    return str(count)
