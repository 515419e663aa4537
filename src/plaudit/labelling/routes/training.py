"""Models that are trained on what was said so far."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response

from plaudit.labelling import people
from plaudit.labelling.requests import (
    TrainingBody,
)
from plaudit.labelling.routes.shared import LabellingServer
from plaudit.web import ApiError, JsonAnswer


def add_training(app: FastAPI, server: LabellingServer) -> None:
    """Models that are trained on what was said so far; for owners.

    Example:
        >>> from plaudit.labelling import Project
        >>> from fastapi import FastAPI
        >>> app, server = FastAPI(), LabellingServer(Project.open("my-project"))
        >>> add_training(app, server)
        >>> "/api/training" in {route.path for route in app.routes}
        True
    """

    @app.get("/api/training", response_model=None)
    def runs(request: Request) -> Response:
        server.required(request, people.OWNER, people.REVIEWER)
        return JsonAnswer({"runs": server.jobs.runs()})

    @app.post("/api/training", response_model=None)
    def begin(request: Request, body: TrainingBody) -> Response:
        who = server.required(request, people.OWNER)
        return JsonAnswer(server.jobs.start(body.backbone, body.count, who.id, compare=body.compare).to_json())

    @app.post("/api/training/cancel", response_model=None)
    def cancel(request: Request) -> Response:
        server.required(request, people.OWNER)
        server.jobs.cancel()
        return JsonAnswer({})

    @app.get("/training/{number}/report", response_model=None)
    def report(request: Request, number: int) -> Response:
        server.required(request, people.OWNER, people.REVIEWER)
        page = server.jobs.report(number)
        if page is None:
            raise ApiError(404, "not_found", "there is no such report")
        # A page of ours that holds its own style, and no script.
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
        return FileResponse(page, media_type="text/html", headers={"Content-Security-Policy": policy})
