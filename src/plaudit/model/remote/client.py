"""Clients of a reward server, for threads and for asyncio: the same requests, the same patience, the same checks."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Any

import httpx2

from plaudit.data import Score, ranked
from plaudit.errors import NotFoundError, PlauditError
from plaudit.groups import Group, Text
from plaudit.model.remote.exchange import (
    ServerAddress,
    body_of,
    may_pass,
    pause_before,
    refusal,
    requests_of,
    scores_of,
)

# Requests under way at once: the server always has a next batch, and one client does not crowd out others.
_AT_ONCE = 4


class Client:
    """A reward server, asked from threads.

    It tries again where that may help (no connection, 502, 503, 504), as the server's `Retry-After` asks, and never
    after another error. What comes back is checked to be the scores of the texts that were sent.

    Args:
        url: of the server; `http://any:TOKEN@host:8000` holds its token, else the environment's PLAUDIT_TOKEN does.
        token: in place of those.
        model: which of its models; its only one, if None.
        timeout: seconds for one answer.
        tries: of each request.

    Attributes:
        cuts: of how many responses so far the server cut the prompt ("prompts") or themselves ("responses") to fit.

    Example:
        >>> Client("http://any:s3cret@localhost:8000")
        Client('http://localhost:8000')
    """

    def __init__(
        self, url: str, *, token: str | None = None, model: str | None = None, timeout: float = 600, tries: int = 8
    ) -> None:
        self.address = ServerAddress.of(url, token)
        self.model = model
        self.tries = tries
        self.cuts: Counter[str] = Counter()
        self._http = httpx2.Client(headers=self.address.headers(), timeout=httpx2.Timeout(timeout, connect=10))

    def __repr__(self) -> str:
        return f"Client({self.address.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def score(self, groups: Sequence[Group], *, truncate_responses: bool = False) -> list[list[Score]]:
        """The scores of every response of every group, in order.

        Args:
            groups: any number; they are sent in requests of a moderate size, several at once.
            truncate_responses: cut responses that are longer than the context.

        Raises:
            PlauditError: if the server refuses, cannot be reached, or answers something else.
        """
        return self.score_and_cuts(groups, truncate_responses=truncate_responses)[0]

    def score_and_cuts(
        self, groups: Sequence[Group], *, truncate_responses: bool = False
    ) -> tuple[list[list[Score]], Counter[str]]:
        """As `score`, and what was cut for these groups, as `cuts` counts it."""

        def ask(request: Sequence[Group]) -> httpx2.Response:
            return self._ask("POST", "/v1/rewards", body_of(request, self.model, truncate_responses), request)

        requests = list(requests_of(groups))
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            responses = list(threads.map(ask, requests))
        return _scored(self, groups, requests, responses)

    def rank(self, prompt: Text, responses: Sequence[Text]) -> list[Score]:
        """Responses to one prompt, best first."""
        (scores,) = self.score([Group("", prompt, tuple(responses))])
        return ranked(scores)

    def models(self) -> list[dict[str, Any]]:
        """What the server serves, and what decides its scores."""
        models: list[dict[str, Any]] = _answer_in(self.address, self._ask("GET", "/v1/models"))["data"]
        return models

    def _ask(self, method: str, path: str, body: bytes | None = None, groups: Sequence[Group] = ()) -> httpx2.Response:
        for attempt in range(self.tries):
            try:
                response = self._http.request(method, self.address.url + path, content=body)
            except httpx2.RequestError as error:
                if attempt + 1 == self.tries or not _may_connect_later(error, attempt, method):
                    raise _unreachable(self.address, error) from None
                time.sleep(pause_before(attempt))
                continue
            if response.status_code == 200:
                return response
            if attempt + 1 == self.tries or not may_pass(response.status_code):
                break
            time.sleep(pause_before(attempt, response.headers.get("retry-after")))
        raise refusal(self.address, response.status_code, response.content, groups)


class AsyncClient:
    """A reward server, asked from asyncio. Arguments and behaviour are those of `Client`.

    Example:
        >>> AsyncClient("http://localhost:8000")
        AsyncClient('http://localhost:8000')
    """

    def __init__(
        self, url: str, *, token: str | None = None, model: str | None = None, timeout: float = 600, tries: int = 8
    ) -> None:
        self.address = ServerAddress.of(url, token)
        self.model = model
        self.tries = tries
        self.cuts: Counter[str] = Counter()
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
        self._http = httpx2.AsyncClient(
            headers=self.address.headers(), timeout=httpx2.Timeout(timeout, connect=10, pool=None), limits=limits
        )

    def __repr__(self) -> str:
        return f"AsyncClient({self.address.url!r})"

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()

    async def score(self, groups: Sequence[Group], *, truncate_responses: bool = False) -> list[list[Score]]:
        """As `Client.score`."""
        return (await self.score_and_cuts(groups, truncate_responses=truncate_responses))[0]

    async def score_and_cuts(
        self, groups: Sequence[Group], *, truncate_responses: bool = False
    ) -> tuple[list[list[Score]], Counter[str]]:
        """As `Client.score_and_cuts`."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def ask(request: Sequence[Group]) -> httpx2.Response:
            async with slots:
                return await self._ask("POST", "/v1/rewards", body_of(request, self.model, truncate_responses), request)

        requests = list(requests_of(groups))
        return _scored(self, groups, requests, await asyncio.gather(*map(ask, requests)))

    async def rank(self, prompt: Text, responses: Sequence[Text]) -> list[Score]:
        """As `Client.rank`."""
        (scores,) = await self.score([Group("", prompt, tuple(responses))])
        return ranked(scores)

    async def models(self) -> list[dict[str, Any]]:
        """As `Client.models`."""
        models: list[dict[str, Any]] = _answer_in(self.address, await self._ask("GET", "/v1/models"))["data"]
        return models

    async def _ask(
        self, method: str, path: str, body: bytes | None = None, groups: Sequence[Group] = ()
    ) -> httpx2.Response:
        for attempt in range(self.tries):
            try:
                response = await self._http.request(method, self.address.url + path, content=body)
            except httpx2.RequestError as error:
                if attempt + 1 == self.tries or not _may_connect_later(error, attempt, method):
                    raise _unreachable(self.address, error) from None
                await asyncio.sleep(pause_before(attempt))
                continue
            if response.status_code == 200:
                return response
            if attempt + 1 == self.tries or not may_pass(response.status_code):
                break
            await asyncio.sleep(pause_before(attempt, response.headers.get("retry-after")))
        raise refusal(self.address, response.status_code, response.content, groups)


def _scored(
    client: Client | AsyncClient,
    groups: Sequence[Group],
    requests: Sequence[Sequence[Group]],
    responses: Sequence[httpx2.Response],
) -> tuple[list[list[Score]], Counter[str]]:
    """One row a group, whose responses may have been sent in several requests, and what was cut, which the client
    counts too."""
    scores: list[Score] = []
    cuts: Counter[str] = Counter()
    for request, response in zip(requests, responses, strict=True):
        for what, count in re.findall(r"(\w+)=(\d+)", response.headers.get("x-plaudit-cut", "")):
            cuts[what] += int(count)
        for row in scores_of(client.address, request, _answer_in(client.address, response)):
            scores += row
    client.cuts.update(cuts)
    in_order = iter(scores)
    rows = [[replace(next(in_order), response=index) for index in range(len(group.responses))] for group in groups]
    return rows, cuts


def _answer_in(address: ServerAddress, response: httpx2.Response) -> Any:
    """The JSON of an answer.

    Raises:
        PlauditError: if it is none.
    """
    try:
        return response.json()
    except ValueError:
        raise PlauditError(f"{address.url} did not answer with JSON", remedy="is a Plaudit server there?") from None


# What OpenSSL calls an answer that is no TLS.
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST")


def _unreachable(address: ServerAddress, error: Exception) -> PlauditError:
    """What to say where nobody answers."""
    remedy = "is the server running? `plaudit serve MODEL` starts one"
    if any(words in str(error) for words in _NO_TLS):
        plain = address.url.replace("https://", "http://", 1)
        remedy = f"it does not speak TLS: give {plain}"
    elif "CERTIFICATE_VERIFY_FAILED" in str(error):
        remedy = "its certificate is not trusted here: SSL_CERT_FILE names a file of those that are"
    return NotFoundError(f"{address.url} cannot be reached ({error or type(error).__name__})", remedy=remedy)


def _may_connect_later(error: Exception, attempt: int, method: str) -> bool:
    """Whether to try a connection again. A server that was never there is said at once, before any work is lost; so is
    what no waiting heals: an answer that is no TLS or not to be trusted, a request that cannot be written."""
    if not isinstance(error, httpx2.TransportError) or isinstance(
        error, (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)
    ):
        return False
    if "SSL:" in str(error) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False
    return not (isinstance(error, httpx2.ConnectError) and method == "GET" and attempt >= 1)
