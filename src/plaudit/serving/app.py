"""The server as an ASGI application: protocols, health, models and metrics, behind one gate."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response

from plaudit import __version__
from plaudit.errors import PlauditError
from plaudit.serving.registry import HostedModels
from plaudit.serving.tracing import FASTAPI_TELEMETRY
from plaudit.serving.wires import ROUTERS
from plaudit.web import (
    ApiError,
    BodyLimits,
    FailureAnswers,
    JsonAnswer,
    RequestLog,
    TokenGate,
    Tokens,
    TrailingSlashes,
    api_error,
    error_response,
)

OPEN_PATHS = ("/health", "/health/live", "/health/ready")
"""What needs no token."""

NO_TOKENS = Tokens()
"""Of a server that lets everybody in."""

EXPOSED = (
    "X-Request-Id",
    "Retry-After",
    "Server-Timing",
    "X-Plaudit-Model",
    "X-Plaudit-Version",
    "X-Plaudit-Cut",
    "X-Plaudit-Affine",
)
"""Headers of an answer that a page in a browser may read."""

_CODES = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed"}


def create_app(
    hosted: HostedModels, *, tokens: Tokens = NO_TOKENS, admin_tokens: Tokens = NO_TOKENS, origins: tuple[str, ...] = ()
) -> FastAPI:
    """The application that answers for some models. Loading them is the caller's (`hosted.load()`); until then it says
    503.

    Args:
        hosted: the models.
        tokens: one of which each request needs; without any, none does.
        admin_tokens: that open `/admin/reload`; without any, there is no such path.
        origins: pages of which may ask from a browser; none by default.

    Example:
        >>> from plaudit.serving import HostedModels, ServerMetrics, ServingSettings
        >>> hosted = HostedModels({"mine": "my-model"}, ServingSettings(), ServerMetrics())
        >>> hosted.load()
        >>> app = create_app(hosted)
        >>> "/v1/rewards" in app.openapi()["paths"]
        True
        >>> hosted.close()
        True
    """
    app = FastAPI(
        title="Plaudit",
        version=__version__,
        summary="Rewards of responses, raw, over the protocols that RL trainers speak.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
        telemetry=FASTAPI_TELEMETRY,
    )
    app.state.hosted = hosted
    for router in ROUTERS:
        app.include_router(router)
        # For clients whose protocol has no place for a model's name.
        app.include_router(router, prefix="/models/{served_model}", include_in_schema=False)
    _add_operations(app, hosted)
    if admin_tokens:
        _add_reload(app, hosted, admin_tokens)
    _add_errors(app)
    # The last one that is added stands outermost.
    app.add_middleware(BodyLimits, most_bytes=int(hosted.settings.body_mib * (1 << 20)))
    app.add_middleware(TokenGate, tokens=tokens, open_paths=(*OPEN_PATHS, "/admin/reload"))
    app.add_middleware(TrailingSlashes)
    app.add_middleware(FailureAnswers)
    if origins:
        # Outside the gate: a browser asks whether it may ask without a token, and a page may read refusals, too.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(RequestLog, observe=hosted.metrics.observe_request)
    return app


def _add_operations(app: FastAPI, hosted: HostedModels) -> None:
    async def named(request: Request) -> None:
        request.state.wire = "operations"

    operations: dict[str, Any] = {"response_model": None, "tags": ["operations"], "dependencies": [Depends(named)]}
    not_ready: dict[int | str, dict[str, Any]] = {
        503: {"description": "Not every model is ready, or the server stops."}
    }

    # Some proxies ask with HEAD.
    heads: dict[str, Any] = operations | {"include_in_schema": False}

    @app.head("/health/live", **heads)
    @app.get("/health/live", **operations)
    async def live() -> Response:
        """Whether the process answers."""
        return JsonAnswer({"status": "live"})

    @app.head("/health/ready", **heads)
    @app.head("/health", **heads)
    @app.get("/health/ready", responses=not_ready, **operations)
    @app.get("/health", responses=not_ready, **operations)
    async def ready() -> Response:
        """Whether every model can be asked."""
        if hosted.ready:
            return JsonAnswer({"status": "ready"})
        return JsonAnswer({"status": "draining" if hosted.draining else "loading"}, 503, {"Retry-After": "2"})

    @app.get("/v1/models", **operations)
    async def models() -> Response:
        """The models, and what decides their scores."""
        return JsonAnswer({"object": "list", "data": [model.info() for model in hosted.models]})

    @app.get("/metrics", response_class=PlainTextResponse, **operations)
    async def metrics() -> Response:
        """For Prometheus."""
        hosted.metrics.ready.set(hosted.ready)
        for model in hosted.models:
            hosted.metrics.queued_tokens.labels(model.name).set(model.batcher.queued_tokens)
        return Response(hosted.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_reload(app: FastAPI, hosted: HostedModels, tokens: Tokens) -> None:
    @app.post("/admin/reload", response_model=None, include_in_schema=False)
    async def reload(request: Request) -> Response:
        request.state.wire = "operations"
        if not tokens.accept(request.headers.get("authorization")):
            raise ApiError(401, "unauthorized", "the admin token is needed", headers={"WWW-Authenticate": "Bearer"})
        try:
            await run_in_threadpool(hosted.load)
        except PlauditError as error:
            raise ApiError(422, "reload_failed", f"nothing was changed: {error}") from None
        return JsonAnswer({"object": "list", "data": [model.info() for model in hosted.models]})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def told(request: Request, error: ApiError) -> Response:
        return error_response(error, request.scope)

    @app.exception_handler(PlauditError)
    async def mistaken(request: Request, error: PlauditError) -> Response:
        return error_response(api_error(error), request.scope)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "invalid_request")
        path, allowed = request.url.path, (error.headers or {}).get("Allow", "POST")
        messages = {
            404: f"there is no {path}; /openapi.json lists what is there",
            405: f"{path} takes {allowed}, not {request.method}",
        }
        message = messages.get(error.status_code, str(error.detail))
        return error_response(ApiError(error.status_code, code, message, headers=error.headers or {}), request.scope)
