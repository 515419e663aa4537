"""What the processes of one run agree on. `torchrun` starts them; all do the same, and only the first writes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import numpy as np
import torch
import torch.distributed as dist
from jaxtyping import Float, Shaped

from plaudit.errors import InvalidInputError, PlauditError

T = TypeVar("T")

# How long processes wait for each other before they give up: the first may load or render for that long.
PATIENCE = timedelta(hours=1)

# What another launcher asks for, and why not.
_OTHER_TOOLS = {
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed takes an optimiser step after every forest, where a step here has several",
    "ACCELERATE_USE_FSDP": "accelerate's FSDP makes scores bf16, and plaudit shards by itself",
}


# What the words of gloo, which has no exception of its own, say where another process is gone.
_GLOO = "gloo/transport"


def is_loss_of_another(error: BaseException) -> bool:
    """Whether an error says that the processes of a run lost each other: as a rule one of them has ended.

    Example:
        >>> is_loss_of_another(RuntimeError("[gloo/transport/tcp/pair.cc:553] Connection closed by peer"))
        True
    """
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and _GLOO in str(error))


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Until the block ends, SIGTERM is Ctrl-C. A scheduler sends it, or torchrun where another process has failed: what
    is half made goes, and how to go on is told. Only the main thread may; elsewhere it ends the process at once."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def refuse_other_launchers() -> None:
    """Refuse to be one of processes that another tool would shard a model over.

    Raises:
        InvalidInputError: says why, and how to start.
    """
    for variable, reason in _OTHER_TOOLS.items():
        if os.environ.get(variable, "false").lower() in ("true", "1"):
            raise InvalidInputError(reason, remedy="start with torchrun, and `plaudit train` with --sharding fsdp")


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


def added_up(values: Float[np.ndarray, "*_"], device: torch.device) -> Float[np.ndarray, "*_"]:
    """The sum over all processes of an array of the same shape in each.

    Args:
        values: float64.
        device: where this process computes, which its exchange with others may need.

    Example:
        >>> added_up(np.array([1.0, 2.0]), torch.device("cpu"))  # of one process
        array([1., 2.])
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return values
    together = torch.from_numpy(values).to(device)
    sum_over_processes(together)
    total: Float[np.ndarray, "*_"] = together.cpu().numpy()
    return total


def share_of(count: int) -> range:
    """Which of so many pieces of work are this process's.

    Example:
        >>> list(share_of(3))  # of one process
        [0, 1, 2]
    """
    if not dist.is_initialized():
        return range(count)
    return range(dist.get_rank(), count, dist.get_world_size())


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
