"""Who may judge, and who may look: people, sessions and passwords.

Tokens are 256 random bits, of which the database holds digests alone.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from typing import NamedTuple
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from plaudit.errors import InvalidInputError
from plaudit.labelling.clock import now, public_id
from plaudit.labelling.database.tables import persons, sessions
from plaudit.labelling.project import Project, note
from plaudit.labelling.refusals import RefusedError

OWNER, REVIEWER, ANNOTATOR = "owner", "reviewer", "annotator"
ROLES = (OWNER, REVIEWER, ANNOTATOR)

DAY = 86400.0
_LONGEST_SESSION = 90 * DAY
_SEEN_EVERY = 600.0
_SHORTEST_PASSWORD = 10
_FORGOTTEN = re.compile(r"person-\d+")

_hasher = PasswordHasher()
# Checked against where a name is not known, so that the time it takes does not tell.
_NO_HASH = _hasher.hash("nobody's password")


class SignedIn(NamedTuple):
    """Who makes a request.

    Attributes:
        id: of the person.
        name: of the person.
        role: "owner", "reviewer" or "annotator".
        locale: the language of the page, if one was chosen.
        csrf: what the page has to send back with every change.
        guidelines_seen: the revision that the person has read.
    """

    id: int
    name: str
    role: str
    locale: str | None
    csrf: str
    guidelines_seen: int


def add_person(project: Project, name: str, role: str = ANNOTATOR, password: str | None = None) -> int:
    """A new person; the id.

    Raises:
        InvalidInputError: if the name is taken or empty, or the password too short.

    Example:
        >>> project = Project.open("my-project")
        >>> add_person(project, "Ann") > 0
        True
    """
    with project.database.writing() as connection:
        return insert_person(connection, name, role, password)


def set_password(project: Project, whose: int, password: str) -> None:
    """Give a person a password; all sessions end.

    Raises:
        InvalidInputError: if it is too short.

    Example:
        >>> project = Project.open("my-project")
        >>> set_password(project, add_person(project, "Gil", "owner"), "correct horse battery")
        >>> has_password(project)
        True
    """
    with project.database.writing() as connection:
        connection.execute(update(persons).where(persons.c.id == whose).values(password_hash=_hashed(password)))
        _end_sessions(connection, whose)


def set_role(project: Project, whose: int, role: str) -> bool:
    """Give a person another role; all sessions end.

    Returns:
        Whether it is another.

    Raises:
        InvalidInputError: if there is no such role, or nobody would be an owner any more.

    Example:
        >>> project = Project.open("my-project")
        >>> whose = add_person(project, "Ivy")
        >>> set_role(project, whose, "reviewer"), set_role(project, whose, "reviewer")
        (True, False)
    """
    check_role(role)
    with project.database.writing() as connection:
        # In one order, so that of two owners who step down at once one stays.
        owners = select(persons.c.id).where(persons.c.role == OWNER, ~persons.c.disabled).order_by(persons.c.id)
        if role != OWNER and list(connection.scalars(owners.with_for_update())) == [whose]:
            raise RefusedError("refused.last_owner")
        other = (persons.c.id == whose, persons.c.role != role)
        if not connection.execute(update(persons).where(*other).values(role=role)).rowcount:
            return False
        _end_sessions(connection, whose)
        note(connection, "role", {"role": role}, whose)
    return True


def pause(project: Project, whose: int, paused: bool) -> None:
    """Give a person no more questions, or again some."""
    with project.database.writing() as connection:
        connection.execute(update(persons).where(persons.c.id == whose).values(paused=paused))
        note(connection, "paused" if paused else "resumed", {}, whose)


def find_person(project: Project, name: str) -> int | None:
    """The id of the person of that name; nobody who was forgotten.

    Example:
        >>> find_person(Project.open("my-project"), "nobody") is None
        True
    """
    with project.database.reading() as connection:
        return connection.scalar(select(persons.c.id).where(persons.c.folded == _folded(name), ~persons.c.disabled))


def owner_called(project: Project, name: str) -> int:
    """The id of an owner of that name, or of it with a number, should somebody who is none be called so."""
    numbered, number = name, 1
    while True:
        with project.database.reading() as connection:
            wanted = select(persons.c.id, persons.c.role).where(persons.c.folded == _folded(numbered))
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return add_person(project, numbered, OWNER)
        if row.role == OWNER:
            return int(row.id)
        number += 1
        numbered = f"{name} {number}"


def has_password(project: Project) -> bool:
    """Whether an owner can sign in by a password."""
    owners = select(func.count()).where(persons.c.role == OWNER, persons.c.password_hash.is_not(None))
    with project.database.reading() as connection:
        return bool(connection.scalar(owners))


def sign_in(project: Project, name: str, password: str) -> str:
    """A session's token, for a name and its password.

    Raises:
        InvalidInputError: unless they belong together; which of them is wrong is not told.
    """
    with project.database.reading() as connection:
        row = connection.execute(select(persons).where(persons.c.folded == _folded(name))).one_or_none()
    known = row is not None and row.password_hash is not None and not row.disabled
    try:
        _hasher.verify(row.password_hash if row is not None and known else _NO_HASH, password)
    except (Argon2Error, InvalidHashError):
        known = False
    if row is None or not known:
        raise InvalidInputError("the name and the password do not belong together", remedy="try again")
    with project.database.writing() as connection:
        return begin_session(connection, row.id)


def signed_in(project: Project, token: str) -> SignedIn | None:
    """Whose session a token is, if it lasts."""
    with project.database.reading() as connection:
        columns = (sessions.c.id.label("session"), sessions.c.csrf, sessions.c.seen, sessions.c.created.label("began"))
        live = select(persons, *columns).join(persons, persons.c.id == sessions.c.person)
        wanted = live.where(sessions.c.token_hash == digest(token), ~sessions.c.ended, ~persons.c.disabled)
        row = connection.execute(wanted).one_or_none()
    lasts = project.settings.session_days * DAY
    if row is None or row.seen + lasts < now() or row.began + _LONGEST_SESSION < now():
        return None
    if row.seen + _SEEN_EVERY < now():
        with project.database.writing() as connection:
            connection.execute(update(sessions).where(sessions.c.id == row.session).values(seen=now()))
    return SignedIn(row.id, row.name, row.role, row.locale, row.csrf, row.guidelines_seen)


def sign_out(project: Project, token: str) -> None:
    """End a session."""
    with project.database.writing() as connection:
        connection.execute(update(sessions).where(sessions.c.token_hash == digest(token)).values(ended=True))


def set_locale(project: Project, whose: int, locale: str) -> None:
    """The language of a person's page."""
    with project.database.writing() as connection:
        connection.execute(update(persons).where(persons.c.id == whose).values(locale=locale))


def see_guidelines(project: Project, whose: int, revision: int) -> None:
    """Note that a person has read the guidelines."""
    with project.database.writing() as connection:
        connection.execute(update(persons).where(persons.c.id == whose).values(guidelines_seen=revision))


def insert_person(connection: Connection, name: str, role: str, password: str | None, locale: str | None = None) -> int:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60 or len(_folded(name)) > 100 or not name.isprintable():
        raise InvalidInputError("a name has 1 to 60 characters", remedy="choose another one")
    if _FORGOTTEN.fullmatch(_folded(name)):
        raise InvalidInputError(f"{name!r} is kept for people who were forgotten", remedy="choose another name")
    check_role(role)
    if connection.scalar(select(persons.c.id).where(persons.c.folded == _folded(name))) is not None:
        raise InvalidInputError(f"somebody is called {name!r} already", remedy="choose another name")
    values = {"public_id": public_id(), "name": name, "folded": _folded(name), "role": role, "locale": locale}
    values["password_hash"] = None if password is None else _hashed(password)
    added = insert(persons).values(paused=False, disabled=False, created=now(), **values)
    try:
        key = connection.execute(added).inserted_primary_key
    except IntegrityError:
        # At the same moment as another person.
        raise InvalidInputError(f"somebody is called {name!r} already", remedy="choose another name") from None
    return int(key[0])  # type: ignore[index]


def check_role(role: str) -> None:
    if role not in ROLES:
        raise InvalidInputError(f"there is no role {role!r}", remedy=f"there are {', '.join(ROLES)}")


def begin_session(connection: Connection, whose: int) -> str:
    token = secrets.token_urlsafe(32)
    values = {"token_hash": digest(token), "person": whose, "csrf": secrets.token_urlsafe(24), "ended": False}
    connection.execute(insert(sessions).values(created=now(), seen=now(), **values))
    return token


def _end_sessions(connection: Connection, whose: int) -> None:
    connection.execute(update(sessions).where(sessions.c.person == whose).values(ended=True))


def _hashed(password: str) -> str:
    if len(password) < _SHORTEST_PASSWORD:
        raise InvalidInputError(
            f"a password has at least {_SHORTEST_PASSWORD} characters", remedy="choose a longer one"
        )
    return _hasher.hash(password)


def digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _folded(name: str) -> str:
    """By which names are compared: neither case nor the way in which an accent is written makes another person."""
    return normalize("NFKC", " ".join(name.split()).casefold())
