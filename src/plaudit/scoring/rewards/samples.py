"""What a trainer calls prompts and completions, as groups; and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from plaudit.data import Score, messages_of, response_of
from plaudit.errors import GroupError, InvalidInputError
from plaudit.groups import Group, Text, text_key

LogMetric: TypeAlias = Callable[[str, float], None]
"""TRL's `log_metric`: takes a name and a number."""


@dataclass(frozen=True, slots=True)
class CompletionRewards:
    """What the completions of one call get.

    Attributes:
        rewards: one a completion, in order.
        scores: the scores they come from; a reward differs from its score only where a completion has no end.
        prompts_cut: of how many the prompt was cut to fit the context.

    Example:
        >>> CompletionRewards([0.5], [Score("0", 0, 0.5, 9, False)], prompts_cut=0).rewards
        [0.5]
    """

    rewards: list[float]
    scores: list[Score]
    prompts_cut: int


def sample_texts(prompts: Sequence[Any], completions: Sequence[Any]) -> tuple[list[Text], list[Text]]:
    """Prompts and completions in our words: plain texts, or lists of messages.

    Raises:
        InvalidInputError: if there are more of one than of the other, or one is neither.

    Example:
        >>> sample_texts(["Why?"], [[{"role": "assistant", "content": "Because."}]])
        (['Why?'], ['Because.'])
        >>> sample_texts(["Why?"], [])
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: there are 1 prompts and 0 completions
    """
    if len(prompts) != len(completions):
        raise InvalidInputError(f"there are {len(prompts)} prompts and {len(completions)} completions")
    asked = [sample_prompt(prompt, f"prompt {number}") for number, prompt in enumerate(prompts)]
    return asked, [response_of(completion, f"completion {number}") for number, completion in enumerate(completions)]


def sample_prompt(prompt: Any, what: str) -> Text:
    """A prompt in our words: a text, or a list of messages.

    Raises:
        GroupError: if it is neither.

    Example:
        >>> sample_prompt([{"from": "human", "value": "Why?"}], "the prompt")
        ({'role': 'user', 'content': 'Why?'},)
    """
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, (list, tuple)):
        raise GroupError(f"{what} is neither a text nor a list of messages")
    return messages_of(prompt, what)


def grouped(prompts: Sequence[Text], responses: Sequence[Text]) -> tuple[list[Group], list[list[int]]]:
    """One group for each prompt, and where its responses stood. Prompts are equal where their texts are: a trainer's
    processes each see a slice of a batch, which may part siblings or hold any number of them.

    Example:
        >>> groups, places = grouped(["Why?", "How?", "Why?"], ["a", "b", "c"])
        >>> [(group.prompt, group.responses) for group in groups], places
        ([('Why?', ('a', 'c')), ('How?', ('b',))], [[0, 2], [1]])
    """
    siblings: dict[str, list[int]] = {}
    for number, prompt in enumerate(prompts):
        siblings.setdefault(text_key(prompt), []).append(number)
    places = list(siblings.values())
    groups = [Group(str(rows[0]), prompts[rows[0]], tuple(responses[row] for row in rows)) for rows in places]
    return groups, places
