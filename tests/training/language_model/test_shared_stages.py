"""Pretraining and fine-tuning in two or three processes are those of one."""

import json

import pytest
from safetensors.torch import load_file
from several_processes import lines, log, numbers, run_forked

pytest.importorskip("trl", reason="the sft extra is not installed")

# 10 responses in steps of 4: the last step of an epoch has two, so that of three processes one has none.
SFT = {"batch_size": 4, "lora": 2}
SCRATCH = {"vocabulary": 262, "layers": 1, "hidden": 16, "heads": 2, "block": 32, "batch_tokens": 250}
RUNS = {
    "sft": ("sft", SFT, 3),
    "next-token": ("pretrain", SCRATCH, 2),
    "masked": ("pretrain", {**SCRATCH, "objective": "masked"}, 3),
}


def script():
    for name, (verb, arguments, processes) in RUNS.items():
        yield {"name": name, "verb": verb, "arguments": arguments}
        yield {"name": f"{name} x", "verb": verb, "arguments": arguments, "processes": processes}
    killed = {"name": "sft, killed", "verb": "sft", "processes": 2}
    yield {**killed, "arguments": SFT, "kill_at": 5}
    yield {**killed, "arguments": {**SFT, "resume": True}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of all runs, each of which ended as it should."""
    folder = tmp_path_factory.mktemp("stages")
    for run in run_forked(folder, script(), timeout=3600):
        wanted = [-9] * 2 if "kill_at" in run else [0] * run.get("processes", 1)
        assert run["codes"] == wanted, (run, log(folder, run["name"]))
    return folder


@pytest.mark.parametrize("name", [*(f"{name} x" for name in RUNS), "sft, killed"])
def test_weights_and_figures_are_those_of_one_process(folder, name):
    alone = name.removesuffix(" x").removesuffix(", killed")
    one, other = (load_file(folder / run / "model.safetensors") for run in (alone, name))
    assert one.keys() == other.keys()
    assert max(float((one[key] - other[key]).abs().max()) for key in one) < 1e-5
    one, other = (json.loads((folder / run / "plaudit.json").read_text()) for run in (alone, name))
    assert one["steps"] == other["steps"] > 4
    for moment in ("before", "after", "factor"):
        assert other["validation"][moment] == pytest.approx(one["validation"][moment], rel=1e-5)
    assert not (folder / name / "checkpoints").exists()


@pytest.mark.parametrize("name", RUNS)
def test_lines_count_all_processes_and_come_once(folder, name):
    one, shared = lines(folder, name), lines(folder, f"{name} x")
    assert len(one) == len(shared) >= 3
    for line, expected in zip(shared, one, strict=True):
        assert numbers(line) == pytest.approx(numbers(expected), abs=2e-4)
    for rank in range(1, RUNS[name][2]):
        assert log(folder, f"{name} x", rank) == ""
