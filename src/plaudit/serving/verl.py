"""veRL asks a server for its rewards.

No setting of veRL's points it at a reward model that it has not started itself, but it loads a reward manager by name:

    reward.reward_manager.source=importlib
    reward.reward_manager.module.path=pkg://plaudit.serving.verl
    reward.reward_manager.name=PlauditRewardManager
    +reward.plaudit.url=http://host:8000

Written against veRL 0.9.1 and 0.10.0.dev (`verl/experimental/reward_loop/reward_manager/base.py`). veRL is imported
only where it calls.
"""

from __future__ import annotations

import asyncio
import math
from importlib import import_module
from typing import Any

from plaudit.data import messages_of
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.groups import Group
from plaudit.model import AsyncClient

# veRL starts a task for each sample of a batch; each of its workers has so many requests under way.
_AT_ONCE = 256

_SETTINGS = ("url", "token", "truncate_responses")

# A question and its answer, as veRL counts them.
_ONE_ANSWER = 2


class PlauditRewardManager:
    """A reward manager for veRL that asks a server: the conversation's messages and the answer go there, so that the
    policy's chat template does not matter, and the raw reward comes back, the very one that `plaudit score` gives.
    With it come `reward_tokens`, `reward_cut` (1 where only a part of the answer was scored) and, of several heads or
    members, `reward_spread`.

    What has no score raises, which ends the run.

    Args:
        config: veRL's whole configuration. `reward.plaudit` holds the `url` of the server, and may hold
            `truncate_responses`, and the `token`, which had better be in the environment's PLAUDIT_TOKEN, since veRL
            prints its configuration.
        tokenizer: the policy's.
        compute_score: veRL's rules for rewards; not used.
        reward_router_address: of a reward model that veRL has started.
        reward_model_tokenizer: of that model; not used.

    Raises:
        PlauditError: if `reward.plaudit` is missing or holds something else, or veRL has started a reward model.

    Example:
        >>> from types import SimpleNamespace
        >>> config = SimpleNamespace(reward={"plaudit": {"url": "http://any:s3cret@localhost:8000"}})
        >>> PlauditRewardManager(config, tokenizer=None, compute_score=None)
        PlauditRewardManager('http://localhost:8000')
    """

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
        if not settings.get("url"):
            remedy = "add +reward.plaudit.url=http://host:8000"
            raise InvalidInputError("veRL's configuration names no reward server", remedy=remedy)
        if reward_router_address is not None:
            raise InvalidInputError(
                "veRL has started a reward model of its own", remedy="set reward.reward_model.enable=False"
            )
        base, _, model = settings["url"].rstrip("/").partition("/models/")
        self.config = config
        self.tokenizer = tokenizer
        self.truncate_responses = bool(settings.get("truncate_responses", False))
        self._client = AsyncClient(base, token=settings.get("token"), model=model or None)
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def __repr__(self) -> str:
        return f"PlauditRewardManager({self._client.address.url!r})"

    async def run_single(self, data: Any) -> dict[str, Any]:
        """The reward of the last sequence of a sample.

        Args:
            data: a `verl.DataProto` with `responses` and `attention_mask`, and the `raw_prompt`.

        Returns:
            `reward_score`, a number, and `reward_extra_info`, name -> number.

        Raises:
            PlauditError: if it has no score.
        """
        group = self._group(data[-1:][0])
        async with self._slots:
            ((score,),) = await self._client.score([group], truncate_responses=self.truncate_responses)
        if not math.isfinite(score.score):
            raise PlauditError(f"{self._client.address.url} gave an answer no number for a reward")
        info = {"reward_tokens": float(score.tokens), "reward_cut": float(score.truncated)}
        if score.spread is not None:
            info["reward_spread"] = score.spread
        return {"reward_score": score.score, "reward_extra_info": info}

    @classmethod
    def assemble_rm_scores(cls, data: Any, scores: list[float]) -> Any:
        """The rewards of a batch, each at the last token of its answer, as veRL's own managers have it."""
        base = import_module("verl.experimental.reward_loop.reward_manager.base")
        return base.RewardManagerBase.assemble_rm_scores(data, scores)

    def _group(self, item: Any) -> Group:
        extra = item.non_tensor_batch
        if extra.get("raw_prompt") is None:
            remedy = "veRL passes the prompt's messages on with data.return_raw_chat=True"
            raise InvalidInputError("a sample has no raw_prompt", remedy=remedy)
        turns = extra.get("__num_turns__")
        if turns is not None and int(turns) > _ONE_ANSWER:
            # Its tokens hold what tools said, in the policy's template, where an answer of the assistant is expected.
            raise InvalidInputError(
                f"a sample has {int(turns)} turns", remedy="this reward manager scores one answer to a prompt"
            )
        prompt = messages_of(list(extra["raw_prompt"]), "raw_prompt")
        return Group("", prompt, (self._answer(item.batch),))

    def _answer(self, batch: Any) -> str:
        """The words of an answer, without the tokens that end it."""
        responses = batch["responses"]
        count = int(batch["attention_mask"][-responses.shape[-1] :].sum())
        tokens = responses[:count].tolist()
        special = set(self.tokenizer.all_special_ids)
        while tokens and tokens[-1] in special:
            tokens.pop()
        text: str = self.tokenizer.decode(tokens)
        return text
