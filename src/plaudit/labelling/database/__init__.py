"""A project's tables, on SQLite and on PostgreSQL."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.labelling.database.database import FILE, Database, is_url
    from plaudit.labelling.database.migrating import is_current, schema, upgrade
    from plaudit.labelling.database.tables import metadata
    from plaudit.labelling.database.triggers import create_triggers, drop_triggers
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "FILE",
    "Database",
    "create_triggers",
    "drop_triggers",
    "is_current",
    "is_url",
    "metadata",
    "schema",
    "upgrade",
]
