"""OpenRLHF's reward function in a file: `--reward.remote_url reward.py`, which holds

    from plaudit.scoring import openrlhf_reward

    reward_func = openrlhf_reward("my-model")

Written against OpenRLHF 0.11.2 (`openrlhf/utils/agent.py`). It executes the file once in each engine actor and calls
the function from many threads with lists of one text; they are scored together all the same. An exception is logged
there at level INFO and leaves the sample without a reward, so that what went wrong is said here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.groups import Text
from plaudit.model import Ensemble, PolicyText, RewardModel, Scorer
from plaudit.scoring.rewards.function import RewardFunction
from plaudit.scoring.rewards.unfinished import Unfinished, open_tokenizer

logger = logging.getLogger(__name__)


class OpenRLHFReward:
    """`reward_func(queries, prompts, labels)`. `openrlhf_reward` makes one.

    A query is prompt and response decoded together, in the policy's template. The prompt is read back as the
    conversation it stands for, so that the reward model reads it in its own template; the response is what follows, and
    its end is taken off and remembered.

    Args:
        reward: what scores.
        reader: reads the policy's template.

    Example:
        >>> reward_func = openrlhf_reward("my-model")
        >>> prompt = "<|im_start|>user\\nWhat is 2 + 2?<|im_end|>\\n<|im_start|>assistant\\n"
        >>> answer = reward_func([prompt + "It is 4.<|im_end|>"], [prompt], [None])
        >>> sorted(answer), sorted(answer["extra_logs"])
        (['extra_logs', 'rewards', 'scores'], ['reward_cut', 'reward_tokens', 'reward_unfinished'])
        >>> answer["rewards"] == reward_func.reward(["What is 2 + 2?"], ["It is 4."])
        True
    """

    def __init__(self, reward: RewardFunction, reader: PolicyText) -> None:
        self.reward = reward
        self.reader = reader

    def __repr__(self) -> str:
        return f"OpenRLHFReward({self.reward.model!r})"

    def __call__(
        self, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """The rewards of responses, in order.

        Args:
            queries: prompts and responses, as the policy's tokenizer decodes them, special tokens kept.
            prompts: the prompts alone, as its template writes them.
            labels: not read.
            options: not read.

        Returns:
            `rewards`; `scores`, the same, by which OpenRLHF filters; and `extra_logs`, name -> numbers.

        Raises:
            PlauditError: if a response has no reward.
        """
        try:
            return self._answer(queries, prompts)
        except Exception as error:
            logger.error("a sample has no reward, and OpenRLHF goes on without it: %s", error)
            raise

    def _answer(self, queries: Sequence[str], prompts: Sequence[str]) -> dict[str, Any]:
        if len(queries) != len(prompts):
            raise InvalidInputError(f"there are {len(queries)} queries and {len(prompts)} prompts")
        asked: list[Text] = [self.reader.conversation(prompt) for prompt in prompts]
        generated = [self.reader.generated(query, prompt) for query, prompt in zip(queries, prompts, strict=True)]
        answers = [self.reader.answer(text) for text in generated]
        ended = [whole for _, whole in answers]
        rewarded = self.reward.rewards(asked, [text for text, _ in answers], ended, alone=True)
        logs = {
            "reward_tokens": [float(score.tokens) for score in rewarded.scores],
            "reward_cut": [float(score.truncated) for score in rewarded.scores],
            "reward_unfinished": [float(not whole) for whole in ended],
        }
        spreads = [score.spread for score in rewarded.scores if score.spread is not None]
        if spreads and len(spreads) == len(ended):
            logs["reward_spread"] = spreads
        return {"rewards": rewarded.rewards, "scores": list(rewarded.rewards), "extra_logs": logs}


@checked
def openrlhf_reward(
    model_or_url: str | Path | Scorer,
    *,
    tokenizer: Any = None,
    truncate_responses: bool = False,
    unfinished: Unfinished = "lowest",
    **options: Any,
) -> OpenRLHFReward:
    """OpenRLHF's `reward_func` of a model or of a server.

    Args:
        model_or_url: as in `plaudit.reward_function`.
        tokenizer: the policy's, or the name of its folder: whose template writes the prompts. None: that of the reward
            model, which then has to be of the policy's family.
        truncate_responses: score the beginning of a response that is longer than the context. Else that is an error.
        unfinished: what a response without an end is worth, as in `plaudit.reward_function`. OpenRLHF asks for one
            sample a call, so that `lowest` is the least of its own score and those of the last 256 that ended.
        options: as in `plaudit.reward_function`.

    Raises:
        PlauditError: if the model cannot be opened, or it is not known whose template writes the prompts.

    Example:
        >>> openrlhf_reward("my-model", unfinished=-5.0)
        OpenRLHFReward('my-model')
        >>> openrlhf_reward("my-bow")
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: my-bow has no chat template, and does not know the policy's; give ...
    """
    reward = RewardFunction(
        model_or_url,
        name="reward",
        truncate_responses=truncate_responses,
        unfinished=unfinished,
        options=options,
    )
    if tokenizer is None:
        tokenizer = _tokenizer_of(reward.scorer)
        if tokenizer is None or not tokenizer.chat_template:
            reward.close()
            raise InvalidInputError(
                f"{model_or_url} has no chat template, and does not know the policy's",
                remedy="give tokenizer=, the folder or hub id of the policy",
            )
    return OpenRLHFReward(reward, PolicyText(open_tokenizer(tokenizer)))


def _tokenizer_of(scorer: Scorer | None) -> Any:
    if isinstance(scorer, Ensemble):
        scorer = scorer.members[0]
    return scorer.tokenizer if isinstance(scorer, RewardModel) else None
