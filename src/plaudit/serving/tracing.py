"""Spans, through OpenTelemetry's API where it is installed: no-ops unless an SDK is set up.

The request's own span is FastAPI's, which honours `traceparent`; here are its parts. No text, and no error message that
may quote one, becomes an attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    from opentelemetry import trace
except ImportError:  # FastAPI brings it only since 0.165.
    trace = None  # type: ignore[assignment,unused-ignore]

FASTAPI_TELEMETRY: Any = {"logs": False, "operation_spans": False}
"""What FastAPI is told: its logs quote what a client sent, and its inner spans are of no use here."""


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[None]:
    """A part of the current request.

    Example:
        >>> with span("prepare", responses=2):
        ...     pass
    """
    if trace is None:
        yield
        return
    tracer = trace.get_tracer("plaudit")
    named = {f"plaudit.{key}": value for key, value in attributes.items()}
    with tracer.start_as_current_span(
        f"plaudit.{name}", attributes=named, record_exception=False, set_status_on_exception=False
    ):
        yield
