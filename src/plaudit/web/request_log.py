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

from plaudit.web.errors import ApiError, error_response

logger = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestLog:
    """Gives each request an id (its own `X-Request-Id`, if it has one), logs one JSON line for it, and answers 500 with
    that id where the application fails.

    Args:
        app: what is behind. It may leave fields for the log line in the request's state, under `logged`.
        observe: told of each request: its state's `wire` or "other", the status, and the seconds it took.

    Example:
        >>> from starlette.applications import Starlette
        >>> app = RequestLog(Starlette(), observe=lambda wire, status, seconds: None)
    """

    def __init__(self, app: ASGIApp, *, observe: Callable[[str, int, float], None] = lambda *_: None) -> None:
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
        except Exception:
            logger.exception("request %s failed", request_id)
            if not status:
                error = ApiError(500, "internal", f"the server failed; its log has more under {request_id}")
                await error_response(error)(scope, receive, noted_send)
        finally:
            seconds = time.perf_counter() - began
            self.observe(state.get("wire", "other"), status, seconds)
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = {"time": now, "id": request_id, "method": scope["method"], "path": scope["path"], "code": status}
            line |= {"ms": round(1000 * seconds, 1), **state.get("logged", {})}
            logger.info(json.dumps(line))
