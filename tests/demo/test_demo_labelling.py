"""The labelling page with simulated people: whose project they judge in, and in which language."""

import re

import pytest

from plaudit.demo import Crowd, label_demo
from plaudit.demo.labelling import NAMES, SETTINGS
from plaudit.errors import InvalidInputError
from plaudit.labelling import LabellingSettings, Project, find_person, project_status
from plaudit.labelling.project import guidelines


def test_a_chinese_project_is_chinese_and_is_opened_as_such(tmp_path):
    project = label_demo(tmp_path / "demo", language="zh", questions=6)
    words, _ = guidelines(project)
    assert re.findall("[A-Za-z]{3}", words) == []
    assert Crowd(project).judge_at_once(2) > 0
    assert find_person(project, "ana（模拟）") is not None
    project.close()
    again = label_demo(tmp_path / "demo", language="en", questions=6)
    assert project_status(again)["groups"] == 6
    crowd = Crowd(again)
    assert not crowd.new
    assert crowd.judge_at_once(1) > 0
    assert project_status(again)["people"] == 4
    again.close()


def test_who_was_sent_home_has_gone(tmp_path, monkeypatch):
    monkeypatch.setattr("plaudit.demo.labelling.SECONDS", (0.0, 0.0))
    project = label_demo(tmp_path / "demo", questions=6)
    crowd = Crowd(project)
    crowd.start()
    crowd.stop()
    assert [thread.is_alive() for thread in crowd._threads] == [False] * 4
    project.close()


def test_nobody_simulated_judges_in_another_project(tmp_path):
    Project.create(tmp_path / "mine", "Mine", LabellingSettings()).close()
    with pytest.raises(InvalidInputError, match="mine is no project of the demo"):
        label_demo(tmp_path / "mine")


def test_a_start_that_was_stopped_early_is_finished_by_the_next(tmp_path):
    Project.create(tmp_path / "demo", NAMES["en"], SETTINGS).close()
    project = label_demo(tmp_path / "demo", questions=6)
    assert project_status(project)["groups"] == 6
    project.close()
