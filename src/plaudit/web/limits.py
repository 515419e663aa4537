"""How large a request may be, of what kind, and under which path."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plaudit.web.errors import ApiError, send_error


class BodyLimits:
    """Refuses bodies that are too large (413), before they are read where their length is said, and bodies that are
    said to be something else than JSON, or to be compressed (415). A body of no said kind is taken for JSON, as some
    trainers send it.

    Args:
        app: what is behind.
        most_bytes: of a body.

    Example:
        >>> from starlette.applications import Starlette
        >>> BodyLimits(Starlette(), most_bytes=1 << 20).most_bytes
        1048576
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int) -> None:
        self.app = app
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if error := self._refusal(scope["method"], Headers(scope=scope)):
            await send_error(error, scope, receive, send)
            return
        read = 0

        async def counted_receive() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.most_bytes:
                raise self._too_large()
            return message

        answered = False

        async def guarded_send(message: Message) -> None:
            nonlocal answered
            # Whoever reads the body may take the error for one of parsing it, and answer so.
            if answered or read <= self.most_bytes:
                answered = True
                await send(message)

        try:
            await self.app(scope, counted_receive, guarded_send)
        except ApiError:
            if read <= self.most_bytes:
                raise
        if read > self.most_bytes and not answered:
            await send_error(self._too_large(), scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> ApiError | None:
        """What is wrong with a body by its headers alone."""
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.most_bytes:
            return self._too_large()
        if method != "POST":
            return None
        coding = headers.get("content-encoding", "").strip().lower()
        if coding not in ("", "identity"):
            what = f"a body with Content-Encoding {coding} is not read; send it as it is"
            return ApiError(415, "unsupported_media_type", what, headers={"Accept-Encoding": "identity"})
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            what = f"a body of type {kind} is not read; send application/json"
            return ApiError(415, "unsupported_media_type", what)
        return None

    def _too_large(self) -> ApiError:
        return ApiError(
            413,
            "too_large",
            f"the body is larger than {self.most_bytes / (1 << 20):g} MiB; send it in several requests",
        )


class TrailingSlashes:
    """Takes a slash at the end of a path away. To redirect would be to name a scheme and a host, which a proxy in front
    may have changed.

    Args:
        app: what is behind.

    Example:
        >>> from starlette.applications import Starlette
        >>> app = TrailingSlashes(Starlette())
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and len(path) > 1 and path.endswith("/"):
            # A copy: the log has the path that was asked for. The state stays one and the same.
            scope.setdefault("state", {})
            scope = {**scope, "path": path.rstrip("/") or "/"}
        await self.app(scope, receive, send)
