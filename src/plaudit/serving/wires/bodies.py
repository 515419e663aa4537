"""How a request's body becomes its shape: up to the first error, and beside the event loop where it is large.

FastAPI would read JSON and check it on the event loop, and collect an error for each element of a list: a small body of
200,000 numbers in the place of texts took 6 seconds and 500 MB that way, in which nobody else was answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar, get_type_hints

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from plaudit.serving.registry import HostedModels
from plaudit.web import ApiError, read_json

T = TypeVar("T")

# Bodies larger than this are read, checked and turned into groups in threads: two, so that memory has a bound.
_LARGE = 1 << 16
_threads = ThreadPoolExecutor(2, thread_name_prefix="plaudit-reading")


class UpToTheFirstError:
    """Of a list: that what follows its first wrong element is not looked at. pydantic's own `FailFast` has no hash,
    which members of a union need."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return {**handler(source), "fail_fast": True}


FIRST_ERROR = UpToTheFirstError()

Texts: TypeAlias = Annotated[list[str], FIRST_ERROR]
"""Several texts."""

Objects: TypeAlias = Annotated[list[dict[str, Any]], FIRST_ERROR]
"""Messages, or tools."""


class Body(BaseModel):
    """The body of a request, or a part of it. Fields that no protocol here knows are left alone: trainers send many.

    Attributes:
        lists: the fields that hold something for each response.
    """

    model_config = ConfigDict(extra="ignore", strict=True, protected_namespaces=())

    lists: ClassVar[tuple[str, ...]] = ()


class BodyRoute(APIRoute):
    """A route whose endpoint takes the request and its body, of a shape that its annotation says."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, wire = self.endpoint, str(self.tags[0])
        shape: type[Body] = get_type_hints(endpoint)["body"]

        async def handle(request: Request) -> Response:
            request.state.wire = wire
            answer: Response = await endpoint(request, await _body(request, shape))
            return answer

        return handle


async def beside(request: Request, work: Callable[[], T]) -> T:
    """What some work gives, which is done in a thread where the request is large."""
    if len(await request.body()) <= _LARGE:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def _body(request: Request, shape: type[Body]) -> Body:
    hosted: HostedModels = request.app.state.hosted
    try:
        content = await request.body()
    except ClientDisconnect:
        hosted.metrics.disconnected.inc()
        raise ApiError(499, "client_gone", "the client left before its request was whole") from None
    return await beside(
        request, lambda: _checked(read_json(content, hosted.settings.values), shape, hosted.settings.responses)
    )


def _checked(value: Any, shape: type[Body], most: int) -> Body:
    """A value as the body it should be.

    Raises:
        ApiError: for the first thing that is wrong with it, and for more than so many responses.
    """
    if isinstance(value, dict):
        for name in shape.lists:
            if isinstance(value.get(name), list):
                check_count(len(value[name]), most, name, name)
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise _misshapen(error) from None


def check_count(
    count: int, most: int, what: str, param: str | None = None, remedy: str = "send several requests"
) -> None:
    """Refuse more than may be asked for at once.

    Raises:
        ApiError: 413.
    """
    if count > most:
        raise ApiError(413, "too_large", f"{count:,} {what} are more than {most:,}; {remedy}", param=param)


_KINDS = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "bool_type": "true or false",
    "int_type": "a whole number",
}


def _misshapen(error: ValidationError) -> ApiError:
    """The first error, in our words. Where a value may be of several kinds, each has an error of its own: those that
    got furthest into it tell what is wrong."""
    errors = error.errors(include_url=False, include_input=False)
    placed = [(_place(one["loc"]), one) for one in errors]
    field = [place for place in placed if place[0][:1] == placed[0][0][:1]]
    deepest = max((place for place, _ in field), key=len)
    there = [one for place, one in field if place == deepest]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in deepest).removeprefix(".")
    if there[0]["type"] == "missing":
        return ApiError(400, "invalid_request", f"{name} is missing", param=name)
    kinds = [_KINDS[one["type"]] for one in there if one["type"] in _KINDS]
    wrong = there[0]["msg"].replace("Input should be", "must be")
    what = f"must be {' or '.join(dict.fromkeys(kinds))}" if kinds else wrong
    return ApiError(400, "invalid_request", f"{name or 'the body'} {what}", param=name or None)


def _place(parts: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A place in the body, without the kinds that pydantic has tried there."""
    kinds = ("str", "list[", "dict[", "function-", "DocumentObject")
    return tuple(part for part in parts if isinstance(part, int) or not part.startswith(kinds))
