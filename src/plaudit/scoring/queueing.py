"""What waits before a scorer, how much of it may, and what is told of each batch."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from plaudit.data import Score
from plaudit.model import DEFAULT_BATCH_TOKENS, Prepared


@dataclass(frozen=True, slots=True)
class BatchingLimits:
    """How much may wait, and for how long.

    Attributes:
        batch_tokens: most tokens of one forward pass, and about as many are taken at a time.
        gather_seconds: how long an idle worker that is asked waits for more.
        patience: a request is refused where the wait for it is estimated to be longer, in seconds.
        queued_tokens: most tokens that wait.
        waiting: most requests that wait.
        cache_mib: memory for scores that were given before, in MiB.

    Example:
        >>> BatchingLimits(patience=10).waiting
        8192
    """

    batch_tokens: int = DEFAULT_BATCH_TOKENS
    gather_seconds: float = 0.002
    patience: float = 100.0
    queued_tokens: int = 1 << 24
    waiting: int = 8192
    cache_mib: float = 64.0


DEFAULT_LIMITS = BatchingLimits()


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one batch took.

    Attributes:
        responses: computed in it.
        tokens: read in it, prompts included, as if nothing were shared.
        computed: of them, those that were computed.
        queue_seconds: how long each of them waited.
        forward_seconds: of the batch.

    Example:
        >>> report = BatchReport(2, tokens=300, computed=180, queue_seconds=(0.1, 0.2), forward_seconds=0.4)
        >>> report.tokens - report.computed
        120
    """

    responses: int
    tokens: int
    computed: int
    queue_seconds: tuple[float, ...]
    forward_seconds: float


@dataclass(slots=True)
class QueuedRequest:
    """Responses that were asked for together."""

    scores: list[Score | None]
    future: Future[list[Score]]
    deadline: float | None
    arrived: float
    items: deque[tuple[int, Prepared]] = field(default_factory=deque)
    credit: int = 0
    missing: int = 0

    def give(self, number: int, score: Score) -> None:
        self.scores[number] = score
        self.missing -= 1
        # The future stays pending until here, so that whoever asked may cancel it at any time.
        if not self.missing and not self.future.done() and self.future.set_running_or_notify_cancel():
            self.future.set_result([score for score in self.scores if score is not None])

    def fail(self, error: BaseException) -> None:
        if not self.future.done() and self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)
