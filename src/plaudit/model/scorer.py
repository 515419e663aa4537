"""What every scorer offers, whatever stands behind it: a backbone with a head, a bag of words, or several models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from plaudit.data import Score
from plaudit.groups import Group, Text

# Tokens of one forward pass. Large enough that the matrix products run at full speed, small enough that the
# activations of a 135M model fit a few gigabytes.
DEFAULT_BATCH_TOKENS = 4096


class Scorer(ABC):
    """Groups in, scores out.

    Attributes:
        record: the run record, as it stands in plaudit.json.
    """

    record: dict[str, Any]

    @abstractmethod
    def stream(
        self,
        groups: Iterable[Group],
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
    ) -> Iterator[list[Score]]:
        """`score`, lazily: groups are read a few at a time, and their scores yielded in order."""

    @abstractmethod
    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        """The record of what this scorer makes (`kind`: what a model folder holds, or "scores"): how it was made, and
        what decides its scores besides the weights."""

    @abstractmethod
    def save(self, folder: str | Path, *, card: str | None = None) -> None:
        """Write a folder that `open_model` opens. An existing folder is replaced only once the new files are complete.

        Args:
            folder: where to.
            card: the text of README.md.

        Raises:
            PlauditError: if the folder cannot be written; what was there stays as it was.
            NotImplementedError: by a scorer of somebody's own that lives in memory alone.
        """

    def score(
        self,
        groups: Group | Iterable[Group],
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
    ) -> list[list[Score]]:
        """Score every response of every group.

        Args:
            groups: one group or many.
            batch_tokens: most tokens of one forward pass; does not change the scores.
            truncate_responses: cut a response that is longer than the context, and say so on its score, instead of
                raising an error.

        Returns:
            For each group, one score a response, in their order.
        """
        several = [groups] if isinstance(groups, Group) else groups
        return list(self.stream(several, batch_tokens=batch_tokens, truncate_responses=truncate_responses))

    def rank(self, prompt: Text, responses: Sequence[Text], **options: Any) -> list[Score]:
        """Score responses to one prompt and sort them, best first; `Score.response` is the index into `responses`.
        `options` are those of `score`."""
        group = Group(id="", prompt=prompt, responses=tuple(responses))
        return sorted(self.score(group, **options)[0], key=lambda score: -score.score)
