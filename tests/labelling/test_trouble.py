"""A full disk, a file nobody may write, a second server, a process that is killed: told in a sentence, nothing lost."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from labelling.crowds import LEFT, PLAIN, check_overlap, envelope, judge, rows, some_groups, taken
from sqlalchemy import make_url

from plaudit.errors import DataError, InvalidInputError, NotFoundError, OverloadedError
from plaudit.labelling import people
from plaudit.labelling.database import Database
from plaudit.labelling.database.tables import judgements
from plaudit.labelling.judging import send
from plaudit.labelling.project import Project
from plaudit.labelling.settings import LabellingSettings

WRITER = """
import sys, uuid
from plaudit.labelling import people
from plaudit.labelling.assigning import Nothing, take
from plaudit.labelling.judging import Envelope, send
from plaudit.labelling.project import Project
project = Project.open(sys.argv[1])
person = people.find_person(project, sys.argv[2])
print("ready", flush=True)
while not isinstance(one := take(project, person), Nothing):
    letter = Envelope(client_id=str(uuid.uuid4()))
    send(project, person, one.lease, {"tiers": [[0], [1]]}, letter)
    print(letter.client_id, flush=True)
"""


@pytest.fixture
def folder(tmp_path):
    project = Project.create(tmp_path / "project", "Test", LabellingSettings(**PLAIN))
    project.add(some_groups(3))
    people.add_person(project, "Ann")
    project.close()
    return tmp_path / "project"


def test_a_full_disk_keeps_what_was_there_and_says_so(folder):
    project = Project.open(folder)
    ann = people.find_person(project, "Ann")
    one = taken(project, ann)
    with project.database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    long = envelope(comment="long " * 900)
    with pytest.raises(OverloadedError, match="disk is full; free some disk"):
        for n in range(200):
            send(project, ann, one.lease, LEFT, long if n == 0 else envelope(comment="long " * 900))
    kept = len(rows(project, judgements))
    with project.database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=100000")
    send(project, ann, one.lease, LEFT, envelope())
    assert len(rows(project, judgements)) == kept + 1
    project.close()


def test_when_all_connections_are_busy_it_says_so(folder, monkeypatch):
    project = Project.open(folder)
    pool = project.database._readers.pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    with ExitStack() as busy, pytest.raises(OverloadedError, match="connections have been busy for long; try again"):
        while True:
            busy.enter_context(project.database.reading())
    with project.database.reading():
        pass
    project.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_nobody_may_write(folder):
    """Root may write everywhere; so somebody else tries."""
    code = """
    import os, sys
    from plaudit.errors import OverloadedError
    from plaudit.labelling import people
    from plaudit.labelling.project import Project
    def work(name):
        project = Project.open(sys.argv[1])
        people.add_person(project, name)
        project.close()
    work("Bea")
    os.chmod(sys.argv[1] + "/labels.db", 0o444)
    os.setuid(65534)
    try:
        work("Cem")
    except OverloadedError as error:
        print(error)
    """
    with tempfile.TemporaryDirectory() as other:
        there = Path(other) / "project"
        shutil.copytree(folder, there)
        Path(other).chmod(0o755)
        there.chmod(0o755)
        command = [sys.executable, "-c", textwrap.dedent(code), str(there)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "writable" in ran.stdout, ran.stderr


def test_what_is_no_database(tmp_path):
    (tmp_path / "labels.db").write_text("Hello, this is no database. " * 100)
    with pytest.raises(DataError, match="file is not a database; choose another folder"):
        Project.open(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be made"):
        Project.create(tmp_path / "file" / "project", "Test", LabellingSettings())


def test_no_project_there(tmp_path):
    with pytest.raises(NotFoundError, match="plaudit label new"):
        Project.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        # The server says which database it misses, and hangs up, which may be seen first.
        (
            {"database": "nowhere"},
            (DataError, OverloadedError),
            "look at the database in the URL|that the URL is right",
        ),
        ({"query": {"unix_sock": "/nowhere/.s.PGSQL.5432"}}, OverloadedError, "see that PostgreSQL runs"),
    ],
)
def test_a_wrong_url(place, change, error, words):
    if not place.startswith("postgresql"):
        pytest.skip("a folder is no URL")
    with pytest.raises(error, match=words):
        Project.open(make_url(place).set(**change).render_as_string(hide_password=False))


def test_a_password_is_in_no_message():
    assert "secret" not in Database("postgresql://label:secret@db/label").name


def test_a_second_server_on_one_file_is_refused(folder):
    first, second = Database(folder), Database(folder)
    first.claim()
    with pytest.raises(InvalidInputError, match="is being served already; stop that server first"):
        second.claim()
    first.close()
    second.claim()
    second.close()


def test_killed_while_writing(make, place):
    """Whatever was acknowledged is there, whole."""
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(400))
    names = [f"person {n}" for n in range(6)]
    for name in names:
        people.add_person(project, name)
    if project.database.path is not None:
        # One process writes to a file.
        project.close()
    acknowledged: set[str] = set()
    for turn, name in enumerate(names[:3]):
        command = [sys.executable, "-c", WRITER, place, name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            # However long it takes: there is something that was acknowledged.
            lines = [process.stdout.readline() for _ in range(3)]
            time.sleep(random.Random(turn).uniform(0.0, 0.7))
            process.kill()
            lines += process.stdout.read().splitlines(keepends=True)
        acknowledged |= {line.strip() for line in lines if line.endswith("\n")}
    project = Project.open(place)
    assert len(acknowledged) >= 9
    assert acknowledged <= {row.client_id for row in rows(project, judgements)}
    check_overlap(project)
    if project.database.path is not None:
        with project.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    judge(project, people.find_person(project, names[-1]))
    project.close()
