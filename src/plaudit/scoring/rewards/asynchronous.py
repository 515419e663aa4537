"""A reward function that is awaited: TRL calls all asynchronous ones of a run at once, and others meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plaudit.scoring.rewards.function import RewardFunction
from plaudit.scoring.rewards.samples import LogMetric, sample_texts


class AsyncRewardFunction:
    """A reward function that is awaited. `RewardFunction.asynchronous` makes one.

    Args:
        reward: whose other face it is.

    Example:
        >>> import inspect
        >>> with RewardFunction("my-bow", name="helpful") as reward:
        ...     awaited = AsyncRewardFunction(reward)
        >>> inspect.iscoroutinefunction(awaited.__call__), awaited.__name__
        (True, 'helpful')
    """

    def __init__(self, reward: RewardFunction) -> None:
        self.reward = reward
        self.__name__ = reward.__name__

    def __repr__(self) -> str:
        return f"{self.reward!r}.asynchronous()"

    async def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        *,
        completion_ids: Sequence[Sequence[int]] | None = None,
        log_metric: LogMetric | None = None,
        **columns: Any,
    ) -> list[float]:
        """As `RewardFunction` is called."""
        asked, answers = sample_texts(prompts, completions)
        ended = self.reward.ended(completion_ids)
        rewarded = await self.reward.rewards_async(asked, answers, ended)
        self.reward.log(rewarded, ended, log_metric)
        return rewarded.rewards

    def close(self) -> None:
        """As `RewardFunction.close`.

        Example:
            >>> RewardFunction("my-bow").asynchronous().close()
        """
        self.reward.close()
