"""What all protocols do alike: find the model, score what is asked while the client waits, and answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from plaudit.data import Score
from plaudit.errors import PlauditError
from plaudit.serving.hosted import Asked, HostedModel, Scored
from plaudit.serving.registry import HostedModels
from plaudit.web import ApiError, ErrorBody, api_error

ModelName = Annotated[str | None, Field(description="Where several models are served: which.")]

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": meaning}
    for status, meaning in {
        400: "The body is not JSON, or not of this shape.",
        401: "A token is needed.",
        404: "There is no such model.",
        413: "Too many responses, or too large a body.",
        415: "The body is not JSON.",
        422: "It cannot be scored: too long, empty, or of another chat template.",
        500: "The model failed, or gave no number.",
        503: "Too much waits; try again after `Retry-After` seconds.",
        504: "The deadline passed.",
    }.items()
}
"""What every protocol may answer instead of scores, as `/openapi.json` has it."""


class Body(BaseModel):
    """The body of a request. Fields that no protocol here knows are left alone: trainers send many."""

    model_config = ConfigDict(extra="ignore", strict=True, protected_namespaces=())


@dataclass(frozen=True, slots=True)
class Answered:
    """Scores, and whose they are.

    Attributes:
        model: that gave them.
        scored: the scores, and what they took.
        request_id: of the request.
    """

    model: HostedModel
    scored: Scored
    request_id: str

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
            message = f"the score of response {bad[0]} is not a number; the model's weights or precision are at fault"
            raise ApiError(500, "score_not_finite", message, param=str(bad[0]))
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
        return JSONResponse(content, headers=headers)


def wire(name: str) -> APIRouter:
    """The routes of one protocol.

    Args:
        name: as metrics and logs have it.
    """

    async def named(request: Request) -> None:
        request.state.wire = name

    return APIRouter(tags=[name], dependencies=[Depends(named)], responses=ERRORS)


async def score(
    request: Request, asked: Sequence[Asked], model: str | None = None, *, truncate_responses: bool = False
) -> Answered:
    """Score what a request asks, unless its client leaves before.

    Args:
        request: whose it is.
        asked: one for each response.
        model: the name in its body; that in its path wins.
        truncate_responses: as in `HostedModel.score`.

    Raises:
        ApiError: as `HostedModel.score`, and for too many responses.
    """
    hosted: HostedModels = request.app.state.hosted
    most = hosted.settings.responses
    if len(asked) > most:
        raise ApiError(413, "too_large", f"{len(asked):,} responses are more than {most:,}; send several requests")
    how: dict[str, Any] = {"truncate_responses": truncate_responses}
    how["deadline"] = _deadline(request.headers.get("x-timeout-seconds"))
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
    return Answered(hosted_model, scored, getattr(request.state, "request_id", uuid4().hex))


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
