"""Plaudit's own protocol: groups in, everything a score says out."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeAlias

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from plaudit.data import Score, messages_of, response_of, tools_of
from plaudit.errors import EmptyError, PlauditError
from plaudit.groups import Group
from plaudit.serving.wires.bodies import FIRST_ERROR, Body, Objects, check_count
from plaudit.serving.wires.exchange import Answered, Asking, ModelName, finite, score, wire
from plaudit.web import ApiError, api_error

router = wire("native")

Text: TypeAlias = str | Objects
"""A text, or messages with a role and a content each."""

TextList: TypeAlias = Annotated[list[Text], FIRST_ERROR]


class OneGroup(Body):
    """A prompt and its responses."""

    id: Annotated[str | None, Field(description="Comes back with the scores.")] = None
    prompt: Text
    responses: TextList
    tools: Annotated[Objects | None, Field(description="What the assistant could call.")] = None


class RewardsRequest(Body):
    """Either `groups`, or one group's `prompt` and `responses`."""

    lists: ClassVar = ("groups", "responses")

    model: ModelName = None
    groups: Annotated[list[OneGroup], FIRST_ERROR] | None = None
    prompt: Text | None = None
    responses: TextList | None = None
    tools: Objects | None = None
    truncate_responses: Annotated[
        bool, Field(description="Cut responses that are longer than the context instead of refusing them.")
    ] = False

    def wanted(self) -> list[OneGroup]:
        """The groups.

        Raises:
            ApiError: unless they are given in exactly one of the two ways.
        """
        one = self.prompt is not None or self.responses is not None
        if one == (self.groups is not None):
            raise ApiError(400, "invalid_request", "give either groups, or prompt and responses, one of the two")
        if self.groups is not None:
            return self.groups
        if self.prompt is None or self.responses is None:
            missing = "prompt" if self.prompt is None else "responses"
            raise ApiError(400, "invalid_request", f"{missing} is missing", param=missing)
        return [OneGroup(prompt=self.prompt, responses=self.responses, tools=self.tools)]


class OneScore(Body):
    """What the model gives one response."""

    response: Annotated[int, Field(description="Its place in the group's responses.")]
    score: Annotated[float | None, Field(description="The raw reward; null where the model gave no number.")]
    spread: Annotated[float | None, Field(description="Over the model's heads or members.")] = None
    members: Annotated[list[float | None] | None, Field(description="Of an ensemble: each member's reward.")] = None
    scores: Annotated[dict[str, float | None] | None, Field(description="Attribute -> value.")] = None
    tokens: Annotated[int, Field(description="Read, the prompt's included.")]
    truncated: Annotated[bool, Field(description="Whether any of the response was cut.")]
    text: Annotated[str, Field(description="A hash of the prompt and response that were scored.")]


class GroupResult(Body):
    """The scores of a group's responses, in order."""

    id: str | None
    scores: list[OneScore]


class RewardsAnswer(Body):
    """One result a group, in order."""

    id: str
    model: str
    version: str
    results: list[GroupResult]


@router.post("/v1/rewards", response_model=None, responses={200: {"model": RewardsAnswer}})
async def rewards(request: Request, body: RewardsRequest) -> Response:
    """Score the responses of one group or of many."""
    groups = body.wanted()
    check_count(sum(len(group.responses) for group in groups), request.app.state.hosted.settings.responses, "responses")
    many = body.groups is not None
    places = [
        f"{_place(number, many)}responses[{index}]"
        for number, group in enumerate(groups)
        for index in range(len(group.responses))
    ]
    asking = Asking(
        pairs=[(group.prompt, response) for group in groups for response in group.responses],
        build=lambda: [one for number, group in enumerate(groups) for one in _asked(group, number, many)],
        place=places.__getitem__,
        extra=[group.tools for group in groups if group.tools],
    )
    answered = await score(request, asking, body.model, truncate_responses=body.truncate_responses)
    scores = iter(answered.scores)
    results = [
        {"id": group.id, "scores": [_score(index, next(scores)) for index in range(len(group.responses))]}
        for group in groups
    ]
    return answered.reply(_heading(answered) | {"results": results})


def _heading(answered: Answered) -> dict[str, str]:
    return {
        "id": f"rewards-{answered.request_id}",
        "model": answered.model.name,
        "version": answered.model.version,
    }


def _place(number: int, many: bool) -> str:
    """What a group's fields are called before their names."""
    return f"groups[{number}]." if many else ""


def _asked(group: OneGroup, number: int, many: bool) -> list[Group]:
    place = _place(number, many)
    part = f"{place}prompt"
    try:
        prompt = group.prompt if isinstance(group.prompt, str) else messages_of(group.prompt, "the prompt")
        part = f"{place}tools"
        tools = tools_of(group.tools or [])
        part = f"{place}responses"
        if not group.responses:
            raise EmptyError(f"{part} holds no response", remedy="give one at least")
        asked = []
        for index, response in enumerate(group.responses):
            part = f"{place}responses[{index}]"
            asked.append(Group(f"{number}", prompt, (response_of(response, "the response"),), tools=tools))
        return asked
    except PlauditError as error:
        raise api_error(error, part) from None


def _score(index: int, score: Score) -> dict[str, Any]:
    row: dict[str, Any] = {"response": index, "score": finite(score.score)}
    if score.spread is not None:
        row["spread"] = finite(score.spread)
    if score.members is not None:
        row["members"] = [finite(value) for value in score.members]
    if score.scores is not None:
        row["scores"] = {name: finite(value) for name, value in score.scores.items()}
    return row | {"tokens": score.tokens, "truncated": score.truncated, "text": score.hash}
