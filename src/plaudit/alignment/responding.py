"""A policy's answers as groups: what it writes to prompts, for people to judge or for a reward model to rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from plaudit._arguments import checked
from plaudit.alignment.policy import Policy
from plaudit.alignment.prompts import read_prompts
from plaudit.alignment.sampling import draw_samples
from plaudit.groups import Group


@checked
def sample_responses(
    policy: str | Path,
    groups: Sequence[Group],
    count: int,
    *,
    max_new_tokens: int = 128,
    temperature: float = 1.0,
    seed: int = 0,
    trust_remote_code: bool = False,
) -> list[Group]:
    """Answers that a policy writes to prompts, drawn from the whole of its vocabulary as `plaudit.align` draws them.

    Args:
        policy: a packaged decoder, a folder or a hub id.
        groups: whose prompts are answered; their responses and judgements are ignored. A prompt that stands twice is
            answered once.
        count: answers to each.
        max_new_tokens: after which an answer is cut.
        temperature: by which the logits are divided.
        seed: of the draws; torch's global generator is left as it was.
        trust_remote_code: run code that comes with the policy.

    Returns:
        The groups with the answers as responses; `meta` has, beside what was there, `ended` (whether each answer came
        to its end) and `tokens` (of each, its end among them).

    Raises:
        PlauditError: if the policy cannot be read, is no decoder, or no prompt fits its context.

    Example:
        >>> [group] = sample_responses("my-backbone", [Group("q", "Why?", ("",))], 2, max_new_tokens=5)
        >>> len(group.responses), max(group.meta["tokens"]) <= 5
        (2, True)
    """
    writer = Policy.open(policy, temperature=temperature, learns=False, trust_remote_code=trust_remote_code)
    prompts = read_prompts(groups, writer.renderer, max_new_tokens=max_new_tokens)
    samples = draw_samples(writer, prompts, count, max_new_tokens=max_new_tokens, seed=[seed])
    asked = {group.id: group for group in groups}
    answered = []
    for place, prompt in enumerate(prompts):
        some = samples[place * count : (place + 1) * count]
        group = asked[prompt.group.id]
        meta = {**group.meta, "ended": [one.ended for one in some], "tokens": [len(one.tokens) for one in some]}
        responses = tuple(one.text for one in some)
        answered.append(replace(group, responses=responses, rankings=(), ratings=(), meta=meta))
    return answered
