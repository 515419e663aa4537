"""One run in two processes, as `torchrun` starts them, is the run of one."""

import json
import subprocess
import sys

import pytest
import torch
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.data import write_groups


def test_two_processes_make_the_model_of_one(tmp_path):
    # 19 groups learned from in steps of 6: the last step of a pass has one group, and one process none.
    backbone, groups = toy_backbone(tmp_path / "backbone"), toy_groups(22, responses=3, annotator="a7")
    write_groups(groups, tmp_path / "data.jsonl")
    options = {
        "validation_share": 0.15,
        "learning_rate": 0.01,
        "epochs": 2,
        "groups_per_step": 6,
        "precision": "fp32",
        "report_to": "none",
        "annotators": True,
        "heads": 2,
        "batch_tokens": 40,
    }
    alone = plaudit.train(groups, tmp_path / "one", backbone, **options)
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *("-m", "plaudit.cli", "train", str(tmp_path / "data.jsonl"), "-o", str(tmp_path / "two")),
            *("--backbone", str(backbone), "--overwrite", "--sharding", "fsdp"),
            *(f"--set={name}={value}" for name, value in options.items()),
        ],
        capture_output=True,
        text=True,
        timeout=3600,
    )
    assert finished.returncode == 0, finished.stderr
    records = [json.loads((tmp_path / name / "plaudit.json").read_text()) for name in ("one", "two")]
    assert records[0]["steps"] == records[1]["steps"] == 8
    assert abs(records[0]["validation"]["loss"] - records[1]["validation"]["loss"]) < 1e-4
    for one, two in zip(*(record["annotators"].values() for record in records), strict=True):
        assert two == pytest.approx(one, abs=2e-4)
    assert not (tmp_path / "two" / "checkpoints").exists()
    # Each line once, not once a process.
    looks = [line for line in finished.stderr.splitlines() if "validation: loss" in line]
    assert len(looks) == len(set(looks)) == 4
    assert finished.stderr.count("The model is in") == finished.stderr.count("tokens are words that this backbone") == 1
    together = plaudit.RewardModel.from_pretrained(tmp_path / "two")
    for (name, one), two in zip(alone.network.named_parameters(), together.network.parameters(), strict=True):
        # AdamW divides by small second moments, so the two sums' rounding grows; a lost share would show as 1e-2.
        assert torch.allclose(one, two, atol=2e-4), name
