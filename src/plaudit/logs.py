"""Loggers and progress bars muted for a while, and afterwards as they were."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


def is_first_process() -> bool:
    """Whether this process speaks for all that `torchrun` started; the others are quiet.

    Example:
        >>> is_first_process()
        True
    """
    return os.environ.get("RANK", "0") == "0"


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
