"""A database of an older Plaudit is brought up, one of a newer is refused, and the steps make the tables."""

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from labelling.crowds import PLAIN, judge, rows, some_groups
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.labelling import people
from plaudit.labelling.database import Database, metadata, migrating, upgrade
from plaudit.labelling.database.tables import judgements, persons
from plaudit.labelling.project import Project

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade():
    for table in ("judgement", "person", "lease"):
        with op.batch_alter_table(table, recreate="{recreate}") as batch:
            batch.add_column(sa.Column("mood", sa.String(10)))
"""


@pytest.fixture
def judged(make):
    project = make(**PLAIN)
    project.add(some_groups(3))
    judge(project, people.add_person(project, "Ann"))
    return project


def test_the_migrations_make_the_tables(place):
    database = Database(place)
    if database.path is not None:
        database.path.parent.mkdir()
    with database.upgrading() as connection:
        upgrade(connection)
        # SQLite gives defaults back in quotes of its own.
        opts = {"compare_type": True, "compare_server_default": database.path is None}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
    database.close()


def test_partial_indexes_are_the_same(make):
    """What `compare_metadata` does not look at."""
    project = make()
    wanted = {"uq_lease_place", "uq_lease_person", "ix_question_free", "ix_question_refill"}
    table = "sqlite_master WHERE sql IS NOT NULL AND" if project.database.path else "pg_indexes WHERE"
    name, made = ("name", "sql") if project.database.path else ("indexname", "indexdef")
    with project.database.reading() as connection:
        stored = dict(connection.execute(text(f"SELECT {name}, {made} FROM {table} {made} LIKE '%WHERE%'")).all())
    assert wanted <= stored.keys()
    assert all("UNIQUE" in made for name, made in stored.items() if name.startswith("uq_lease"))


def test_a_database_comes_up_with_its_judgements(judged, place, tmp_path, monkeypatch):
    """Also where SQLite has to copy a table: rows that point to it stay, and so do the triggers."""
    scripts = tmp_path / "scripts"
    shutil.copytree(Path(migrating.__file__).with_name("migrations"), scripts)
    head = max(path.name[:4] for path in (scripts / "versions").glob("0*.py"))
    recreate = "always" if judged.database.path else "never"
    (scripts / "versions" / "9999_mood.py").write_text(NEXT.format(head=head, recreate=recreate))
    before = [tuple(row) for row in rows(judged, judgements)]
    judged.close()
    monkeypatch.setattr(migrating, "_SCRIPTS", scripts)
    project = Project.open(place)
    assert [tuple(row) for row in rows(project, judgements)] == before
    with project.database.reading() as connection:
        assert connection.execute(text("SELECT mood FROM judgement")).all() == [(None,)]
    for statement in ("UPDATE judgement SET comment = 'x'", "DELETE FROM judgement"):
        with pytest.raises(DBAPIError), project.database.writing() as connection:
            connection.execute(text(statement))
    with pytest.raises(DBAPIError), project.database.writing() as connection:
        connection.execute(persons.delete())
    judge(project, people.add_person(project, "Bea"))
    project.close()


def test_a_newer_database_is_refused(judged, place):
    with judged.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '8888'"))
    judged.close()
    with pytest.raises(InvalidInputError, match=r"a newer Plaudit made this database \(schema 8888\); pip"):
        Project.open(place)


def test_a_project_is_not_made_twice(judged, place):
    judged.close()
    with pytest.raises(InvalidInputError, match="there is a project in"):
        Project.create(place, "Other", judged.settings)
    project = Project.open(place)
    assert (project.name, len(rows(project, judgements))) == ("Test", 1)
    project.close()


def test_opening_makes_no_tables(place):
    database = Database(place)
    if database.path is not None:
        database.path.parent.mkdir()
        database.path.touch()
    with pytest.raises(NotFoundError, match="there is no project in"):
        Project.open(place)
    with database.reading() as connection:
        assert not database._readers.dialect.has_table(connection, "project")
    database.close()
