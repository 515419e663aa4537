"""`plaudit label` for teams: what a project is made of, and who comes in."""

import json
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
