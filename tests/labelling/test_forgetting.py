"""A person who asks to be forgotten: what was judged stays, what says who it was goes, from the file as well."""

import pytest
from labelling.crowds import LEFT, PLAIN, check_overlap, envelope, judge, rows, some_groups, taken
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from plaudit.errors import NotFoundError
from plaudit.labelling import invitations, people
from plaudit.labelling.database.tables import events, judgements, leases
from plaudit.labelling.exporting import ExportOptions, export
from plaudit.labelling.forgetting import forget
from plaudit.labelling.judging import send


def test_a_person_is_forgotten(make, tmp_path):
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(3))
    session = invitations.accept(project, invitations.create_invitation(project), "Quirinus Zwackelmann")
    ann = people.find_person(project, "Quirinus Zwackelmann")
    bea = people.add_person(project, "Bea")
    judge(project, ann, {"skip": "my cousin Eusebius wrote this"})
    one = taken(project, ann)
    how = {"device": "phone", "locale": "zh", "by_key": True}
    send(project, ann, one.lease, LEFT, envelope(comment="As Kunigunde always says.", how=how))
    judge(project, bea)
    held = taken(project, ann)
    assert people.find_person(project, "Quirinus Zwackelmann") == ann
    before = [(row.id, row.kind, row.sent, row.client_id) for row in rows(project, judgements)]
    assert forget(project, ann, by=bea) == f"person-{ann}"
    assert people.signed_in(project, session) is None
    assert people.find_person(project, "Quirinus Zwackelmann") is None
    assert [(row.id, row.kind, row.sent, row.client_id) for row in rows(project, judgements)] == before
    skipped, answered, other = rows(project, judgements)
    assert (skipped.answer, skipped.comment) == ({"skip": ""}, "")
    assert (answered.comment, answered.how) == ("", {"by_key": True})
    assert other.comment == ""
    assert [row.state for row in rows(project, leases) if row.public_id == held.lease] == ["released"]
    check_overlap(project)
    # The tables are only added to again.
    for statement in ("UPDATE judgement SET comment = 'x'", "DELETE FROM event"):
        with pytest.raises(DBAPIError), project.database.writing() as connection:
            connection.execute(text(statement))
    assert rows(project, events)[-1].what == "person-forgotten"
    export(project, tmp_path / "out", ExportOptions(names=True))
    assert f'"person-{ann}"' in (tmp_path / "out" / "judgements.jsonl").read_text()
    if project.database.path is not None:
        kept = b"".join(path.read_bytes() for path in project.database.path.parent.iterdir() if path.is_file())
        for word in (b"Zwackelmann", b"zwackelmann", b"Eusebius", b"Kunigunde"):
            assert word not in kept, word
    with pytest.raises(NotFoundError):
        forget(project, 99)
