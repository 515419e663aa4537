"""A run of two or three processes, each with a copy of the model (DDP) or a share (FSDP2), is the run of one."""

import json

import pytest
import torch
from safetensors.torch import load_file
from several_processes import lines, log, numbers, run_forked

# 29 groups in steps of 6, 10 steps in all; in forests of 40 tokens one process has more of them than another would.
SMALL = {"batch_tokens": 40}
FSDP = {"sharding": "fsdp"}
# Several heads and annotators; the last layer learns from kept states, and is computed again in the backward pass.
MORE = {"heads": 2, "annotators": True, "trainable": "last:1", "gradient_checkpointing": True}
LORA, HEAD = {"trainable": "lora:4"}, {"trainable": "head"}

ALONE = {"plain": {}, "more": MORE, "lora": LORA, "head": HEAD, "bf16": {"precision": "bf16"}}
# Name -> the run of one process that it is to be, processes, and what is set besides.
SHARED = {
    "copies": ("plain", 3, SMALL),
    "copies, more": ("more", 2, SMALL),
    "copies, head": ("head", 2, FSDP),
    "shares": ("plain", 2, {**FSDP, **SMALL}),
    "shares, more": ("more", 3, {**FSDP, **SMALL}),
    "shares, lora": ("lora", 2, FSDP),
    "shares, bf16": ("bf16", 2, FSDP),
}
# Of which every process reads groups and tokens on disk, where the run of one has them in memory.
DISK = {"copies", "shares, lora"}
# Killed at step 7, after the checkpoint of step 5, and resumed: name -> the processes that go on.
KILLED = {"copies, killed": (2, {}), "shares, killed": (3, FSDP)}

# One of two is killed at step 7, and the other waits for it.
LOST = {"copies, lost": {}, "shares, lost": FSDP}


def script():
    """The runs, in order."""
    for name, arguments in ALONE.items():
        yield {"name": name, "arguments": arguments}
    for name, (alone, processes, arguments) in SHARED.items():
        run = {"name": name, "processes": processes, "arguments": {**ALONE[alone], **arguments}}
        yield {**run, "disk": name in DISK}
    for name, (processes, arguments) in KILLED.items():
        yield {"name": name, "processes": 2, "arguments": arguments, "kill_at": 7}
        yield {"name": name, "processes": processes, "arguments": {**arguments, "resume": True}}
    for name, arguments in LOST.items():
        yield {"name": name, "processes": 2, "arguments": arguments, "kill_at": 7, "kill": 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with all runs, and what the script said of each."""
    folder = tmp_path_factory.mktemp("runs")
    return folder, run_forked(folder, script(), timeout=3600)


def assert_same(folder, alone, shared, tolerance=1e-5):
    one, other = (load_file(folder / name / "model.safetensors") for name in (alone, shared))
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].dtype == other[name].dtype == torch.float32
        assert float((one[name] - other[name]).abs().max()) < tolerance, name
    one, other = (json.loads((folder / name / "plaudit.json").read_text()) for name in (alone, shared))
    assert other["steps"] == one["steps"] == 10
    for name, figure in one["validation"].items():
        assert other["validation"][name] == pytest.approx(figure, abs=tolerance), name
    for name, believed in one.get("annotators", {}).items():
        assert other["annotators"][name] == pytest.approx(believed, abs=2e-4)


def test_every_process_ended_well(runs):
    folder, reports = runs
    for run in reports:
        wanted = [-9] * 2 if "kill_at" in run else [0] * run.get("processes", 1)
        wanted = [1, -9] if "kill" in run else wanted
        assert run["codes"] == wanted, (run, log(folder, run["name"]))


@pytest.mark.parametrize("name", [name for name in SHARED if "bf16" not in name])
def test_the_run_of_one(runs, name):
    assert_same(runs[0], SHARED[name][0], name)


def test_on_disk_where_it_should_be(runs):
    folder, _ = runs
    kept = {path.parents[1].name for path in (folder / "cache").glob("*/plaudit/tokens")}
    assert kept == {path.parents[1].name for path in (folder / "cache").glob("*/plaudit/groups")} == DISK


@pytest.mark.parametrize("name", KILLED)
def test_killed_and_resumed(runs, name):
    assert_same(runs[0], "plain", name)


@pytest.mark.parametrize("name", LOST)
def test_whoever_is_left_says_in_a_line_that_another_has_ended(runs, name):
    *_, last = log(runs[0], name).splitlines()
    assert last.startswith("plaudit.errors.InvalidInputError: another process of this run has ended; ")
    assert last.endswith("; go on with --resume")


@pytest.mark.parametrize("name", [*SHARED])
def test_lines_count_all_processes_and_come_once(runs, name):
    folder, _ = runs
    alone, processes, _ = SHARED[name]
    one, all_of_them = lines(folder, alone), lines(folder, name)
    assert len(all_of_them) == len(one) >= 3
    for line, expected in zip(all_of_them, one, strict=True):
        tolerance = 0.03 if "bf16" in name else 2e-4
        assert numbers(line) == pytest.approx(numbers(expected), abs=tolerance), (line, expected)
    for rank in range(1, processes):
        assert "plaudit:" not in log(folder, name, rank)
        assert "step " not in log(folder, name, rank)
    assert log(folder, name).count("10% of the tokens are words that this backbone does not know") == 1


def test_the_best_checkpoint_is_kept_and_not_the_last(runs):
    folder, _ = runs
    losses = [numbers(line)[2] for line in lines(folder, "shares") if "validation" in line]
    assert losses[0] < losses[-1]
    record = json.loads((folder / "shares" / "plaudit.json").read_text())
    assert record["validation"]["loss"] == pytest.approx(losses[0], abs=1e-4)


def test_bf16_layers_leave_outputs_and_head_in_float32(runs):
    folder, _ = runs
    for name in ("bf16", "shares, bf16"):
        # Outputs, the head's weights, and whether an output is between two numbers of bfloat16.
        assert json.loads((folder / f"{name}.dtypes.json").read_text()) == [["torch.float32", "torch.float32", True]]
    # Every product in a layer is rounded to 8 bits, here one by one and there all weights first.
    assert_same(folder, "bf16", "shares, bf16", tolerance=2e-2)
