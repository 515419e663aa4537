"""Who may ask. A token is taken as Bearer, or as the password of Basic authentication, since no RL trainer can send a
header but all of them can call `http://any:TOKEN@host`."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from collections.abc import Collection, Iterable
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from plaudit.errors import InvalidInputError
from plaudit.web.errors import ApiError, send_error


class Tokens:
    """The tokens that open a server; kept as digests.

    Args:
        tokens: any number; none: every request is let in. Blanks around one are no part of it: no header carries them.

    Example:
        >>> tokens = Tokens(["s3cret"])
        >>> tokens.accept("Bearer s3cret"), tokens.accept("Bearer other"), tokens.accept(None)
        (True, False, False)
        >>> tokens.accept("Basic " + __import__("base64").b64encode(b"any:s3cret").decode())
        True
    """

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        self._digests = [_digest(token.strip()) for token in tokens if token.strip()]

    @classmethod
    def of_environment(cls, variable: str) -> Tokens:
        """The token that an environment variable holds, if it holds one.

        Example:
            >>> bool(Tokens.of_environment("NO_SUCH_TOKEN"))
            False
        """
        return cls([os.environ.get(variable, "")])

    @classmethod
    def of_file(cls, file: str | Path) -> Tokens:
        """One token a line; blank lines and lines that begin with # are left out.

        Raises:
            PlauditError: if the file cannot be read, or holds none.
        """
        try:
            lines = Path(file).expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"{file}: the tokens cannot be read ({error})") from None
        tokens = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if not tokens:
            raise InvalidInputError(f"{file} holds no token", remedy="write one a line")
        return cls(tokens)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def accept(self, authorization: str | None) -> bool:
        """Whether the header holds one of the tokens. All are compared, in the same time whichever it is."""
        token = _token_of(authorization or "")
        digest = _digest(token or "")
        matches = [compare_digest(digest, other) for other in self._digests]
        return token is not None and any(matches)


class TokenGate:
    """Lets requests through that have a token; the others get 401.

    Args:
        app: what is behind.
        tokens: that open it.
        open_paths: paths that need none.

    Example:
        >>> from starlette.applications import Starlette
        >>> app = TokenGate(Starlette(), tokens=Tokens(["s3cret"]), open_paths=["/health"])
    """

    def __init__(self, app: ASGIApp, *, tokens: Tokens, open_paths: Collection[str] = ()) -> None:
        self.app = app
        self.tokens = tokens
        self.open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["type"] == "http" and self.tokens and scope["path"] not in self.open_paths
        if guarded and not self.tokens.accept(Headers(scope=scope).get("authorization")):
            error = ApiError(
                401,
                "unauthorized",
                "a token is needed; send it as `Authorization: Bearer TOKEN`, or as http://any:TOKEN@host",
                headers={"WWW-Authenticate": "Bearer"},
            )
            await send_error(error, scope, receive, send)
            return
        await self.app(scope, receive, send)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _token_of(authorization: str) -> str | None:
    scheme, _, rest = authorization.partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return _as_utf8(rest) or None
    if scheme.lower() == "basic":
        try:
            return b64decode(rest, validate=True).decode("utf-8").partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def _as_utf8(header: str) -> str:
    """A header's text, whose bytes are read as Latin-1: what was sent in UTF-8 is meant so."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header
