"""`plaudit label` for teams: what a project is made of, and who comes in."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from plaudit.labelling import Project


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"id": f"g{n}", "prompt": f"{n}?", "responses": ["yes", "no"]} for n in range(3)]
    written("asked.jsonl", *rows)
    return tmp_path


def written(name, *rows):
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_attributes_and_reasons_come_by_flag_by_set_and_from_a_file(run, folder):
    flags = ("--attribute", "helpful=0:4", "--attribute", "brief=-2:2", "--set", "reasons=facts,style")
    assert run("label", "new", "by-flag", "asked.jsonl", "--mode", "rate", *flags)[0] == 0
    (folder / "settings.yaml").write_text("attributes: [helpful=0:4, brief=-2:2]\nreasons: [facts, style]\n")
    assert run("label", "new", "by-file", "asked.jsonl", "--config", "settings.yaml")[0] == 0
    for place in ("by-flag", "by-file"):
        project = Project.open(place)
        assert project.settings.attributes == ("helpful=0:4", "brief=-2:2")
        assert project.settings.reasons == ("facts", "style")
        project.close()


@pytest.mark.parametrize("scale", ["x", "x=0:99", "x=4:0", "x=0:many"])
def test_a_scale_that_is_none_is_told_and_nothing_is_made(run, folder, scale):
    code, _, complaint = run("label", "new", "place", "asked.jsonl", "--attribute", scale)
    assert code == 2
    assert complaint.startswith("plaudit: error: the ")
    assert "Traceback" not in complaint
    assert not (folder / "place").exists()


def test_gold_that_does_not_fit_leaves_no_project(run, folder):
    written("gold.jsonl", {"id": "k", "prompt": "k?", "responses": ["a", "b", "c"], "ranking": [[0], [1], [2]]})
    code, _, complaint = run("label", "new", "place", "asked.jsonl", "--gold", "gold.jsonl")
    assert code == 2
    assert "gold.jsonl:1: the group 'k' has no answer that a question of mode `pair` could have" in complaint
    assert "a ranking of two answers" in complaint
    assert not (folder / "place").exists()


def test_gold_that_stands_among_the_others_is_gold(run):
    written("gold.jsonl", {"id": "g1", "prompt": "1?", "responses": ["yes", "no"], "ranking": [[0], [1]]})
    assert run("label", "new", "place", "asked.jsonl", "--gold", "gold.jsonl") == (
        0,
        "",
        "Of known answer: 1 group.\n2 groups with 2 questions.\nThere already, and left as it was: 1 group.\n",
    )


def test_what_cannot_be_asked_is_told_for_what_it_is(run):
    written("alone.jsonl", {"prompt": "a", "responses": ["x"]})
    assert run("label", "new", "place", "alone.jsonl")[2] == (
        "1 group with 0 questions.\n" + "Nothing to ask of 1 group: one answer each, or answers that are all alike.\n"
    )


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--days", "-1"), "--days is -1"),
        (("--days", "nan"), "--days is nan"),
        (("--origin", "nonsense"), "the origin is 'nonsense'"),
        (("--origin", "http://a/b"), "the origin is 'http://a/b'"),
        (("--password",), "--password is for somebody"),
    ],
)
def test_a_link_that_could_not_be_followed_is_refused(run, options, complaint):
    run("label", "new", "place", "asked.jsonl")
    code, printed, told = run("label", "invite", "place", *options)
    assert (code, printed) == (2, "")
    assert complaint in told


def test_a_link_has_one_slash(run):
    run("label", "new", "place", "asked.jsonl")
    printed = run("label", "invite", "place", "--origin", "https://label.example.org/")[1]
    assert printed.startswith("https://label.example.org/join/")


def test_who_gets_no_password_is_not_made(run, monkeypatch):
    run("label", "new", "place", "asked.jsonl")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "short")
    assert run("label", "invite", "place", "me", "--role", "owner", "--password")[0] == 2
    assert json.loads(run("label", "status", "place", "--json")[1])["people"] == 0
    monkeypatch.setattr("getpass.getpass", lambda prompt: "correct horse")
    for _ in range(2):
        code, printed, _ = run("label", "invite", "place", "me", "--role", "owner", "--password")
        assert code == 0
        assert printed.endswith("me signs in with the password.\n")


def test_a_file_with_nothing_to_compare_opens_no_server(run):
    written("alike.jsonl", {"prompt": "Why?", "responses": ["a", "a"]}, {"prompt": "How?", "responses": ["b"]})
    code, _, complaint = run("label", "alike.jsonl", "--no-open", "--port", "0")
    assert (code, "there is nothing to judge" in complaint) == (2, True)


def test_another_database_is_no_folder(run, folder):
    code, _, complaint = run("label", "new", "mysql://me:secret@host/db", "asked.jsonl")
    assert (code, "a project cannot be in mysql" in complaint, "secret" in complaint) == (2, True, False)
    assert not list(folder.glob("mysql*"))


def test_a_project_is_not_left_half_made(run, folder):
    written("gold.jsonl", {"id": "g1", "prompt": "1?", "responses": ["yes", "never"], "ranking": [[0], [1]]})
    code, _, complaint = run("label", "new", "place", "asked.jsonl", "--gold", "gold.jsonl")
    assert (code, "asked.jsonl:2: the group 'g1' is there already with other texts" in complaint) == (2, True)
    written("long.jsonl", {"id": "x" * 501, "prompt": "a", "responses": ["x", "y"]})
    assert run("label", "new", "place", "long.jsonl")[0] == run("label", "long.jsonl", "--no-open")[0] == 2
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set()


@pytest.fixture
def unserved(monkeypatch):
    """No server starts."""
    monkeypatch.setattr("plaudit.labelling.serve", lambda project, *others, **more: project.close())


def test_a_project_that_is_there_keeps_its_settings_and_says_so(run, unserved):
    assert run("label", "asked.jsonl", "--mode", "rank", "--both-bad")[0] == 0
    assert run("label", "asked.jsonl", "--mode", "rank")[0] == 0
    for flags in (("--mode", "pair"), ("--set", "ties=off")):
        code, _, complaint = run("label", "asked.jsonl", *flags)
        assert (code, "asked-labels was made with" in complaint) == (2, True)
    assert "was made with mode 'rank'" in run("label", "asked.jsonl", "--mode", "pair")[2]


def test_files_are_not_added_beside_a_server(run, unserved):
    run("label", "asked.jsonl")
    server = Project.open("asked-labels")
    server.database.claim()
    written("asked.jsonl", {"id": "new", "prompt": "a", "responses": ["x", "y"]})
    code, _, complaint = run("label", "asked.jsonl")
    assert (code, "asked-labels is being served already" in complaint) == (2, True)
    server.close()
    assert json.loads(run("label", "status", "asked-labels", "--json")[1])["groups"] == 3


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--demo", "--mode", "rank"), "--demo has settings of its own"),
        (("--demo", "--attribute", "helpful=0:4"), "--demo has settings of its own"),
        (("asked.jsonl", "--language", "zh"), "--language is the demo's"),
        (("--demo", "--project", "place"), "place is no project of the demo"),
    ],
)
def test_nothing_that_was_asked_for_is_passed_over(run, unserved, words, complaint):
    run("label", "new", "place", "asked.jsonl")
    code, _, told = run("label", *words)
    assert (code, complaint in told) == (2, True)
    assert json.loads(run("label", "status", "place", "--json")[1])["people"] == 0


def test_somebody_who_is_there_gets_the_role_that_was_asked_for(run):
    run("label", "new", "place", "asked.jsonl")
    run("label", "invite", "place", "Ann")
    assert run("label", "invite", "place", "ann")[2] == ""
    assert run("label", "invite", "place", "ann", "--role", "reviewer")[2] == (
        "ann has the role reviewer from now on.\n"
    )
    assert run("label", "invite", "place", "Ann", "--role", "reviewer")[2] == ""
    for flags in (("--most", "3"), ("--days", "1")):
        code, printed, complaint = run("label", "invite", "place", "Ann", *flags)
        assert (code, printed, "--most and --days are for invitations of anybody" in complaint) == (2, "", True)


def test_whoever_was_forgotten_does_not_come_back(run):
    run("label", "new", "place", "asked.jsonl")
    run("label", "invite", "place", "Ann")
    assert run("label", "forget", "place", "Ann") == (0, "Ann is person-1 from now on.\n", "")
    for name in ("Ann", "person-1"):
        assert f"there is nobody called {name!r} in place" in run("label", "forget", "place", name)[2]
    code, printed, complaint = run("label", "invite", "place", "person-1")
    assert (code, printed, "is kept for people who were forgotten" in complaint) == (2, "", True)


@pytest.mark.parametrize(
    "words",
    [
        ("asked.jsonl",),
        ("--demo",),
        ("new", "place", "asked.jsonl"),
        ("add", "place", "asked.jsonl"),
        ("serve", "place"),
        ("invite", "place"),
        ("ask", "place"),
        ("status", "place"),
        ("export", "place", "-o", "out"),
        ("forget", "place", "Ann"),
    ],
)
def test_without_the_extra_each_verb_says_how_to_get_it(words, folder):
    program = "import sys; sys.modules['sqlalchemy'] = None; from plaudit.cli import main; main()"
    command = [sys.executable, "-c", program, "label", *words]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert "pip install 'plaudit[label]'" in line
    assert {path.name for path in folder.iterdir()} == {"asked.jsonl"}
