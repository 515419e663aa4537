"""OpenRLHF's remote reward model: `--remote_rm_url http://any:TOKEN@host:8000/get_reward`.

Each value of `extra_logs` goes into a tensor there as it is, so none may be anything but a number: the rollout would
end. Its `scores` are what dynamic filtering reads; like its own server, this one sends the raw reward there.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from plaudit.serving.wires.bodies import Body, Texts
from plaudit.serving.wires.exchange import ModelName, asking_of_texts, finite, score, wire

router = wire("openrlhf")


class GetRewardRequest(Body):
    """What a rollout sends."""

    lists: ClassVar = ("query",)

    query: Annotated[Texts, Field(description="Whole conversations, as the policy's template writes them.")]
    prompts: Annotated[list[Any] | None, Field(description="Not read: the queries hold them.")] = None
    labels: Annotated[list[Any] | None, Field(description="Not read.")] = None
    model: ModelName = None


class GetRewardAnswer(Body):
    """Rewards, in order."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]]


@router.post("/get_reward", response_model=None, responses={200: {"model": GetRewardAnswer}})
async def get_reward(request: Request, body: GetRewardRequest) -> Response:
    """Score whole conversations."""
    answered = await score(request, asking_of_texts(body.query, "query"), body.model)
    rewards = answered.rewards()
    logs = {
        "reward_tokens": [float(one.tokens) for one in answered.scores],
        "reward_cut": [float(one.truncated) for one in answered.scores],
    }
    if rewards and all(one.spread is not None for one in answered.scores):
        logs["reward_spread"] = [finite(one.spread or 0.0) or 0.0 for one in answered.scores]
    for name in (answered.scores[0].scores or {}) if rewards else ():
        logs[f"reward_{name}"] = [finite((one.scores or {})[name]) or 0.0 for one in answered.scores]
    return answered.reply({"rewards": rewards, "scores": rewards, "extra_logs": logs})
