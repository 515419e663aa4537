"""veRL's reward from a model or a server, by either of its two routes.

A reward manager, loaded by name, is told the conversation and the answer's tokens:

    reward.reward_manager.source=importlib
    reward.reward_manager.module.path=pkg://plaudit.scoring
    reward.reward_manager.name=PlauditRewardManager
    +reward.plaudit.model=MODEL

A reward function, loaded from a file, is not told the prompt, unless the data set keeps it, nor whether the answer was
cut; the manager is the better route.

Written against veRL 0.9.1 and 0.10.0.dev (`verl/experimental/reward_loop/reward_manager/base.py`, `naive.py`). veRL is
imported only where it calls.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.groups import Text
from plaudit.model import Scorer
from plaudit.scoring.rewards.function import RewardFunction
from plaudit.scoring.rewards.samples import CompletionRewards, sample_prompt

logger = logging.getLogger(__name__)

_SETTINGS = ("model", "truncate_responses", "unfinished", "token")

# A question and its answer, as veRL counts them.
_ONE_ANSWER = 2


class VeRLReward:
    """`compute_score(data_source, solution_str, ground_truth, extra_info)`. `verl_reward` makes one.

    Args:
        reward: what scores.

    Example:
        >>> compute_score = verl_reward("my-model")
        >>> result = compute_score("sums", "It is 4.", None, {"prompt": [{"role": "user", "content": "2 + 2?"}]})
        >>> sorted(result)
        ['reward_cut', 'reward_tokens', 'score']
        >>> compute_score("sums", "It is 4.", None, {})
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: a sample's extra_info has no "prompt", ...
    """

    def __init__(self, reward: RewardFunction) -> None:
        self.reward = reward
        self._warned = False

    def __repr__(self) -> str:
        return f"VeRLReward({self.reward.model!r})"

    def __call__(
        self,
        data_source: Any,
        solution_str: str,
        ground_truth: Any = None,
        extra_info: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, float]:
        """The reward of one answer, for veRL's threads.

        Args:
            data_source, ground_truth, options: not read.
            solution_str: the answer.
            extra_info: the data set's; its `prompt` is the conversation's, a list of messages or a text.

        Returns:
            `score`, the reward, and figures that veRL logs.

        Raises:
            PlauditError: if it has no reward.
        """
        prompt = self._prompt(extra_info)
        return _result(self.reward.rewards([prompt], [solution_str], None))

    async def compute_score(
        self,
        data_source: Any,
        solution_str: str,
        ground_truth: Any = None,
        extra_info: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, float]:
        """The same, awaited: any number at once, where threads are few.

        Example:
            >>> import asyncio
            >>> reward = verl_reward("my-bow")
            >>> sorted(asyncio.run(reward.compute_score("sums", "Four.", extra_info={"prompt": "2 + 2?"})))
            ['reward_cut', 'reward_tokens', 'score']
        """
        prompt = self._prompt(extra_info)
        return _result(await self.reward.rewards_async([prompt], [solution_str], None))

    def _prompt(self, extra_info: Mapping[str, Any] | None) -> Text:
        prompt = (extra_info or {}).get("prompt")
        if prompt is None:
            raise InvalidInputError(
                'a sample\'s extra_info has no "prompt", and veRL does not pass it on otherwise',
                remedy="dataset.map(plaudit.scoring.keep_prompt) puts it there; the reward manager does without",
            )
        if not self._warned:
            self._warned = True
            logger.warning(
                "veRL does not tell a reward function whether an answer was cut: one that was is scored as if it had "
                "ended; the reward manager (plaudit.scoring.PlauditRewardManager) knows"
            )
        # From Parquet, a list comes as an array.
        return sample_prompt(prompt.tolist() if hasattr(prompt, "tolist") else prompt, 'extra_info["prompt"]')


@checked
def verl_reward(model_or_url: str | Path | Scorer, *, truncate_responses: bool = False, **options: Any) -> VeRLReward:
    """veRL's `compute_score` of a model or of a server.

    Args:
        model_or_url: as in `plaudit.reward_function`.
        truncate_responses: score the beginning of an answer that is longer than the context. Else that is an error.
        options: as in `plaudit.reward_function`.

    Raises:
        PlauditError: if the model cannot be opened.

    Example:
        >>> verl_reward("my-model")
        VeRLReward('my-model')
    """
    return VeRLReward(
        RewardFunction(model_or_url, name="reward", truncate_responses=truncate_responses, options=options)
    )


def keep_prompt(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of veRL's data set whose `extra_info` holds its prompt, as `compute_score` needs it; for `Dataset.map`.

    Example:
        >>> row = {"prompt": [{"role": "user", "content": "2 + 2?"}], "extra_info": {"index": 7}}
        >>> keep_prompt(row)["extra_info"]
        {'index': 7, 'prompt': [{'role': 'user', 'content': '2 + 2?'}]}
    """
    return {**row, "extra_info": {**(row.get("extra_info") or {}), "prompt": row["prompt"]}}


class PlauditRewardManager:
    """A reward manager for veRL: the conversation's messages and the answer are scored, so that the policy's chat
    template does not matter, and the raw reward comes back, the very one that `plaudit score` gives. With it come
    `reward_tokens`, `reward_cut` (1 where only a part of the answer was scored), `reward_unfinished` (1 where it has no
    end) and, of several heads or members, `reward_spread`.

    What has no score raises, which ends the run. An answer without an end is worth the least of its own score and those
    of the last 256 that ended, or what `unfinished` says.

    Args:
        config: veRL's whole configuration. `reward.plaudit` holds the `model`, a folder, a hub id or the URL of a
            server, and may hold `truncate_responses`, `unfinished`, and a server's `token`, which had better be in the
            environment's PLAUDIT_TOKEN, since veRL prints its configuration.
        tokenizer: the policy's.
        compute_score: veRL's rules for rewards; not used.
        reward_router_address: of a reward model that veRL has started.
        reward_model_tokenizer: of that model; not used.

    Raises:
        PlauditError: if `reward.plaudit` is missing or holds something else, or veRL has started a reward model.

    Example:
        >>> from types import SimpleNamespace
        >>> config = SimpleNamespace(reward={"plaudit": {"model": "http://any:s3cret@localhost:8000"}})
        >>> PlauditRewardManager(config, tokenizer=None, compute_score=None)
        PlauditRewardManager('http://localhost:8000')
    """

    model: ClassVar[str] = ""
    """The model of a class that a reward file defines."""

    def __init__(
        self,
        config: Any,
        tokenizer: Any,
        compute_score: Any,
        reward_router_address: str | None = None,
        reward_model_tokenizer: Any = None,
    ) -> None:
        settings = dict(config.reward.get("plaudit") or {})
        unknown = [name for name in settings if name not in _SETTINGS]
        if unknown:
            remedy = f"there are {', '.join(_SETTINGS)}"
            raise InvalidInputError(f"reward.plaudit has no setting {unknown[0]!r}", remedy=remedy)
        model = settings.get("model") or self.model
        if not model:
            remedy = "add +reward.plaudit.model=MODEL, a folder or http://host:8000"
            raise InvalidInputError("veRL's configuration names no reward model", remedy=remedy)
        if reward_router_address is not None:
            raise InvalidInputError(
                "veRL has started a reward model of its own", remedy="set reward.reward_model.enable=False"
            )
        self.config = config
        self.tokenizer = tokenizer
        self.reward = RewardFunction(
            model,
            name="reward",
            truncate_responses=bool(settings.get("truncate_responses", False)),
            unfinished=settings.get("unfinished", "lowest"),
            options={"token": settings["token"]} if settings.get("token") else {},
        )

    def __repr__(self) -> str:
        return f"PlauditRewardManager({self.reward.model!r})"

    async def run_single(self, data: Any) -> dict[str, Any]:
        """The reward of the last sequence of a sample.

        Args:
            data: a `verl.DataProto` with `responses` and `attention_mask`, and the `raw_prompt`.

        Returns:
            `reward_score`, a number, and `reward_extra_info`, name -> number.

        Raises:
            PlauditError: if it has no score.
        """
        item = data[-1:][0]
        prompt = _asked(item.non_tensor_batch)
        answer, ended = self._answer(item.batch)
        info = _result(await self.reward.rewards_async([prompt], [answer], [ended], alone=True))
        info["reward_unfinished"] = float(not ended)
        return {"reward_score": info.pop("score"), "reward_extra_info": info}

    @classmethod
    def assemble_rm_scores(cls, data: Any, scores: list[float]) -> Any:
        """The rewards of a batch, each at the last token of its answer, as veRL's own managers have it."""
        base = import_module("verl.experimental.reward_loop.reward_manager.base")
        return base.RewardManagerBase.assemble_rm_scores(data, scores)

    def _answer(self, batch: Any) -> tuple[str, bool]:
        """The words of an answer, without the tokens that end it, and whether there are such."""
        responses = batch["responses"]
        count = int(batch["attention_mask"][-responses.shape[-1] :].sum())
        tokens = responses[:count].tolist()
        special = set(self.tokenizer.all_special_ids)
        while tokens and tokens[-1] in special:
            tokens.pop()
        text: str = self.tokenizer.decode(tokens)
        return text, len(tokens) < count


def _asked(extra: Mapping[str, Any]) -> Text:
    """The conversation before a sample's answer.

    Raises:
        InvalidInputError: if it is not there, or the sample has several answers.
    """
    if extra.get("raw_prompt") is None:
        remedy = "veRL passes the prompt's messages on with data.return_raw_chat=True"
        raise InvalidInputError("a sample has no raw_prompt", remedy=remedy)
    turns = extra.get("__num_turns__")
    if turns is not None and int(turns) > _ONE_ANSWER:
        # Its tokens hold what tools said, in the policy's template, where an answer of the assistant is expected.
        raise InvalidInputError(
            f"a sample has {int(turns)} turns", remedy="this reward manager scores one answer to a prompt"
        )
    return sample_prompt(list(extra["raw_prompt"]), "raw_prompt")


def _result(rewarded: CompletionRewards) -> dict[str, float]:
    (score,) = rewarded.scores
    result = {
        "score": rewarded.rewards[0],
        "reward_tokens": float(score.tokens),
        "reward_cut": float(score.truncated),
    }
    return result if score.spread is None else {**result, "reward_spread": score.spread}
