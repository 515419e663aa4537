"""The server's clock, ids and the project's own chance."""

from __future__ import annotations

import hmac
import secrets
import time
from hashlib import sha256


def now() -> float:
    """Seconds since 1970. A browser's clock may be a day off, and has no say."""
    return time.time()


def public_id() -> str:
    """128 random bits, for what leaves the house."""
    return secrets.token_hex(16)


def chance(secret: bytes, *parts: object) -> float:
    """A number in [0, 1) that is random to everybody without the secret, and the same every time.

    Example:
        >>> chance(b"s", 1, "gold") == chance(b"s", 1, "gold"), chance(b"s", 2, "gold") == chance(b"s", 1, "gold")
        (True, False)
    """
    return (number(secret, *parts) >> 9) / 2**53


def number(secret: bytes, *parts: object) -> int:
    """The same, as a whole number below 2^62."""
    digest = hmac.digest(secret, "/".join(map(str, parts)).encode(), sha256)
    return int.from_bytes(digest[:8], "big") >> 2


def shuffled(items: list[int], secret: bytes, *parts: object) -> list[int]:
    """The items in an order of that kind.

    Example:
        >>> sorted(shuffled([0, 1, 2], b"s", 7))
        [0, 1, 2]
    """
    return sorted(items, key=lambda item: number(secret, *parts, item))
