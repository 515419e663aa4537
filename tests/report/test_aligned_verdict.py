"""What a run's figures allow to be claimed: gold decides, and without gold nobody knows."""

import numpy as np
import pytest
from align_samples import run_files
from report_samples import found, no_interval

from plaudit.alignment import AlignmentSettings
from plaudit.alignment.evaluating import PolicyEvaluation, mean_over_prompts
from plaudit.alignment.stopping import find_alarm
from plaudit.report.aligned.run import AlignmentRun
from plaudit.report.aligned.verdict import judge_run, word
from plaudit.report.labels import reason_label


def judged(*, gains=None, after=None, probes=None, **more):
    record, rows, samples = run_files(**more)
    record["test"]["gain"] |= gains or {}
    record["test"]["after"] |= after or {}
    for row in rows:
        if row["kind"] == "evaluation" and row["set"] == "test":
            row["probes"] = probes or {}
    run = AlignmentRun.read(record, rows, samples)
    return run, judge_run(run)


def claims(verdict):
    return [finding.sentence.plain("en") for finding in verdict.findings]


@pytest.mark.parametrize(
    ("gold", "signal", "said"),
    [
        (found(0.4), "sound", "The answers got better"),
        (found(-0.4), "unfit", "The answers got worse"),
        (found(0.01), "care", "Not shown to have got better"),
        (no_interval(0.4), "care", "Not shown to have got better"),
    ],
)
def test_gold_decides(gold, signal, said):
    run, verdict = judged(gains={"gold": gold})
    assert (verdict.signal, word(run, verdict).plain("en")) == (signal, said)


def test_without_gold_nobody_knows():
    run, verdict = judged(gold=False)
    assert verdict.signal == "unknown"
    assert word(run, verdict).plain("en") == "Whether the answers got better is not known"
    assert any("a reward can rise while they get worse" in claim for claim in claims(verdict))
    reward = next(finding for finding in verdict.findings if "The reward rose" in finding.sentence.plain("en"))
    assert reward.tone == "open"


def test_a_reward_that_rises_alone_is_a_fault():
    _, verdict = judged(gains={"gold": found(-0.01)})
    assert any("what is optimised is not what is wanted" in claim for claim in claims(verdict))
    _, verdict = judged(gains={"gold": found(0.4)})
    assert not any("what is optimised is not what is wanted" in claim for claim in claims(verdict))


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ({"ended": found(-0.2)}, "Fewer answers end by themselves"),
        ({"distinct": found(-0.2)}, "Fewer answers differ from all others"),
        ({"distinct_within": found(-0.2)}, "Fewer answers to the same prompt differ"),
        ({"repeated": found(0.2)}, "Answers repeat themselves more"),
        ({"spread": found(0.2)}, "agree less about the answers"),
    ],
)
def test_faults_of_answers_are_named_and_take_the_green_light_away(gains, said):
    run, verdict = judged(gains=gains)
    assert any(said in claim for claim in claims(verdict))
    assert verdict.signal == "care"
    assert word(run, verdict).plain("en") == "The answers got better, with something to beware of"


@pytest.mark.parametrize(("length", "said"), [(80.0, "longer"), (20.0, "shorter"), (52.0, None)])
def test_another_length_is_named(length, said):
    _, verdict = judged(after={"length": found(length)})
    named = [claim for claim in claims(verdict) if claim.startswith("Answers are")]
    assert [claim.split(":")[0] for claim in named] == ([f"Answers are {said}"] if said else [])


def test_probes_that_raise_the_reward_are_named():
    _, verdict = judged(probes={"padding": found(0.3), "praise": found(-0.3), "echo": found(0.01)})
    (claim,) = [claim for claim in claims(verdict) if "would pay" in claim]
    assert claim.endswith(": three empty sentences at the end")


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, "Kept is the policy after step 20: of 3 evaluations on the validation prompts, gold is highest there."),
        ({"gold": False}, "Kept is the policy after step 20, the last one evaluated: no alarm sounded."),
        ({"kept": 0}, "Kept is the untrained policy: of 3 evaluations"),
    ],
)
def test_which_policy_is_kept_and_why(more, kept):
    _, verdict = judged(**more)
    assert verdict.cautions.plain("en").startswith(kept)
    assert verdict.cautions.plain("en").endswith("The run went on to its end, step 20.")


def test_why_it_stopped():
    alarm = {"step": 20, "reason": "kl budget", "needs_gold": False}
    says = "an answer's KL from the untrained policy is 9.1 nats, above the budget of 8"
    _, verdict = judged(gold=False, kept=10, stopped=alarm | {"says": says})
    assert verdict.cautions.plain("en") == (
        "Kept is the policy after step 10, the last one evaluated before the alarm. "
        f"The run stopped after step 20: {says}."
    )
    assert "每个回答与未训练策略的 KL 为 9.1 奈特，超过预算 8" in verdict.cautions.plain("zh")


def test_prompts_that_also_chose_the_policy_flatter_it():
    record, rows, samples = run_files()
    for row in rows:
        if row["kind"] == "evaluation":
            row["by_prompt"] = {"reward": [row["step"], 1.0]}
    verdict = judge_run(AlignmentRun.read(record, rows, samples))
    assert any("it flatters" in claim for claim in claims(verdict))


def evaluated(step, **by_prompt):
    values = {name: np.array(some, dtype=float) for name, some in by_prompt.items()}
    measured = {name: mean_over_prompts(some) for name, some in values.items()}
    return PolicyEvaluation(step, "validation", measured, values, [], {}, [], np.zeros(0), None)


USUAL = {"kl": [1, 1.2], "distinct": [1, 1], "ended": [1, 1], "entropy": [1, 1.1]}
ALARMS = {
    "kl": ([{}, {"kl": [9, 9.5]}], {"kl_budget": 5.0}),
    "distinct": ([{}, {"distinct": [0.1, 0.2]}], {}),
    "ended": ([{}, {"ended": [0.1, 0.2]}], {}),
    "entropy": ([{}, {"entropy": [0.1, 0.1]}], {}),
    "gold fell": ([{"gold": [2.0, 2.1, 1.9, 2.0] * 5}, {"gold": [1.0, 1.1, 0.9, 1.05] * 5}], {}),
    "gold flat": (
        [{"gold": [1.0, 1.1], "reward": [0, 0.1]}] * 2 + [{"gold": [1.0, 1.1], "reward": [2, 2.15]}],
        {"patience": 1},
    ),
    "spread": ([{"spread": [0.1, 0.2]}, {"spread": [0.5, 0.6]}], {}),
}


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_every_alarm_is_told_in_chinese_too(name):
    changes, settings = ALARMS[name]
    usual = {} if "gold" in name else USUAL
    evaluations = [evaluated(step, **(usual | change)) for step, change in enumerate(changes)]
    alarm = find_alarm(evaluations, AlignmentSettings(**settings))
    assert alarm is not None
    told = reason_label(alarm.says)
    assert told.plain("en") == alarm.says
    assert "fallen" not in told.plain("zh")
    assert "reward" not in told.plain("zh")
