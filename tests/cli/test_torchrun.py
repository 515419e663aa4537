"""Several processes of one command line: what may be shared is, the rest is refused, and one speaks for all."""

import pytest

from plaudit import cli
from plaudit.errors import PlauditError
from plaudit.logs import is_first_process, launched_processes


def several(monkeypatch, rank="0", count="2"):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", count)
    monkeypatch.setenv("LOCAL_RANK", rank)


WHOLE = ("eval", "rank", "serve", "doctor", "probe", "explain", "compare", "best-of", "suite", "losses", "combine")


@pytest.mark.parametrize("verb", [*WHOLE, "reward-file", "align", "demo", "data", "label", "score"])
def test_what_one_process_does_several_refuse(run, monkeypatch, verb):
    several(monkeypatch)
    code, out, said = run(verb, "a", "b")
    assert (code, out) == (2, "")
    (line,) = said.splitlines()
    start = f"plaudit: error: {verb} runs in one process, and torchrun started 2; start it without torchrun"
    assert line == start + (", or share it out: --shards N -o FOLDER" if verb == "score" else "")


def test_a_plan_is_made_once(run, monkeypatch):
    several(monkeypatch, count="8")
    code, _, said = run("train", "nothing.jsonl", "--plan")
    assert code == 2
    assert "a plan is made in one process, and torchrun started 8; start it without torchrun, and name" in said


@pytest.mark.parametrize("arguments", [("train", "nothing.jsonl", "-o", "m"), ("score", "m", "d", "--shards=2")])
def test_what_is_shared_begins(run, monkeypatch, tmp_path, arguments):
    monkeypatch.chdir(tmp_path)
    several(monkeypatch)
    code, _, said = run(*arguments)
    assert code == 2 and "one process" not in said


def test_the_first_speaks_for_all_unless_another_failed_alone(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    waited = []
    monkeypatch.setattr(cli.time, "sleep", waited.append)
    several(monkeypatch, rank="0")
    assert run("train", "nothing.jsonl", "-o", "m")[2].startswith("plaudit: error: nothing.jsonl: there is no such")
    assert waited == []
    # torchrun ends this one while it waits, if the first has failed as well.
    several(monkeypatch, rank="1")
    assert run("train", "nothing.jsonl", "-o", "m")[2].startswith("plaudit: process 1: error: nothing.jsonl: there is")
    assert waited == [cli._FIRST_WORD]


@pytest.mark.parametrize(
    ("rank", "count", "says"),
    [
        ("0", "two", "WORLD_SIZE is 'two'"),
        ("2", "2", "RANK is '2' in the environment, and WORLD_SIZE 2"),
        ("x", "2", ""),
    ],
)
def test_an_environment_that_makes_no_sense_is_told_in_a_line(run, monkeypatch, rank, count, says):
    several(monkeypatch, rank, count)
    with pytest.raises(PlauditError):
        launched_processes()
    code, _, said = run("eval", "m", "d")
    assert code == 2 and says in said and len(said.splitlines()) == 1


def test_a_number_alone_makes_nobody_second(monkeypatch):
    monkeypatch.setenv("RANK", "3")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert is_first_process()


def test_processes_that_cannot_meet_say_so_in_a_line(run, monkeypatch, tmp_path):
    from toys import toy_backbone, toy_groups

    from plaudit.data import write_groups
    from plaudit.training.run import resumable

    def alone(**_):
        raise ValueError("Tried to launch, but `MASTER_ADDR` env was not set")

    monkeypatch.setattr(resumable, "PartialState", alone)
    write_groups(toy_groups(12), tmp_path / "d.jsonl")
    code, _, said = run("train", tmp_path / "d.jsonl", "-o", tmp_path / "m", "-b", toy_backbone(tmp_path / "b"))
    assert code == 2 and "do not find each other" in said and "start them with torchrun" in said
    assert not (tmp_path / "m").exists()
