"""One model of a server: what is asked is prepared in threads, and computed by one worker behind a queue."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from plaudit.data import Score
from plaudit.errors import EmptyError, InvalidInputError, PlauditError, TooLongError, is_out_of_memory
from plaudit.groups import Group, Text, plain_text
from plaudit.model import Prepared, RewardModel, Scorer, TokenCheck, open_model
from plaudit.scoring import Batcher, BatchReport
from plaudit.serving.metrics import ServerMetrics
from plaudit.serving.settings import ServingSettings
from plaudit.serving.tracing import span
from plaudit.web import ApiError, api_error

logger = logging.getLogger(__name__)

# Responses are rendered and tokenised so many at a time, so that a large request leaves room between for small ones.
_AT_A_TIME = 64

# Nor more characters, prompts included, than these: rendered and tokenised, a character takes hundreds of bytes.
_CHARACTERS_AT_A_TIME = 1 << 20

# Of a file's contents, so much of its beginning and end tells versions apart.
_SAMPLE = 1 << 16


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A conversation that a chat template has written, to be scored as one.

    Attributes:
        text: of the whole conversation.

    Example:
        >>> WrittenText("User: Why?\\n\\nAssistant: Because.").text[:4]
        'User'
    """

    text: str


Asked: TypeAlias = Group | WrittenText
"""What a score is asked of: a group of one response, or a conversation that a template has written."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a request gets.

    Attributes:
        scores: one for each response, in order.
        prompts_cut, responses_cut: of how many the prompt, or the response itself, was cut to fit.
        prepare_seconds, score_seconds: how long it took to tokenise, and to wait and compute.

    Example:
        >>> Scored([], prompts_cut=2, responses_cut=0, prepare_seconds=0, score_seconds=0).cuts
        'prompts=2'
    """

    scores: list[Score]
    prompts_cut: int
    responses_cut: int
    prepare_seconds: float
    score_seconds: float

    @property
    def cuts(self) -> str:
        """What was cut, as the header says it; empty where nothing was."""
        counts = {"prompts": self.prompts_cut, "responses": self.responses_cut}
        return ", ".join(f"{what}={count}" for what, count in counts.items() if count)


class HostedModel:
    """A scorer that is served: what is asked is prepared in threads, and computed by one worker.

    Args:
        name: what clients call it.
        scorer: the model.
        settings: of the server.
        metrics: of the server.
        version: which weights these are.

    Attributes:
        asking: requests that are being answered by it.

    Example:
        >>> from plaudit.serving import ServerMetrics, ServingSettings
        >>> model = HostedModel.load("mine", "my-bow", ServingSettings(), ServerMetrics())
        >>> model.info()["id"], model.info()["kind"]
        ('mine', 'linear model')
        >>> asyncio.run(model.score([Group("q", "2 + 2?", ("It is 4.",))])).scores[0].tokens
        3
        >>> model.close()
        True
    """

    def __init__(
        self, name: str, scorer: Scorer, settings: ServingSettings, metrics: ServerMetrics, *, version: str = ""
    ) -> None:
        self.name = name
        self.scorer = scorer
        self.settings = settings
        self.metrics = metrics
        self.version = version
        self.created = int(time.time())
        self.asking = 0
        self._warming = False
        self.batcher = Batcher(scorer, settings.batching(), self._observe, metrics.tokens.labels(name, "cached").inc)
        # Two threads tokenise: one request of thousands leaves the other free.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="plaudit-tokenise")

    @classmethod
    def load(
        cls, name: str, source: str, settings: ServingSettings, metrics: ServerMetrics, **options: Any
    ) -> HostedModel:
        """Open a model, compute a full batch with it, and see that it gives numbers.

        Args:
            name: what clients call it.
            source: what `open_model` takes.
            settings: of the server.
            metrics: of the server.
            options: of `open_model`.

        Raises:
            PlauditError: if it cannot be opened, or gives no numbers.
        """
        scorer = open_model(source, **options)
        model = cls(name, scorer, settings, metrics, version=version_of(source, scorer))
        try:
            scores = model.warm_up()
        except Exception:
            model.close(0)
            raise
        if not all(math.isfinite(score.score) for score in scores):
            model.close(0)
            raise InvalidInputError(
                f"{source} gives scores that are not numbers",
                remedy="half precision overflows: --precision fp32 may help; else its weights hold NaN",
            )
        return model

    def warm_up(self) -> list[Score]:
        """Score a batch of the largest size: memory is claimed, and the model's speed is known, before anybody asks."""
        text = "A reward model scores an answer the way people would. " * 4
        one = self._prepare([Group("", "What is a reward model?", (text,))])[0]
        count = max(1, self.settings.batch_tokens // max(one.cost, 1))
        groups = [Group("", "What is a reward model?", (f"{number}. {text}",)) for number in range(min(count, 256))]
        self._warming = True
        try:
            return self.batcher.submit(self._prepare(groups)).result()
        finally:
            self._warming = False

    def info(self) -> dict[str, Any]:
        """What decides its scores, as `/v1/models` has it."""
        record = self.scorer.run_record("scores")
        packed = self.scorer.network.layout.packed if isinstance(self.scorer, RewardModel) else None
        return {
            "id": self.name,
            "object": "model",
            "created": self.created,
            "owned_by": "plaudit",
            "version": self.version,
            "kind": self.scorer.kind,
            **{name: record.get(name) for name in ("template", "pooled_token", "max_length", "dtype")},
            "layout": {True: "packed", False: "padded", None: None}[packed],
            "affine": self.settings.affine,
        }

    async def score(
        self,
        asked: Sequence[Asked],
        *,
        truncate_responses: bool = False,
        deadline: float | None = None,
        place: Callable[[int], str] = "response {}".format,
    ) -> Scored:
        """Scores, in order.

        Args:
            asked: what for.
            truncate_responses: cut responses that are too long, whatever the settings say.
            deadline: by `time.monotonic`.
            place: what a response is called in errors, by its number.

        Raises:
            ApiError: for what cannot be scored, with its place; where there is no room; past the deadline.
        """
        began = time.perf_counter()
        with span("prepare", responses=len(asked)):
            prepared = await self._prepare_in_threads(asked, truncate_responses, place)
        ready = time.perf_counter()
        self.metrics.tokenize_seconds.observe(ready - began)
        try:
            with span("score", responses=len(asked), tokens=sum(item.cost for item in prepared), model=self.name):
                submit = partial(self.batcher.submit, prepared, deadline=deadline)
                # It looks each response up by its texts and tokens.
                large = sum(map(_characters, asked)) > _CHARACTERS_AT_A_TIME
                queued = await asyncio.get_running_loop().run_in_executor(None, submit) if large else submit()
                scores = await asyncio.wrap_future(queued)
        except PlauditError as error:
            raise api_error(error) from None
        except Exception as error:
            raise _failed(error) from error
        self._count(scores, prepared)
        if self.settings.affine:
            scores = [_transformed(score, self.settings.affine_mean, self.settings.affine_sd) for score in scores]
        return Scored(
            scores=scores,
            prompts_cut=sum(item.prompts_cut for item in prepared),
            responses_cut=sum(item.was_cut(0) for item in prepared),
            prepare_seconds=ready - began,
            score_seconds=time.perf_counter() - ready,
        )

    def close(self, timeout: float | None = None) -> bool:
        """Work off what waits; whether all was, in so many seconds."""
        done = self.batcher.close(timeout)
        self._threads.shutdown(wait=False)
        return done

    async def _prepare_in_threads(
        self, asked: Sequence[Asked], truncate: bool, place: Callable[[int], str]
    ) -> list[Prepared]:
        loop = asyncio.get_running_loop()
        prepared: list[Prepared] = []
        for chunk in _chunks(asked):
            try:
                prepared += await loop.run_in_executor(self._threads, self._prepare, chunk, truncate)
            except PlauditError as error:
                blamed = partial(self._blame, chunk, truncate, error, place, len(prepared))
                raise await loop.run_in_executor(self._threads, blamed) from None
        return prepared

    def _observe(self, report: BatchReport) -> None:
        # What was computed to warm up nobody asked for.
        if not self._warming:
            self.metrics.observe_batch(self.name, report)

    def _prepare(self, asked: Sequence[Asked], truncate_responses: bool = False) -> list[Prepared]:
        truncate = truncate_responses or self.settings.truncate_responses
        groups = [one for one in asked if isinstance(one, Group)]
        if any(not plain_text(group.responses[0]) and not plain_text(group.prompt) for group in groups):
            raise EmptyError("is empty, and so is its prompt: there is nothing to score", subject="a response")
        rendered = iter(self.scorer.prepare_all(groups, truncate_responses=truncate, check=TokenCheck()))
        return [
            next(rendered)
            if isinstance(one, Group)
            else self.scorer.prepare_text(
                one.text,
                foreign=self.settings.foreign_text,
                as_generated=self.settings.as_generated,
                truncate_responses=truncate,
            )
            for one in asked
        ]

    def _blame(
        self, asked: Sequence[Asked], truncate: bool, error: PlauditError, place: Callable[[int], str], start: int
    ) -> ApiError:
        """The error, with the place of the first response that it is about."""
        for number, one in enumerate(asked, start):
            try:
                self._prepare([one], truncate)
            except (EmptyError, TooLongError) as alone:
                what = alone.message.removeprefix(alone.subject).strip()
                remedy = "; shorten it, or have the server cut it (truncate_responses)" * (alone.code != "empty")
                return ApiError(alone.status, alone.code, f"{place(number)} {what}{remedy}", param=place(number))
            except PlauditError as alone:
                return api_error(alone, place(number))
        return api_error(error)

    def _count(self, scores: Sequence[Score], prepared: Sequence[Prepared]) -> None:
        name, metrics = self.name, self.metrics
        metrics.responses.labels(name).inc(len(scores))
        metrics.cut_prompts.labels(name).inc(sum(item.prompts_cut for item in prepared))
        metrics.cut_responses.labels(name).inc(sum(item.was_cut(0) for item in prepared))
        for score in scores:
            metrics.score.labels(name).observe(score.score)


def _characters(asked: Asked) -> int:
    """About as many as a text with its prompt has."""
    if isinstance(asked, WrittenText):
        return len(asked.text)
    return sum(map(_length, (asked.prompt, *asked.responses)))


def _length(text: Text) -> int:
    return len(text) if isinstance(text, str) else sum(len(message["content"]) for message in text)


def _chunks(asked: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    """What is asked, in parts of a moderate size, each of one response at least."""
    start = characters = 0
    for number, one in enumerate(asked):
        characters += _characters(one)
        full = number - start == _AT_A_TIME or characters > _CHARACTERS_AT_A_TIME
        if full and number > start:
            yield asked[start:number]
            start, characters = number, _characters(one)
    if start < len(asked):
        yield asked[start:]


def version_of(source: str, scorer: Scorer) -> str:
    """Which weights a model has, in 12 hex digits: of its record, and of the names, sizes, beginnings and ends of the
    files of its folder, where it has one.

    Example:
        >>> version_of("my-bow", open_model("my-bow")) == version_of("my-bow", open_model("my-bow"))
        True
    """
    digest = sha256(json.dumps(scorer.run_record("model"), sort_keys=True, default=str).encode())
    folder = Path(source).expanduser()
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if file.is_file() and "checkpoints" not in file.relative_to(folder).parts:
            size = file.stat().st_size
            with file.open("rb") as stream:
                digest.update(f"{file.relative_to(folder)}:{size}".encode() + stream.read(_SAMPLE))
                stream.seek(max(0, size - _SAMPLE))
                digest.update(stream.read())
    return digest.hexdigest()[:12]


def _transformed(score: Score, mean: float, sd: float) -> Score:
    """A score in another unit, with the members it is the mean of and their spread."""
    members = None if score.members is None else tuple((one - mean) / sd for one in score.members)
    spread = None if score.spread is None else score.spread / sd
    return replace(score, score=(score.score - mean) / sd, spread=spread, members=members)


def _failed(error: Exception) -> ApiError:
    if is_out_of_memory(error):
        return ApiError(500, "out_of_memory", "the memory does not suffice for this response alone; send a shorter one")
    return ApiError(500, "internal", "the model failed on this request; the server's log says more")
