"""A labelling server for tests of its pages: the contract's routes over a list of questions, in memory, for one person.

The pages, the rendering and the check of every answer are the real ones.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import uvicorn
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from plaudit.errors import PlauditError
from plaudit.labelling.answers import read_answer
from plaudit.labelling.pages import (
    STATIC,
    guidelines_page,
    join_page,
    judge_page,
    sign_in_page,
    static_version,
)
from plaudit.labelling.rendering import (
    fold,
    language_of,
    render_conversation,
    render_plain,
    render_text,
    word_differences,
)
from plaudit.labelling.settings import LabellingSettings
from plaudit.web import CONTENT_SECURITY_POLICY

CSRF = "token-of-the-test"


@dataclass
class FakeProject:
    """What the server knows. Tests read it, and turn its switches.

    Attributes:
        settings: of the project.
        questions: prompt and responses, each a text or messages.
        training: questions, from the first, that bring feedback.
        sent: judgements as they arrived, in order, without those that came twice.
    """

    settings: LabellingSettings
    questions: Sequence[tuple[Any, Sequence[str]]]
    name: str = "Rivers and cities"
    role: str = "annotator"
    locale: str = "en"
    training: int = 0
    guidelines: str = "# What is better?\n\nPrefer the answer that is *true*, then the one that is clear."
    guidelines_revision: int = 1
    guidelines_seen: int = 1
    paused: bool = False
    signed_out: bool = False
    broken: bool = False
    refuse: bool = False
    late: bool = False
    expires_in: float | None = None
    leases: dict[str, int] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    times_sent: int = 0

    def current(self, lease: str) -> dict[str, Any] | None:
        """The last judgement on a lease."""
        return next((one for one in reversed(self.sent) if one["lease"] == lease), None)

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [one["answer"] for one in self.sent]

    def progress(self) -> dict[str, Any]:
        done = sum(state == "answered" for state in self.state.values())
        return {"done": done, "remaining": len(self.questions) - done, "guidelines": self.guidelines_revision}

    def take(self, besides: Sequence[str]) -> dict[str, Any]:
        nothing = {"question": None, "progress": self.progress()}
        if self.paused:
            return {**nothing, "reason": "paused"}
        for lease, state in self.state.items():
            if state == "open" and lease not in besides:
                return {"question": self.question(lease), "progress": self.progress()}
        if len(self.leases) == len(self.questions):
            return {**nothing, "reason": "done"}
        lease = token_hex(16)
        self.leases[lease] = len(self.leases)
        self.state[lease] = "open"
        return {"question": self.question(lease), "progress": self.progress()}

    def question(self, lease: str) -> dict[str, Any]:
        prompt, responses = self.questions[self.leases[lease]]
        before = self.current(lease)
        turns = [
            {"role": t.role, "html": t.markup, "lines": t.lines, "words": t.words, "folded": t.folded}
            | {"lang": language_of(t.plain.striptags())}
            for t in render_conversation(prompt)
        ]
        answers = [
            {"html": render_text(r), "plain": render_plain(r), "lines": fold(r).lines, "folded": fold(r).folded}
            | {"lang": language_of(r)}
            for r in responses
        ]
        return {
            "lease": lease,
            "mode": self.settings.mode,
            "training": self.leases[lease] < self.training,
            "expires_in": self.settings.lease_seconds if self.expires_in is None else self.expires_in,
            "prompt": turns,
            "opening": [],
            "responses": answers,
            "previous": before and {name: before[name] for name in ("answer", "comment", "reasons")},
        }

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        self.times_sent += 1
        if body["client_id"] in self.replies:
            return self.replies[body["client_id"]]
        _, responses = self.questions[self.leases[body["lease"]]]
        read_answer(body["answer"], self.settings, range(len(responses)))
        revision = sum(one["lease"] == body["lease"] for one in self.sent)
        self.sent.append(body)
        self.state[body["lease"]] = "answered"
        feedback = None
        if self.leases[body["lease"]] < self.training:
            right = {"tiers": [[0], [1]]}
            feedback = {"result": "passed" if body["answer"] == right else "failed", "answer": right}
        reply = {
            "revision": revision,
            "kind": "skip" if "skip" in body["answer"] else "answer",
            "surplus": False,
            "feedback": feedback,
            "progress": self.progress(),
        }
        self.replies[body["client_id"]] = reply
        return reply

    def config(self) -> dict[str, Any]:
        s = self.settings
        return {
            "name": self.name,
            "mode": s.mode,
            "strength": s.strength,
            "ties": s.ties,
            "both_bad": s.both_bad,
            "attributes": [one.to_json() for one in s.rated],
            "reasons": list(s.reasons),
            "pause_ms": s.pause_seconds * 1000,
            "require_seen": s.require_seen,
            "locale": self.locale,
            "guidelines_revision": self.guidelines_revision,
            "guidelines_seen": self.guidelines_seen,
            "person": {"name": "Ann", "role": self.role},
            "lease_seconds": s.lease_seconds,
        }


def application(project: FakeProject) -> Starlette:
    """The routes."""

    async def judge(request: Request) -> Response:
        if project.signed_out:
            return RedirectResponse("/sign-in")
        return page(judge_page(project.config(), project.locale, CSRF, render_text(project.guidelines)))

    async def join(request: Request) -> Response:
        problem = {"old": "expired", "used": "used"}.get(request.path_params["token"], "")
        locale = request.query_params.get("locale", project.locale)
        return page(join_page(project.name, request.path_params["token"], locale, problem=problem))

    async def sign_in(request: Request) -> Response:
        return page(sign_in_page(project.name, request.query_params.get("locale", project.locale), CSRF))

    async def guidelines(request: Request) -> Response:
        return page(guidelines_page(project.name, Markup(render_text(project.guidelines)), project.locale, CSRF))

    async def api(request: Request) -> Response:
        path = request.url.path.removeprefix("/api/")
        project.calls.append(path)
        if project.broken:
            return trouble(503, "overloaded", "busy")
        if project.signed_out and path not in ("sign-in", "join"):
            return trouble(401, "unauthorized", "signed out")
        # Who comes in has no session yet, and so no token of one.
        needs_token = request.method == "POST" and path != "join"
        if needs_token and request.headers.get("X-CSRF-Token") != CSRF:
            return trouble(403, "csrf", "the token is missing")
        if request.method == "POST" and request.headers.get("origin") not in (None, str(request.base_url).rstrip("/")):
            return trouble(403, "origin", "another origin")
        body = await request.json() if request.method == "POST" else {}
        try:
            return JSONResponse(answer(project, path, body))
        except PlauditError as error:
            return trouble(422, "invalid", str(error))

    routes = [
        Route("/judge", judge),
        Route("/join/{token}", join),
        Route("/sign-in", sign_in),
        Route("/guidelines", guidelines),
        Route("/api/{path:path}", api, methods=["GET", "POST"]),
        Mount(f"/static/{static_version()}", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes)


def answer(project: FakeProject, path: str, body: dict[str, Any]) -> Any:
    """What a route of the API says."""
    first, _, rest = path.partition("/")
    if path == "take":
        return project.take(body["besides"])
    if path == "send":
        if project.refuse:
            raise PlauditError("this answer is not wanted")
        return project.send(body)
    if path == "extend":
        left = None if project.late else project.settings.lease_seconds
        return {"expires_in": left, "guidelines": project.guidelines_revision}
    if path == "guidelines":
        return {"html": render_text(project.guidelines), "revision": project.guidelines_revision}
    if path == "mine":
        last = {one["lease"]: one for one in project.sent}
        newest = sorted(last, key=lambda lease: -project.leases[lease])
        return {"judgements": [{"lease": lease, "answer": last[lease]["answer"], "sent": 0} for lease in newest[:50]]}
    if first == "mine":
        return {"question": project.question(rest)}
    if first == "difference":
        _, responses = project.questions[project.leases[rest]]
        return {"responses": word_differences(*responses[:2])}
    if path == "locale":
        project.locale = body["locale"]
    if path == "guidelines-seen":
        project.guidelines_seen = body["revision"]
    if path == "sign-in":
        if body["password"] != "right":
            raise PlauditError("no")
        project.signed_out = False
    return {"to": "/judge"}


def page(text: str) -> Response:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(text, headers=headers)


def trouble(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": "x", "code": code, "param": None}}, status)


@contextlib.contextmanager
def serving(project: FakeProject) -> Iterator[str]:
    """The server in a thread, on a port that the kernel chooses; its address."""
    config = uvicorn.Config(application(project), port=0, log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
