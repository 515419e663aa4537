"""What people said is never changed or taken away: the database itself refuses it, whoever asks.

Two ways lead past a plain trigger, and are shut. On SQLite `INSERT OR REPLACE` deletes a row without its delete
trigger, unless the connection asks for recursive triggers; so a third one refuses a row that stands already, before it
is inserted. On PostgreSQL `TRUNCATE` has a trigger of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from plaudit.labelling.database.tables import APPEND_ONLY

_UNIQUE = {
    "judgement": "id = NEW.id OR client_id = NEW.client_id OR (lease = NEW.lease AND revision = NEW.revision)",
    "event": "id = NEW.id",
}


def create_triggers(connection: Connection) -> None:
    """On the tables that are only added to; those that stand there are made anew.

    Example:
        >>> from plaudit.labelling.database import Database
        >>> with Database("my-project").writing() as connection:
        ...     drop_triggers(connection)
        ...     create_triggers(connection)
    """
    drop_triggers(connection)
    for statement in _statements(connection.dialect.name):
        connection.execute(text(statement))


def drop_triggers(connection: Connection) -> None:
    """For the one thing that changes a judgement: to forget a person, in the same transaction.

    Example:
        >>> from plaudit.labelling.database import Database
        >>> with Database("my-project").writing() as connection:
        ...     drop_triggers(connection)
        ...     create_triggers(connection)
    """
    for table in APPEND_ONLY:
        for name in _names(connection.dialect.name, table):
            on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))


def _names(dialect: str, table: str) -> list[str]:
    kinds = ("update", "delete", "truncate") if dialect == "postgresql" else ("update", "delete", "replace")
    return [f"{table}_no_{kind}" for kind in kinds]


def _statements(dialect: str) -> Iterator[str]:
    if dialect == "postgresql":
        yield (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$ LANGUAGE plpgsql"
        )
    for table in APPEND_ONLY:
        update, delete, third = _names(dialect, table)
        if dialect == "postgresql":
            refuse = "EXECUTE FUNCTION refuse_change()"
            yield f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} FOR EACH ROW {refuse}"
            yield f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} FOR EACH ROW {refuse}"
            yield f"CREATE TRIGGER {third} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
        else:
            refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            yield f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} {refuse}"
            yield f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} {refuse}"
            exists = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {_UNIQUE[table]})"
            yield f"CREATE TRIGGER {third} BEFORE INSERT ON {table} {exists} {refuse}"
