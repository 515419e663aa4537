"""A database brought to the newest schema, step by step (`migrations/versions/`)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from plaudit.errors import InvalidInputError
from plaudit.labelling.database.triggers import create_triggers

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest schema, in the transaction that is open.

    Raises:
        InvalidInputError: if a newer Plaudit made it.

    Example:
        >>> from plaudit.labelling.database import Database
        >>> with Database("my-project").upgrading() as connection:
        ...     upgrade(connection)
    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    present = schema(connection)
    if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
        raise InvalidInputError(
            f"a newer Plaudit made this database (schema {present})", remedy="pip install --upgrade plaudit"
        )
    if present != scripts.get_current_head():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        # SQLite changes a table by copying it, and the triggers stay with the old one.
        create_triggers(connection)


def schema(connection: Connection) -> str | None:
    """The version of the schema; None: these are not the tables of a project.

    Example:
        >>> from plaudit.labelling.database import Database
        >>> with Database("my-project").reading() as connection:
        ...     schema(connection)
        '0001'
    """
    return MigrationContext.configure(connection).get_current_revision()


def is_current(connection: Connection) -> bool:
    """Whether the schema is the newest.

    Example:
        >>> from plaudit.labelling.database import Database
        >>> with Database("my-project").reading() as connection:
        ...     is_current(connection)
        True
    """
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return schema(connection) == head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
