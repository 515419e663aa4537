"""What has been judged, read once: judgements are only added, so that each look reads those that came since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Text, cast, select

from plaudit.labelling.database.tables import items, judgements, leases, questions, responses
from plaudit.labelling.settings import LabellingSettings
from plaudit.labelling.watching.judged import Judged, JudgedRow, Lengths, Reader

SETTLED_SECONDS = 60.0
"""After which no judgement with a smaller id appears any more: on PostgreSQL they do in the order of commits."""

_FEW_ITEMS = 500


class Log:
    """All judgements of a project.

    Args:
        settings: of the project.

    Example:
        >>> from plaudit.labelling import Project
        >>> project = Project.create("lakes", "Lakes", LabellingSettings())
        >>> with project.database.reading() as connection:
        ...     len(Log(project.settings).read(connection, now=2e9))
        0
    """

    def __init__(self, settings: LabellingSettings) -> None:
        self._reader = Reader(settings)
        self._settled = self._reader.judged([], {})
        self._last = 0

    @property
    def subsets(self) -> Sequence[str | None]:
        """Names of the subsets that were met."""
        return self._reader.subsets

    def read(self, connection: Connection, now: float) -> Judged:
        """The last revision of each judgement.

        Args:
            connection: of a reading transaction.
            now: the time.
        """
        rows = [JudgedRow._make(row) for row in connection.execute(_rows().where(judgements.c.id > self._last))]
        settled = next((place for place, row in enumerate(rows) if row.sent > now - SETTLED_SECONDS), len(rows))
        lengths = _lengths(connection, sorted({row.item for row in rows}))
        if settled:
            self._settled = self._settled.followed_by(self._reader.judged(rows[:settled], lengths))
            self._last = rows[settled - 1].id
        return self._settled.followed_by(self._reader.judged(rows[settled:], lengths)).current()


def _rows() -> Any:
    return (
        select(
            judgements.c.id,
            judgements.c.lease,
            leases.c.person,
            leases.c.question,
            questions.c.item,
            questions.c.kind,
            questions.c.arm,
            questions.c.repeats,
            cast(judgements.c.answer, Text),
            cast(leases.c.shown, Text),
            judgements.c.seconds_active,
            judgements.c.gold_result,
            judgements.c.gold_revision,
            judgements.c.surplus,
            judgements.c.sent,
            items.c.subset,
            judgements.c.kind == "withdrawn",
        )
        .join(leases, leases.c.id == judgements.c.lease)
        .join(questions, questions.c.id == leases.c.question)
        .join(items, items.c.id == questions.c.item)
        .order_by(judgements.c.id)
    )


def _lengths(connection: Connection, wanted: Sequence[int]) -> Lengths:
    if not wanted:
        return {}
    # Most groups of a project, when it is looked at for the first time; a few, ever after.
    few = len(wanted) <= _FEW_ITEMS
    which = responses.c.item.in_(wanted) if few else responses.c.item.between(wanted[0], wanted[-1])
    rows = connection.execute(select(responses.c.item, responses.c.number, responses.c.length).where(which))
    return {(item, number): length for item, number, length in rows}
