"""Alembic's entry: steps run on the connection that `migrating.upgrade` has, inside its transaction."""

from alembic import context

from plaudit.labelling.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
