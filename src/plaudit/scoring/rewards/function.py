"""`plaudit.reward_function`: a model or a server as the reward of somebody else's trainer.

TRL calls a reward function with keywords alone: prompts, completions, the completions' tokens, and the data set's other
columns; plain texts or lists of messages. The adapters for OpenRLHF and veRL, which send one sample a call, stand on
the same function, and so does our own policy optimisation (`score`).
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from plaudit._arguments import checked
from plaudit.data import Score
from plaudit.errors import PlauditError
from plaudit.groups import Group, Text
from plaudit.model import Scorer, keep_token
from plaudit.scoring.rewards.samples import CompletionRewards, LogMetric, grouped, sample_texts
from plaudit.scoring.rewards.sources import LocalSource, RemoteSource, RewardRows, RewardSource, open_source
from plaudit.scoring.rewards.unfinished import Unfinished, check_unfinished, settle_unfinished
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.scoring.rewards.asynchronous import AsyncRewardFunction

logger = logging.getLogger(__name__)

# Scores of answers that ended, with which a call of one sample compares one that did not.
_RECENT = 256

# What makes a reward function; its threads, connections and weights are made anew where it is unpickled.
_MAKING = ("__name__", "model", "truncate_responses", "unfinished", "ends", "options")


class RewardFunction:
    """A reward function: prompts and completions in, the very scores of `plaudit score` out.

    It raises where there is no score: a run that stops can be resumed, one that has learned from made-up rewards
    cannot. Completions are grouped by equal prompt, and calls from many threads that arrive within milliseconds are
    scored together. It can be pickled, and opens its model where it is unpickled; a server's token goes with it.

    To a trainer's metrics it adds `NAME/cut` and `NAME/cut_prompts`, the shares of completions of which only a part was
    scored, or that were scored after a part of their prompt; `NAME/spread`, of several heads or members; and
    `NAME/unfinished`, the share without an end, where it is known what ends one.

    `plaudit.reward_function` makes one.

    Args:
        model: a folder, a hub id, a server's URL, or a scorer, which from now on only this object may call.
        name: in the trainer's metrics.
        truncate_responses: score the beginning of a completion that is longer than the context. Else that is an error.
        unfinished: what a completion without an end is worth: `lowest`, a number, or `score`.
        ends: the tokens that end a completion; None where that is not known.
        options: how the model is opened, or the server asked.

    Example:
        >>> with RewardFunction("my-model", name="helpful") as reward:
        ...     good, bad = reward(prompts=["What is 2 + 2?"] * 2, completions=["It is 4.", "No idea."])
        >>> good > bad, reward.__name__
        (True, 'helpful')
    """

    def __init__(
        self,
        model: str | Path | Scorer,
        *,
        name: str = "plaudit",
        truncate_responses: bool = False,
        unfinished: Unfinished = "lowest",
        ends: frozenset[int] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        check_unfinished(unfinished)
        self.__name__ = name
        self.model = model if isinstance(model, Scorer) else str(model)
        self.truncate_responses = truncate_responses
        self.unfinished = unfinished
        self.ends = ends
        self.options = dict(options or {})
        self._start()

    def _start(self) -> None:
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._warned: set[str] = set()
        self._source: RewardSource | None = open_source(self.model, self.options)
        if isinstance(self._source, RemoteSource):
            # The address may stand in messages, and the token goes with the pickle.
            self.options = self.options | {"token": self._source.client.address.token}
            self.model = keep_token(str(self.model))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r}, name={self.__name__!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in _MAKING}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def __enter__(self) -> RewardFunction:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let the model, its threads and connections go. A later call is an error.

        Example:
            >>> reward = RewardFunction("my-bow")
            >>> reward.close()
            >>> reward(prompts=["Why?"], completions=["Because."])
            Traceback (most recent call last):
            ...
            plaudit.errors.PlauditError: the reward function 'plaudit' is closed; make another
        """
        source, self._source = self._source, None
        if source is not None:
            source.close()

    @property
    def scorer(self) -> Scorer | None:
        """What scores, where it is in this process.

        Example:
            >>> with RewardFunction("my-bow") as reward:
            ...     reward.scorer.kind
            'linear model'
        """
        return self._source.scorer if isinstance(self._source, LocalSource) else None

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        *,
        completion_ids: Sequence[Sequence[int]] | None = None,
        log_metric: LogMetric | None = None,
        **columns: Any,
    ) -> list[float]:
        """One raw reward for each completion, in order.

        Args:
            prompts: texts, each what the user said, or lists of messages.
            completions: texts or lists of messages, as many.
            completion_ids: the tokens of each, with the end where there is one: how it is known that one was cut.
            log_metric: TRL's; takes a name and a number.
            columns: what else TRL passes; not read.

        Raises:
            PlauditError: if a completion has no score: it is too long, the server refuses or cannot be reached, or the
                model gives no number.
        """
        asked, answers = sample_texts(prompts, completions)
        ended = self.ended(completion_ids)
        rewarded = self.rewards(asked, answers, ended)
        self.log(rewarded, ended, log_metric)
        return rewarded.rewards

    def asynchronous(self) -> AsyncRewardFunction:
        """The same reward, to be awaited: what TRL calls beside other asynchronous reward functions. Both faces share
        the model.

        Example:
            >>> import asyncio
            >>> with RewardFunction("my-bow") as reward:
            ...     rewards = asyncio.run(reward.asynchronous()(prompts=["2 + 2?"], completions=["It is 4."]))
            ...     rewards == reward(prompts=["2 + 2?"], completions=["It is 4."])
            True
        """
        from plaudit.scoring.rewards.asynchronous import AsyncRewardFunction

        return AsyncRewardFunction(self)

    @checked
    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The scores of groups, one a response, in their order, whether or not responses ended.

        Raises:
            PlauditError: as a call.

        Example:
            >>> with RewardFunction("my-model") as reward:
            ...     [[good, bad]] = reward.score([Group("q", "What is 2 + 2?", ("It is 4.", "No idea."))])
            >>> good.score > bad.score
            True
        """
        rows = self._opened_source().score(list(groups), self.truncate_responses).scores
        self._check([score for row in rows for score in row])
        return rows

    def ended(self, completion_ids: Sequence[Sequence[int]] | None) -> list[bool] | None:
        """Whether each completion ended by itself; None where that is not known, which is said once.

        Example:
            >>> with RewardFunction("my-bow", ends=frozenset({2})) as reward:
            ...     reward.ended([[7, 8, 2], [7, 8], []])
            [True, False, False]
        """
        if completion_ids is None:
            return None
        if self.ends is None:
            if self.unfinished != "score":
                self._warn_once(
                    "it is not known what ends a completion, so one that was cut is scored as if it had ended: give "
                    "reward_function(..., tokenizer=POLICY), or unfinished='score' to leave it so"
                )
            return None
        return [bool(ids) and int(ids[-1]) in self.ends for ids in completion_ids]

    def rewards(
        self, prompts: Sequence[Text], responses: Sequence[Text], ended: Sequence[bool] | None, *, alone: bool = False
    ) -> CompletionRewards:
        """What adapters ask: rewards with their scores.

        Args:
            prompts: one a response.
            responses: in any order; those to equal prompts are scored together.
            ended: whether each ended by itself; None: not known, and none is replaced.
            alone: the samples of a step come in calls of their own, so that one without an end is compared with those
                of the last calls that ended.

        Raises:
            PlauditError: as a call.

        Example:
            >>> with RewardFunction("my-model") as reward:
            ...     cut = reward.rewards(["2 + 2?"] * 2, ["No idea.", "It is 4"], [True, False])
            >>> cut.rewards[1] == cut.rewards[0] < cut.scores[1].score
            True
        """
        groups, places = grouped(prompts, responses)
        rows = self._opened_source().score(groups, self.truncate_responses)
        return self._settled(rows, places, ended, alone)

    async def rewards_async(
        self, prompts: Sequence[Text], responses: Sequence[Text], ended: Sequence[bool] | None, *, alone: bool = False
    ) -> CompletionRewards:
        """`rewards`, awaited.

        Example:
            >>> import asyncio
            >>> with RewardFunction("my-bow") as reward:
            ...     len(asyncio.run(reward.rewards_async(["2 + 2?"], ["It is 4."], None)).rewards)
            1
        """
        groups, places = grouped(prompts, responses)
        rows = await self._opened_source().score_async(groups, self.truncate_responses)
        return self._settled(rows, places, ended, alone)

    def log(self, rewarded: CompletionRewards, ended: Sequence[bool] | None, log_metric: LogMetric | None) -> None:
        """Give a trainer's metrics what there is to say of a call.

        Example:
            >>> with RewardFunction("my-bow", name="helpful") as reward:
            ...     rewarded = reward.rewards(["2 + 2?"], ["It is 4."], [True])
            ...     reward.log(rewarded, [True], lambda name, value: print(name, value))
            helpful/cut 0.0
            helpful/cut_prompts 0.0
            helpful/unfinished 0.0
        """
        scores = rewarded.scores
        if log_metric is None or not scores:
            return
        log_metric(f"{self.__name__}/cut", sum(score.truncated for score in scores) / len(scores))
        log_metric(f"{self.__name__}/cut_prompts", rewarded.prompts_cut / len(scores))
        spreads = [score.spread for score in scores if score.spread is not None]
        if spreads:
            log_metric(f"{self.__name__}/spread", sum(spreads) / len(spreads))
        if ended is not None:
            log_metric(f"{self.__name__}/unfinished", 1 - sum(ended) / len(ended))

    def _opened_source(self) -> RewardSource:
        if self._source is None:
            raise PlauditError(f"the reward function {self.__name__!r} is closed", remedy="make another")
        return self._source

    def _settled(
        self, rows: RewardRows, places: list[list[int]], ended: Sequence[bool] | None, alone: bool
    ) -> CompletionRewards:
        by_place: dict[int, Score] = {}
        for numbers, row in zip(places, rows.scores, strict=True):
            by_place.update(zip(numbers, row, strict=True))
        scores = [by_place[number] for number in range(len(by_place))]
        self._check(scores)
        raw = [score.score for score in scores]
        if ended is None:
            return CompletionRewards(raw, scores, rows.prompts_cut)
        recent = list(self._recent) if alone else ()
        rewards = settle_unfinished(raw, ended, self.unfinished, recent)
        self._recent.extend(score for score, whole in zip(raw, ended, strict=True) if whole)
        if self.unfinished == "score" and not all(ended):
            cut = len(ended) - sum(ended)
            self._warn_once(
                f"{cut} of {counted(len(ended), 'completions')} have no end and are paid as if they had ended, which "
                "teaches a policy not to stop: unfinished='lowest' replaces their rewards"
            )
        return CompletionRewards(rewards, scores, rows.prompts_cut)

    def _check(self, scores: Sequence[Score]) -> None:
        for number, score in enumerate(scores):
            if not math.isfinite(score.score):
                raise PlauditError(
                    f"{self.model} gave completion {number} no number for a reward",
                    remedy="half precision overflows: precision='fp32' may help; else its weights hold NaN",
                )

    def _warn_once(self, message: str) -> None:
        if message[:20] not in self._warned:
            self._warned.add(message[:20])
            logger.warning("%s: %s", self.__name__, message)
