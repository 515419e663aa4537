"""One id and one log line a request, and no traceback to a client. Texts are never logged."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plaudit.web.errors import ApiError, send_error

logger = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestLog:
    """Gives each request an id (its own `X-Request-Id`, if it has one), and logs one JSON line for it.

    Args:
        app: what is behind. It may leave fields for the log line in the request's state, under `logged`.
        observe: told of each request: its state's `wire` or "other", the status, the seconds it took, and the code of
            the error it was refused with, or None.

    Example:
        >>> from starlette.applications import Starlette
        >>> app = RequestLog(Starlette(), observe=lambda wire, status, seconds, refused: None)
    """

    def __init__(self, app: ASGIApp, *, observe: Callable[[str, int, float, str | None], None] = lambda *_: None):
        self.app = app
        self.observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get("x-request-id", "")
        request_id = wanted if _ID.fullmatch(wanted) else uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 0

        async def noted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        began = time.perf_counter()
        try:
            await self.app(scope, receive, noted_send)
        finally:
            seconds = time.perf_counter() - began
            refused = state.get("refused")
            self.observe(state.get("wire", "other"), status, seconds, refused)
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = {"time": now, "id": request_id, "method": scope["method"], "path": scope["path"], "code": status}
            line |= {"ms": round(1000 * seconds, 1), **({"error": refused} if refused else {})}
            logger.info(json.dumps(line | state.get("logged", {})))


class FailureAnswers:
    """Answers 500 with the request's id where the application fails, and logs why.

    Args:
        app: what is behind.

    Example:
        >>> from starlette.applications import Starlette
        >>> app = FailureAnswers(Starlette())
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted_send)
        except Exception:
            request_id = scope.get("state", {}).get("request_id", "-")
            logger.exception("request %s failed", request_id)
            if scope["type"] == "http" and not begun:
                error = ApiError(500, "internal", f"the server failed; its log has more under {request_id}")
                await send_error(error, scope, receive, send)
