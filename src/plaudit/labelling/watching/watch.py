"""The figures of the owner's page: of one moment, and computed at most every few seconds however many look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from plaudit.labelling.clock import now
from plaudit.labelling.database.tables import items, leases, persons, projects, questions
from plaudit.labelling.invitations import invitations
from plaudit.labelling.project import Project
from plaudit.labelling.watching.agreeing import ASK, agreement
from plaudit.labelling.watching.details import with_details
from plaudit.labelling.watching.habits import FAST_SECONDS, annotators
from plaudit.labelling.watching.hard import hard_questions
from plaudit.labelling.watching.judged import SKIP, Judged
from plaudit.labelling.watching.log import Log
from plaudit.labelling.watching.naming import named
from plaudit.labelling.watching.pace import by_day, pace_of

KEPT_SECONDS = 5.0
"""For which figures are told again before they are computed anew."""


MOST_WITHDRAWN = 50
"""Groups that are named."""


class Seen(NamedTuple):
    """What the page shows.

    Attributes:
        figures: as JSON.
        etag: is another one as soon as a figure is.

    Example:
        >>> Seen({"people": []}, "2c26b46b68ffc68ff99b").figures
        {'people': []}
    """

    figures: dict[str, Any]
    etag: str


def figures(project: Project) -> dict[str, Any]:
    """All figures, of one moment, as JSON.

    Example:
        >>> from plaudit.labelling import LabellingSettings
        >>> figures(Project.create("rivers", "Rivers", LabellingSettings()))["progress"]["questions"]["done"]
        0
    """
    return ProjectWatch(project).look().figures


class ProjectWatch:
    """Looks at a project again and again.

    Args:
        project: that is watched.
        kept_seconds: for which figures are told again before they are computed anew.

    Example:
        >>> from plaudit.labelling import LabellingSettings
        >>> watch = ProjectWatch(Project.create("cities", "Cities", LabellingSettings()))
        >>> watch.look().etag == watch.look().etag
        True
    """

    def __init__(self, project: Project, kept_seconds: float = KEPT_SECONDS) -> None:
        self._project = project
        self._kept_seconds = kept_seconds
        self._lock = Lock()
        self._log = Log(project.settings)
        self._seen: Seen | None = None
        self._at = 0.0

    def look(self) -> Seen:
        """The figures, at most a few seconds old."""
        with self._lock:
            if self._seen is None or monotonic() - self._at >= self._kept_seconds:
                told = self._compute()
                text = json.dumps(told, sort_keys=True, ensure_ascii=False)
                self._seen = Seen(told, sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20])
                self._at = monotonic()
            return self._seen

    def forget(self) -> None:
        """Compute the figures anew when they are asked for next: something was changed."""
        with self._lock:
            self._seen = None

    def _compute(self) -> dict[str, Any]:
        settings, moment = self._project.settings, now()
        with self._project.database.reading() as connection:
            judged = self._log.read(connection, moment)
            about = _project(connection, self._project)
            revisions = _gold_revisions(connection)
            each, everyone = annotators(judged, revisions)
            people = _people(connection, each)
            lists = with_details(connection, judged, hard_questions(judged, revisions))
            counts = _counts(connection, about["overlap"])
            withdrawn = _withdrawn(connection)
        names = [one.name for one in settings.rated]
        return {
            "project": about,
            "progress": counts | _pace(judged, counts["answers"]["left"], moment),
            "agreement": agreement(judged.where(judged.form != SKIP), self._log.subsets, names),
            "people": people,
            "everyone": everyone,
            "named": named(people, everyone),
            "questions": lists,
            "withdrawn": withdrawn,
            "invitations": [one for one in invitations(self._project) if one["holds"]],
            "fast_seconds": FAST_SECONDS,
        }


def _project(connection: Connection, project: Project) -> dict[str, Any]:
    row = connection.execute(select(projects)).one()
    return {
        "name": row.name,
        "mode": project.settings.mode,
        "attributes": [one.to_json() for one in project.settings.rated],
        # Which may have been raised since the project was opened.
        "overlap": int(row.settings.get("overlap", project.settings.overlap)),
        "paused": row.paused,
        "guidelines": row.guidelines,
        "guidelines_revision": row.guidelines_revision,
    }


def _withdrawn(connection: Connection) -> list[str]:
    """Ids of groups that are asked about no more, those that were added last first."""
    gone = select(items.c.group_id).where(items.c.withdrawn).order_by(items.c.id.desc())
    return [*connection.scalars(gone.limit(MOST_WITHDRAWN))]


def _gold_revisions(connection: Connection) -> dict[int, int]:
    rows = connection.execute(select(questions.c.id, questions.c.gold_revision).where(questions.c.kind == "gold"))
    return {row.id: row.gold_revision for row in rows}


def _counts(connection: Connection, overlap: int) -> dict[str, Any]:
    """Questions by state, and answers that are wanted: of questions that stand, and of those nobody has seen yet."""
    asked = select(questions.c.state, func.count(), func.sum(questions.c.free)).where(questions.c.kind == "ask")
    rows = connection.execute(asked.group_by(questions.c.state)).all()
    of_state = {state: int(count) for state, count, _ in rows}
    free = sum(int(free or 0) for state, _, free in rows if state == "open")
    begun = select(func.sum(items.c.total - items.c.round)).where(items.c.round.is_not(None))
    unasked = int(connection.scalar(begun) or 0)
    in_hands = select(func.count()).select_from(leases).join(questions, questions.c.id == leases.c.question)
    held = connection.scalar(in_hands.where(leases.c.state == "open", questions.c.kind == "ask")) or 0
    states = {"done": of_state.get("done", 0), "open": of_state.get("open", 0) + unasked}
    states |= {state: of_state.get(state, 0) for state in ("aside", "withdrawn")}
    return {"questions": states, "answers": {"left": unasked * overlap + free + held, "in_hands": held}}


def _pace(judged: Judged, left: int, moment: float) -> dict[str, Any]:
    kept = judged.where((judged.kind == ASK) & (judged.form != SKIP))
    on_time = kept.sent[~kept.surplus]
    told = {"left": left, "kept": len(on_time), "surplus": int(kept.surplus.sum())}
    told["skips"] = int((judged.form == SKIP).sum())
    return {"answers": told, "days": by_day(kept.sent, moment), "pace": pace_of(on_time, left, moment).to_json()}


def _people(connection: Connection, each: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """People with their figures, those who judged most first; also those who have not begun."""
    told = []
    for row in connection.execute(select(persons).order_by(persons.c.id)):
        about = {"person": row.public_id, "name": row.name, "role": row.role, "paused": row.paused}
        about["disabled"] = row.disabled
        told.append(about | dict(each.get(row.id) or {"judgements": 0, "skips": 0, "last": None}))
    return sorted(told, key=lambda one: -one["judgements"])
