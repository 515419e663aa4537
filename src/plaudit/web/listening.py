"""Where a server listens."""

from __future__ import annotations

import ipaddress
import socket

from plaudit.errors import InvalidInputError


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there; whoever connects before a server takes it is answered then.

    Args:
        host: an address or a name.
        port: 0: any that is free.

    Raises:
        InvalidInputError: if it is taken, or not to be had.

    Example:
        >>> with bind("127.0.0.1", 0) as listener:
        ...     listener.getsockname()[0]
        '127.0.0.1'
    """
    try:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # At once: until somebody listens, others may bind the same port, and would fail later.
        listener.listen()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"cannot listen on {host}:{port}: {reason}", remedy="choose another --port") from None
    listener.set_inheritable(True)
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host.

    Example:
        >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_and_port(listener: socket.socket) -> str:
    """As in a URL.

    Example:
        >>> with bind("127.0.0.1", 0) as listener:
        ...     host_and_port(listener).partition(":")[0]
        '127.0.0.1'
    """
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
