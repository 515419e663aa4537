"""slime's remote reward model: `--rm-url http://any:TOKEN@host:8000/reward`. The answer is a bare number."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from plaudit.data import messages_of
from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.serving.hosted import Asked, WrittenText
from plaudit.serving.registry import HostedModels
from plaudit.serving.wires.bodies import Body, Objects
from plaudit.serving.wires.exchange import Asking, ModelName, score, wire
from plaudit.web import api_error

router = wire("slime")


class SampleRequest(Body):
    """One sample."""

    prompt: Annotated[
        str | Objects,
        Field(description="Messages; a text that the model's chat template wrote; or what the user said."),
    ]
    response: str
    label: Annotated[Any, Field(description="Not read.")] = None
    model: ModelName = None


@router.post("/reward", response_model=None, responses={200: {"model": float}})
async def reward(request: Request, body: SampleRequest) -> Response:
    """Score one response."""
    hosted: HostedModels = request.app.state.hosted
    asking = Asking(
        pairs=[(body.prompt, body.response)],
        build=lambda: [_asked(hosted, request, body)],
        place=lambda number: "response",
    )
    answered = await score(request, asking, body.model)
    return answered.reply(answered.rewards()[0])


def _asked(hosted: HostedModels, request: Request, body: SampleRequest) -> Asked:
    try:
        scorer = hosted.get(request.path_params.get("served_model", body.model)).scorer
        # Where the prompt is written up to the answer, the two together are the conversation.
        if isinstance(body.prompt, str) and scorer.opens_answer(body.prompt):
            return WrittenText(body.prompt + body.response)
        prompt = body.prompt if isinstance(body.prompt, str) else messages_of(body.prompt, "the prompt")
        # slime leaves special tokens in the response, the one that ends it too.
        return Group("0", prompt, (scorer.answer_in(body.response),))
    except PlauditError as error:
        raise api_error(error, "model" if error.code == "model_not_found" else "prompt") from None
