"""What all protocols do alike: find the model, score what is asked while the client waits, and answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from plaudit.data import Score
from plaudit.errors import PlauditError
from plaudit.serving.hosted import Asked, HostedModel, Scored, WrittenText
from plaudit.serving.registry import HostedModels
from plaudit.serving.settings import ServingSettings
from plaudit.serving.wires.bodies import BodyRoute, beside, check_count
from plaudit.web import ApiError, ErrorBody, JsonAnswer, api_error

ModelName = Annotated[str | None, Field(description="Where several models are served: which.")]

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": meaning}
    for status, meaning in {
        400: "The body is not JSON, or not of this shape.",
        401: "A token is needed.",
        404: "There is no such model.",
        413: "Too many responses or messages, or too large a body.",
        415: "The body is not JSON, or compressed.",
        422: "It cannot be scored: too long, empty, or of another chat template.",
        500: "The model failed, or gave no number.",
        503: "Too much waits; try again after `Retry-After` seconds.",
        504: "The deadline passed.",
    }.items()
}
"""What every protocol may answer instead of scores, as `/openapi.json` has it."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a request asks for, before anything is made of it.

    Attributes:
        pairs: prompt and response of each, as the request has them: texts or lists of messages.
        build: makes what is scored, one of each pair.
        place: what the request calls a response: its number -> such as `groups[1].responses[0]`.
        extra: what else is read with each of them, such as tools.
    """

    pairs: Sequence[tuple[Any, Any]]
    build: Callable[[], Sequence[Asked]]
    place: Callable[[int], str]
    extra: Sequence[Any] = ()

    def check(self, settings: ServingSettings) -> None:
        """Refuse more than one request may ask for, so that nothing is made of it.

        Raises:
            ApiError: 413.
        """
        check_count(len(self.pairs), settings.responses, "responses")
        # A prompt is one object, which may stand beside thousands of responses.
        sizes: dict[int, tuple[int, int]] = {}
        messages = characters = 0
        for number, pair in enumerate(self.pairs):
            for part in (*pair, *self.extra):
                if id(part) not in sizes:
                    sizes[id(part)] = (1 if isinstance(part, str) else len(part), characters_of(part))
            parts = [sizes[id(part)] for part in (*pair, *self.extra)]
            messages += sum(count for count, _ in parts)
            length = sum(length for _, length in parts)
            characters += length
            place, what = self.place(number), "characters of a prompt with one response"
            check_count(length, settings.longest, what, place, "shorten it")
            check_count(messages, settings.messages, "messages", place)
            check_count(characters, settings.characters, "characters", place)


def asking_of_texts(texts: str | Sequence[str], name: str) -> Asking:
    """What a request asks that sends whole conversations, as a template writes them, in a field of this name: one, or
    several."""
    several = [texts] if isinstance(texts, str) else texts
    return Asking(
        pairs=[("", text) for text in several],
        build=lambda: [WrittenText(text) for text in several],
        place=lambda number: name if isinstance(texts, str) else f"{name}[{number}]",
    )


def characters_of(value: Any) -> int:
    """The characters of all texts in a value of JSON.

    Example:
        >>> characters_of([{"role": "user", "content": "Why?"}])
        19
    """
    count, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            count += len(one)
        elif isinstance(one, dict):
            count += sum(map(len, one))
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return count


@dataclass(frozen=True, slots=True)
class Answered:
    """Scores, and whose they are.

    Attributes:
        model: that gave them.
        scored: the scores, and what they took.
        request_id: of the request.
        place: what the request calls a response, by its number.
    """

    model: HostedModel
    scored: Scored
    request_id: str
    place: Callable[[int], str]

    @property
    def scores(self) -> list[Score]:
        """One for each response asked about, in order."""
        return self.scored.scores

    def rewards(self) -> list[float]:
        """The scores, for protocols that can carry nothing but numbers.

        Raises:
            ApiError: if one is not finite.
        """
        rewards = [score.score for score in self.scores]
        bad = [number for number, reward in enumerate(rewards) if not math.isfinite(reward)]
        if bad:
            place = self.place(bad[0])
            message = f"the score of {place} is not a number; the model's weights or precision are at fault"
            raise ApiError(500, "score_not_finite", message, param=place)
        return rewards

    def usage(self) -> dict[str, int]:
        """Tokens read, as OpenAI's protocols have it."""
        tokens = sum(score.tokens for score in self.scores)
        return {"prompt_tokens": tokens, "total_tokens": tokens, "completion_tokens": 0}

    def heading(self, kind: str) -> dict[str, Any]:
        """How OpenAI's answers begin."""
        return {"id": f"{kind}-{self.request_id}", "created": int(time.time()), "model": self.model.name}

    def reply(self, content: Any) -> Response:
        """The answer, with what every answer says in its header."""
        scored = self.scored
        headers = {
            "X-Plaudit-Model": self.model.name.encode("ascii", "backslashreplace").decode(),
            "X-Plaudit-Version": self.model.version,
            "Server-Timing": f"prepare;dur={1000 * scored.prepare_seconds:.1f}, "
            f"score;dur={1000 * scored.score_seconds:.1f}",
        }
        if scored.cuts:
            headers["X-Plaudit-Cut"] = scored.cuts
        if self.model.settings.affine:
            headers["X-Plaudit-Affine"] = self.model.settings.affine
        return JsonAnswer(content, headers=headers)


def wire(name: str) -> APIRouter:
    """The routes of one protocol.

    Args:
        name: as metrics and logs have it.
    """
    return APIRouter(tags=[name], route_class=BodyRoute, responses=ERRORS)


async def score(
    request: Request, asking: Asking, model: str | None = None, *, truncate_responses: bool = False
) -> Answered:
    """Score what a request asks, unless its client leaves before.

    Args:
        request: whose it is.
        asking: what for.
        model: the name in its body; that in its path wins.
        truncate_responses: as in `HostedModel.score`.

    Raises:
        ApiError: as `HostedModel.score`, and for too much at once.
    """
    hosted: HostedModels = request.app.state.hosted

    def build() -> Sequence[Asked]:
        asking.check(hosted.settings)
        return asking.build()

    deadline = _deadline(request.headers.get("x-timeout-seconds"))
    asked = await beside(request, build)
    how: dict[str, Any] = {"truncate_responses": truncate_responses, "deadline": deadline, "place": asking.place}
    try:
        name = request.path_params.get("served_model", model)
        with hosted.metrics.in_flight.track_inprogress(), hosted.borrow(name) as hosted_model:
            scored = await _unless_gone(request, hosted_model.score(asked, **how), hosted)
    except PlauditError as error:
        raise api_error(error, "model") from None
    request.state.logged = {
        "model": hosted_model.name,
        "responses": len(asked),
        "tokens": sum(score.tokens for score in scored.scores),
        "prepare_ms": round(1000 * scored.prepare_seconds, 1),
        "score_ms": round(1000 * scored.score_seconds, 1),
    }
    return Answered(hosted_model, scored, getattr(request.state, "request_id", uuid4().hex), asking.place)


async def _unless_gone(request: Request, scoring: Coroutine[Any, Any, Scored], hosted: HostedModels) -> Scored:
    """The result, while the client is there; what nobody waits for any more leaves the queue."""
    work = asyncio.ensure_future(scoring)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            hosted.metrics.disconnected.inc()
            raise ApiError(499, "client_gone", "the client left before its answer")
        return await work
    finally:
        gone.cancel()
        work.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _deadline(seconds: str | None) -> float | None:
    if seconds is None:
        return None
    try:
        allowed = float(seconds)
    except ValueError:
        allowed = math.nan
    if not 0 < allowed < math.inf:
        raise ApiError(400, "invalid_request", f"X-Timeout-Seconds is {seconds!r}; it must be a number above 0")
    return time.monotonic() + allowed


def finite(number: float) -> float | None:
    """A number, or None where JSON has no word for it."""
    return number if math.isfinite(number) else None
