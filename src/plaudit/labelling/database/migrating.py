"""A database brought to the newest schema, step by step (`migrations/versions/`)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from plaudit.errors import InvalidInputError

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest schema, in the transaction that is open.

    Raises:
        InvalidInputError: if a newer Plaudit made it.
    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
        raise InvalidInputError(
            f"a newer Plaudit made this database (schema {present})", remedy="pip install --upgrade plaudit"
        )
    if present != scripts.get_current_head():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(connection: Connection) -> bool:
    """Whether the schema is the newest."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
