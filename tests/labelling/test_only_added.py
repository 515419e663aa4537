"""What was judged and what happened: the database itself refuses to change it or take it away."""

import pytest
from labelling.crowds import LEFT, PLAIN, envelope, judge, rows, some_groups
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from plaudit.labelling import people
from plaudit.labelling.database.tables import judgements
from plaudit.labelling.judging import send

CHANGES = [
    "UPDATE judgement SET comment = 'changed'",
    "DELETE FROM judgement",
    "UPDATE event SET what = 'nothing'",
    "DELETE FROM event",
]
COPY = "(lease, revision, client_id, kind, answer, comment, reasons, how, guidelines_revision, surplus, sent)"
VALUES = "SELECT lease, {revision}, {client}, kind, answer, 'other', reasons, how, 0, surplus, sent FROM judgement"
REPLACED = [
    f"{{verb}} judgement {COPY} {VALUES.format(revision='revision', client=repr('another-id'))}",
    f"{{verb}} judgement {COPY} {VALUES.format(revision=7, client='client_id')}",
    f"{{verb}} judgement (id, {COPY[1:]} SELECT id, {VALUES.format(revision=8, client=repr('third-id'))[7:]}",
]


@pytest.fixture
def judged(make):
    project = make(**PLAIN)
    project.add(some_groups(2))
    ann = people.add_person(project, "Ann")
    people.pause(project, ann, False)
    judge(project, ann)
    return project


def refused(project, statement):
    before = rows(project, judgements)
    with pytest.raises(DBAPIError), project.database.writing() as connection:
        connection.execute(text(statement))
    assert rows(project, judgements) == before


@pytest.mark.parametrize("statement", CHANGES)
def test_nothing_is_changed_or_taken_away(judged, statement):
    refused(judged, statement)


@pytest.mark.parametrize("statement", REPLACED)
def test_nothing_is_replaced(judged, statement):
    if judged.database.path is None:
        refused(judged, statement.format(verb="INSERT INTO") + " ON CONFLICT (client_id) DO UPDATE SET comment = 'x'")
        return
    refused(judged, statement.format(verb="INSERT OR REPLACE INTO"))
    # On a connection that has not asked for recursive triggers, either.
    with pytest.raises(DBAPIError), judged.database.writing() as connection:
        connection.connection.driver_connection.execute("PRAGMA recursive_triggers=OFF")
        connection.execute(text(statement.format(verb="REPLACE INTO")))
    assert [row.comment for row in rows(judged, judgements)] == [""]


@pytest.mark.parametrize("table", ["judgement", "event"])
def test_nothing_is_truncated(judged, table):
    if judged.database.path is not None:
        pytest.skip("SQLite has no TRUNCATE")
    refused(judged, f"TRUNCATE {table}")


def test_a_revision_is_added(judged):
    (first,) = rows(judged, judgements)
    ann = people.find_person(judged, "Ann")
    with judged.database.reading() as connection:
        lease = connection.scalar(text("SELECT public_id FROM lease"))
    assert send(judged, ann, lease, {"tiers": [[1], [0]]}, envelope()).revision == 1
    kept, second = rows(judged, judgements)
    assert kept == first
    assert second.answer == {"tiers": [*reversed(first.answer["tiers"])]}
    assert LEFT["tiers"] == [[0], [1]]
