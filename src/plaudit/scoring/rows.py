"""Scores of rows as they come: one for every response of every row, in the order of the input."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from plaudit.data import Score, ranked
from plaudit.groups import Group
from plaudit.model import TokenCheck
from plaudit.scoring.runs import ScoringOptions, check_numbers

if TYPE_CHECKING:
    from plaudit.model import Scorer


@dataclass(slots=True)
class RowScoring:
    """How rows are scored, and what was met.

    Attributes:
        text: put the response beside its score.
        ranked: give each score its rank in its row, and sort the row by it.
        responses: scored so far.
        missing: of them, without a score: the model gave no number.
        tokens: counts what the rows lost on the way to tokens, where the model reads tokens.

    Example:
        >>> RowScoring(responses=3, missing=3).check()
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: none of 3 scores is a number (NaN or infinite); ...
    """

    text: bool = False
    ranked: bool = False
    responses: int = 0
    missing: int = 0
    tokens: TokenCheck = field(default_factory=TokenCheck)

    def add(self, other: RowScoring) -> None:
        """Count what was met in other rows in."""
        self.responses += other.responses
        self.missing += other.missing
        self.tokens.merge(other.tokens)

    def check(self) -> None:
        """Say how many responses have no score, and what they lost on the way to tokens.

        Raises:
            InvalidInputError: if none has a score, or all answers of all rows became the same tokens.
        """
        check_numbers(self.missing, self.responses)
        self.tokens.finish()


def score_rows(
    scorer: Scorer, rows: Iterable[Group], options: ScoringOptions, how: RowScoring | None = None
) -> Iterator[list[Score]]:
    """The scores of each row, with the row's own fields; yielded while rows are still coming in.

    Args:
        scorer: what scores.
        rows: one group a row, as `read_groups(..., merge=False)` gives them.
        options: how the scorer is asked.
        how: what to put beside the scores; counts what was met.

    Example:
        >>> from plaudit.model import open_model
        >>> rows = [Group("q1", "2 + 2?", ("5", "5")), Group("q2", "2 + 2?", ("4",), meta={"by": "ann"})]
        >>> scores = list(score_rows(open_model("my-bow"), rows, ScoringOptions(), RowScoring(text=True, ranked=True)))
        >>> [[(score.group, score.text, score.rank, score.meta) for score in row] for row in scores]
        [[('q1', '5', 1, None), ('q1', '5', 1, None)], [('q2', '4', 1, {'by': 'ann'})]]
    """
    how = how or RowScoring()
    waiting: deque[Group] = deque()

    def passing() -> Iterator[Group]:
        for row in rows:
            waiting.append(row)
            yield row

    for scores in scorer.stream(passing(), **options.for_model(), check=how.tokens):
        group = waiting.popleft()
        how.responses += len(scores)
        how.missing += sum(not math.isfinite(score.score) for score in scores)
        row = ranked(scores) if how.ranked else scores
        yield [
            replace(score, text=group.responses[score.response] if how.text else None, meta=group.meta or None)
            for score in row
        ]
