"""Who speaks of several processes; loggers and progress bars muted for a while, and afterwards as they were."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from plaudit.errors import InvalidInputError


def is_first_process() -> bool:
    """Whether this process speaks for all that `torchrun` started; the others are quiet.

    Example:
        >>> is_first_process()
        True
    """
    return launched_processes()[0] == 0


def launched_processes() -> tuple[int, int]:
    """This process's number and how many there are, as `torchrun` says it.

    Raises:
        InvalidInputError: if `RANK` and `WORLD_SIZE` make no sense.

    Example:
        >>> launched_processes()
        (0, 1)
    """
    rank, count = os.environ.get("RANK") or "0", os.environ.get("WORLD_SIZE") or "1"
    if not count.isdecimal() or int(count) < 1:
        raise InvalidInputError(f"WORLD_SIZE is {count!r} in the environment", remedy="unset it; torchrun sets it")
    if count == "1":
        # Schedulers number what they start, also where each of them is a run of its own.
        return 0, 1
    if not rank.isdecimal() or int(rank) >= int(count):
        what = f"RANK is {rank!r} in the environment, and WORLD_SIZE {count}"
        raise InvalidInputError(what, remedy="unset both; torchrun sets them")
    return int(rank), int(count)


@contextmanager
def muted(*names: str, when: bool = True) -> Iterator[None]:
    """Let nothing below an error be logged by these loggers, and by those below them, until the block ends.

    Args:
        names: loggers. "transformers" also stands for its progress bars and those of the hub's downloads. None: all.
        when: False leaves everything as it is.

    Example:
        >>> with muted("plaudit.training"):
        ...     logging.getLogger("plaudit.training.run").isEnabledFor(logging.WARNING)
        False
    """
    with ExitStack() as stack:
        if when:
            for name in names:
                stack.enter_context(_errors_only(name))
            if "transformers" in names:
                stack.enter_context(_no_bars())
            if not names:
                stack.enter_context(_nothing_logged())
        yield


@contextmanager
def _errors_only(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _no_bars() -> Iterator[None]:
    # transformers keeps a switch of its own, and sets its logger's level when it is first imported: hence here.
    from transformers.utils import logging as transformers_logging

    enabled = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            transformers_logging.enable_progress_bar()


@contextmanager
def _nothing_logged() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)
