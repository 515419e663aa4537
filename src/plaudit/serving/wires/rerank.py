"""Scores and orders of documents for a query, as vLLM, Jina and Cohere have them: a query is a prompt, a document a
response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from plaudit.groups import Group
from plaudit.serving.wires.bodies import FIRST_ERROR, Body, Texts
from plaudit.serving.wires.exchange import Asking, ModelName, score, wire
from plaudit.serving.wires.vllm import PoolingAnswer
from plaudit.web import ApiError

router = wire("rerank")


class DocumentObject(BaseModel):
    """A document as an object."""

    text: str


_PAIRS = (("queries", "documents"), ("queries", "items"), ("data_1", "data_2"), ("text_1", "text_2"))


class ScoreRequest(Body):
    """Queries and documents: one query for all documents, or one for each. vLLM has four names for the two."""

    lists: ClassVar = tuple(name for pair in _PAIRS for name in pair)

    model: ModelName = None
    queries: str | Texts | None = None
    documents: str | Texts | None = None
    items: str | Texts | None = None
    data_1: str | Texts | None = None
    data_2: str | Texts | None = None
    text_1: str | Texts | None = None
    text_2: str | Texts | None = None
    use_activation: Annotated[bool | None, Field(description="Changes nothing: rewards are raw.")] = None

    def asking(self) -> Asking:
        """Each query with its document.

        Raises:
            ApiError: if they are not given, or not in numbers that fit.
        """
        names = {name for pair in _PAIRS for name in pair if getattr(self, name) is not None}
        pair = next((pair for pair in _PAIRS if set(pair) == names), None)
        if pair is None:
            ways = " or ".join(map(" and ".join, _PAIRS))
            raise ApiError(400, "invalid_request", f"give {ways}")
        queries, documents = (_listed(getattr(self, name)) for name in pair)
        if len(queries) == 1:
            queries = queries * len(documents)
        if len(queries) != len(documents):
            message = f"{len(queries)} {pair[0]} do not fit {len(documents)} {pair[1]}; give one, or one for each"
            raise ApiError(400, "invalid_request", message, param=pair[0])
        one = isinstance(getattr(self, pair[1]), str)
        return _asking(queries, documents, pair[1] if one else f"{pair[1]}[{{}}]")


class RerankRequest(Body):
    """A query and its documents."""

    lists: ClassVar = ("documents",)

    model: ModelName = None
    query: str
    documents: Annotated[list[str | DocumentObject], FIRST_ERROR]
    top_n: Annotated[int | None, Field(ge=0, description="How many to give back; all, if it is 0.")] = None
    return_documents: bool = True


class RerankAnswer(Body):
    """Documents by their reward, highest first."""

    id: str
    model: str
    usage: dict[str, int]
    results: list[dict[str, Any]]


@router.post("/score", response_model=None, responses={200: {"model": PoolingAnswer}})
@router.post("/v1/score", response_model=None, responses={200: {"model": PoolingAnswer}})
async def score_pairs(request: Request, body: ScoreRequest) -> Response:
    """`data[i].score` is the reward."""
    answered = await score(request, body.asking(), body.model)
    data = [{"index": i, "object": "score", "score": reward} for i, reward in enumerate(answered.rewards())]
    return answered.reply({**answered.heading("score"), "object": "list", "data": data, "usage": answered.usage()})


@router.post("/rerank", response_model=None, responses={200: {"model": RerankAnswer}})
@router.post("/v1/rerank", response_model=None, responses={200: {"model": RerankAnswer}})
@router.post("/v2/rerank", response_model=None, responses={200: {"model": RerankAnswer}})
async def rerank(request: Request, body: RerankRequest) -> Response:
    """`results[i].relevance_score` is the reward, highest first."""
    texts = [one if isinstance(one, str) else one.text for one in body.documents]
    asking = _asking([body.query] * len(texts), texts, "documents[{}]")
    answered = await score(request, asking, body.model)
    rewards = answered.rewards()
    results: list[dict[str, Any]] = [
        {"index": index, "relevance_score": rewards[index]}
        | ({"document": {"text": texts[index]}} if body.return_documents else {})
        for index in sorted(range(len(rewards)), key=lambda index: -rewards[index])
    ]
    name = {"id": f"rerank-{answered.request_id}", "model": answered.model.name, "usage": answered.usage()}
    return answered.reply(name | {"results": results[: body.top_n or None]})


def _asking(queries: Sequence[str], documents: Sequence[str], place: str) -> Asking:
    return Asking(
        pairs=list(zip(queries, documents, strict=True)),
        build=lambda: [Group("0", query, (text,)) for query, text in zip(queries, documents, strict=True)],
        place=place.format,
    )


def _listed(texts: str | Texts) -> list[str]:
    return [texts] if isinstance(texts, str) else texts
