"""The owner's page: figures that are looked at again and again, and what an owner may change.

Reviewers see all of it and change nothing; annotators have nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Literal

from fastapi import FastAPI, Request
from pydantic import Field
from sqlalchemy import select
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from plaudit.labelling import invitations, people
from plaudit.labelling.database.tables import persons, questions
from plaudit.labelling.exporting import GROUPS, JUDGEMENTS, ExportOptions, judged_groups, judged_lines
from plaudit.labelling.managing import (
    ask_again,
    change_gold,
    pause_project,
    raise_overlap,
    reopen,
    set_aside,
    withdraw,
)
from plaudit.labelling.overview_page import overview_page, overview_parts
from plaudit.labelling.people import OWNER, REVIEWER
from plaudit.labelling.project import Project, guidelines, set_guidelines
from plaudit.labelling.requests import RequestBody, RowId
from plaudit.labelling.routes.shared import LabellingServer, page_language
from plaudit.labelling.watching import ProjectWatch, Seen
from plaudit.storage import json_line
from plaudit.web import ApiError, JsonAnswer

_CHUNK = 64 * 1024
_LONGEST_GUIDELINES = 100_000


class InviteBody(RequestBody):
    """An invitation that is to be made."""

    role: Literal["owner", "reviewer", "annotator"] = "annotator"
    label: str = Field(default="", max_length=100)
    most: int | None = Field(default=None, ge=1, le=100_000)
    days: float | None = Field(default=14, gt=0, le=3650)


class PauseBody(RequestBody):
    """The project is to give no questions, or one person is to get none."""

    paused: bool
    person: str | None = Field(default=None, max_length=32)


class PersonBody(RequestBody):
    """A person, by the public id."""

    person: str = Field(max_length=32)


class RoleBody(PersonBody):
    """A person, and what the person may do from now on."""

    role: Literal["owner", "reviewer", "annotator"]


class RevokeBody(RequestBody):
    """An invitation, by its number."""

    invite: RowId


class WithdrawBody(RequestBody):
    """Groups that are to be asked about no more, or again."""

    groups: list[str] = Field(min_length=1, max_length=1000)
    withdrawn: bool = True


class NewGuidelinesBody(RequestBody):
    """Guidelines, and the revision that they were written over."""

    text: str = Field(max_length=_LONGEST_GUIDELINES)
    revision: int = Field(ge=0)


class QuestionBody(RequestBody):
    """A question."""

    question: RowId


class GoldBody(QuestionBody):
    """A question, and its answer by the group's numbers."""

    answer: dict[str, Any]


class OverlapBody(RequestBody):
    """How many people are to answer each question."""

    overlap: int = Field(ge=1, le=1000)


def add_overview(app: FastAPI, server: LabellingServer) -> None:
    """Give an application the owner's page.

    Args:
        app: gets the routes.
        server: what all requests share.

    Example:
        >>> from fastapi import FastAPI
        >>> app, server = FastAPI(), LabellingServer(Project.open("my-project"))
        >>> add_overview(app, server)
        >>> "/overview" in {route.path for route in app.routes}
        True
    """
    watch = ProjectWatch(server.project)
    _add_views(app, server, watch)
    _add_export(app, server)
    _add_people(app, server, watch)
    _add_project(app, server, watch)
    _add_questions(app, server, watch)


def _add_views(app: FastAPI, server: LabellingServer, watch: ProjectWatch) -> None:
    @app.get("/overview", response_model=None)
    def overview(request: Request) -> Response:
        who = server.person(request)
        if who is None:
            return RedirectResponse("/sign-in", 303)
        if who.role not in (OWNER, REVIEWER):
            return RedirectResponse("/judge", 303)
        seen, language = _seen(server, watch), page_language(request, who)
        etag = _etag(seen.etag, language, who.role)
        return HTMLResponse(overview_page(seen.figures, language, who.csrf, who.name, who.role, etag))

    @app.get("/overview/parts", response_model=None)
    def parts(request: Request) -> Response:
        who = server.required(request, OWNER, REVIEWER)
        seen, language = _seen(server, watch), page_language(request, who)
        return _unless_known(
            request,
            _etag(seen.etag, language, who.role),
            lambda: HTMLResponse(overview_parts(seen.figures, language, who.role)),
        )

    @app.get("/api/overview", response_model=None)
    def figures(request: Request) -> Response:
        server.required(request, OWNER, REVIEWER)
        seen = _seen(server, watch)
        return _unless_known(request, _etag(seen.etag), lambda: JsonAnswer(seen.figures))


def _seen(server: LabellingServer, watch: ProjectWatch) -> Seen:
    """The figures, and the models that were trained, of which one may be writing its log now."""
    seen, runs = watch.look(), server.jobs.runs()
    tag = sha256(json_line(runs).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Seen(seen.figures | {"training": runs}, f"{seen.etag}.{tag}")


def _etag(*parts: str) -> str:
    return f'"{"-".join(parts)}"'


def _unless_known(request: Request, etag: str, answer: Callable[[], Response]) -> Response:
    """An answer, or that the one that the page has still holds."""
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    # A browser may keep what was answered, and asks each time whether it still holds.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"}
    if etag in known:
        return Response(status_code=304, headers=headers)
    response = answer()
    response.headers.update(headers)
    return response


def _add_export(app: FastAPI, server: LabellingServer) -> None:
    project = server.project

    @app.get("/export/{name}", response_model=None)
    def export_file(request: Request, name: str, names: bool = False) -> Response:
        server.required(request, OWNER, REVIEWER)
        if name not in (GROUPS, JUDGEMENTS):
            raise ApiError(404, "not_found", f"there is no {name!r}; there are {GROUPS} and {JUDGEMENTS}")
        file = _written(project, name, ExportOptions(names=names))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_chunks(file), media_type="application/x-ndjson", headers=headers)


def _written(project: Project, name: str, wanted: ExportOptions) -> BinaryIO:
    """An export on disk: whoever fetches it slowly holds no transaction, and gets all of it or an error."""
    file: BinaryIO = TemporaryFile()  # noqa: SIM115
    lines = judged_groups if name == GROUPS else judged_lines
    try:
        with project.database.reading() as connection:
            for group in lines(project, connection, wanted):
                file.write(json_line(group.to_dict()).encode("utf-8", "surrogatepass"))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _add_people(app: FastAPI, server: LabellingServer, watch: ProjectWatch) -> None:
    project = server.project

    @app.post("/api/overview/invite", response_model=None)
    def invite(request: Request, body: InviteBody) -> Response:
        who = server.required(request, OWNER)
        token = invitations.create_invitation(
            project, body.role, label=body.label, most=body.most, days=body.days, by=who.id
        )
        watch.forget()
        return JsonAnswer({"link": f"/join/{token}"})

    @app.post("/api/overview/return-link", response_model=None)
    def return_link(request: Request, body: PersonBody) -> Response:
        server.required(request, OWNER)
        return JsonAnswer({"link": f"/join/{invitations.create_return_link(project, _person(project, body.person))}"})

    @app.post("/api/overview/revoke", response_model=None)
    def revoke(request: Request, body: RevokeBody) -> Response:
        server.required(request, OWNER)
        invitations.revoke_invitation(project, body.invite)
        watch.forget()
        return JsonAnswer({})

    @app.post("/api/overview/role", response_model=None)
    def role(request: Request, body: RoleBody) -> Response:
        server.required(request, OWNER)
        people.set_role(project, _person(project, body.person), body.role)
        watch.forget()
        return JsonAnswer({})

    @app.post("/api/overview/pause", response_model=None)
    def pause(request: Request, body: PauseBody) -> Response:
        who = server.required(request, OWNER)
        if body.person is None:
            pause_project(project, body.paused, who.id)
        else:
            people.pause(project, _person(project, body.person), body.paused)
        watch.forget()
        return JsonAnswer({})


def _person(project: Project, public_id: str) -> int:
    with project.database.reading() as connection:
        whose = connection.scalar(select(persons.c.id).where(persons.c.public_id == public_id))
    if whose is None:
        raise ApiError(404, "not_found", "there is no such person", param="person")
    return int(whose)


def _add_project(app: FastAPI, server: LabellingServer, watch: ProjectWatch) -> None:
    project = server.project

    @app.post("/api/overview/guidelines", response_model=None)
    def change_guidelines(request: Request, body: NewGuidelinesBody) -> Response:
        server.required(request, OWNER)
        text, revision = guidelines(project)
        if body.revision != revision:
            raise ApiError(409, "conflict", "somebody has changed the guidelines meanwhile; load the page again")
        if body.text != text:
            set_guidelines(project, body.text)
            watch.forget()
        return JsonAnswer({"revision": guidelines(project)[1]})

    @app.post("/api/overview/overlap", response_model=None)
    def overlap(request: Request, body: OverlapBody) -> Response:
        who = server.required(request, OWNER)
        count = raise_overlap(project, body.overlap, who.id)
        watch.forget()
        return JsonAnswer({"questions": count})


def _add_questions(app: FastAPI, server: LabellingServer, watch: ProjectWatch) -> None:
    project = server.project

    @app.post("/api/overview/aside", response_model=None)
    def aside(request: Request, body: QuestionBody) -> Response:
        who = server.required(request, OWNER)
        set_aside(project, body.question, who.id)
        watch.forget()
        return JsonAnswer({})

    @app.post("/api/overview/withdraw", response_model=None)
    def withdraw_groups(request: Request, body: WithdrawBody) -> Response:
        who = server.required(request, OWNER)
        changed = withdraw(project, body.groups, body.withdrawn, by=who.id)
        watch.forget()
        return JsonAnswer({"groups": changed})

    @app.post("/api/overview/again", response_model=None)
    def again(request: Request, body: QuestionBody) -> Response:
        """One that was put aside is open again; another one gets one more opinion."""
        who = server.required(request, OWNER)
        with project.database.reading() as connection:
            state = connection.scalar(select(questions.c.state).where(questions.c.id == body.question))
        if state == "aside":
            reopen(project, body.question, who.id)
        else:
            ask_again(project, body.question, by=who.id)
        watch.forget()
        return JsonAnswer({})

    @app.post("/api/overview/gold", response_model=None)
    def gold(request: Request, body: GoldBody) -> Response:
        who = server.required(request, OWNER)
        change_gold(project, body.question, body.answer, who.id)
        watch.forget()
        return JsonAnswer({})
