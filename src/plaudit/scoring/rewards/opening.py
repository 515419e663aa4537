"""`plaudit.reward_function`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.model import Scorer
from plaudit.scoring.rewards.function import RewardFunction
from plaudit.scoring.rewards.unfinished import Unfinished, end_tokens


@checked
def reward_function(
    model_or_url: str | Path | Scorer,
    *,
    name: str = "plaudit",
    truncate_responses: bool = False,
    tokenizer: Any = None,
    end_token_ids: Sequence[int] | None = None,
    unfinished: Unfinished = "lowest",
    **options: Any,
) -> RewardFunction:
    """A reward model as the reward function of a trainer: TRL's GRPO and RLOO take it in `reward_funcs`, and
    `.asynchronous()` of it where rewards are awaited.

    Text is scored in the reward model's own template and tokenizer, completions of a prompt share a trunk, and each
    reward is the raw score that `plaudit score` writes. A completion that was cut is not a finished one, though it is
    scored as if it had ended: say whose `tokenizer` the policy has, and its reward is replaced by one that never pays,
    whatever the sign of rewards (`unfinished="lowest"`).

    Args:
        model_or_url: a model folder of any kind, a hub id, an open scorer, or the URL of a server:
            `http://any:TOKEN@host:8000` holds its token, else the environment's PLAUDIT_TOKEN does;
            `http://host:8000/models/NAME` is one of several models.
        name: in the trainer's metrics.
        truncate_responses: score the beginning of a completion that is longer than the context. Else that is an error.
        tokenizer: what ends a completion: the policy's, or the name of its folder, whose generation settings count too.
        end_token_ids: the tokens that end a completion, in the tokenizer's place.
        unfinished: what a completion without an end is worth. `lowest`: the least of its own score and those of the
            call's completions that ended; a number: that, or the lowest where that is less; `score`: its score.
        options: of `open_model` (precision="bf16") for a model; of `Client` (token, timeout, tries) for a server.

    Raises:
        PlauditError: if the model cannot be opened, or something is not what it must be.

    Example:
        >>> import plaudit
        >>> reward = plaudit.reward_function("my-model", name="helpful", end_token_ids=[2])
        >>> prompts, completions = ["What is 2 + 2?"] * 2, ["It is 4.", "No idea, but"]
        >>> finished, cut = reward(prompts=prompts, completions=completions, completion_ids=[[7, 8, 2], [7, 8, 9]])
        >>> finished > cut
        True
        >>> plaudit.reward_function("http://any:s3cret@localhost:8000")
        RewardFunction('http://localhost:8000', name='plaudit')
    """
    if tokenizer is not None and end_token_ids is not None:
        raise InvalidInputError("tokenizer and end_token_ids are both given", remedy="give one of the two")
    ends = None if end_token_ids is None else frozenset(map(int, end_token_ids))
    if tokenizer is not None:
        ends = end_tokens(str(tokenizer) if isinstance(tokenizer, Path) else tokenizer)
    if ends is not None and not ends:
        raise InvalidInputError("end_token_ids is empty", remedy="name the tokens that end a completion")
    return RewardFunction(
        model_or_url,
        name=name,
        truncate_responses=truncate_responses,
        unfinished=unfinished,
        ends=ends,
        options=options,
    )
