"""What the processes of one run agree on. `torchrun` starts them; all do the same, and only the first writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from jaxtyping import Shaped

from plaudit.errors import PlauditError

T = TypeVar("T")

# How long processes wait for each other before they give up: the first may load or render for that long.
PATIENCE = timedelta(hours=1)


def from_first(make: Callable[[], T]) -> T:
    """What the first process makes, for all of them. If it fails for a reason that is the user's, all do.

    Raises:
        PlauditError: what the first process met.

    Example:
        >>> from_first(lambda: "decided once")
        'decided once'
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return make()
    made: list[T | PlauditError | None] = [None]
    if dist.get_rank() == 0:
        try:
            made[0] = make()
        except PlauditError as error:
            made[0] = error
    dist.broadcast_object_list(made, src=0)
    (result,) = made
    if isinstance(result, PlauditError):
        raise result
    return result  # type: ignore[return-value] # what `make` returned


def sum_over_processes(tensor: Shaped[torch.Tensor, "*_"]) -> None:
    """Add up a tensor of the same shape in all processes, in place."""
    if dist.is_initialized() and dist.get_world_size() > 1:
        dist.all_reduce(tensor)


class MachineMates:
    """The processes of this run on this machine.

    Attributes:
        rank: of this one among them, from 0.
        count: of all of them.

    Example:
        >>> mates = MachineMates()
        >>> mates.rank, mates.count, mates.agree("alone")
        (0, 1, 'alone')
    """

    def __init__(self) -> None:
        self._group: dist.ProcessGroup | None = None
        self.rank, self.count, self._first = 0, 1, 0
        if dist.is_initialized() and dist.get_world_size() > 1:
            self.rank = int(os.environ.get("LOCAL_RANK", "0"))
            self.count = int(os.environ.get("LOCAL_WORLD_SIZE") or dist.get_world_size())
            self._group, _ = dist.new_subgroups(self.count)  # type: ignore[no-untyped-call]
            self._first = dist.get_rank() - self.rank

    def agree(self, value: T) -> T:
        """What the first of them has."""
        if self._group is None:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=self._first, group=self._group)
        return values[0]

    def wait(self) -> None:
        """Go on when all have come here."""
        if self._group is not None:
            dist.barrier(self._group)
