"""A group that is ready to be scored."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.groups import Group


@dataclass(frozen=True, slots=True)
class Prepared:
    """A group that is ready to be scored. Each kind of scorer adds what it reads.

    Attributes:
        group: the group.
        cost: tokens to compute where nothing is shared, for whoever fills batches.

    Example:
        >>> from plaudit.model import open_model
        >>> open_model("my-bow").prepare(Group("q", "What is 2 + 2?", ("It is four.", "Four."))).cost  # words, here
        4
    """

    group: Group
    cost: int
