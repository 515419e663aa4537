"""What is asked of a reward server and how its answers are read, apart from how they travel."""

from __future__ import annotations

import json
import math
import os
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from plaudit._group_json import text_to_json
from plaudit.data import Score, text_hash
from plaudit.errors import DeadlineError, InvalidInputError, NotFoundError, OverloadedError, PlauditError, TooLongError
from plaudit.groups import Group, plain_text

TOKEN_VARIABLE = "PLAUDIT_TOKEN"
"""The environment variable that holds a server's token, where the URL holds none."""

# Of one request: small enough to be answered within any proxy's patience, large enough that siblings share a trunk.
_REQUEST_CHARACTERS = 400_000
_REQUEST_RESPONSES = 512

_RETRIED = (502, 503, 504)
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server is, and what opens it.

    Attributes:
        url: without user, password and a slash at the end.
        token: from the URL's password, or from the environment; None without any.

    Example:
        >>> ServerAddress.of("http://any:s3cret@localhost:8000/")
        ServerAddress(url='http://localhost:8000', token='s3cret')
    """

    url: str
    token: str | None

    @classmethod
    def of(cls, url: str, token: str | None = None) -> ServerAddress:
        """Read a URL. A token that is given wins over the URL's.

        Raises:
            InvalidInputError: if it is no address.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InvalidInputError(f"{url!r} is no address of a server ({error})") from None
        if parts.scheme not in ("http", "https") or not host:
            raise InvalidInputError(f"{url!r} is no address of a server", remedy="it begins with http:// or https://")
        named = f"[{host}]" if ":" in host else host
        place = named if port is None else f"{named}:{port}"
        bare = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
        secret = unquote(parts.password) if parts.password else _TOKENS.get(bare)
        return cls(bare, token or secret or os.environ.get(TOKEN_VARIABLE, "").strip() or None)

    def headers(self) -> dict[bytes, bytes]:
        """What every request carries; a token in UTF-8."""
        token = {b"Authorization": f"Bearer {self.token}".encode()} if self.token else {}
        return {b"Content-Type": b"application/json", **token}


# Address -> its token, of addresses that were given with one.
_TOKENS: dict[str, str] = {}


def keep_token(source: str) -> str:
    """What a model's place may be called in records and messages: the address of a server without its token, which this
    process keeps; anything else as it is.

    Example:
        >>> keep_token("http://any:s3cret@localhost:8000"), keep_token("my-model")
        ('http://localhost:8000', 'my-model')
        >>> ServerAddress.of("http://localhost:8000").token
        's3cret'
    """
    if not source.startswith(("http://", "https://")):
        return source
    address = ServerAddress.of(source)
    if address.token and "@" in source:
        _TOKENS[address.url.partition("/models/")[0]] = address.token
    return address.url


def requests_of(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """The groups, in requests of a moderate size. A large group's responses are split over several.

    Example:
        >>> groups = [Group("a", "Why?", ("x",) * 600), Group("b", "How?", ("y",))]
        >>> [[len(group.responses) for group in request] for request in requests_of(groups)]
        [[512], [88, 1]]
    """
    request: list[Group] = []
    characters = responses = 0
    for group in groups:
        rest = list(group.responses)
        while rest:
            part: list[Any] = []
            while rest and responses + len(part) < _REQUEST_RESPONSES and characters < _REQUEST_CHARACTERS:
                characters += len(plain_text(rest[0])) + len(plain_text(group.prompt))
                part.append(rest.pop(0))
            if part:
                request.append(Group(group.id, group.prompt, tuple(part), tools=group.tools))
                responses += len(part)
            if rest or responses >= _REQUEST_RESPONSES or characters >= _REQUEST_CHARACTERS:
                yield request
                request, characters, responses = [], 0, 0
    if request:
        yield request


def body_of(groups: Sequence[Group], model: str | None, truncate_responses: bool) -> bytes:
    """The request for the scores of groups."""
    rows = [
        {
            "id": group.id,
            "prompt": text_to_json(group.prompt),
            "responses": [text_to_json(response) for response in group.responses],
            **({"tools": [dict(tool) for tool in group.tools]} if group.tools else {}),
        }
        for group in groups
    ]
    named = {} if model is None else {"model": model}
    # ASCII, so that half surrogates, which UTF-8 cannot hold, travel too.
    return json.dumps({**named, "groups": rows, "truncate_responses": truncate_responses}).encode()


def scores_of(address: ServerAddress, groups: Sequence[Group], answer: Any) -> list[list[Score]]:
    """The scores in an answer: as many as were asked for, in their order, and of these very texts.

    Raises:
        PlauditError: if it is not the answer to these groups.
    """
    try:
        results = answer["results"]
        rows = [[_score(group, row) for row in result["scores"]] for group, result in zip(groups, results, strict=True)]
        for group, row, result in zip(groups, rows, results, strict=True):
            wanted = [(index, text_hash(group, index)) for index in range(len(group.responses))]
            if result["id"] != group.id or [(score.response, score.hash) for score in row] != wanted:
                raise ValueError("scores of other texts")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlauditError(
            f"{address.url} did not answer what was asked ({error})",
            remedy="is a Plaudit server there?",
        ) from None
    return rows


def _score(group: Group, row: Mapping[str, Any]) -> Score:
    return Score(
        group=group.id,
        response=row["response"],
        score=_number(row["score"]),
        tokens=row["tokens"],
        truncated=row["truncated"],
        scores={name: _number(value) for name, value in row["scores"].items()} if "scores" in row else None,
        spread=_number(row["spread"]) if "spread" in row else None,
        hash=row["text"],
        members=tuple(map(_number, row["members"])) if "members" in row else None,
    )


def _number(value: float | None) -> float:
    """A number of an answer; null where the model gave none."""
    return math.nan if value is None else float(value)


def pause_before(attempt: int, retry_after: str | None = None) -> float:
    """Seconds before another try: what the server asks for, else 1, 2, 4 … up to 30; with up to a half more, so that
    those who were refused together do not come back together."""
    asked = float(retry_after) if retry_after is not None and retry_after.isdecimal() else float(2**attempt)
    return min(asked, _LONGEST_PAUSE) * (1 + random.random() / 2)


def may_pass(status: int) -> bool:
    """Whether an answer of this status may be another the next time."""
    return status in _RETRIED


def refusal(address: ServerAddress, status: int, body: bytes, groups: Sequence[Group] = ()) -> PlauditError:
    """What a server's error is to a caller, who knows groups by their ids and not by their places in a request."""

    def by_id(place: re.Match[str]) -> str:
        group = groups[int(place[1])]
        return f"a response of group {group.id!r} ({plain_text(group.responses[int(place[2])])[:40]!r}…)"

    try:
        told = json.loads(body)["error"]
        code, message = told["code"], re.sub(r"groups\[(\d+)\]\.responses\[(\d+)\]", by_id, told["message"])
    except (ValueError, KeyError, TypeError, IndexError):
        code, message = "", f"status {status}"
    if status == 401:
        return InvalidInputError(
            f"{address.url} wants a token",
            remedy=f"set {TOKEN_VARIABLE}, or give http://any:TOKEN@host as the address",
        )
    kinds: dict[str, type[PlauditError]] = {"response_too_long": TooLongError, "deadline_exceeded": DeadlineError}
    if code not in kinds and status == 404:
        kinds[code] = NotFoundError
    if status in _RETRIED and code not in kinds:
        return OverloadedError(f"{address.url}: {message}")
    return kinds.get(code, InvalidInputError if status < 500 else PlauditError)(f"{address.url}: {message}")
