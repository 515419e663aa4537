"""What all requests to a labelling server share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import PlauditError
from plaudit.labelling import people
from plaudit.labelling.asking import collect_waves
from plaudit.labelling.jobs import Jobs
from plaudit.labelling.people import SignedIn
from plaudit.labelling.progress import ProjectProgress
from plaudit.labelling.project import Project
from plaudit.text import LANGUAGES, Language
from plaudit.web import ApiError, RateLimit

SIGN_INS = (10, 60.0)
"""Tries to sign in or to accept an invitation that fail, in so many seconds, from one address. Those that do not fail
are not counted: a class may come in behind one address."""

SENDS = (25, 5.0)
"""Judgements in so many seconds of one person."""

_WAVES_EVERY = 2.0


class LabellingServer:
    """What all requests share.

    Args:
        project: that is served.
        secure: whether people come by https, so that cookies go no other way.

    Attributes:
        jobs: that train models on it.

    Example:
        >>> LabellingServer(Project.open("my-project"), secure=True).cookie
        '__Host-plaudit'
    """

    def __init__(self, project: Project, *, secure: bool = False) -> None:
        self.project = project
        self.secure = secure
        self.cookie = "__Host-plaudit" if secure else "plaudit"
        self.sign_ins = RateLimit(*SIGN_INS)
        self.sends = RateLimit(*SENDS)
        self.progress = ProjectProgress(project)
        self.jobs = Jobs(project)
        self._waves_after = 0.0
        self._waves_lock = Lock()

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

    def collect_waves(self) -> None:
        """Take up questions that were chosen elsewhere; looked for every two seconds at most."""
        with self._waves_lock:
            if time.monotonic() < self._waves_after:
                return
            self._waves_after = time.monotonic() + _WAVES_EVERY
            collect_waves(self.project)

    @contextmanager
    def guesses_counted(self, request: Request, wrong: type[PlauditError]) -> Iterator[None]:
        """A try to sign in, which counts if it is wrong.

        Args:
            request: that tries.
            wrong: what a wrong one raises.

        Raises:
            ApiError: 429, if there were too many.
        """
        address = request.client.host if request.client else ""
        self.sign_ins.check(address, take=False)
        try:
            yield
        except wrong:
            self.sign_ins.allow(address)
            raise


def page_language(request: Request, who: SignedIn | None = None) -> Language:
    """What was chosen, or what the browser asks for.

    Example:
        >>> chinese = {"type": "http", "query_string": b"", "headers": [(b"accept-language", b"zh-CN,zh;q=0.9")]}
        >>> page_language(Request(chinese))
        'zh'
    """
    chosen = request.query_params.get("locale") or (who and who.locale)
    if chosen in LANGUAGES:
        return chosen
    accepted = request.headers.get("accept-language", "").strip().lower()
    return "zh" if accepted.startswith("zh") else "en"
