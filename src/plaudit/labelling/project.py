"""A project: its settings, its groups, and the database that holds them with what people said."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, func, insert, select, update

from plaudit.errors import DataError, InvalidInputError, NotFoundError
from plaudit.groups import Group, Text, plain_text
from plaudit.labelling.clock import now, number
from plaudit.labelling.database import Database, is_current, is_url, schema, upgrade
from plaudit.labelling.database.tables import events, items, projects, questions, responses
from plaudit.labelling.gold import gold_answer, known_answer
from plaudit.labelling.questions import count_questions, distinct, question_row
from plaudit.labelling.settings import LabellingSettings
from plaudit.storage import contents, data_hash, short_hash

logger = logging.getLogger(__name__)

_BATCH = 2000
_LONGEST_ID = 500

_NO_GROUP: Mapping[str, str] = {}


class Added(NamedTuple):
    """What became of groups that were added.

    Attributes:
        new: groups.
        known: groups that were there already.
        questions: that the new ones have, before overlap.
        nothing_to_ask: new groups without a question: one answer, or answers that are all alike.

    Example:
        >>> Added(new=2, known=0, questions=2, nothing_to_ask=0).questions
        2
    """

    new: int
    known: int
    questions: int
    nothing_to_ask: int


@dataclass(frozen=True, slots=True)
class Project:
    """A project that is open.

    Attributes:
        place: a folder or a URL, as on the command line.
        database: where its rows are.
        name: for people.
        settings: what it asks.
        secret: of orders and draws.

    Example:
        >>> project = Project.create("colours", "Colours", LabellingSettings(overlap=2))
        >>> project.add([Group("q1", "Name a colour.", ("Red.", "Seven."))]).questions
        1
        >>> project.close()
    """

    place: str
    database: Database
    name: str
    settings: LabellingSettings
    secret: bytes

    @classmethod
    def create(cls, place: str | Path, name: str, settings: LabellingSettings, guidelines: str = "") -> Self:
        """A new project.

        Args:
            place: a folder, which is made, or a URL of PostgreSQL.
            name: for people.
            settings: what it asks.
            guidelines: in Markdown, for those who judge.

        Raises:
            InvalidInputError: if there is one.
            DataError: if the folder cannot be made, or holds something else.
        """
        database = Database(place)
        if not is_url(place):
            _make_folder(Path(place), database)
        with database.upgrading() as connection:
            upgrade(connection)
            if connection.scalar(select(func.count()).select_from(projects)):
                raise InvalidInputError(
                    f"there is a project in {database.name}", remedy="choose another place, or add files to it"
                )
            secret = secrets.token_bytes(32)
            row = {"settings": settings.to_dict(), "secret": secret, "guidelines": guidelines}
            revision = int(bool(guidelines))
            connection.execute(
                insert(projects).values(
                    id=1, name=name, paused=False, created=now(), guidelines_revision=revision, **row
                )
            )
        return cls(str(place), database, name, settings, secret)

    @classmethod
    def open(cls, place: str | Path) -> Self:
        """A project that is there.

        Raises:
            PlauditError: if it is not, or a newer Plaudit made it.
        """
        database = Database(place)
        database.must_exist()
        with database.reading() as connection:
            present, current = schema(connection), is_current(connection)
        if present is not None and not current:
            with database.upgrading() as connection:
                upgrade(connection)
        row = None
        if present is not None:
            with database.reading() as connection:
                row = connection.execute(select(projects)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no project in {database.name}", remedy="make one with plaudit label new")
        names = LabellingSettings.__dataclass_fields__
        known = {name: _tupled(value) for name, value in row.settings.items() if name in names}
        return cls(str(place), database, row.name, LabellingSettings(**known), row.secret)

    @property
    def folder(self) -> Path:
        """Where its models go: beside its file, or, with PostgreSQL, in the user's cache."""
        if self.database.path is not None:
            return self.database.path.parent
        return Path.home() / ".cache" / "plaudit" / "labelling" / short_hash(self.secret.hex())

    def close(self) -> None:
        """Give the database back."""
        self.database.close()

    def add(
        self,
        groups: Iterable[Group],
        *,
        gold: bool = False,
        source: str = "",
        lines: Mapping[str, str] = _NO_GROUP,
    ) -> Added:
        """Groups to ask about, or of known answer. What is there already stays as it is.

        Args:
            groups: whose judgements are kept beside, and never shown.
            gold: their judgements are the known answers that people are tested by.
            source: the file they came from, for errors.
            lines: group id -> `file:line`.

        Raises:
            DataError: if a group is there under the same id with other texts, or one of known answer has none.
        """
        totals = [0, 0, 0, 0]
        source_groups = iter(groups)
        while batch := list(islice(source_groups, _BATCH)):
            with self.database.writing() as connection:
                for place, count in enumerate(self._add(connection, batch, gold, source, lines)):
                    totals[place] += count
        return Added(*totals)

    def _add(
        self, connection: Connection, groups: Sequence[Group], gold: bool, source: str, lines: Mapping[str, str]
    ) -> Added:
        # Before any id reaches the database, which could not take every one.
        _check_ids(groups, source, lines)
        fresh = _fresh(groups, _hashes(connection, [group.id for group in groups]), source, lines)
        rows = [self._row(group, gold, lines.get(group.id, source)) for group in fresh.values()]
        if not rows:
            return Added(0, len(groups), 0, 0)
        connection.execute(insert(items), rows)
        ids = _ids(connection, list(fresh))
        texts = [
            {"item": ids[group.id], "number": place, "text": _json(text), "length": len(plain_text(text))}
            for group in fresh.values()
            for place, text in enumerate(group.responses)
        ]
        connection.execute(insert(responses), texts)
        if gold:
            self._ask_gold(connection, fresh.values(), ids)
        asked = [0 if gold else row["total"] for row in rows]
        return Added(len(rows), len(groups) - len(rows), sum(asked), 0 if gold else asked.count(0))

    def _row(self, group: Group, gold: bool, where: str) -> dict[str, Any]:
        total = 0 if gold else count_questions(self.settings.mode, len(distinct(group.responses)), self.settings.pairs)
        known = known_answer(group, self.settings, where) if gold else None
        judgements = group.to_dict()
        return {
            "group_id": group.id,
            "content_hash": _content_hash(group),
            "prompt": _json(group.prompt),
            "tools": list(group.tools),
            "subset": group.subset,
            "meta": dict(group.meta),
            "source": where,
            "prior": {} if gold else {key: judgements[key] for key in ("rankings", "ratings") if judgements.get(key)},
            "gold": known,
            "place": number(self.secret, "item", group.id),
            "answers": distinct(group.responses),
            "total": total,
            "round": 0 if total else None,
            "withdrawn": False,
            "created": now(),
        }

    def _ask_gold(self, connection: Connection, groups: Iterable[Group], ids: Mapping[str, int]) -> None:
        rows = []
        for group in groups:
            known = gold_answer(group, self.settings) or {}
            responses = known.get("of") or distinct(group.responses)
            kinds = ("gold", "training") if self.settings.training else ("gold",)
            rows += [question_row(ids[group.id], responses, kind, wanted=None) for kind in kinds]
        connection.execute(insert(questions), rows)


def check_groups(
    groups: Iterable[Group], others: Iterable[Group] = (), *, source: str = "", lines: Mapping[str, str] = _NO_GROUP
) -> None:
    """Raise unless groups could be added beside others, so that no project is left half made.

    Args:
        groups: to add.
        others: that are added before them.
        source: the file they came from, for errors.
        lines: group id -> `file:line`.

    Raises:
        DataError: with the line of the first that could not.

    Example:
        >>> colours, other = (Group("q1", "Name a colour.", ("Red.", answer)) for answer in ("Seven.", "Blue."))
        >>> check_groups([colours], [other])
        Traceback (most recent call last):
        ...
        plaudit.errors.DataError: the group 'q1' is there already with other texts; ...
    """
    groups = list(groups)
    _check_ids(groups, source, lines)
    _fresh(groups, {group.id: _content_hash(group) for group in others}, source, lines)


def _fresh(
    groups: Iterable[Group], present: Mapping[str, str], source: str, lines: Mapping[str, str]
) -> dict[str, Group]:
    """Groups that are not there yet, by id."""
    fresh: dict[str, Group] = {}
    for group in groups:
        where = lines.get(group.id, source)
        known = present.get(group.id) or (_content_hash(fresh[group.id]) if group.id in fresh else None)
        if known is None:
            fresh[group.id] = group
        elif known != _content_hash(group):
            what = f"the group {group.id!r} is there already with other texts"
            raise DataError(f"{where}: {what}" if where else what, remedy="give the new texts an id of their own")
    return fresh


def _make_folder(folder: Path, database: Database) -> None:
    """A folder for the project alone: it gets models, waves and exports beside its file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = [] if database.path is None or database.path.exists() else contents(folder)
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if held:
        what = f"the folder is not empty: it holds {held[0]}"
        raise DataError(what, file=folder, remedy="name another one for the project")


def current_overlap(connection: Connection) -> int:
    """How many people answer each question, as of now: the owner may have raised it since the project was opened."""
    stored: Mapping[str, Any] = connection.scalar(select(projects.c.settings)) or {}
    return int(stored.get("overlap", LabellingSettings.overlap))


def guidelines(project: Project) -> tuple[str, int]:
    """The guidelines in Markdown, and their revision; 0: there never were any."""
    with project.database.reading() as connection:
        row = connection.execute(select(projects.c.guidelines, projects.c.guidelines_revision)).one()
    return row.guidelines, row.guidelines_revision


def guidelines_revision(project: Project) -> int:
    """The revision of the guidelines; 0: there never were any."""
    with project.database.reading() as connection:
        return int(connection.scalar(select(projects.c.guidelines_revision)) or 0)


def set_guidelines(project: Project, text: str) -> None:
    """Give the guidelines another text; people are told once."""
    with project.database.writing() as connection:
        changed = {"guidelines": text, "guidelines_revision": projects.c.guidelines_revision + 1}
        connection.execute(update(projects).values(**changed))
        note(connection, "guidelines-changed", {"length": len(text)})


def note(connection: Connection, what: str, detail: Mapping[str, Any], whose: int | None = None) -> None:
    """Write down that something happened."""
    connection.execute(insert(events).values(person=whose, what=what, detail=dict(detail), at=now()))


def text_of_json(value: Any) -> Text:
    """A prompt or response out of a table."""
    return value if isinstance(value, str) else tuple(value)


def _json(text: Text) -> Any:
    return text if isinstance(text, str) else [dict(message) for message in text]


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_ids(groups: Iterable[Group], source: str, lines: Mapping[str, str]) -> None:
    """An index of PostgreSQL has no room for a long id, and its texts none for NUL."""
    for group in groups:
        if len(group.id) > _LONGEST_ID or "\0" in group.id:
            where = lines.get(group.id, source)
            what = f"the id {group.id[:40]!r} has more than {_LONGEST_ID} characters, or the character NUL"
            raise DataError(f"{where}: {what}" if where else what, remedy="give the group a short id")


def _content_hash(group: Group) -> str:
    return data_hash([Group(group.id, group.prompt, group.responses, tools=group.tools)])


def _hashes(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    rows = connection.execute(select(items.c.group_id, items.c.content_hash).where(items.c.group_id.in_(ids)))
    return {row.group_id: row.content_hash for row in rows}


def _ids(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(select(items.c.group_id, items.c.id).where(items.c.group_id.in_(ids)))
    return {row.group_id: row.id for row in rows}
