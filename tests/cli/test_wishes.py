"""What a flag or `--set` asks for is obeyed or refused by the verbs that train on their way to something else."""

import pytest
from toys import toy_backbone, toy_groups

from plaudit.data import write_groups

REFUSED = {
    "pretrain: a network that exists": (["pretrain", "-b", "BACKBONE", "--layers", 4], "layers=4 is of a network from"),
    "pretrain: masked of a decoder": (["pretrain", "-b", "BACKBONE", "--set", "masked=0.3"], "masked=0.3 is of encod"),
    "sft: an attribute nobody rated": (["sft", "-b", "BACKBONE", "--attribute", "tone"], "attribute=tone names rating"),
    "sft: nothing held out": (["sft", "-b", "BACKBONE", "--validation-share", 0.001], "validation_share=0.001 of the"),
    "losses: one loss": (["losses", "-b", "BACKBONE", "--set", "loss=hinge"], "loss=hinge is what is compared here"),
    "losses: no strength": (["losses", "-b", "BACKBONE", "--set", "margin=1"], "margin=1 adds to the gap by a ranking"),
    "doctor: steps of a plain model": (["doctor", "--set", "epochs=3"], "epochs=3 has no effect on bow, length; leave"),
    "doctor: no model": (["doctor", "-b", "none", "--set", "ties=half"], "ties=half has no effect without a model"),
    "doctor: a single run's": (["doctor", "--set", "validation_share=0.1"], "validation_share=0.1 is of a single run"),
}  # fmt: skip


@pytest.fixture
def data(tmp_path):
    write_groups(toy_groups(30), tmp_path / "data.jsonl")
    return tmp_path / "data.jsonl"


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(run, data, tmp_path, case):
    (verb, *more), says = REFUSED[case]
    if verb in ("pretrain", "sft"):
        pytest.importorskip("trl", reason="the sft extra is not installed")
    backbone = toy_backbone(tmp_path / "backbone")
    more = [backbone if part == "BACKBONE" else part for part in more]
    code, printed, said = run(verb, data, "-o", tmp_path / "out", *more)
    assert (code, printed) == (2, "")
    last = said.splitlines()[-1]
    assert last.startswith(f"plaudit: error: {says}")
    assert not list((tmp_path / "out").glob("*.safetensors"))


@pytest.mark.parametrize(
    "asked",
    [
        ["losses", "-b", "BACKBONE", "--losses", "bradley-terry,hinge", "--seeds", 2, "--baselines", "length"],
        ["doctor", "-b", "bow,BACKBONE", "--folds", 2, "--by", "prompt", "--seed", 0],
    ],
)
def test_what_a_verb_chooses_by_itself_was_asked_for_by_nobody(run, data, tmp_path, asked):
    backbone = str(toy_backbone(tmp_path / "backbone"))
    verb, *more = [str(part).replace("BACKBONE", backbone) for part in asked]
    code, _, said = run(verb, data, "-o", tmp_path / "out", *more, "--set", "epochs=1")
    assert code == 0, said
