"""What the page sends."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

RowId = Annotated[int, Field(ge=1, lt=2**63)]
"""Of a row of the database: no larger number has a place there."""

LeaseId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class RequestBody(BaseModel):
    """Of every request: a field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class TakeBody(RequestBody):
    """A question is asked for, besides those that the page has."""

    besides: list[LeaseId] = Field(default=[], max_length=10)


class SendBody(RequestBody):
    """An answer, and how it came about."""

    lease: LeaseId
    client_id: str
    answer: dict[str, Any]
    comment: str = ""
    reasons: list[str] = Field(default=[], max_length=50)
    seconds_active: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    seconds_open: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    how: dict[str, Any] = Field(default={}, max_length=20)


class LeaseBody(RequestBody):
    """A question, by its lease."""

    lease: LeaseId


class JoinBody(RequestBody):
    """An invitation, and how one wants to be called."""

    token: str = Field(max_length=200)
    name: str = ""
    locale: str | None = None


class SignInBody(RequestBody):
    """A name and its password."""

    name: str = Field(max_length=200)
    password: str = Field(max_length=1000)


class LocaleBody(RequestBody):
    """A language."""

    locale: str


class GuidelinesBody(RequestBody):
    """A revision of the guidelines."""

    revision: int = Field(ge=0, lt=2**31)


class TrainingBody(RequestBody):
    """A model is to be trained, and questions to be chosen by it."""

    backbone: str = Field(default="frozen:minilm-l6", max_length=500)
    count: int = Field(default=100, ge=0, le=10_000)
    compare: bool = True
