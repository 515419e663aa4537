"""Where rewards come from: a scorer in this process behind a queue, or a server. Each is asked from threads and from
asyncio, by any number at once."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from plaudit.data import Score
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model import AsyncClient, Client, RemoteScorer, Scorer, TokenCheck, open_model
from plaudit.scoring.batcher import Batcher
from plaudit.scoring.queueing import BatchingLimits

logger = logging.getLogger(__name__)

# A trainer's calls arrive within milliseconds, and nobody else is waiting: so long is gathered, and none is refused.
_LIMITS = BatchingLimits(gather_seconds=0.005, patience=math.inf, queued_tokens=1 << 40, waiting=1 << 20)

_OF_CLIENT = ("token", "timeout", "tries")

# Requests of asyncio's under way at once at a server; a trainer may start a task for each sample of a batch.
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class RewardRows:
    """Scores of groups, and what was cut for them.

    Attributes:
        scores: one list a group, one score a response.
        prompts_cut: of how many responses the prompt was cut to fit the context.
    """

    scores: list[list[Score]]
    prompts_cut: int


class RewardSource(Protocol):
    """What gives the scores of groups, to many who ask at once."""

    def score(self, groups: Sequence[Group], truncate_responses: bool) -> RewardRows:
        """From a thread."""

    async def score_async(self, groups: Sequence[Group], truncate_responses: bool) -> RewardRows:
        """From asyncio."""

    def close(self) -> None:
        """Let go of threads and connections."""


class LocalSource:
    """A scorer behind a queue of its own: what is asked within milliseconds is computed together."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._batcher = Batcher(scorer, _LIMITS)
        # One at a time: tokenizers of somebody's own need not be safe between threads.
        self._tokenising = threading.Lock()
        self._warned = False

    def score(self, groups: Sequence[Group], truncate_responses: bool) -> RewardRows:
        future, prompts_cut = self._submit(groups, truncate_responses)
        return RewardRows(_rows(groups, future.result()), prompts_cut)

    async def score_async(self, groups: Sequence[Group], truncate_responses: bool) -> RewardRows:
        future, prompts_cut = await asyncio.to_thread(self._submit, groups, truncate_responses)
        return RewardRows(_rows(groups, await asyncio.wrap_future(future)), prompts_cut)

    def close(self) -> None:
        self._batcher.close()

    def _submit(self, groups: Sequence[Group], truncate_responses: bool) -> tuple[Future[list[Score]], int]:
        """The future scores of all responses in a row. Siblings follow each other, so that their trunk is shared."""
        alone = [
            replace(group, responses=(text,), rankings=(), ratings=()) for group in groups for text in group.responses
        ]
        check = TokenCheck()
        with self._tokenising:
            items = list(self.scorer.prepare_all(alone, truncate_responses=truncate_responses, check=check))
            self._warn(check)
        return self._batcher.submit(items), sum(item.prompts_cut for item in items)

    def _warn(self, check: TokenCheck) -> None:
        """Say once what answers lose on the way to tokens; a run has thousands of calls."""
        warnings = [] if self._warned else check.warnings()
        for warning in warnings:
            logger.warning("%s (said once)", warning)
        self._warned = self._warned or bool(warnings)


class RemoteSource:
    """A server, which has a queue itself.

    Args:
        url: of the server; `http://host:8000/models/NAME` is one of several models.
        options: of `Client`.
    """

    def __init__(self, url: str, **options: Any) -> None:
        base, _, name = url.rstrip("/").partition("/models/")
        self._options = {"model": name or None, **options}
        self.client = Client(base, **self._options)
        # A connection belongs to the loop that opened it.
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[AsyncClient, asyncio.Semaphore]]
        self._by_loop = WeakKeyDictionary()

    def score(self, groups: Sequence[Group], truncate_responses: bool) -> RewardRows:
        scores, cuts = self.client.score_and_cuts(groups, truncate_responses=truncate_responses)
        return RewardRows(scores, cuts["prompts"])

    async def score_async(self, groups: Sequence[Group], truncate_responses: bool) -> RewardRows:
        client, slots = self._of_loop()
        async with slots:
            scores, cuts = await client.score_and_cuts(groups, truncate_responses=truncate_responses)
            return RewardRows(scores, cuts["prompts"])

    def close(self) -> None:
        self.client.close()

    def _of_loop(self) -> tuple[AsyncClient, asyncio.Semaphore]:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            address = self.client.address
            client = AsyncClient(address.url, **(self._options | {"token": address.token}))
            self._by_loop[loop] = client, asyncio.Semaphore(_AT_ONCE)
        return self._by_loop[loop]


def open_source(model: str | Scorer, options: dict[str, Any]) -> RewardSource:
    """The source of a folder, a hub id, a server's URL or a scorer. A server is not asked anything yet.

    Args:
        model: what stands in a model's place.
        options: of `Client` for a server, of `open_model` for a folder; none for a scorer, which is open.

    Raises:
        PlauditError: if it cannot be opened.

    Example:
        >>> open_source("http://localhost:8000", {}).client
        Client('http://localhost:8000')
    """
    if isinstance(model, Scorer):
        if options:
            raise InvalidInputError(f"the model is open, and takes no {next(iter(options))}")
        if isinstance(model, RemoteScorer):
            client = model.client
            return RemoteSource(client.address.url, token=client.address.token, model=client.model)
        return LocalSource(model)
    if model.startswith(("http://", "https://")):
        unfit = [name for name in options if name not in _OF_CLIENT]
        if unfit:
            remedy = f"it takes {', '.join(_OF_CLIENT)}; how a model is opened is said to `plaudit serve`"
            raise InvalidInputError(f"a server takes no {unfit[0]}", remedy=remedy)
        return RemoteSource(model, **options)
    unfit = [name for name in options if name in _OF_CLIENT]
    if unfit:
        raise InvalidInputError(f"{model} is no server, and takes no {unfit[0]}")
    return LocalSource(open_model(model, **options))


def _rows(groups: Sequence[Group], scores: list[Score]) -> list[list[Score]]:
    in_order = iter(scores)
    return [[replace(next(in_order), response=index) for index in range(len(group.responses))] for group in groups]
