"""The interface of every scorer: a backbone with a head, a linear model of words, an ensemble, later a server.

A scorer does two things. `prepare` turns a group into what the device reads, on the CPU; `score_prepared` computes a
batch of such groups. `score`, `stream` and `rank` follow from these. What responses share is decided by the batch, so
groups from different requests may be computed together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, TypeVar

from plaudit._arguments import checked, with_article
from plaudit.data import Score, ranked
from plaudit.errors import NeedsPromptError
from plaudit.groups import Group, Text
from plaudit.model.prepared import Prepared
from plaudit.model.templates import one_turn
from plaudit.model.token_check import TokenCheck

# Tokens of one forward pass. Large enough that the matrix products run at full speed, small enough that the
# activations of a 135M model fit a few gigabytes.
DEFAULT_BATCH_TOKENS = 4096

# Tokens prepared ahead while streaming: enough to fill forward passes well, few enough that scores come soon.
_WINDOW_TOKENS = 16 * DEFAULT_BATCH_TOKENS

Groups: TypeAlias = Group | Iterable[Group] | str | Path
"""One group, many, or a file of groups."""


_P = TypeVar("_P", bound=Prepared)


class Scorer(ABC):
    """Groups in, scores out.

    Attributes:
        kind: what this is, as it stands in plaudit.json.
        record: the run record, as it stands in plaudit.json.
        computed_tokens: how many tokens went through a forward pass so far; 0 for what computes none.
    """

    kind: ClassVar[str] = "scorer"
    computed_tokens: int = 0
    _remedy_for_text: ClassVar[str] = "open it with open_model({})"
    record: dict[str, Any]

    @abstractmethod
    def prepare(self, group: Group, *, truncate_responses: bool = False) -> Prepared:
        """Turn a group into what `score_prepared` takes, on the CPU.

        Args:
            group: a prompt and its responses.
            truncate_responses: cut a response that is longer than the context, and say so on its score, instead of
                raising an error.

        Raises:
            TooLongError: if a response does not fit the context.
        """

    @abstractmethod
    def score_prepared(
        self, batch: Sequence[Prepared], *, batch_tokens: int = DEFAULT_BATCH_TOKENS
    ) -> list[list[Score]]:
        """Score groups that this scorer's `prepare` has prepared. Equal responses are computed once.

        Args:
            batch: the groups, from one request or from many.
            batch_tokens: most tokens of one forward pass; does not change the scores.

        Returns:
            For each group, one score a response, in their order.
        """

    @abstractmethod
    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        """The record of what this scorer makes (`kind`: what a model folder holds, or "scores"): how it was made, and
        what decides its scores besides the weights."""

    @abstractmethod
    def save(self, folder: str | Path, *, card: str | None = None, overwrite: bool = False) -> None:
        """Write a folder that `open_model` opens. An existing folder is replaced only once the new files are complete.

        Args:
            folder: where to.
            card: the text of README.md.
            overwrite: replace a model that is there, whole.

        Raises:
            PlauditError: if the folder holds something, or cannot be written; what was there stays as it was.
            NotImplementedError: by a scorer of somebody's own that lives in memory alone.
        """

    def prepare_text(
        self, text: str, *, foreign: bool = False, as_generated: bool = False, truncate_responses: bool = False
    ) -> Prepared:
        """`prepare`, for a conversation that a chat template has already written: its prompt and its one response are
        found in the text, and it is scored as that conversation. Scorers without a template read a question and its
        answer as the built-in `turns` writes them.

        Args:
            text: the conversation, special tokens as text.
            foreign: take a text of another template as it stands.
            as_generated: leave its end as it is, instead of completing what the template writes after the answer.
            truncate_responses: as in `prepare`.

        Raises:
            ForeignTextError: if another template wrote the text.
            NeedsPromptError: by a scorer that has to be told prompt and response apart.
            TooLongError: as `prepare`.
        """
        turn = one_turn(text)
        if turn is None:
            raise NeedsPromptError(
                f"this {self.kind} is told prompt and response apart, and one text does not say where the one ends",
                remedy="send prompt and response apart, or the text as `User: ...`, a blank line, `Assistant: ...`",
            )
        return self.prepare(Group("", turn[0], (turn[1],)), truncate_responses=truncate_responses)

    def opens_answer(self, prompt: str) -> bool:
        """Whether a prompt is already written as `prepare_text` reads it, up to where the answer begins."""
        turn = one_turn(prompt)
        return turn is not None and not turn[1]

    def answer_in(self, generated: str) -> str:
        """A generated answer without what ends it, where this scorer's text has such an end."""
        return generated

    def prepare_all(
        self, groups: Iterable[Group], *, truncate_responses: bool = False, check: TokenCheck | None = None
    ) -> Iterator[Prepared]:
        """`prepare`, lazily, for many groups; for scorers that prepare several at a time faster than one by one.

        Args:
            groups: what is prepared.
            truncate_responses: as in `prepare`.
            check: counts what the groups lose on the way to tokens, by scorers that read tokens. Whoever gives it says
                what it counted (`TokenCheck.finish`); without it the scorer warns when the last group is prepared.
        """
        return (self.prepare(group, truncate_responses=truncate_responses) for group in groups)

    @checked
    def stream(
        self,
        groups: Groups,
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
        check: TokenCheck | None = None,
    ) -> Iterator[list[Score]]:
        """`score`, lazily: groups are read a few at a time, and their scores yielded in order. `check` is that of
        `prepare_all`."""
        prepared = self.prepare_all(groups_of(groups), truncate_responses=truncate_responses, check=check)
        batches = windows(prepared, max(_WINDOW_TOKENS, batch_tokens))
        return (row for batch in batches for row in self.score_prepared(batch, batch_tokens=batch_tokens))

    @checked
    def score(
        self, groups: Groups, *, batch_tokens: int = DEFAULT_BATCH_TOKENS, truncate_responses: bool = False
    ) -> list[list[Score]]:
        """Score every response of every group. What the answers lose on the way to tokens is a warning when all are
        scored: the words that `plaudit score` ends with, which fails where all answers became the same tokens.

        Args:
            groups: one group or many, or a file in any format that `read_groups` reads, each row a group of its own.
            batch_tokens: most tokens of one forward pass; does not change the scores.
            truncate_responses: cut a response that is longer than the context, and say so on its score, instead of
                raising an error.

        Returns:
            For each group, one score a response, in their order.

        Raises:
            TypeError: if `groups` are no groups.
            TooLongError: if a response does not fit the context.

        Example:
            >>> from plaudit.model import open_model
            >>> model = open_model("my-model")
            >>> [[good, bad]] = model.score(Group("q", "What is 2 + 2?", ("It is 4.", "No idea.")))
            >>> good.score > bad.score
            True
            >>> len(model.score("test.jsonl"))  # a file of 20 groups
            20
        """
        return list(self.stream(groups, batch_tokens=batch_tokens, truncate_responses=truncate_responses))

    @checked
    def rank(
        self,
        prompt: Text,
        responses: Sequence[Text],
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
    ) -> list[Score]:
        """Score responses to one prompt and sort them, best first; `Score.response` is the index into `responses`.

        Args:
            prompt: a text or a conversation.
            responses: texts or conversations.
            batch_tokens: as in `score`.
            truncate_responses: as in `score`.

        Raises:
            TypeError: if `responses` is one text.
        """
        if isinstance(responses, str | Mapping):
            raise TypeError("responses is a list, one text each; a single response is given as [response]")
        group = Group(id="", prompt=prompt, responses=tuple(responses))
        (scores,) = self.score(group, batch_tokens=batch_tokens, truncate_responses=truncate_responses)
        return ranked(scores)


def groups_of(source: Groups) -> Iterable[Group]:
    """The groups that somebody means by one group, many, or a file of groups.

    Raises:
        TypeError: at once or on the way, for what is no group.
    """
    if isinstance(source, Group):
        return [source]
    if isinstance(source, str | Path):
        from plaudit.data import read_groups

        return read_groups(source, merge=False)
    wanted = "score takes a Group, several, or the path of a file of groups"
    if not isinstance(source, Iterable) or isinstance(source, Mapping):
        raise TypeError(f"{wanted}; not {type(source).__name__}")
    return _only_groups(source, wanted)


def _only_groups(source: Iterable[Group], wanted: str) -> Iterator[Group]:
    for group in source:
        if not isinstance(group, Group):
            remedy = "; to score texts: rank(prompt, responses)" if isinstance(group, str) else ""
            raise TypeError(f"{wanted}; not {with_article(type(group).__name__)} in a list{remedy}")
        yield group


def windows(prepared: Iterable[Prepared], tokens: int) -> Iterator[list[Prepared]]:
    """Cut a stream of prepared groups into batches of about so many tokens, a group at least."""
    batch: list[Prepared] = []
    cost = 0
    for item in prepared:
        batch.append(item)
        cost += item.cost
        if cost >= tokens:
            yield batch
            batch, cost = [], 0
    if batch:
        yield batch


def prepared_as(kind: type[_P], batch: Sequence[Prepared]) -> list[_P]:
    """The batch, whose groups were prepared by a scorer that reads this kind.

    Raises:
        TypeError: if another kind of scorer prepared one.
    """
    items = [item for item in batch if isinstance(item, kind)]
    if len(items) < len(batch):
        raise TypeError("a group in the batch was prepared by another kind of scorer; prepare it with this one")
    return items
