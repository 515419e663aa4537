"""LLaMA-Factory's reward API: `reward_model: http://any:TOKEN@host:8000/v1/score/evaluation` with
`reward_model_type: api`. It neither waits with a limit, nor looks at the status, nor tries again."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from plaudit.serving.wires.bodies import Body, Texts
from plaudit.serving.wires.exchange import ModelName, asking_of_texts, score, wire

router = wire("llama-factory")


class ScoreEvaluationRequest(Body):
    """Whole conversations."""

    lists: ClassVar = ("messages",)

    messages: Annotated[Texts, Field(description="Each as the policy's template writes it.")]
    model: ModelName = None


class ScoreEvaluationAnswer(Body):
    """Rewards, in order."""

    id: str
    object: Literal["score.evaluation"]
    model: str
    scores: list[float]


@router.post("/v1/score/evaluation", response_model=None, responses={200: {"model": ScoreEvaluationAnswer}})
async def score_evaluation(request: Request, body: ScoreEvaluationRequest) -> Response:
    """Score whole conversations."""
    answered = await score(request, asking_of_texts(body.messages, "messages"), body.model)
    name = {"id": f"scoreval-{answered.request_id}", "object": "score.evaluation", "model": answered.model.name}
    return answered.reply(name | {"scores": answered.rewards()})
