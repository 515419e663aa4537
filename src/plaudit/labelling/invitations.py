"""Invitations, and links by which people come back.

A link only shows a page; what uses it up is the button there, since programs that preview links follow them.
"""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from plaudit.errors import NotFoundError
from plaudit.labelling.clock import now
from plaudit.labelling.database.tables import invites, persons
from plaudit.labelling.people import ANNOTATOR, DAY, begin_session, check_role, digest, insert_person
from plaudit.labelling.project import Project, note
from plaudit.labelling.refusals import UnknownError


def create_invitation(
    project: Project,
    role: str = ANNOTATOR,
    *,
    label: str = "",
    most: int | None = None,
    days: float | None = 14,
    by: int | None = None,
) -> str:
    """The token of an invitation.

    Args:
        project: to which.
        role: that who accepts it gets.
        label: to tell it from others.
        most: people who may accept it; None: any number.
        days: for which it holds; None: until it is revoked.
        by: the id of who invites.

    Example:
        >>> project = Project.open("my-project")
        >>> invitation(project, create_invitation(project)).role
        'annotator'
    """
    check_role(role)
    token = secrets.token_urlsafe(32)
    with project.database.writing() as connection:
        values = {"role": role, "label": label, "max_uses": most, "revoked": False, "created": now(), "created_by": by}
        expires = None if days is None else now() + days * DAY
        connection.execute(insert(invites).values(token_hash=digest(token), expires=expires, **values))
    return token


def invitations(project: Project) -> list[dict[str, Any]]:
    """What was sent out, newest first: `id`, `role`, `label`, `uses`, `most`, `expires`, and whether it `holds`."""
    with project.database.reading() as connection:
        rows = connection.execute(select(invites).order_by(invites.c.id.desc())).all()
    return [
        {
            "id": row.id,
            "role": row.role,
            "label": row.label,
            "uses": row.uses,
            "most": row.max_uses,
            "expires": row.expires,
            "holds": _holds(row),
        }
        for row in rows
    ]


def revoke_invitation(project: Project, number: int) -> None:
    """Let nobody else in by an invitation; who has accepted it stays.

    Raises:
        NotFoundError: if there is none of that number.

    Example:
        >>> project = Project.open("my-project")
        >>> token = create_invitation(project)
        >>> revoke_invitation(project, invitations(project)[0]["id"])
        >>> invitation(project, token) is None
        True
    """
    with project.database.writing() as connection:
        if not connection.execute(update(invites).where(invites.c.id == number).values(revoked=True)).rowcount:
            raise UnknownError("refused.no_invitation")
        note(connection, "invitation-revoked", {"invite": number})


def create_return_link(project: Project, whose: int) -> str:
    """A token by which a person comes back who has lost the session; it works once, and ends an older one.

    Raises:
        NotFoundError: for a person who was forgotten.

    Example:
        >>> project = Project.open("my-project")
        >>> from plaudit.labelling import add_person
        >>> invitation(project, create_return_link(project, add_person(project, "Fay"))).name
        'Fay'
    """
    token = secrets.token_urlsafe(32)
    with project.database.writing() as connection:
        known = (persons.c.id == whose, ~persons.c.disabled)
        if not connection.execute(update(persons).where(*known).values(return_hash=digest(token))).rowcount:
            raise NotFoundError("whoever was forgotten does not come back", remedy="invite somebody new")
    return token


class Invitation(NamedTuple):
    """What a link is good for.

    Attributes:
        role: that it gives.
        name: of the person who comes back by it; None: somebody new.
    """

    role: str
    name: str | None = None


def invitation(project: Project, token: str) -> Invitation | None:
    """What a token is good for; None: nothing any more."""
    with project.database.reading() as connection:
        back = _coming_back(token).with_only_columns(persons.c.role, persons.c.name)
        if (row := connection.execute(back).one_or_none()) is not None:
            return Invitation(row.role, row.name)
        row = _valid_invitation(connection, token)
    return None if row is None else Invitation(row.role)


def accept(project: Project, token: str, name: str, locale: str | None = None) -> str:
    """A session's token, for an invitation or a return link.

    Raises:
        NotFoundError: if it holds no more.
        InvalidInputError: if the name is taken.
    """
    with project.database.writing() as connection:
        back = connection.scalar(_coming_back(token).with_for_update())
        if back is not None:
            connection.execute(update(persons).where(persons.c.id == back).values(return_hash=None))
            return begin_session(connection, back)
        row = _valid_invitation(connection, token, locked=True)
        if row is None:
            raise NotFoundError("this invitation holds no more", remedy="ask for a new one")
        whose = insert_person(connection, name, row.role, None, locale)
        connection.execute(update(invites).where(invites.c.id == row.id).values(uses=invites.c.uses + 1))
        note(connection, "joined", {"invite": row.id}, whose)
        return begin_session(connection, whose)


def _coming_back(token: str) -> Any:
    return select(persons.c.id).where(persons.c.return_hash == digest(token), ~persons.c.disabled)


def _valid_invitation(connection: Connection, token: str, *, locked: bool = False) -> Any:
    wanted = select(invites).where(invites.c.token_hash == digest(token))
    row = connection.execute(wanted.with_for_update() if locked else wanted).one_or_none()
    return row if row is not None and _holds(row) else None


def _holds(row: Any) -> bool:
    """Whether an invitation lets somebody else in."""
    used_up = row.max_uses is not None and row.uses >= row.max_uses
    return not (row.revoked or used_up or (row.expires is not None and row.expires < now()))
