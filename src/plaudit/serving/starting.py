"""Signals that arrive while a server still imports what it stands on: a process has no handlers of its own then, and
SIGHUP would end it. Nothing heavy is imported here."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def signals_while_starting(tell: Callable[[str], None]) -> Iterator[None]:
    """Heed signals until the server does so itself, and again after it has ended: SIGTERM and SIGINT end the process
    with 0, for nobody waits for anything; SIGHUP is answered with a line, for the models are still to be read.

    Args:
        tell: is told in one line.

    Example:
        >>> with signals_while_starting(print):
        ...     pass
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> None:
        tell("stopping: nobody has asked anything yet")
        sys.stderr.flush()
        # Not an exception: half imported libraries may swallow one, or abort the process.
        os._exit(0)

    def hang_up(number: int, frame: Any) -> None:
        tell("starting: the models are still to be read, so there is nothing to load anew")

    handlers = {signal.SIGTERM: end, signal.SIGINT: end}
    if hasattr(signal, "SIGHUP"):  # Windows has none.
        handlers[signal.SIGHUP] = hang_up
    before = {caught: signal.signal(caught, handler) for caught, handler in handlers.items()}
    try:
        yield
    finally:
        for caught, earlier in before.items():
            signal.signal(caught, earlier)
