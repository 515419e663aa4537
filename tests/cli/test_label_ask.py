"""`plaudit label ask`: waves from the command line."""

import subprocess
import sys

import pytest

from plaudit.data import load_groups
from plaudit.groups import Group
from plaudit.labelling import LabellingSettings, Project
from plaudit.model.linear.features import LengthFeatures
from plaudit.model.linear.model import Linear, LinearModel


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project that wants no judgements first, and a model that likes what is long."""
    import numpy as np

    monkeypatch.chdir(tmp_path)
    project = Project.create("project", "Project", LabellingSettings(random_first=0))
    project.add([Group(f"g{n}", f"{n}?", tuple(f"{n}" + "!" * k for k in range(1, 5))) for n in range(6)])
    project.close()
    LinearModel(LengthFeatures(), Linear(np.array([1.0]))).save("model")
    return tmp_path


def test_questions_are_asked_by_a_model_and_by_judgements_alone(run, place):
    code, printed, _ = run("label", "ask", "project", "--model", "model", "--count", "4")
    assert (code, printed) == (0, "4 questions asked, 0 once more, out of 36 that could be.\n")
    assert run("label", "ask", "project", "--count", "6", "--seed", "1")[1].startswith("2 questions asked")
    assert run("label", "ask", "project", "--count", "6")[1] == "Nothing is asked: 6 questions wait already.\n"


def test_where_nobody_differs_nothing_is_asked(run, place):
    assert run("label", "ask", "project", "--by", "disagreement")[1] == (
        "Nothing is asked: there is nothing this rule could ask.\n"
    )


def test_while_a_server_has_the_project_a_file_lies_ready(run, place):
    server = Project.open("project")
    server.database.claim()
    code, printed, _ = run("label", "ask", "project", "--count", "4")
    assert (code, printed) == (0, "4 questions lie ready for the server that has the project.\n")
    assert len(list((place / "project" / "waves").glob("*.json"))) == 1
    server.close()


def test_the_labelled_set(run, place):
    code, printed, _ = run("label", "ask", "project", "--model", "model", "--completed", "set.jsonl")
    assert (code, printed) == (0, "6 groups with what is believed of every pair in set.jsonl\n")
    assert all(len(group.rankings) == 12 for group in load_groups("set.jsonl"))
    assert run("label", "ask", "project", "--completed", "set.jsonl")[0] != 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--backbone", "minilm-l6"), "give frozen:NAME"),
        (("--model", "model", "--backbone", "frozen:x"), "give one of them"),
        (("--model", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_is_a_sentence(run, place, options, complaint):
    code, _, complained = run("label", "ask", "project", *options)
    assert code != 0
    assert complaint in complained
    assert "Traceback" not in complained


def test_below_the_first_random_judgements_it_refuses(run, place):
    Project.create("strict", "Strict", LabellingSettings()).close()
    code, _, complained = run("label", "ask", "strict")
    assert code != 0
    assert "wants 200 of questions drawn by lot" in " ".join(complained.split())
    assert run("label", "ask", "strict", "--anyway")[0] == 0


def test_a_model_of_lengths_is_asked_without_torch(place):
    """Nor does the room need it: torch loads with a model that does."""
    code = (
        "import sys; from plaudit.labelling.asking import *; from plaudit.labelling import Project; "
        "compute_wave(Project.open('project'), Wish(), feature_source('model')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=place, check=False).returncode == 0
