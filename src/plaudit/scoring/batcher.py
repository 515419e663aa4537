"""Scores for many who ask at once: one worker thread takes what waits, by a budget of tokens, and computes it together.

Requests that come one response at a time are computed like a file of them: what waits is one batch, in which equal
token sequences are computed once and common beginnings share a trunk (`model/sharing.py`). A score does not depend on
its company, so nothing about batching can change it.

Left out: a fixed batch size and a time window (whoever waits is taken as soon as the worker is free), and priorities.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from plaudit.data import Score, text_hash
from plaudit.errors import DeadlineError, OverloadedError, is_out_of_memory
from plaudit.model import Prepared, Scorer
from plaudit.scoring.queueing import DEFAULT_LIMITS, BatchingLimits, BatchReport, QueuedRequest
from plaudit.scoring.score_cache import ScoreCache
from plaudit.text import counted

logger = logging.getLogger(__name__)

# A batch whose memory does not suffice is computed in halves, down to this.
_LEAST_BATCH_TOKENS = 256

# How much of the measured speed is that of the last batch.
_NEW = 0.2

# Before another's turn a request is given this share of a batch: less would part siblings that share a prompt.
_SHARE = 4


_Taken = tuple[QueuedRequest, int, Prepared]
"""A response that is taken from the queue: whose it is, its place there, and what is computed."""


class Batcher:
    """The queue before a scorer, and the thread that works it off.

    Args:
        scorer: what scores. From now on only this object may call it.
        limits: how much may wait.
        report: told of each batch, in the worker thread.
        report_cached: told of the tokens of each response that was scored before.

    Example:
        >>> from plaudit.groups import Group
        >>> from plaudit.model import open_model
        >>> model = open_model("my-model")
        >>> with Batcher(model) as batcher:
        ...     futures = [batcher.submit([model.prepare(Group("q", "2 + 2?", (text,)))]) for text in ("4.", "No.")]
        ...     [[four], [no]] = [future.result() for future in futures]
        >>> abs(four.score - model.rank("2 + 2?", ["4."])[0].score) < 1e-5
        True
    """

    def __init__(
        self,
        scorer: Scorer,
        limits: BatchingLimits = DEFAULT_LIMITS,
        report: Callable[[BatchReport], None] = lambda report: None,
        report_cached: Callable[[int], None] = lambda tokens: None,
    ) -> None:
        self.scorer = scorer
        self.limits = limits
        self._report = report
        self._report_cached = report_cached
        self._cache = ScoreCache(limits.cache_mib)
        self._batch_tokens = limits.batch_tokens
        self._requests: deque[QueuedRequest] = deque()
        self._queued_tokens = 0
        self._computing_tokens = 0
        self._at_work = False
        self._speed: float | None = None
        self._closing = False
        self._changed = threading.Condition()
        self._worker = threading.Thread(target=self._work, name="plaudit-scoring", daemon=True)
        self._worker.start()

    def __enter__(self) -> Batcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def queued_tokens(self) -> int:
        """Tokens that wait."""
        return self._queued_tokens

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._requests)

    @property
    def alive(self) -> bool:
        """Whether the worker works."""
        return self._worker.is_alive()

    def estimated_wait(self) -> float:
        """Seconds until what waits now is computed, as far as past batches tell; 0 before the first."""
        return 0.0 if self._speed is None else (self._queued_tokens + self._computing_tokens) / self._speed

    def submit(self, items: Sequence[Prepared], *, deadline: float | None = None) -> Future[list[Score]]:
        """Ask for scores.

        Args:
            items: of one response each, prepared by this scorer.
            deadline: by `time.monotonic`; what is still waiting then is refused.

        Returns:
            The scores, one an item, in order. Cancel it where nobody wants them any more: what waits of it leaves the
            queue.

        Raises:
            OverloadedError: if too much waits already.
            ValueError: if an item has not exactly one response.
        """
        if any(len(item.group.responses) != 1 for item in items):
            raise ValueError("each item has one response")
        future: Future[list[Score]] = Future()
        request = QueuedRequest([None] * len(items), future, deadline, time.monotonic())
        request.missing = len(items)
        if not items:
            future.set_result([])
            return future
        for number, item in enumerate(items):
            if not self._give_cached(request, number, item):
                request.items.append((number, item))
        if request.items:
            self._enqueue(request)
        return future

    def close(self, timeout: float | None = None) -> bool:
        """Work off what waits, take nothing new, and end the worker.

        Args:
            timeout: seconds after which what still waits is refused; None: however long it takes.

        Returns:
            Whether everything was worked off.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._worker.join(timeout)
        with self._changed:
            left, self._requests, self._queued_tokens = self._requests, deque(), 0
        for request in left:
            request.fail(OverloadedError("the server stops", code="draining", retry_after=1.0))
        return not left and not self._at_work

    def _enqueue(self, request: QueuedRequest) -> None:
        tokens = sum(item.cost for _, item in request.items)
        with self._changed:
            if self._closing:
                raise OverloadedError("the server stops", remedy="try again", code="draining", retry_after=1.0)
            wait = self.estimated_wait()
            if wait > self.limits.patience:
                raise OverloadedError(
                    f"what waits takes about {wait:.0f} s, and the server's patience is {self.limits.patience:g} s",
                    remedy="try again later",
                    retry_after=wait - self.limits.patience,
                )
            full = len(self._requests) >= self.limits.waiting
            if full or (self._queued_tokens and self._queued_tokens + tokens > self.limits.queued_tokens):
                waiting = counted(len(self._requests), "requests")
                raise OverloadedError(f"{waiting} wait already", remedy="try again later", retry_after=1.0)
            idle = not self._requests
            self._requests.append(request)
            self._queued_tokens += tokens
            if idle:
                self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                idle = not self._requests
                self._changed.wait_for(lambda: self._requests or self._closing)
                if not self._requests:
                    return
                if idle and not self._closing and self.limits.gather_seconds:
                    self._changed.wait(self.limits.gather_seconds)
                batch = self._take()
                # In one moment with what leaves the queue: whoever asks how long it takes counts each token once.
                self._at_work, self._computing_tokens = bool(batch), sum(item.cost for *_, item in batch)
            if batch:
                try:
                    self._compute(batch)
                except BaseException as error:
                    # Nothing may end this thread: all who wait would wait for ever.
                    logger.exception("a batch failed")
                    for request, *_ in batch:
                        request.fail(error)
                finally:
                    self._at_work, self._computing_tokens = False, 0

    def _take(self) -> list[_Taken]:
        """The next batch, by deficit round robin over requests (Shreedhar and Varghese 1995): each in turn may have
        its share of a batch, so that a request of thousands of responses does not hold up single ones."""
        batch: list[_Taken] = []
        room = self._batch_tokens
        while self._requests and room > 0:
            request = self._requests.popleft()
            if self._gone(request):
                continue
            request.credit += max(1, self._batch_tokens // _SHARE)
            while request.items and request.items[0][1].cost <= request.credit:
                number, item = request.items[0]
                if batch and item.cost > room:
                    self._requests.appendleft(request)
                    return batch
                request.items.popleft()
                self._queued_tokens -= item.cost
                if self._give_cached(request, number, item):
                    continue
                batch.append((request, number, item))
                request.credit -= item.cost
                room -= item.cost
            if request.items:
                self._requests.append(request)
        return batch

    def _gone(self, request: QueuedRequest) -> bool:
        """Whether nobody waits for a request any more; what waits of it leaves the queue."""
        late = request.deadline is not None and time.monotonic() > request.deadline
        if late:
            request.fail(DeadlineError("the deadline passed while the request waited", remedy="allow more time"))
        if not request.future.done():
            return False
        self._queued_tokens -= sum(item.cost for _, item in request.items)
        return True

    def _give_cached(self, request: QueuedRequest, number: int, item: Prepared) -> bool:
        known = self._cache.get(item.key(0))
        if known is None:
            return False
        self._report_cached(known.tokens)
        request.give(number, _of_item(known, item))
        return True

    def _compute(self, batch: Sequence[_Taken]) -> None:
        began = time.monotonic()
        before = self.scorer.computed_tokens
        try:
            rows = self.scorer.score_prepared([item for *_, item in batch], batch_tokens=self._batch_tokens)
        except Exception as error:
            if is_out_of_memory(error) and self._batch_tokens > _LEAST_BATCH_TOKENS:
                self._batch_tokens = max(self._batch_tokens // 2, _LEAST_BATCH_TOKENS)
                logger.warning("memory does not suffice: batches now have at most %d tokens", self._batch_tokens)
                self._compute(batch)
            elif len(batch) == 1:
                logger.warning("a response cannot be scored: %s: %s", type(error).__name__, error)
                batch[0][0].fail(error)
            else:
                # One may be to blame for all: halves are computed until the culprit stands alone.
                middle = len(batch) // 2
                self._compute(batch[:middle])
                self._compute(batch[middle:])
            return
        seconds = max(time.monotonic() - began, 1e-6)
        tokens = sum(item.cost for *_, item in batch)
        speed = tokens / seconds
        self._speed = speed if self._speed is None else (1 - _NEW) * self._speed + _NEW * speed
        self._report(
            BatchReport(
                responses=len(batch),
                tokens=tokens,
                computed=self.scorer.computed_tokens - before,
                queue_seconds=tuple(began - request.arrived for request, *_ in batch),
                forward_seconds=seconds,
            )
        )
        # Before anybody has a score: who does may ask at once, and waits for none of these.
        self._computing_tokens -= tokens
        for (request, number, item), (score,) in zip(batch, rows, strict=True):
            self._cache.put(item.key(0), score)
            request.give(number, _of_item(score, item))


def _of_item(score: Score, item: Prepared) -> Score:
    """The score of equal tokens, as that of an item."""
    return replace(score, group=item.group.id, truncated=item.was_cut(0), hash=text_hash(item.group, 0))
