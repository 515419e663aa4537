"""What stands before pages in a browser: the names a server goes by, what a page may load, how often one may try."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from threading import Lock
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plaudit.web.errors import ApiError, send_error

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""A page loads from its own server alone, and runs nothing that stands in its own text."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # An address may hold the token of an invitation.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders:
    """Tells browsers what a page may do, and, unless the application says otherwise, that nothing is to be kept.

    Args:
        app: what is behind.

    Example:
        >>> from starlette.applications import Starlette
        >>> app = SafeHeaders(Starlette())
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


class KnownHosts:
    """Answers only under names that the server goes by, and takes changes only from its own pages.

    A page elsewhere can make a browser ask a server on this machine, under a name that its owner has pointed here (DNS
    rebinding), or send a form to it: the first has a foreign `Host`, the second a foreign `Origin`.

    Args:
        app: what is behind.
        hosts: names, with their port where it is not the scheme's own.

    Example:
        >>> from starlette.applications import Starlette
        >>> app = KnownHosts(Starlette(), hosts=["127.0.0.1:8000", "label.example.org"])
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (error := self._refusal(scope["method"], Headers(scope=scope))):
            await send_error(error, scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> ApiError | None:
        host = headers.get("host", "").lower()
        if host not in self.hosts:
            return ApiError(421, "unknown_host", f"this server is not called {host!r}; start it with --origin")
        if method in ("GET", "HEAD", "OPTIONS"):
            return None
        origin = headers.get("origin", "")
        if urlsplit(origin).netloc.lower() != host:
            return ApiError(403, "foreign_origin", f"a page of {origin or 'nobody'} may change nothing here")
        return None


class RateLimit:
    """So many tries in so much time, for each key.

    Args:
        tries: at once.
        seconds: after which as many are free again.
        clock: in seconds.

    Example:
        >>> limit = RateLimit(2, 60, clock=lambda: 0.0)
        >>> [limit.allow("10.0.0.1") for _ in range(3)], limit.allow("10.0.0.2")
        ([True, True, False], True)
    """

    _most_keys = 10_000

    def __init__(self, tries: int, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.tries = tries
        self.seconds = seconds
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def allow(self, key: str, *, take: bool = True) -> bool:
        """Whether one more try is free; it is taken, unless that is left for later."""
        with self._lock:
            moment = self._clock()
            left, since = self._left.pop(key, (float(self.tries), moment))
            left = min(self.tries, left + (moment - since) * self.tries / self.seconds)
            self._left[key] = (left - 1 if take and left >= 1 else left, moment)
            if len(self._left) > self._most_keys:
                self._left.popitem(last=False)
            return left >= 1

    def check(self, key: str, *, take: bool = True) -> None:
        """Take a try, or only see to it that one is free.

        Raises:
            ApiError: 429, if none is free.
        """
        if not self.allow(key, take=take):
            wait = max(1, round(self.seconds / self.tries))
            headers = {"Retry-After": str(wait)}
            raise ApiError(429, "too_many_tries", f"that was too often; try again in {wait} s", headers=headers)
