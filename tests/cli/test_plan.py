"""`plaudit train --plan`: a table or one JSON object, and nothing written."""

import json
from dataclasses import replace

import pytest
from rich.cells import cell_len
from toys import toy_backbone, toy_groups

from plaudit.cli.plan_tables import _duration, show_plan
from plaudit.data import write_groups
from plaudit.training import plan_training
from plaudit.training.planning.plan import Remedy


def everything(folder):
    return sorted(str(path) for path in folder.rglob("*"))


def test_a_plan_is_told_and_nothing_is_written(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    toy_backbone(tmp_path / "backbone")
    write_groups(toy_groups(40), tmp_path / "d.jsonl")
    before = everything(tmp_path)
    asked = ["train", "d.jsonl", "--plan", "-b", "backbone", "--gpus", "2xl4", "--mfu", "0.2"]
    code, out, said = run(*asked, "--json")
    assert code == 0, said
    plan = json.loads(out)
    assert (plan["machine"]["name"], plan["machine"]["count"], plan["mfu"], plan["fits"]) == ("l4", 2, 0.2, True)
    seconds = plan["arithmetic"]["total"] / (2 * 121e12 * 0.2)
    assert plan["hours"] == pytest.approx(seconds / 3600)
    code, out, said = run(*asked)
    assert code == 0, said
    assert max(map(cell_len, out.splitlines())) <= 80
    assert f"{plan['workload']['epoch']['tokens']:,}" in out
    assert "estimated, at an assumed MFU of 0.2" in out
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--plan", "-o", "out"], "--plan writes nothing, so it has no --output; leave one of the two out"),
        ([], "--output is missing; name the model folder: -o FOLDER; or ask for a --plan"),
        (["-o", "out", "--gpus", "8xh100"], "--gpus is of a plan; add --plan, or leave it out"),
        (["--plan", "--resume"], "--plan starts nothing, so there is nothing to --resume; leave one of them out"),
        (["-o", "out", "--json"], "--json is of a plan; add --plan, or leave it out"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(run, flags, says):
    code, out, said = run("train", "d.jsonl", *flags)
    assert (code, out) == (2, "")
    assert said.strip().splitlines() == [f"plaudit: error: {says}"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.03, "under 1 s"), (42, "42 s"), (360, "6 min"), (7200, "2.0 h"), (1_234_567 * 3600, "1,234,567.0 h")],
)
def test_a_time_is_told_in_the_unit_that_it_is_long_in(seconds, shown):
    assert _duration(seconds) == shown


def test_each_remedy_is_added_to_those_before_it(capsys, tmp_path):
    plan = plan_training(toy_groups(12), toy_backbone(tmp_path / "backbone"))
    changes = ("gradient_checkpointing=true", "trainable=lora weights=bf16", "GPUs with more memory")
    show_plan(replace(plan, remedies=tuple(Remedy(change, 2e9, fits=False) for change in changes)))
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "--set gradient_checkpointing=true: 2.00 GB, does not fit either",
        "and --set trainable=lora --set weights=bf16: 2.00 GB, does not fit either",
        "and GPUs with more memory: 2.00 GB, does not fit either",
    ]
