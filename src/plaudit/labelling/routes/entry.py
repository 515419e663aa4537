"""Pages, and how people come in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.labelling import invitations, people
from plaudit.labelling.pages import guidelines_page, join_page, judge_page, sign_in_page
from plaudit.labelling.people import SignedIn
from plaudit.labelling.project import Project, guidelines
from plaudit.labelling.rendering import render_text
from plaudit.labelling.requests import (
    JoinBody,
    SignInBody,
)
from plaudit.labelling.routes.shared import LabellingServer, page_language
from plaudit.text import LANGUAGES, Language
from plaudit.web import JsonAnswer


def add_entry(app: FastAPI, server: LabellingServer) -> None:
    """Give an application its pages, and the ways in and out.

    Example:
        >>> from fastapi import FastAPI
        >>> app, server = FastAPI(), LabellingServer(Project.open("my-project"))
        >>> add_entry(app, server)
        >>> "/judge" in {route.path for route in app.routes}
        True
    """
    _add_pages(app, server)
    _add_signing(app, server)


def _add_pages(app: FastAPI, server: LabellingServer) -> None:
    project = server.project

    @app.get("/", response_model=None)
    def home(request: Request) -> Response:
        who = server.person(request)
        if who is None:
            return RedirectResponse("/sign-in", 303)
        return RedirectResponse("/judge" if who.role == people.ANNOTATOR else "/overview", 303)

    @app.get("/judge", response_model=None)
    def judge(request: Request) -> Response:
        who = server.person(request)
        if who is None:
            return RedirectResponse("/sign-in", 303)
        language = page_language(request, who)
        config = _config(project, who, language)
        return HTMLResponse(judge_page(config, language, who.csrf, _guidelines(project)))

    @app.get("/sign-in", response_model=None)
    def sign_in(request: Request) -> Response:
        return HTMLResponse(sign_in_page(project.name, page_language(request)))

    @app.get("/join/{token}", response_model=None)
    def join(request: Request, token: str) -> Response:
        invitation = invitations.invitation(project, token)
        if invitation is None:
            return HTMLResponse(join_page(project.name, token, page_language(request), problem="expired"), 410)
        return HTMLResponse(join_page(project.name, token, page_language(request), returning=invitation.name or ""))

    @app.get("/guidelines", response_model=None)
    def read_guidelines(request: Request) -> Response:
        who = server.person(request)
        if who is None:
            return RedirectResponse("/sign-in", 303)
        page = guidelines_page(project.name, _guidelines(project) or Markup(), page_language(request, who), who.csrf)
        return HTMLResponse(page)


def _config(project: Project, who: SignedIn, language: Language) -> dict[str, Any]:
    """What the page knows of the project."""
    settings = project.settings
    return {
        "name": project.name,
        "mode": settings.mode,
        "strength": settings.strength,
        "ties": settings.ties,
        "both_bad": settings.both_bad,
        "attributes": [one.to_json() for one in settings.rated],
        "reasons": list(settings.reasons),
        "pause_ms": round(1000 * settings.pause_seconds),
        "require_seen": settings.require_seen,
        "locale": language,
        "guidelines_revision": guidelines(project)[1],
        "guidelines_seen": who.guidelines_seen,
        "person": {"name": who.name, "role": who.role},
        "lease_seconds": settings.lease_seconds,
    }


def _guidelines(project: Project) -> Markup | None:
    text, _ = guidelines(project)
    return render_text(text) if text.strip() else None


def _add_signing(app: FastAPI, server: LabellingServer) -> None:
    project = server.project

    @app.post("/api/join", response_model=None)
    def join(request: Request, body: JoinBody) -> Response:
        locale = body.locale if body.locale in LANGUAGES else None
        with server.guesses_counted(request, NotFoundError):
            token = invitations.accept(project, body.token, body.name, locale)
        return server.begin(JsonAnswer({"to": "/"}), token)

    @app.post("/api/sign-in", response_model=None)
    def sign_in(request: Request, body: SignInBody) -> Response:
        with server.guesses_counted(request, InvalidInputError):
            token = people.sign_in(project, body.name, body.password)
        return server.begin(JsonAnswer({"to": "/"}), token)

    @app.post("/api/sign-out", response_model=None)
    def sign_out(request: Request) -> Response:
        server.required(request)
        people.sign_out(project, request.cookies[server.cookie])
        answer = JsonAnswer({"to": "/sign-in"})
        answer.delete_cookie(server.cookie, secure=server.secure, httponly=True, samesite="lax")
        return answer
