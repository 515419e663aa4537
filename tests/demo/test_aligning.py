"""The demo's whole loop with a policy that has learned next to nothing: every run works, and leaves what it should."""

import functools
import json

import pytest
import torch
import typer
from typer.testing import CliRunner

import plaudit.demo
from plaudit.cli import demo as cli
from plaudit.data import load_groups
from plaudit.demo import policy_prompts, policy_topics, run_alignment_demo
from plaudit.demo.aligning import RUNS
from plaudit.errors import DataError, NotFoundError

pytest.importorskip("trl", reason="the sft extra is not installed")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The loop in full, and the lines that it told."""
    lines = []
    result = run_alignment_demo(tmp_path_factory.mktemp("loop") / "demo", tiny=True, log=lines.append)
    return result, lines


def test_every_run_is_one_of_its_method(demo):
    result, lines = demo
    assert list(result.runs) == list(RUNS)
    for name, aligned in result.runs.items():
        assert aligned.record["method"] == RUNS[name]["method"]
        assert aligned.record["gold"] == "true_qualities"
        assert any(line == f"aligning: {name}" for line in lines)
        assert (aligned.folder / "align.html").is_file()
        assert aligned.kept_step in range(aligned.record["steps"] + 1)


def test_the_result_is_of_questions_that_nothing_was_learned_from(demo):
    result, _ = demo
    reported = {group.prompt for group in policy_prompts(policy_topics(), [2])}
    judged = {group.prompt for group in load_groups(result.folder / "judged.jsonl")}
    assert not reported & judged
    for aligned in result.runs.values():
        rows = [json.loads(line) for line in (aligned.folder / "samples.jsonl").read_text("utf-8").splitlines()]
        assert {row["prompt"] for row in rows} == reported
        assert aligned.example[0] in reported
        assert aligned.record["prompts"] == {"train": 18, "validation": 6, "test": 12}


def test_figures_are_differences_paired_by_question(demo):
    for aligned in demo[0].runs.values():
        before, after, gain = (aligned.figure("gold", side) for side in ("before", "after", "gain"))
        assert gain.value == pytest.approx(after.value - before.value)
        assert gain.n == 12
        assert all(worth.n == 12 and -1.6 <= worth.value <= 0.8 for worth in aligned.worth)


def test_the_poor_reward_has_learned_from_a_few_rankings(demo):
    records = [
        json.loads((demo[0].folder / name / "plaudit.json").read_text("utf-8")) for name in ("reward", "poor-reward")
    ]
    assert records[0]["data"] != records[1]["data"]
    poor = demo[0].runs["poor reward"]
    assert poor.folder.name == "ppo-poor-reward"
    assert poor.record["reward"]["name"].endswith("poor-reward")


def test_torch_has_its_threads_back(tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        run_alignment_demo(tmp_path / "demo", runs=[], tiny=True)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_a_run_of_another_name_is_refused(tmp_path):
    with pytest.raises(NotFoundError, match="there is no run 'reinforce'; there are best-of, dpo, ppo, poor reward"):
        run_alignment_demo(tmp_path / "demo", runs=["ppo", "reinforce"], tiny=True)
    assert not (tmp_path / "demo").exists()


def test_a_folder_that_is_taken_is_not_touched(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="the folder is not empty"):
        run_alignment_demo(tmp_path, tiny=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_command_prints_a_table(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    tiny = functools.partial(run_alignment_demo, runs=["ppo"], tiny=True)
    monkeypatch.setattr(plaudit.demo, "run_alignment_demo", tiny)
    app = typer.Typer()
    app.command()(cli.demo_command)
    done = CliRunner().invoke(app, ["--align", "-o", str(tmp_path / "demo")])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    (head,) = [line for line in lines if "truth" in line and "KL" in line]
    start = lines.index(head)
    assert [line.split()[0] for line in lines[start + 1 : start + 3]] == ["untrained", "ppo"]
    assert all(len(line) <= 80 for line in lines[start : start + 3])
    commands = [line for line in lines if line.startswith("  plaudit align ")]
    assert len(commands) == 1
    folder = tmp_path / "demo" / "alignment"
    assert f"plaudit align {folder / 'policy'} {folder / 'judged.jsonl'} --reward {folder / 'reward'}" in commands[0]
    assert all((folder / name).exists() for name in ("policy", "judged.jsonl", "reward", "ppo/align.html"))
