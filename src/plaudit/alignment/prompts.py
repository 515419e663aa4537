"""Prompts as the policy's tokens: those that it met in front of answers when it was fine-tuned.

A prompt that is tokenised alone can end in another token than in the whole conversation: SmolLM2 has one for the blank
line that would be two before an answer, and a policy that starts behind it starts in a place where it has never been.
So a prompt's tokens are what whole conversations with different answers have in common.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from plaudit.alignment.draws import Draw
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model import Renderer
from plaudit.text import counted

logger = logging.getLogger(__name__)

# Beginnings of answers that tokenizers treat differently: a letter, a capital, a digit, a sign, another script.
_OPENINGS = ("the", "It", "1", "*", '"', "你")


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A prompt, and how the policy reads it.

    Attributes:
        group: it came from, without responses of its own.
        tokens: of the policy's.
        text: what the policy's tokenizer makes of them, special tokens left out.
        seam: text at the end of the prompt that merges with the beginning of an answer and so is left to the policy to
            write: the space of `Assistant: `, say. It belongs to no answer.
    """

    group: Group
    tokens: Int[np.ndarray, " tokens"]
    text: str
    seam: str


def read_prompts(groups: Sequence[Group], renderer: Renderer, *, max_new_tokens: int, part: str = "") -> list[Prompt]:
    """The prompts of groups, each once; responses and judgements are ignored.

    A prompt that leaves no room for `max_new_tokens` in the policy's context is left out, with a warning that counts:
    without its middle it would be another question. `part` names the set in messages.

    Raises:
        InvalidInputError: if none is left.
    """
    seen: dict[tuple[str, bytes], Prompt] = {}
    what = f"{part} prompt".strip()
    too_long = 0
    for group in groups:
        prompt = _read_prompt(group, renderer)
        if len(prompt.tokens) + max_new_tokens > renderer.max_length:
            too_long += 1
            continue
        seen.setdefault((prompt.seam, prompt.tokens.tobytes()), prompt)
    if too_long:
        logger.warning(
            "left out, because they leave no room for %d new tokens in a context of %d: %s",
            max_new_tokens,
            renderer.max_length,
            counted(too_long, f"{what}s"),
        )
    if not seen:
        raise InvalidInputError(
            f"no {what} leaves room for {max_new_tokens} new tokens in the policy's context of {renderer.max_length}",
            remedy=f"set max_new_tokens lower, or give shorter {what}s",
        )
    return list(seen.values())


def prompts_of_step(prompts: Sequence[Prompt], count: int, seed: int, step: int) -> list[Prompt]:
    """The prompts of a step: shuffled anew every epoch, and each once in it.

    Args:
        prompts: all of them, n.
        count: of a step; with fewer than that, all.
        seed: of the order.
        step: from 1.

    Example:
        >>> first, second = (prompts_of_step("abcd", 3, 0, step) for step in (1, 2))
        >>> sorted({*first, second[0]})  # an epoch ends after the first prompt of the second step
        ['a', 'b', 'c', 'd']
    """
    count = min(count, len(prompts))
    places = range((step - 1) * count, step * count)
    orders = {
        epoch: np.random.default_rng([seed, Draw.PROMPTS, epoch]).permutation(len(prompts))
        for epoch in {place // len(prompts) for place in places}
    }
    return [prompts[orders[place // len(prompts)][place % len(prompts)]] for place in places]


def _read_prompt(group: Group, renderer: Renderer) -> Prompt:
    whole = [
        renderer.uncut(Group(group.id, group.prompt, (opening,), tools=group.tools), 0)[1] for opening in _OPENINGS
    ]
    asked = Group(group.id, group.prompt, _OPENINGS, tools=group.tools)
    start = min(len(ids) - after for ids, after in zip(whole, renderer.completion_lengths(asked), strict=True))
    tokens = whole[0][: _shared(whole, start)]
    if not len(tokens):
        raise InvalidInputError(f"the prompt of group {group.id!r} has no token", remedy="give it some text")
    text = decode(renderer, tokens)
    conversation = decode(renderer, whole[0])[len(text) :]
    return Prompt(asked, tokens, text, conversation[: max(0, conversation.find(_OPENINGS[0]))])


def _shared(sequences: Sequence[Int[np.ndarray, " _"]], most: int) -> int:
    """The length of the longest beginning that all have, and at most `most`."""
    first = sequences[0]
    for place in range(most):
        if any(len(ids) <= place or ids[place] != first[place] for ids in sequences):
            return place
    return most


def decode(renderer: Renderer, tokens: Int[np.ndarray, " _"]) -> str:
    """Tokens as text, special ones left out: what a special token means is for the reward model's template to say."""
    text: str = renderer.tokenizer.decode(tokens.tolist(), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text
