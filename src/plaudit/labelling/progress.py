"""How far a person and a project are."""

from __future__ import annotations

import time
from threading import Lock
from typing import Any

from sqlalchemy import func, select

from plaudit.labelling.database.tables import items, leases, persons, questions
from plaudit.labelling.project import Project, current_overlap

_MOST_SECONDS = 10.0
_TIMES_AS_LONG = 50


class ProjectProgress:
    """Counts for the page. What concerns all questions is kept for fifty times as long as it took to count, so that a
    small project's figure is of now, and a large one's costs next to nothing.

    Args:
        project: that is worked on.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = Lock()
        self._until = 0.0
        self._open = 0

    def of(self, whose: int) -> dict[str, Any]:
        """`done`: questions that a person has answered; `remaining`: answers that the project still wants of anybody.

        What is to be asked in pairs that nobody has seen yet counts as well.
        """
        mine = select(func.count()).select_from(leases).where(leases.c.person == whose, leases.c.state == "answered")
        with self._project.database.reading() as connection:
            done = connection.scalar(mine) or 0
            with self._lock:
                began = time.monotonic()
                if began >= self._until:
                    self._open = self._count(connection)
                    took = time.monotonic() - began
                    self._until = began + min(_MOST_SECONDS, _TIMES_AS_LONG * took)
        return {"done": done, "remaining": self._open}

    def _count(self, connection: Any) -> int:
        unasked = select(func.coalesce(func.sum(items.c.total - items.c.round), 0)).where(items.c.round.is_not(None))
        free = select(func.coalesce(func.sum(questions.c.free), 0)).where(
            questions.c.kind == "ask", questions.c.state == "open"
        )
        return int((connection.scalar(unasked) or 0) * current_overlap(connection) + (connection.scalar(free) or 0))


def project_status(project: Project) -> dict[str, int]:
    """How far a project is: groups, questions by state, people, and judgements.

    Example:
        >>> project_status(Project.open("my-project"))["groups"]
        20
    """
    wanted = {
        "groups": select(func.count()).select_from(items).where(items.c.gold.is_(None)),
        "questions": select(func.coalesce(func.sum(items.c.total), 0)),
        "done": select(func.count()).where(questions.c.kind == "ask", questions.c.state == "done"),
        "aside": select(func.count()).where(questions.c.state == "aside"),
        "people": select(func.count()).select_from(persons),
        "answers": select(func.count()).where(leases.c.state == "answered"),
        "surplus": select(func.count()).where(leases.c.state == "surplus"),
        "skips": select(func.count()).where(leases.c.state == "skipped"),
    }
    with project.database.reading() as connection:
        return {name: int(connection.scalar(count) or 0) for name, count in wanted.items()}
