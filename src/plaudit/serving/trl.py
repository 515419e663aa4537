"""TRL's GRPO and RLOO trainers ask a server for their rewards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from plaudit.data import Score, messages_of, response_of
from plaudit.errors import GroupError, InvalidInputError, PlauditError
from plaudit.groups import Group, Text, text_key
from plaudit.model import Client


class RemoteReward:
    """A reward function for TRL's `GRPOTrainer` and `RLOOTrainer` that asks a server.

    It gives the very score that `plaudit score` gives, and raises where there is none: a run that stops can be
    resumed, one that has learned from made-up rewards cannot. Answers to the same prompt travel together, so that the
    prompt is computed once. It can be pickled; its token goes with it.

    To the trainer's metrics it adds `NAME/cut` and `NAME/cut_prompts`, the shares of answers of which only a part was
    scored, or that were scored after a part of their prompt; and, of several heads or members, `NAME/spread`.

    Args:
        url: of the server; `http://any:TOKEN@host:8000` holds its token, else the environment's PLAUDIT_TOKEN does;
            `http://host:8000/models/NAME` is one of several models.
        token: in place of those.
        name: in the trainer's metrics.
        truncate_responses: score the beginning of an answer that is longer than the context. Else that is an error.
        timeout: seconds for one answer of the server.
        tries: of each request, where the server is not there, or is busy.

    Example:
        >>> reward = RemoteReward("http://any:s3cret@localhost:8000", name="helpful")
        >>> reward, reward.__name__
        (RemoteReward('http://localhost:8000'), 'helpful')
        >>> reward(prompts=["Why?"], completions=[])
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: there are 1 prompts and 0 completions
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        name: str = "plaudit",
        truncate_responses: bool = False,
        timeout: float = 600,
        tries: int = 8,
    ) -> None:
        self.__name__ = name
        self.truncate_responses = truncate_responses
        base, _, model = url.rstrip("/").partition("/models/")
        self._options: dict[str, Any] = {"token": token, "model": model or None, "timeout": timeout, "tries": tries}
        self._client = Client(base, **self._options)

    def __repr__(self) -> str:
        return f"RemoteReward({self._client.address.url!r})"

    def __getstate__(self) -> dict[str, Any]:
        # Connections stay behind; the address and what opens it go.
        address = self._client.address
        options = self._options | {"token": address.token}
        return {**self.__dict__, "_client": None, "_options": options, "_url": address.url}

    def __setstate__(self, state: dict[str, Any]) -> None:
        url = state.pop("_url")
        self.__dict__.update(state)
        self._client = Client(url, **self._options)

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        *,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float]:
        """One raw reward for each completion, in order.

        Args:
            prompts: texts, each what the user said, or lists of messages.
            completions: texts or lists of messages, as many.
            log_metric: TRL's; takes a name and a number.
            columns: what else TRL passes; not read.

        Raises:
            PlauditError: if a completion has no score: it is too long, the server refuses or cannot be reached, or the
                model gives no number.
        """
        if len(prompts) != len(completions):
            raise InvalidInputError(f"there are {len(prompts)} prompts and {len(completions)} completions")
        siblings: dict[str, list[int]] = {}
        asked = [_prompt(prompt, number) for number, prompt in enumerate(prompts)]
        for number, prompt in enumerate(asked):
            siblings.setdefault(text_key(prompt), []).append(number)
        groups = [
            Group(f"{numbers[0]}", asked[numbers[0]], tuple(_response(completions[n], n) for n in numbers))
            for numbers in siblings.values()
        ]
        scores: dict[int, Score] = {}
        cut_before = self._client.cuts["prompts"]
        rows = self._client.score(groups, truncate_responses=self.truncate_responses)
        for numbers, row in zip(siblings.values(), rows, strict=True):
            scores.update(zip(numbers, row, strict=True))
        in_order = [scores[number] for number in range(len(prompts))]
        for number, score in enumerate(in_order):
            if not math.isfinite(score.score):
                raise PlauditError(f"{self._client.address.url} gave completion {number} no number for a reward")
        if log_metric is not None and in_order:
            self._log(in_order, self._client.cuts["prompts"] - cut_before, log_metric)
        return [score.score for score in in_order]

    def _log(self, scores: Sequence[Score], prompts_cut: int, log_metric: Callable[[str, float], None]) -> None:
        log_metric(f"{self.__name__}/cut", sum(score.truncated for score in scores) / len(scores))
        log_metric(f"{self.__name__}/cut_prompts", prompts_cut / len(scores))
        spreads = [score.spread for score in scores if score.spread is not None]
        if spreads:
            log_metric(f"{self.__name__}/spread", sum(spreads) / len(spreads))


def _prompt(prompt: Any, number: int) -> Text:
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, (list, tuple)):
        raise GroupError(f"prompt {number} is neither a text nor a list of messages")
    return messages_of(prompt, f"prompt {number}")


def _response(completion: Any, number: int) -> Text:
    return response_of(completion, f"completion {number}")
