"""How large a request may be, and of what kind."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plaudit.web.errors import ApiError, error_response


class BodyLimits:
    """Refuses bodies that are too large (413), before they are read where their length is said, and bodies that are
    said to be something else than JSON (415). A body of no said kind is taken for JSON, as some trainers send it.

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
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if length.isdecimal() and int(length) > self.most_bytes:
            await error_response(self._too_large())(scope, receive, send)
            return
        if scope["method"] == "POST" and kind and kind != "application/json" and not kind.endswith("+json"):
            error = ApiError(415, "unsupported_media_type", f"a body of type {kind} is not read; send application/json")
            await error_response(error)(scope, receive, send)
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
            await error_response(self._too_large())(scope, receive, send)

    def _too_large(self) -> ApiError:
        return ApiError(
            413,
            "too_large",
            f"the body is larger than {self.most_bytes / (1 << 20):g} MiB; send it in several requests",
        )
