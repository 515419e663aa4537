"""vLLM's protocols for pooling models, as veRL and gateways speak them, and SGLang's.

Rewards are raw: vLLM applies no activation to a model whose `problem_type` is regression, as those of Plaudit are, so
`use_activation` changes nothing here either. `/v1/classify` is not offered: SGLang's is a softmax, which gives a
model of one output 1.0 for everything.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from struct import pack
from typing import Annotated, Any, ClassVar, Literal

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from plaudit.data import messages_of
from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.serving.wires.bodies import Body, Objects, Texts
from plaudit.serving.wires.exchange import Answered, Asking, ModelName, asking_of_texts, score, wire
from plaudit.web import ApiError, api_error

router = wire("vllm")


class PoolingRequest(Body):
    """Whole conversations: texts that a chat template wrote, or the messages of one."""

    lists: ClassVar = ("input", "text")

    model: ModelName = None
    input: Annotated[str | Texts | None, Field(description="One rendered conversation, or several.")] = None
    messages: Annotated[Objects | None, Field(description="One conversation; its last message is the answer.")] = None
    use_activation: Annotated[bool | None, Field(description="Changes nothing: rewards are raw.")] = None

    def asking(self) -> Asking:
        """What is to be scored.

        Raises:
            ApiError: unless it is given in exactly one way.
        """
        if (self.input is None) == (self.messages is None):
            raise ApiError(400, "invalid_request", "give either input or messages, one of the two", param="input")
        messages = self.messages
        if messages is None:
            return asking_of_texts([] if self.input is None else self.input, "input")
        return Asking(pairs=[("", messages)], build=lambda: [conversation(messages)], place=lambda number: "messages")


class ClassifyRequest(PoolingRequest):
    """As vLLM has it, or as SGLang does, with `text`."""

    text: Annotated[str | Texts | None, Field(description="SGLang's name for `input`.")] = None


class EmbeddingsRequest(PoolingRequest):
    """As OpenAI has it."""

    encoding_format: Literal["float", "base64"] = "float"


class PoolingAnswer(Body):
    """One entry a conversation, in order."""

    id: str
    object: str
    created: int
    model: str
    data: list[dict[str, Any]]
    usage: dict[str, int]


@router.post(
    "/classify",
    response_model=None,
    responses={200: {"description": "vLLM's answer, or SGLang's list.", "model": PoolingAnswer | list[dict[str, Any]]}},
)
async def classify(request: Request, body: ClassifyRequest) -> Response:
    """vLLM's: `data[i].probs[0]` is the reward. With `text`, SGLang's: `[i].embedding[0]` is."""
    if body.text is None:
        entry = lambda reward: {"label": "LABEL_0", "probs": [reward], "num_classes": 1}  # noqa: E731
        return _listed(await score(request, body.asking(), body.model), "classify", entry)
    if body.input is not None or body.messages is not None:
        raise ApiError(400, "invalid_request", "give text, input or messages, one of the three", param="text")
    answered = await score(request, asking_of_texts(body.text, "text"), body.model)
    return answered.reply(
        [
            {"embedding": [reward], "meta_info": {"prompt_tokens": one.tokens}}
            for reward, one in zip(answered.rewards(), answered.scores, strict=True)
        ]
    )


@router.post("/pooling", response_model=None, responses={200: {"model": PoolingAnswer}})
async def pooling(request: Request, body: PoolingRequest) -> Response:
    """`data[i].data[0]` is the reward."""
    entry = lambda reward: {"object": "pooling", "data": [reward]}  # noqa: E731
    return _listed(await score(request, body.asking(), body.model), "pool", entry)


@router.post("/v1/embeddings", response_model=None, responses={200: {"model": PoolingAnswer}})
async def embeddings(request: Request, body: EmbeddingsRequest) -> Response:
    """`data[i].embedding[0]` is the reward, as SGLang serves reward models."""
    answered = await score(request, body.asking(), body.model)

    def entry(reward: float) -> dict[str, Any]:
        # OpenAI's clients ask for base64 by default: float32, little-endian.
        coded = b64encode(pack("<f", reward)).decode() if body.encoding_format == "base64" else [reward]
        return {"object": "embedding", "embedding": coded}

    return _listed(answered, "embd", entry)


def conversation(messages: list[dict[str, Any]]) -> Group:
    """A conversation whose last message is the answer to score.

    Raises:
        ApiError: if it ends otherwise.
    """
    try:
        *before, last = messages_of(messages, "the conversation") or ({"role": ""},)
        if last["role"] != "assistant":
            raise ApiError(422, "invalid_input", "the last message is not the assistant's answer", param="messages")
        return Group("0", tuple(before), ((last,),))
    except PlauditError as error:
        raise api_error(error, "messages") from None


def _listed(answered: Answered, kind: str, entry: Callable[[float], dict[str, Any]]) -> Response:
    """An answer in OpenAI's form: one entry a conversation."""
    data = [{"index": index, **entry(reward)} for index, reward in enumerate(answered.rewards())]
    return answered.reply({**answered.heading(kind), "object": "list", "data": data, "usage": answered.usage()})
