"""The labelling server as an ASGI application: pages, what they ask for, and what stands before both."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from plaudit import __version__
from plaudit.errors import PlauditError
from plaudit.labelling import people
from plaudit.labelling.assigning import Nothing, assignment, extend, release, take
from plaudit.labelling.jobs import Jobs
from plaudit.labelling.judging import Envelope, known_answer, last_answers, send
from plaudit.labelling.pages import (
    STATIC,
    guidelines_page,
    join_page,
    judge_page,
    not_found_page,
    sign_in_page,
    static_version,
)
from plaudit.labelling.people import SignedIn
from plaudit.labelling.progress import Progress
from plaudit.labelling.project import Project, guidelines
from plaudit.labelling.rendering import render_text
from plaudit.labelling.requests import (
    GuidelinesBody,
    JoinBody,
    LeaseBody,
    LocaleBody,
    SendBody,
    SignInBody,
    TakeBody,
    TrainingBody,
)
from plaudit.labelling.views import as_shown, difference_view, question_view
from plaudit.text import LANGUAGES, Language
from plaudit.web import (
    ApiError,
    BodyLimits,
    FailureAnswers,
    JsonAnswer,
    KnownHosts,
    RateLimit,
    RequestLog,
    SafeHeaders,
    api_error,
    error_response,
)

_BODY_BYTES = 256 * 1024

SIGN_INS = (10, 60.0)
"""Tries to sign in or to accept an invitation, in so many seconds, from one address."""

SENDS = (25, 5.0)
"""Judgements in so many seconds of one person."""


class LabellingServer:
    """What all requests share.

    Args:
        project: that is served.
        secure: whether people come by https, so that cookies go no other way.

    Attributes:
        jobs: that train models on it.
    """

    def __init__(self, project: Project, *, secure: bool = False) -> None:
        self.project = project
        self.secure = secure
        self.cookie = "__Host-plaudit" if secure else "plaudit"
        self.sign_ins = RateLimit(*SIGN_INS)
        self.sends = RateLimit(*SENDS)
        self.progress = Progress(project)
        self.jobs = Jobs(project)

    def person(self, request: Request) -> SignedIn | None:
        """Who asks."""
        token = request.cookies.get(self.cookie)
        return people.signed_in(self.project, token) if token else None

    def required(self, request: Request, *roles: str) -> SignedIn:
        """Who asks, of these roles or of any.

        Raises:
            ApiError: 401, if nobody is signed in; 403, for another role, or if a change does not come from a page.
        """
        who = self.person(request)
        if who is None:
            raise ApiError(401, "unauthorized", "you are signed out; sign in again")
        if roles and who.role not in roles:
            raise ApiError(403, "forbidden", f"that is not for the role {who.role}")
        if request.method != "GET" and request.headers.get("x-csrf-token") != who.csrf:
            raise ApiError(403, "csrf", "the page is out of date; load it again")
        return who

    def begin(self, response: Response, token: str) -> Response:
        """Answer with a session."""
        age = self.project.settings.session_days * 86400
        response.set_cookie(self.cookie, token, max_age=age, httponly=True, secure=self.secure, samesite="lax")
        return response

    def check_rate(self, request: Request) -> None:
        self.sign_ins.check(request.client.host if request.client else "")


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
    _add_pages(app, server)
    _add_signing(app, server)
    _add_questions(app, server)
    _add_own(app, server)
    _add_jobs(app, server)
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


def _language(request: Request, who: SignedIn | None = None) -> Language:
    """What was chosen, or what the browser asks for."""
    chosen = request.query_params.get("lang") or (who and who.locale)
    if chosen in LANGUAGES:
        return chosen
    accepted = request.headers.get("accept-language", "").strip().lower()
    return "zh" if accepted.startswith("zh") else "en"


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
        language = _language(request, who)
        config = _config(project, who, language)
        return HTMLResponse(judge_page(config, language, who.csrf, _guidelines(project), who.role))

    @app.get("/sign-in", response_model=None)
    def sign_in(request: Request) -> Response:
        return HTMLResponse(sign_in_page(project.name, _language(request)))

    @app.get("/join/{token}", response_model=None)
    def join(request: Request, token: str) -> Response:
        invitation = people.invitation(project, token)
        if invitation is None:
            return HTMLResponse(join_page(project.name, token, _language(request), problem="expired"), 410)
        return HTMLResponse(join_page(project.name, token, _language(request), returning=invitation.name or ""))

    @app.get("/guidelines", response_model=None)
    def read_guidelines(request: Request) -> Response:
        who = server.person(request)
        if who is None:
            return RedirectResponse("/sign-in", 303)
        page = guidelines_page(project.name, _guidelines(project), _language(request, who), who.csrf)
        return HTMLResponse(page)


def _guidelines(project: Project) -> Markup:
    return render_text(guidelines(project)[0])


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


def _add_signing(app: FastAPI, server: LabellingServer) -> None:
    project = server.project

    @app.post("/api/join", response_model=None)
    def join(request: Request, body: JoinBody) -> Response:
        server.check_rate(request)
        locale = body.locale if body.locale in LANGUAGES else None
        return server.begin(JsonAnswer({"to": "/"}), people.accept(project, body.token, body.name, locale))

    @app.post("/api/sign-in", response_model=None)
    def sign_in(request: Request, body: SignInBody) -> Response:
        server.check_rate(request)
        return server.begin(JsonAnswer({"to": "/"}), people.sign_in(project, body.name, body.password))

    @app.post("/api/sign-out", response_model=None)
    def sign_out(request: Request) -> Response:
        server.required(request)
        people.sign_out(project, request.cookies[server.cookie])
        answer = JsonAnswer({"to": "/sign-in"})
        answer.delete_cookie(server.cookie, secure=server.secure, httponly=True, samesite="lax")
        return answer


def _add_questions(app: FastAPI, server: LabellingServer) -> None:
    project = server.project

    @app.post("/api/take", response_model=None)
    def take_question(request: Request, body: TakeBody) -> Response:
        who = server.required(request)
        one = take(project, who.id, body.besides)
        progress = server.progress.of(who.id)
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
        return JsonAnswer({**told, "feedback": feedback, "progress": server.progress.of(who.id)})

    @app.post("/api/extend", response_model=None)
    def extend_lease(request: Request, body: LeaseBody) -> Response:
        who = server.required(request)
        expires = extend(project, who.id, body.lease)
        return JsonAnswer({"expires_in": None if expires is None else project.settings.lease_seconds})

    @app.post("/api/release", response_model=None)
    def release_lease(request: Request, body: LeaseBody) -> Response:
        release(project, server.required(request).id, body.lease)
        return JsonAnswer({})


def _known_answer(project: Project, whose: int, lease_id: str) -> dict[str, Any]:
    one = assignment(project, whose, lease_id)
    return as_shown(known_answer(project, one), one.shown)


def _add_own(app: FastAPI, server: LabellingServer) -> None:
    """What a person gets of their own work, and may set."""
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


def _add_jobs(app: FastAPI, server: LabellingServer) -> None:
    """Models that are trained on what was said so far; for owners."""

    @app.get("/api/training", response_model=None)
    def runs(request: Request) -> Response:
        server.required(request, people.OWNER, people.REVIEWER)
        return JsonAnswer({"runs": server.jobs.runs()})

    @app.post("/api/training", response_model=None)
    def begin(request: Request, body: TrainingBody) -> Response:
        who = server.required(request, people.OWNER)
        return JsonAnswer(server.jobs.start(body.backbone, body.count, who.id).to_json())

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


def _add_errors(app: FastAPI, server: LabellingServer) -> None:
    def answer(error: ApiError, request: Request) -> Response:
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if wants_page and error.status in (404, 405):
            return HTMLResponse(not_found_page(server.project.name, _language(request)), error.status)
        return error_response(error, request.scope)

    @app.exception_handler(ApiError)
    async def told(request: Request, error: ApiError) -> Response:
        return answer(error, request)

    @app.exception_handler(PlauditError)
    async def mistaken(request: Request, error: PlauditError) -> Response:
        return answer(api_error(error), request)

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return answer(ApiError(422, "invalid_input", f"{field or 'the body'}: {first['msg']}", param=field), request)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        return answer(ApiError(error.status_code, code, str(error.detail), headers=error.headers or {}), request)
