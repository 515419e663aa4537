"""Questions and answers, and a person's own work."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from markupsafe import Markup
from starlette.responses import Response

from plaudit.labelling import people
from plaudit.labelling.answers import as_shown
from plaudit.labelling.assigning import Nothing, assignment, extend, release, take
from plaudit.labelling.judging import Envelope, known_answer, last_answers, send
from plaudit.labelling.people import SignedIn
from plaudit.labelling.project import Project, guidelines, guidelines_revision
from plaudit.labelling.rendering import render_text
from plaudit.labelling.requests import (
    GuidelinesBody,
    LeaseBody,
    LocaleBody,
    SendBody,
    TakeBody,
)
from plaudit.labelling.routes.shared import LabellingServer, page_language
from plaudit.labelling.views import difference_view, question_view
from plaudit.labelling.wording import say
from plaudit.text import LANGUAGES
from plaudit.web import ApiError, JsonAnswer


def add_questions(app: FastAPI, server: LabellingServer) -> None:
    """Give an application the questions, and the way answers take.

    Example:
        >>> from fastapi import FastAPI
        >>> app, server = FastAPI(), LabellingServer(Project.open("my-project"))
        >>> add_questions(app, server)
        >>> "/api/take" in {route.path for route in app.routes}
        True
    """
    project = server.project

    @app.post("/api/take", response_model=None)
    def take_question(request: Request, body: TakeBody) -> Response:
        who = server.required(request)
        server.collect_waves()
        one = take(project, who.id, body.besides)
        progress = _progress(server, who)
        if isinstance(one, Nothing):
            return JsonAnswer({"question": None, "reason": one.reason, "progress": progress})
        return JsonAnswer({"question": question_view(project, one), "progress": progress})

    @app.post("/api/send", response_model=None)
    def send_judgement(request: Request, body: SendBody) -> Response:
        who = server.required(request)
        server.sends.check(str(who.id))
        envelope = Envelope(
            client_id=body.client_id,
            comment=body.comment,
            reasons=tuple(body.reasons),
            seconds_active=body.seconds_active,
            seconds_open=body.seconds_open,
            how=body.how,
        )
        receipt = send(project, who.id, body.lease, body.answer, envelope)
        feedback = None
        if receipt.result is not None:
            feedback = {"result": receipt.result, "answer": _known_answer(project, who.id, body.lease)}
        told = {"revision": receipt.revision, "kind": receipt.kind, "surplus": receipt.surplus}
        return JsonAnswer({**told, "feedback": feedback, "progress": _progress(server, who)})

    @app.post("/api/extend", response_model=None)
    def extend_lease(request: Request, body: LeaseBody) -> Response:
        who = server.required(request)
        expires = extend(project, who.id, body.lease)
        left = None if expires is None else project.settings.lease_seconds
        return JsonAnswer({"expires_in": left, "guidelines": guidelines_revision(project)})

    @app.post("/api/release", response_model=None)
    def release_lease(request: Request, body: LeaseBody) -> Response:
        release(project, server.required(request).id, body.lease)
        return JsonAnswer({})


def _progress(server: LabellingServer, who: SignedIn) -> dict[str, Any]:
    """How far all is, and which guidelines hold: a page that is open is told of new ones at once."""
    return server.progress.of(who.id) | {"guidelines": guidelines_revision(server.project)}


def _known_answer(project: Project, whose: int, lease_id: str) -> dict[str, Any]:
    one = assignment(project, whose, lease_id)
    return as_shown(known_answer(project, one), one.shown)


def add_own(app: FastAPI, server: LabellingServer) -> None:
    """What a person gets of their own work, and may set.

    Example:
        >>> from fastapi import FastAPI
        >>> app, server = FastAPI(), LabellingServer(Project.open("my-project"))
        >>> add_own(app, server)
        >>> "/api/mine" in {route.path for route in app.routes}
        True
    """
    project = server.project

    @app.get("/api/mine", response_model=None)
    def mine(request: Request) -> Response:
        who = server.required(request)
        rows = last_answers(project, who.id)
        judgements = [
            {key: row[key] for key in ("lease", "kind", "comment", "reasons", "sent")}
            | {"answer": as_shown(row["answer"], row["shown"])}
            for row in rows
        ]
        return JsonAnswer({"judgements": judgements})

    @app.get("/api/mine/{lease}", response_model=None)
    def mine_again(request: Request, lease: str) -> Response:
        who = server.required(request)
        one = assignment(project, who.id, lease)
        row = next((row for row in last_answers(project, who.id) if row["lease"] == lease), None)
        previous = None
        if row is not None:
            previous = {"answer": as_shown(row["answer"], row["shown"])}
            previous |= {"comment": row["comment"], "reasons": row["reasons"]}
        return JsonAnswer({"question": question_view(project, one, previous)})

    @app.get("/api/difference/{lease}", response_model=None)
    def difference(request: Request, lease: str) -> Response:
        who = server.required(request)
        return JsonAnswer({"responses": difference_view(project, assignment(project, who.id, lease))})

    @app.get("/api/guidelines", response_model=None)
    def read(request: Request) -> Response:
        language = page_language(request, server.required(request))
        text, revision = guidelines(project)
        none = Markup("<p>{}</p>").format(say("page.no_guidelines").html(language))
        return JsonAnswer({"html": str(render_text(text) if text.strip() else none), "revision": revision})

    @app.post("/api/guidelines-seen", response_model=None)
    def seen(request: Request, body: GuidelinesBody) -> Response:
        people.see_guidelines(project, server.required(request).id, body.revision)
        return JsonAnswer({})

    @app.post("/api/locale", response_model=None)
    def locale(request: Request, body: LocaleBody) -> Response:
        who = server.required(request)
        if body.locale not in LANGUAGES:
            raise ApiError(422, "invalid_input", f"there is no {body.locale!r}; there are {', '.join(LANGUAGES)}")
        people.set_locale(project, who.id, body.locale)
        return JsonAnswer({})
