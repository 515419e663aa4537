"""The labelling server as an ASGI application: pages, what they ask for, and what stands before both."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from plaudit import __version__
from plaudit.errors import PlauditError
from plaudit.labelling.pages import STATIC, not_found_page, static_version
from plaudit.labelling.project import Project
from plaudit.labelling.refusals import told
from plaudit.labelling.routes import (
    LabellingServer,
    add_entry,
    add_overview,
    add_own,
    add_questions,
    add_training,
    page_language,
)
from plaudit.web import (
    ApiError,
    BodyLimits,
    FailureAnswers,
    KnownHosts,
    RequestLog,
    SafeHeaders,
    error_response,
)

_BODY_BYTES = 256 * 1024


def create_app(project: Project, *, hosts: Collection[str], secure: bool = False) -> FastAPI:
    """The application that serves a project.

    Args:
        project: to serve.
        hosts: names that the server goes by, with their ports.
        secure: whether people come by https.

    Example:
        >>> from plaudit.labelling import Project
        >>> app = create_app(Project.open("my-project"), hosts=["127.0.0.1:8000"])
        >>> "/api/take" in {route.path for route in app.routes}
        True
    """
    app = FastAPI(title="Plaudit", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    server = LabellingServer(project, secure=secure)
    app.state.server = server
    add_entry(app, server)
    add_questions(app, server)
    add_own(app, server)
    add_training(app, server)
    add_overview(app, server)
    _add_errors(app, server)
    app.mount(f"/static/{static_version()}", _Static(directory=STATIC), name="static")
    # The last one that is added stands outermost.
    app.add_middleware(BodyLimits, most_bytes=_BODY_BYTES)
    app.add_middleware(KnownHosts, hosts=hosts)
    app.add_middleware(FailureAnswers)
    app.add_middleware(SafeHeaders)
    app.add_middleware(RequestLog)
    return app


class _Static(StaticFiles):
    """Files under an address that holds their hash, and so may be kept for good."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _add_errors(app: FastAPI, server: LabellingServer) -> None:
    # Not coroutines: who asks, and so in which language, stands in the database.
    def answer(error: ApiError | PlauditError, request: Request) -> Response:
        refused = told(error, page_language(request, server.person(request)))
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if wants_page and refused.status in (404, 405):
            return HTMLResponse(not_found_page(server.project.name, page_language(request)), refused.status)
        return error_response(refused, request.scope)

    @app.exception_handler(ApiError)
    def refused_here(request: Request, error: ApiError) -> Response:
        return answer(error, request)

    @app.exception_handler(PlauditError)
    def mistaken(request: Request, error: PlauditError) -> Response:
        return answer(error, request)

    @app.exception_handler(RequestValidationError)
    def unfit(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return answer(ApiError(422, "invalid_input", f"{field or 'the body'}: {first['msg']}", param=field), request)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        return answer(ApiError(error.status_code, code, str(error.detail), headers=error.headers or {}), request)
