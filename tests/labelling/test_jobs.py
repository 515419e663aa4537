"""Models that are trained beside the server: what runs, what it tells, and that it ends with the server."""

import json
import os
import sys
import time
from dataclasses import replace

import pytest
from labelling.crowds import PLAIN, judge, some_groups

from plaudit.labelling import people
from plaudit.labelling.app import create_app
from plaudit.labelling.jobs import Jobs
from plaudit.labelling.project import Project
from plaudit.labelling.server import running_labelling_server
from plaudit.labelling.settings import LabellingSettings
from plaudit.storage import write_json


@pytest.fixture
def project(tmp_path):
    made = Project.create(tmp_path / "project", "Test", LabellingSettings(**PLAIN))
    made.add(some_groups(40))
    ann = people.add_person(made, "Ann")
    for _ in range(40):
        judge(made, ann)
    yield made
    made.close()


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """Let the steps of a run do something else: `commands("exit 0")`."""

    def instead(script):
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr("plaudit.labelling.jobs.sys", type(sys)("sys"))
        monkeypatch.setattr("plaudit.labelling.jobs.sys.executable", str(program), raising=False)

    return instead


def ended(jobs):
    while (run := jobs.runs()[0])["state"] == "running":
        time.sleep(0.01)
    return run


def test_no_process_outlives_its_server(project, commands, tmp_path, monkeypatch):
    commands(f"echo $$ > {tmp_path}/pid.part; mv {tmp_path}/pid.part {tmp_path}/pid; exec sleep 60")
    app = create_app(project, hosts=["127.0.0.1"])
    monkeypatch.setattr("plaudit.labelling.server.create_app", lambda *args, **more: app)
    with running_labelling_server(project):
        app.state.server.jobs.start("bow", 0)
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    [run] = Jobs(Project.open(project.place)).runs()
    assert (run["state"], len(run["commands"])) == ("cancelled", 1)


def test_who_is_told_that_a_run_ended_may_begin_another(project, commands, monkeypatch):
    """The file of a run is written before anybody is told; here that takes long."""
    commands("exit 0")

    def slowly(file, row):
        write_json(file, row)
        time.sleep(0.2)

    monkeypatch.setattr("plaudit.labelling.jobs.write_json", slowly)
    jobs = Jobs(project)
    for number in (1, 2):
        jobs.start("bow", 0)
        assert (ended(jobs)["state"], jobs.runs()[0]["number"]) == ("done", number)


def test_a_cancelled_run_ends_with_its_process_though_that_ends_well(project, commands, tmp_path):
    commands(f"trap 'exit 0' TERM; touch {tmp_path}/begun; while true; do sleep 0.01; done")
    jobs = Jobs(project)
    jobs.start("bow", 0)
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    jobs.cancel()
    run = ended(jobs)
    assert (run["state"], len(run["commands"])) == ("cancelled", 1)
    assert run["ended"] >= run["started"]


def test_what_could_not_begin_leaves_nothing_and_is_in_nobodys_way(project, commands, monkeypatch):
    commands("exit 0")
    jobs = Jobs(project)

    def full(*args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("plaudit.labelling.jobs.note", full)
    with pytest.raises(OSError, match="No space"):
        jobs.start("bow", 0)
    assert jobs.runs() == []
    monkeypatch.undo()
    commands("exit 0")
    jobs.start("bow", 0)
    assert ended(jobs)["number"] == 1


def test_what_no_process_can_be_told_fails_and_is_in_nobodys_way(project, commands):
    commands("exit 0")
    jobs = Jobs(project)
    for number, backbone in enumerate(("a\0b", "\ud800", "bow"), 1):
        jobs.start(backbone, 0)
        run = ended(jobs)
        assert (run["number"], run["state"]) == (number, "done" if backbone == "bow" else "failed")


def test_a_run_that_begins_while_they_are_listed_runs(project, commands):
    commands("exec sleep 60")
    jobs = Jobs(project)
    listed = jobs._folders

    def meanwhile():
        del jobs._folders
        jobs.start("bow", 0)
        return listed()

    jobs._folders = meanwhile
    assert [run["state"] for run in jobs.runs()] == ["running"]
    jobs.close()
    assert [run["state"] for run in jobs.runs()] == ["cancelled"]


def test_a_run_that_could_not_begin_while_they_are_listed_is_none(project, commands):
    jobs = Jobs(project)
    jobs._folders = lambda: [jobs.folder / "0001"]
    assert jobs.runs() == []


def test_a_run_has_a_number_of_its_own_though_others_were_deleted(project, commands):
    commands("exit 0")
    jobs = Jobs(project)
    for _ in range(2):
        jobs.start("bow", 0)
        assert ended(jobs)["state"] == "done"
    for file in (jobs.folder / "0001").iterdir():
        file.unlink()
    (jobs.folder / "0001").rmdir()
    jobs.start("bow", 0)
    assert ended(jobs)["number"] == 3
    assert [run["number"] for run in jobs.runs()] == [3, 2]
    assert jobs.report(3) is jobs.report(10**300) is None


def test_the_log_has_no_password(project, commands):
    commands("exit 0")
    jobs = Jobs(replace(project, place="postgresql://me:secret@host/db"))
    jobs.start("bow", 5)
    run = ended(jobs)
    assert [line.split()[1] for line in run["commands"]] == ["train", "eval", "label"]
    assert "secret" not in json.dumps(run)


def test_a_run_that_cannot_be_logged_fails_and_another_may_begin(project, commands, monkeypatch):
    commands("exit 0")
    jobs = Jobs(project)
    (jobs.folder / "0001").mkdir(parents=True)
    monkeypatch.setattr("plaudit.labelling.jobs.LOG", "no/log.txt")
    jobs.start("bow", 0)
    assert ended(jobs)["state"] == "failed"
    monkeypatch.undo()
    commands("exit 0")
    jobs.start("bow", 0)
    assert ended(jobs)["state"] == "done"
