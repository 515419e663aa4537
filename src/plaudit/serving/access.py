"""Where a server listens, whom it answers, and what its models are called."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plaudit.errors import InvalidInputError
from plaudit.web import Tokens, bind, host_and_port, is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where a server listens, and whom it answers.

    Attributes:
        host: an address or a name.
        port: 0: any that is free.
        socket_path: a Unix socket in place of both.
        tokens: one of which each request needs.
        admin_tokens: that open `/admin/reload`.
        everybody: answer other machines although there is no token.
        origins: pages of which may ask from a browser.

    Example:
        >>> Access(host="0.0.0.0").check()
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: 0.0.0.0 can be reached from other machines, and there is no token; ...
    """

    host: str = "127.0.0.1"
    port: int = 8000
    socket_path: Path | None = None
    tokens: Tokens = field(default_factory=Tokens)
    admin_tokens: Tokens = field(default_factory=Tokens)
    everybody: bool = False
    origins: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise where other machines could ask and nothing keeps them out."""
        if not (self.tokens or self.everybody or self.socket_path or is_loopback(self.host)):
            raise InvalidInputError(
                f"{self.host} can be reached from other machines, and there is no token",
                remedy="set PLAUDIT_TOKEN, give --token-file, or insist with --no-auth",
            )

    def bind(self) -> socket.socket:
        """The socket.

        Raises:
            PlauditError: if it is taken, or not to be had.
        """
        if self.socket_path:
            return _bound_to_file(self.socket_path)
        return bind(self.host, self.port)

    def release(self, listener: socket.socket) -> None:
        """Close the socket, and remove its file, unless another server listens there by now."""
        listener.close()
        if self.socket_path and _is_left_over(self.socket_path):
            self.socket_path.unlink(missing_ok=True)


def named_sources(models: Sequence[str]) -> dict[str, str]:
    """Name -> source, of models given as `NAME=SOURCE` or by their source alone, whose last part is the name.

    Raises:
        InvalidInputError: if two have one name.

    Example:
        >>> named_sources(["models/helpful", "safe=models/v2"])
        {'helpful': 'models/helpful', 'safe': 'models/v2'}
    """
    sources: dict[str, str] = {}
    for model in models:
        name, equals, source = model.partition("=")
        if not equals or "/" in name or not source:
            source = model
            name = Path(model).resolve().name if Path(model).is_dir() else model.rstrip("/").rpartition("/")[2]
        if name in sources:
            raise InvalidInputError(f"two models are called {name!r}", remedy=f"name one: other={source}")
        sources[name] = source
    return sources


def address_of(access: Access, listener: socket.socket) -> str:
    if access.socket_path:
        return f"unix:{access.socket_path}"
    return f"http://{host_and_port(listener)}"


def _bound_to_file(path: Path) -> socket.socket:
    """A Unix socket. A file of one on which nobody listens is what a killed server has left, and goes."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        try:
            listener.bind(str(path))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not _is_left_over(path):
                raise
            path.unlink(missing_ok=True)
            listener.bind(str(path))
        # At once, or another server would take it for one that was left.
        listener.listen()
    except OSError as error:
        listener.close()
        reason = error.strerror or error
        if error.errno == errno.EADDRINUSE:
            reason = "a server listens there" if path.is_socket() else "there is a file of that name"
        raise InvalidInputError(f"cannot listen on {path}: {reason}", remedy="choose another --uds") from None
    listener.set_inheritable(True)
    return listener


def _is_left_over(path: Path) -> bool:
    """Whether a file is a socket on which nobody listens."""
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(1)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
