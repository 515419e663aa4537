"""A server's URL as a scorer: `plaudit score http://host:8000 candidates.jsonl`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from plaudit.data import Score
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text
from plaudit.model.prepared import Prepared
from plaudit.model.remote.client import Client
from plaudit.model.scorer import DEFAULT_BATCH_TOKENS, Groups, Scorer, prepared_as
from plaudit.model.token_check import TokenCheck
from plaudit.storage import versions

# What a token is taken to have in characters, to fill requests; the server counts its own.
_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class GroupToSend(Prepared):
    """A group as it is sent.

    Attributes:
        truncate_responses: whether the server may cut its responses.
    """

    truncate_responses: bool


class RemoteScorer(Scorer):
    """Scores that a server gives. Groups are sent as they are; the server renders, cuts and computes.

    Args:
        client: of the server.
        info: what `/v1/models` says of the model.

    Example:
        >>> RemoteScorer(Client("http://localhost:8000"), {"id": "helpful", "version": "1bfa589a9711"})
        RemoteScorer('http://localhost:8000': helpful, version 1bfa589a9711)
    """

    kind: ClassVar[str] = "remote"

    def __init__(self, client: Client, info: dict[str, Any]) -> None:
        self.client = client
        self.record = info

    @classmethod
    def open(cls, url: str, **options: Any) -> RemoteScorer:
        """The scorer of a server's model.

        Args:
            url: of the server; `http://host:8000/models/NAME` is one of several models.
            options: none: how a model is loaded is the server's own.

        Raises:
            PlauditError: if nobody answers there, or something else than a reward server.
        """
        unfit = [name for name, value in options.items() if value is not None]
        if unfit:
            raise InvalidInputError(
                f"{url} is a server, which takes no {unfit[0]}", remedy="give it to `plaudit serve`"
            )
        base, _, name = url.rstrip("/").partition("/models/")
        client = Client(base, model=name or None)
        models = {model["id"]: model for model in client.models()}
        if not models:
            raise InvalidInputError(f"{client.address.url} serves no model yet", remedy="try again when it is ready")
        if name and name not in models:
            raise InvalidInputError(f"{client.address.url} has no model {name!r}", remedy=f"it has {', '.join(models)}")
        if not name and len(models) > 1:
            remedy = f"name one: {client.address.url}/models/{next(iter(models))}"
            raise InvalidInputError(f"{client.address.url} serves {', '.join(models)}", remedy=remedy)
        return cls(client, models[name or next(iter(models))])

    def __repr__(self) -> str:
        return f"RemoteScorer({self.client.address.url!r}: {self.record['id']}, version {self.record['version']})"

    def prepare(self, group: Group, *, truncate_responses: bool = False) -> GroupToSend:
        characters = sum(len(plain_text(group.prompt)) + len(plain_text(response)) for response in group.responses)
        return GroupToSend(group, 1 + characters // _CHARACTERS_A_TOKEN, truncate_responses)

    def score_prepared(
        self, batch: Sequence[Prepared], *, batch_tokens: int = DEFAULT_BATCH_TOKENS
    ) -> list[list[Score]]:
        items = prepared_as(GroupToSend, batch)
        rows: dict[int, list[Score]] = {}
        for truncate in (False, True):
            numbers = [number for number, item in enumerate(items) if item.truncate_responses is truncate]
            scored = self.client.score([items[number].group for number in numbers], truncate_responses=truncate)
            rows.update(zip(numbers, scored, strict=True))
        return [rows[number] for number in range(len(items))]

    def stream(
        self,
        groups: Groups,
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
        check: TokenCheck | None = None,
    ) -> Iterator[list[Score]]:
        """As every scorer's; what the server cut is counted, or a warning at the end."""
        before = self.client.cuts.copy()
        yield from super().stream(groups, batch_tokens=batch_tokens, truncate_responses=truncate_responses)
        cut = self.client.cuts - before
        counts = check or TokenCheck()
        counts.add_cuts(cut["prompts"], cut["responses"], int(self.record.get("max_length") or 0))
        if check is None:
            counts.finish()

    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        # When the server was started decides no score, and a run that waited for it has to know it again.
        info = {name: value for name, value in self.record.items() if name != "created"}
        return {"plaudit": kind, "server": self.client.address.url, **info, "versions": versions(), **more}

    def save(self, folder: str | Path, *, card: str | None = None, overwrite: bool = False) -> None:
        raise InvalidInputError(f"{self.client.address.url} is a server; its model is saved where it was trained")
