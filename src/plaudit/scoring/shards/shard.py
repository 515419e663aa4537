"""The rows of one shard -> one Parquet file. A row that cannot be scored is set aside, and takes no other with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from plaudit.data import BadRow, DealtRow, Score, score_table
from plaudit.errors import EmptyError, PlauditError, TooLongError
from plaudit.groups import Group
from plaudit.scoring.rows import RowScoring, score_rows
from plaudit.scoring.runs import ScoringOptions

if TYPE_CHECKING:
    from plaudit.model import Scorer

# Rows scored together: enough for full forward passes, few enough that little is done twice where one of them fails.
ROWS_A_CHUNK = 512

_PLAIN = Group("", "2 + 2?", ("4",))


@dataclass(slots=True)
class ShardCounts:
    """What was met in a shard, as its file's footer says it.

    Attributes:
        rows: scored.
        rejected: rows that could not be read or scored.
        responses: scored.
        missing: of them, without a score: the model gave no number.
        tokens: that the model read.

    Example:
        >>> counts = ShardCounts(rows=2, responses=5)
        >>> counts.add(ShardCounts(rows=1, responses=2, missing=1))
        >>> counts.rows, counts.responses, counts.missing
        (3, 7, 1)
    """

    rows: int = 0
    rejected: int = 0
    responses: int = 0
    missing: int = 0
    tokens: int = 0

    def add(self, other: ShardCounts) -> None:
        """Count another shard's in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class ScoredShard:
    """What came of a shard, beside its file.

    Attributes:
        counts: what was met.
        rejects: the rows set aside, as lines of a file of rejects.
        how: counts what the rows lost on the way to tokens.
    """

    counts: ShardCounts = field(default_factory=ShardCounts)
    rejects: list[str] = field(default_factory=list)
    how: RowScoring = field(default_factory=RowScoring)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTask:
    """What scores every shard, and how; small enough to be sent to another machine.

    Attributes:
        model: what `open_model` takes.
        options: how it is asked.
        text: put the response beside its score.
        record: keep the run record in every shard.
        keep_going: set rows that cannot be scored aside, instead of stopping at the first.
        device: where to compute; None: a GPU if there is one.
    """

    model: str
    options: ScoringOptions
    text: bool = False
    record: bool = True
    keep_going: bool = False
    device: str | None = None


class ShardScorer:
    """Scores shards with one model, one after another."""

    def __init__(self, task: ShardTask) -> None:
        from plaudit.model import keep_token, open_model

        device = {} if task.device is None else {"device": task.device}
        self._task = task
        self._scorer: Scorer = open_model(task.model, **task.options.for_opening(), **device)
        self._record = self._scorer.run_record("scores", model=keep_token(task.model)) if task.record else None
        # What columns there are follows from any score of the model.
        ((self._like,),) = score_rows(self._scorer, [_PLAIN], task.options)

    def score(
        self,
        rows: Iterable[DealtRow | BadRow],
        file: Path | BinaryIO,
        number: Mapping[str, int],
        told: Callable[[int], None] = lambda rows: None,
    ) -> ScoredShard:
        """Score rows into a Parquet file.

        Args:
            rows: of the shard.
            file: where to.
            number: which of how many shards it is, for its footer.
            told: called with how many rows are done.

        Raises:
            PlauditError: for the first row that cannot be scored, unless they are set aside.
            OSError: if the file cannot be written.
        """
        shard, rest = ScoredShard(), iter(rows)
        with score_table(file, self._like, text=self._task.text) as (table, footer):
            while chunk := list(islice(rest, ROWS_A_CHUNK)):
                shard.rejects += [row.line for row in chunk if isinstance(row, BadRow)]
                scored = self._scores([row for row in chunk if isinstance(row, DealtRow)], shard)
                table.write(sorted(scored, key=lambda row: row[0]))
                shard.counts.rows += len(scored)
                shard.counts.tokens += sum(score.tokens for _, scores in scored for score in scores)
                told(shard.counts.rows + len(shard.rejects))
            shard.counts.rejected = len(shard.rejects)
            shard.counts.responses, shard.counts.missing = shard.how.responses, shard.how.missing
            record = {} if self._record is None else {"record": self._record}
            footer |= {"plaudit": "scores", **number, **asdict(shard.counts), **record}
        return shard

    def _scores(self, rows: Sequence[DealtRow], shard: ScoredShard) -> list[tuple[int, list[Score]]]:
        """The scores of rows, without those that are set aside. Where they fail together, parts of them are tried."""
        if not rows:
            return []
        how = RowScoring(text=self._task.text)
        try:
            scored = list(score_rows(self._scorer, [row.group for row in rows], self._task.options, how))
        except Exception as error:
            if not self._task.keep_going or not self._is_of_the_rows(error):
                raise
            if len(rows) == 1:
                shard.rejects.append(_reject_line(rows[0].group, error))
                return []
            return [row for part in self._parts(rows) for row in self._scores(part, shard)]
        shard.how.add(how)
        return [(row.place, scores) for row, scores in zip(rows, scored, strict=True)]

    def _is_of_the_rows(self, error: Exception) -> bool:
        """Whether a row is at fault, and not the device or the network: the model still scores a plain one."""
        if isinstance(error, TooLongError | EmptyError):
            return True
        try:
            list(score_rows(self._scorer, [_PLAIN], self._task.options))
        except Exception:
            return False
        return True

    def _parts(self, rows: Sequence[DealtRow]) -> list[Sequence[DealtRow]]:
        """Rows that fail together, in parts: those that cannot be prepared each by itself; else halves."""
        fit = [self._can_be_prepared(row.group) for row in rows]
        if not all(fit):
            alone = [[row] for row, fits in zip(rows, fit, strict=True) if not fits]
            return [[row for row, fits in zip(rows, fit, strict=True) if fits], *alone]
        middle = len(rows) // 2
        return [rows[:middle], rows[middle:]]

    def _can_be_prepared(self, group: Group) -> bool:
        try:
            self._scorer.prepare(group, truncate_responses=self._task.options.truncate_responses)
        except Exception:
            return False
        return True


def _reject_line(group: Group, error: Exception) -> str:
    reason = str(error) if isinstance(error, PlauditError) else f"{type(error).__name__}: {error}"
    return json.dumps({"where": f"group {group.id!r}", "reason": reason, "row": group.to_dict()}, default=str) + "\n"
