"""Nothing is replaced unasked, what is read is never written over, and a verb that fails leaves nothing behind."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from tiny import tiny_language_model_folder
from toys import toy_groups

from plaudit.cli import app
from plaudit.data import write_groups
from plaudit.labelling import LabellingSettings, Project
from plaudit.model.linear.features import LengthFeatures
from plaudit.model.linear.model import Linear, LinearModel

CLICKS = {"prompt": "P", "shown": ["a", "b", "c"], "clicked": 2}
SUITE = {"prompt": "P", "chosen": "a good one", "rejected": "bad", "subset": "alpacaeval-easy"}


@pytest.fixture(scope="session")
def policy(tmp_path_factory):
    return tiny_language_model_folder(tmp_path_factory.mktemp("policy"))


@pytest.fixture
def place(tmp_path, monkeypatch, policy):
    """The working folder: data, text, a click log, two models that score by length, a policy."""
    import numpy as np

    monkeypatch.chdir(tmp_path)
    write_groups(toy_groups(30), "data.jsonl")
    Path("clicks.jsonl").write_text(f"{json.dumps(CLICKS)}\n" * 30)
    Path("suite.jsonl").write_text(f"{json.dumps(SUITE)}\n")
    Path("text.txt").write_text("One sentence.\n\nAnother sentence.\n")
    for name, weight in (("model", 1.0), ("other", -1.0)):
        LinearModel(LengthFeatures(), Linear(np.array([weight]))).save(name)
    shutil.copytree(policy, "policy")
    Project.create("project", "Project", LabellingSettings()).close()
    return tmp_path


FILE, FOLDER, MODEL = "a file", "a folder", "a model folder"

VERBS = {
    "data convert": ("data.jsonl", FILE),
    "data clicks": ("clicks.jsonl", FILE),
    "data split": ("data.jsonl", FOLDER),
    "doctor": ("data.jsonl --backbone none", FOLDER),
    "pretrain": ("text.txt", MODEL),
    "sft": ("data.jsonl", MODEL),
    "train": ("data.jsonl --backbone bow", MODEL),
    "align": ("policy data.jsonl --reward model", MODEL),
    "combine": ("model other --ensemble", MODEL),
    "reward-file": ("model --for verl", FILE),
    "losses": ("data.jsonl", FOLDER),
    "eval": ("model data.jsonl", FOLDER),
    "compare": ("model other data.jsonl", FOLDER),
    "best-of": ("model data.jsonl --gold other", FOLDER),
    "probe": ("model data.jsonl", FILE),
    "suite": ("rewardbench model suite.jsonl", FOLDER),
    "score": ("model data.jsonl", FILE),
    "rank": ("model data.jsonl", FILE),
    "explain": ("model data.jsonl", FILE),
    "demo": ("", FOLDER),
    "label export": ("project", FOLDER),
}
"""Verb -> its other arguments, and what its -o names."""


def commands(group=None, before=""):
    """Every verb by its name, with the options it has."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", {flag for parameter in command.params for flag in parameter.opts}


def everything(folder):
    """What a folder holds, files with their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def stand_in(output, kind):
    """Something that somebody keeps under the name of the output."""
    if kind == FILE:
        output.write_text("mine")
        return
    output.mkdir()
    (output / ("plaudit.json" if kind == MODEL else "mine.txt")).write_text("{}")


def test_every_verb_that_writes_is_walked():
    found = dict(commands())
    assert {name for name, flags in found.items() if "--output" in flags} == set(VERBS)
    assert {name for name, flags in found.items() if flags & {"--output", "--rejects", "--completed"}} == {
        name for name, flags in found.items() if "--overwrite" in flags
    }


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_there_is_not_replaced_unasked(run, place, verb):
    arguments, kind = VERBS[verb]
    taken = "taken.py" if verb == "reward-file" else "taken"
    stand_in(place / taken, kind)
    before = everything(place)
    code, printed, said = run(*verb.split(), *arguments.split(), "-o", taken)
    assert (code, printed) == (2, "")
    assert "--overwrite" in said.splitlines()[-1]
    assert everything(place) == before


REJECTING = [name for name, flags in commands() if "--rejects" in flags]


@pytest.mark.parametrize("verb", REJECTING)
def test_a_file_of_rejects_is_not_replaced_unasked(run, place, verb):
    arguments, _ = VERBS.get(verb, ("data.jsonl", None))
    (place / "rejects.jsonl").write_text("mine")
    before = everything(place)
    output = ["-o", "new"] if verb in VERBS else []
    arguments = {"label new": "fresh data.jsonl", "label add": "project data.jsonl"}.get(verb, arguments)
    code, _, said = run(*verb.split(), *arguments.split(), *output, "--rejects", "rejects.jsonl")
    assert (code, "rejects.jsonl: the file exists already" in said) == (2, True)
    assert everything(place) == before


@pytest.mark.parametrize("verb", [name for name, (_, kind) in VERBS.items() if kind == MODEL])
def test_what_is_no_model_is_not_replaced_by_one_whatever_is_asked(run, place, verb):
    (place / "thesis").mkdir()
    (place / "thesis" / "chapter.tex").write_text("mine")
    before = everything(place)
    code, _, said = run(*verb.split(), *VERBS[verb][0].split(), "-o", "thesis", "--overwrite")
    assert (code, "no model folder: it holds chapter.tex" in said) == (2, True)
    (place / "thesis" / "plaudit.json").write_text("{}")
    code, _, said = run(*verb.split(), *VERBS[verb][0].split(), "-o", "thesis", "--overwrite")
    assert (code, "holds chapter.tex beside a model" in said) == (2, True)
    (place / "thesis" / "plaudit.json").unlink()
    assert everything(place) == before


@pytest.mark.parametrize("name", ["data.jsonl", "./model/../data.jsonl", "link.jsonl", "loop/data.jsonl"])
@pytest.mark.parametrize("verb", ["data convert", "score", "rank", "explain", "probe"])
def test_what_is_read_is_never_replaced(run, place, verb, name):
    (place / "link.jsonl").symlink_to("data.jsonl")
    (place / "loop").symlink_to(".")
    before = (place / "data.jsonl").read_bytes()
    code, _, said = run(*verb.split(), *VERBS[verb][0].split(), "-o", name, "--overwrite")
    assert (code, said.count("\n")) == (2, 1)
    assert "it is being read, so it is never replaced; name another file" in said
    assert (place / "data.jsonl").read_bytes() == before


def test_nor_is_what_stands_in_a_folder_that_is_read(run, place):
    (place / "set").mkdir()
    (place / "data.jsonl").rename(place / "set" / "train.jsonl")
    for arguments in (["data", "convert", "set", "-o", "set/train.jsonl"], ["data", "split", "set", "-o", "set"]):
        code, _, said = run(*arguments, "--overwrite")
        assert (code, "it is being read" in said) == (2, True)


def test_scores_that_are_compared_are_not_replaced_by_the_others(run, place):
    assert run("score", "model", "data.jsonl", "-o", "out/b/scores.jsonl")[0] == 0
    code, _, said = run("compare", "out/b/scores.jsonl", "other", "data.jsonl", "-o", "out", "--overwrite")
    assert (code, "it is being read" in said) == (2, True)


ASKED = {
    "data convert": ["data.jsonl"],
    "data split": ["data.jsonl", "--test", "0.3"],
    "doctor": ["data.jsonl", "--backbone", "none"],
    "score": ["model", "data.jsonl"],
    "eval": ["model", "data.jsonl", "--probes", "0", "--explain", "0"],
    "compare": ["model", "other", "data.jsonl"],
    "train": ["data.jsonl", "--backbone", "bow"],
    "combine": ["made", "made2", "--ensemble"],
}


@pytest.mark.parametrize("verb", [name for name in ASKED if name != "combine"])
def test_the_same_again_with_overwrite(run, place, verb):
    output = "out.jsonl" if VERBS[verb][1] == FILE else "out"
    command = [*verb.split(), *ASKED[verb], "-o", output]
    assert run(*command)[0] == 0
    first = sorted(everything(place))
    assert run(*command)[0] == 2
    code, _, said = run(*command, "--overwrite")
    assert code == 0, said
    assert sorted(everything(place)) == first


def test_a_split_takes_the_sides_of_an_earlier_one_along(run, place):
    split = ["data", "split", "data.jsonl", "-o", "out", "--test", "0.3"]
    assert run(*split, "--validation", "0.3")[0] == 0
    assert run(*split, "--overwrite")[0] == 0
    assert sorted(path.name for path in (place / "out").iterdir()) == ["test.jsonl", "train.jsonl"]


FAILING = {
    "no such data": "data split nope -o out",
    "no such data to diagnose": "doctor nope -o out",
    "no such data to measure on": "eval model nope -o out --rejects rejected/rows.jsonl",
    "no such data to train on": "train nope -o out",
    "no such text": "pretrain nope -o out",
    "too little text": "pretrain text.txt -o deep/out",
    "a backbone misspelt": "train data.jsonl --backbone bowe -o out --rejects rejects.jsonl",
    "a frozen backbone misspelt": "train data.jsonl --backbone frozen:minilm -o out",
    "a backbone misspelt, to fine-tune": "sft data.jsonl --backbone smollm -o out",
    "a backbone misspelt, to compare losses on": "losses data.jsonl --backbone minilm -o out",
    "a backbone misspelt, to diagnose with": "doctor data.jsonl --backbone bow,lenght -o out --rejects rejects.jsonl",
    "a backbone misspelt, to demonstrate": "demo --backbone bowe -o out",
    "a bad row": "data convert bad.jsonl -o deep/out.jsonl",
    "a bad row to split": "data split bad.jsonl -o deep/out",
    "no judgements": "train bare.jsonl --backbone bow -o deep/out --rejects rejects.jsonl",
    "no such field": "eval model data.jsonl -o out --rejects rejects.jsonl --clusters topic",
    "no such model": "score nomodel data.jsonl -o deep/out.jsonl",
    "no such model to measure": "eval nomodel data.jsonl -o deep/out",
    "no such model to compare": "compare model nomodel data.jsonl -o out",
    "no such model to choose by": "best-of nomodel data.jsonl --gold other -o out",
    "no such model to probe": "probe nomodel data.jsonl -o deep/probes.json",
    "no such model to explain": "explain nomodel data.jsonl -o deep/out.json",
    "no such model to combine": "combine model nomodel --ensemble -o deep/out",
    "models that do not combine": "combine model other --average -o deep/out",
    "no such policy": "align nopolicy data.jsonl --reward model -o out",
    "no such reward": "align policy data.jsonl --reward nomodel -o deep/out",
    "no such prompts": "align policy nope --reward model -o deep/out",
    "no such suite": "suite rewardbank model suite.jsonl -o out",
    "nothing of a suite": "suite rewardbench model data.jsonl -o out",
}


@pytest.mark.parametrize("command", FAILING.values(), ids=FAILING)
def test_a_verb_that_fails_leaves_the_folder_as_it_was(run, place, command):
    good = '{"prompt": "P", "chosen": "a", "rejected": "b"}\n'
    (place / "bad.jsonl").write_text(f"{good * 40}not JSON\n")
    (place / "bare.jsonl").write_text('{"prompt": "P", "responses": ["a", "b"]}\n')
    before = everything(place)
    code, _, said = run(*command.split())
    assert code == 2, said
    assert everything(place) == before
