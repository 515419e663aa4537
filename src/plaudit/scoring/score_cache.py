"""Scores given before, by what decides them. A client that asks again finds its answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b

from plaudit.data import Score

# What an entry takes: the digest, the score, and the dictionary's own, measured with some room.
_ENTRY_BYTES = 640


class ScoreCache:
    """The scores last asked for. A score is exact whatever it was computed beside, so one given before is the score.

    Args:
        mib: most memory, in MiB; 0 keeps nothing.

    Example:
        >>> cache = ScoreCache(1)
        >>> cache.put(b"tokens", Score("q", 0, score=0.5, tokens=9, truncated=False))
        >>> cache.get(b"tokens").score, cache.get(b"others")
        (0.5, None)
    """

    def __init__(self, mib: float) -> None:
        self._most = int(mib * (1 << 20) / _ENTRY_BYTES)
        self._scores: OrderedDict[bytes, Score] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._scores)

    def get(self, key: bytes) -> Score | None:
        """The score of this key, if it is still kept."""
        digest = _digest(key)
        with self._lock:
            if digest not in self._scores:
                return None
            self._scores.move_to_end(digest)
            return self._scores[digest]

    def put(self, key: bytes, score: Score) -> None:
        """Keep a score; what was not asked for longest goes."""
        digest = _digest(key)
        with self._lock:
            self._scores[digest] = score
            self._scores.move_to_end(digest)
            while len(self._scores) > self._most:
                self._scores.popitem(last=False)


def _digest(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()
