"""Errors as a client sees them: one body everywhere, in the form that OpenAI's clients read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from plaudit.errors import OverloadedError, PlauditError
from plaudit.storage import json_line


class ErrorDetails(BaseModel):
    """What went wrong.

    Attributes:
        message: what, where, and the remedy.
        type: its kind, as OpenAI names them.
        code: which error it is, for programs (docs/serving.md has the table).
        param: the field at fault, where one is.
    """

    message: str
    type: str
    code: str
    param: str | None = None


class ErrorBody(BaseModel):
    """The body of every answer that is an error.

    Example:
        >>> ErrorBody(error=ErrorDetails(message="no such model", type="invalid_request_error", code="x")).error.code
        'x'
    """

    error: ErrorDetails


class ApiError(Exception):
    """An error that a client is told of.

    Args:
        status: of HTTP.
        code: which error it is, for programs.
        message: what, where, and the remedy.
        param: the field at fault.
        headers: of the answer.

    Example:
        >>> error = ApiError(404, "model_not_found", "there is no model 'b'; there is 'a'", param="model")
        >>> error.body()["error"]["type"]
        'invalid_request_error'
    """

    def __init__(
        self, status: int, code: str, message: str, *, param: str | None = None, headers: Mapping[str, str] = {}
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = dict(headers)

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": self.message, "type": kind, "code": self.code, "param": self.param}}


_TYPES = {401: "authentication_error", 403: "permission_error", 503: "overloaded_error"}


def api_error(error: PlauditError, param: str | None = None) -> ApiError:
    """A mistake in the request, or a want of room, as a client is told of it.

    Args:
        error: what was raised.
        param: the field at fault, if it is the request's fault at all.

    Example:
        >>> from plaudit.errors import TooLongError
        >>> told = api_error(TooLongError("the response has 9,000 tokens"), "responses[1]")
        >>> told.status, told.code, told.param
        (422, 'response_too_long', 'responses[1]')
    """
    headers = {}
    if isinstance(error, OverloadedError):
        headers["Retry-After"] = str(max(1, round(error.retry_after or 1)))
    field = param if error.status < 500 else None
    return ApiError(error.status, error.code, str(error), param=field, headers=headers)


class JsonAnswer(JSONResponse):
    r"""JSON that may hold a client's text: half a surrogate pair, which JSON can carry and UTF-8 cannot, stays escaped.

    Example:
        >>> JsonAnswer({"id": "a\ud83d"}).body
        b'{"id": "a\\ud83d"}'
    """

    def render(self, content: Any) -> bytes:
        return json_line(content).removesuffix("\n").encode()


def error_response(error: ApiError, scope: Scope) -> Response:
    """The answer that tells a client of an error, whose code is noted in the request's state, under `refused`.

    Example:
        >>> scope = {"type": "http"}
        >>> error_response(ApiError(401, "unauthorized", "a token is needed"), scope).status_code
        401
        >>> scope["state"]
        {'refused': 'unauthorized'}
    """
    scope.setdefault("state", {})["refused"] = error.code
    return JsonAnswer(error.body(), error.status, error.headers)


async def send_error(error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with an error, in front of any application.

    Example:
        >>> import asyncio
        >>> async def send(message):
        ...     print(message["type"], message.get("status"))
        >>> error = ApiError(401, "unauthorized", "a token is needed")
        >>> asyncio.run(send_error(error, {"type": "http"}, None, send))
        http.response.start 401
        http.response.body None
    """
    await error_response(error, scope)(scope, receive, send)
