"""The verdict's rules, on figures made by hand: no more is said than intervals allow."""

import pytest
from report_samples import evaluation, exactly, found, measured, metrics, no_interval, probe, sound_metrics

from plaudit.report import judge as judge_evaluation
from plaudit.report.rules.finding import listed, standing


def judge(row):
    return judge_evaluation(evaluation(row))


def keys(row, side=None):
    """What is said, but for "no probes were run"."""
    return {
        (finding.sentence.key.removeprefix("verdict."), finding.tone)
        for finding in judge(row).findings
        if side in (None, finding.side) and finding.sentence.key != "verdict.probes_none"
    }


@pytest.mark.parametrize(
    ("row", "stands"),
    [
        (found(0.6), "above"),
        (found(0.55), "open"),  # the interval ends at the line
        (found(0.5), "open"),
        (found(0.4), "below"),
        (no_interval(0.9), "unsure"),
        (found(None), "none"),
    ],
)
def test_a_side_is_taken_only_by_a_whole_interval(row, stands):
    assert standing(measured(row), 0.5) == stands


@pytest.mark.parametrize(
    ("accuracy", "lead", "signal", "headline"),
    [
        (found(0.7), found(0.2), "care", "headline.above_above"),
        (found(0.7), found(0.02), "care", "headline.above_open"),
        (found(0.7), found(-0.2), "unfit", "headline.above_below"),
        (found(0.7), found(None), "care", "headline.above"),
        (found(0.52), found(0.2), "unfit", "headline.open"),
        (found(0.3), found(-0.2), "unfit", "headline.below"),
        (no_interval(0.9), found(None), "unknown", "headline.unsure"),
        (found(None), found(None), "unknown", "headline.none"),
    ],
)
def test_signal_and_headline(accuracy, lead, signal, headline):
    verdict = judge({"accuracy": accuracy, "lead_over_length": lead})
    assert (verdict.signal, verdict.headline.key) == (signal, headline)


def test_nothing_at_all_is_a_verdict_too():
    verdict = judge({})
    assert (verdict.signal, verdict.findings) == ("unknown", ())


def test_one_fault_takes_the_green_away():
    assert judge(sound_metrics()).signal == "sound"
    assert judge(sound_metrics() | {"temperature": found(1.5, 0.1)}).signal == "care"
    assert judge(metrics()).signal == "care"


def test_nobody_tried_is_not_stood_up_to():
    row = {"accuracy": found(0.7), "lead_over_length": found(0.2)}
    assert "No probes were run, so whether it can be misled is unknown." in [
        f.sentence.plain("en") for f in judge(row).findings
    ]
    assert judge(row | {"probes": {"probes": [probe("a", "x", 0, "sound")]}}).signal == "sound"
    assert judge(row | {"probes": {"probes": [probe("a", "x", 0, "unsure")]}}).signal == "care"


def test_ratings_alone_are_judged_by_their_order():
    verdict = judge({"accuracy": found(None), "ratings": {"a": {"spearman": found(0.4)}, "b": {"spearman": found(0)}}})
    assert verdict.signal == "care"
    assert verdict.headline.plain("en") == "Its rewards follow people's ratings on 1 of 2 attributes."
    assert keys({"ratings": {"a": {"spearman": found(-0.4)}}}) == {("rated_below", "bad")}
    unsure = judge({"ratings": {"a": {"spearman": no_interval(0.4)}}})
    assert (unsure.signal, unsure.headline.key) == ("unknown", "headline.unsure")


def test_overlapping_with_people_is_left_open():
    assert ("people_open", "open") in keys({"accuracy": found(0.7), "human_accuracy": found(0.75)}, "sure")
    assert ("people_below", "bad") in keys({"accuracy": found(0.7), "human_accuracy": found(0.85)}, "misleads")
    assert ("people_above", "good") in keys({"accuracy": found(0.7), "human_accuracy": found(0.55)}, "use")


def test_baselines_are_named_one_by_one():
    baselines = {"bow": {"lead": found(0.0)}, "frozen:x": {"lead": found(-0.2)}, "length": {"lead": no_interval(0.1)}}
    assert keys({"baselines": baselines}) == {
        ("baseline_open", "open"),
        ("baseline_below", "bad"),
        ("baseline_unsure", "open"),
    }


def test_ratings_are_held_against_length_and_the_best_constant():
    row = {
        "spearman": found(0.4),
        "lead_over_length": found(-0.2),
        "lead_over_constant": found(0.0),
        "kendall_within": found(0.1),
        "length_kendall_within": found(0.3),
    }
    assert keys({"ratings": {"a": row}}, "misleads") == {
        ("rated_length_below", "bad"),
        ("rated_constant_open", "open"),
        ("rated_within", "bad"),
    }


def test_best_of_several_is_held_against_its_own_chance():
    assert keys({"top1": found(0.4), "top1_chance": exactly(0.25)}) == {("top1_above", "good")}
    assert keys({"top1": found(0.28), "top1_chance": exactly(0.25)}) == {("top1_open", "open")}
    assert keys({"top1": found(0.1), "top1_chance": exactly(0.25)}) == {("top1_below", "bad")}


def test_subsets_that_fail_are_named_and_luck_is_counted():
    subsets = {f"s{i}": {"accuracy": found(0.4 if i < 2 else 0.52 if i < 3 else 0.7)} for i in range(20)}
    subsets["s19"]["lead_over_length"] = found(-0.3)
    assert keys({"subsets": subsets}) == {
        ("subsets_below", "bad"),
        ("subsets_open", "open"),
        ("subsets_length", "bad"),
        ("subsets_luck", "open"),
    }
    said = next(f.sentence for f in judge({"subsets": subsets}).findings if f.sentence.key == "verdict.subsets_below")
    assert said.plain("en") == "Worse than a coin in 2 of 20 subsets: s0, s1."


def test_a_long_list_is_counted_out():
    assert listed(list("abcdefg")).plain("en") == "a, b, c, d, e and 2 more"
    assert listed(list("abcdefg")).plain("zh") == "a、b、c、d、e等，另有 2 个"


@pytest.mark.parametrize(
    ("shorter", "longer", "key"),
    [(0.5, 0.8, "leans_long"), (0.8, 0.5, "leans_short"), (0.7, 0.75, None)],
)
def test_a_leaning_towards_length_needs_intervals_apart(shorter, longer, key):
    lengths = [
        {"low": -200, "high": -10, "accuracy": found(shorter)},
        {"low": 0, "high": 0, "accuracy": found(0.5, 0.4)},
        {"low": 10, "high": 200, "accuracy": found(longer)},
    ]
    assert keys({"lengths": lengths}) == ({(key, "bad")} if key else set())


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"temperature": found(1.5, 0.2)}, ("overconfident", "bad")),
        ({"temperature": found(0.5, 0.2)}, ("underconfident", "bad")),
        ({"temperature": found(1.1, 0.2), "ece": found(0.1), "ece_chance": exactly(0.02)}, ("miscalibrated", "bad")),
    ],
)
def test_confidence_is_judged_by_temperature_first(row, key):
    assert keys(row) == {key}


def test_being_calibrated_is_worth_something_to_a_model_that_knows_something():
    row = {"ece": found(0.04), "ece_chance": exactly(0.02)}
    assert ("calibrated", "good") in keys(row | {"accuracy": found(0.7)})
    assert ("calibrated", "good") not in keys(row | {"accuracy": found(0.5)})


def test_probes_are_sorted_by_what_they_found():
    tried = [probe("a", "x", 1, "misled"), probe("b", "x", 0, "sound"), probe("c", "x", 0, "unsure")]
    tried.append({"name": "d", "finding": "undefined", "reason": "nothing"})
    assert keys({"probes": {"probes": tried}}) == {
        ("probes_misled", "bad"),
        ("probes_sound", "good"),
        ("probes_unsure", "open"),
        ("probes_undefined", "open"),
    }


def test_families_that_mislead_are_counted_and_the_strongest_probe_is_named():
    tried = [probe("a", "tone", 0.2, "misled"), probe("b", "tone", 0.3, "sound"), probe("c", "order", 0.1, "sound")]
    tried += [probe("d", "length", -0.5, "misled"), probe("e", "length", 0.4, "misled")]
    misled, sound = judge({"probes": {"probes": tried}}).findings
    assert misled.sentence.plain("en") == (
        "Changes that should not pay move its reward, in 3 of 5 probes: length (2 of 2), tone (1 of 2). "
        "Most of all: doing d, −0.50 [−0.55,\u00a0−0.45] sd."
    )
    assert sound.sentence.plain("en") == "Not taken in by 2 of 5 probes, among them all of these: order."


def test_a_broken_invariance_is_a_fault_and_what_does_not_apply_is_not_counted():
    held, broken, idle = ({"name": name, "ok": ok} for name, ok in (("a", True), ("b", False), ("c", None)))
    assert keys({"invariance": {"checks": [held, broken]}}) == {("varies", "bad")}
    (finding,) = judge({"invariance": {"checks": [held, idle]}}).findings
    assert finding.sentence.plain("en") == "The score does not depend on how it is computed (1 check)."
    assert keys({"invariance": {"checks": [idle]}}) == set()


def test_few_prompts_and_what_was_left_out_are_said():
    row = {
        "accuracy": found(0.7, 0.04),
        "counts": {"clusters": 5, "truncated": 3, "rejected_rows": 1, "baselines_left_out": 0},
    }
    assert keys(row, "sure") == {
        ("width", "good"),
        ("few", "open"),
        ("truncated", "open"),
        ("rejected_rows", "open"),
    }


def test_a_wide_interval_and_people_who_do_not_agree_are_nothing_to_rely_on():
    row = {"accuracy": found(0.7, 0.04), "counts": {"clusters": 50}, "human_alpha": found(0.8)}
    assert keys(row, "sure") == {("width", "good"), ("alpha", "good")}
    row = {"accuracy": found(0.7, 0.06), "counts": {"clusters": 50}, "human_alpha": found(0.66)}
    assert keys(row, "sure") == {("width", "open"), ("alpha", "open")}


def test_prompts_that_teach_nothing_are_a_fault_where_there_are_surely_some():
    assert keys({"rewards": {"prompts_without_spread": found(0.3)}}) == {("flat", "bad")}
    assert keys({"rewards": {"prompts_without_spread": found(0.05)}}) == set()


@pytest.mark.parametrize(
    ("lead", "en", "zh"),
    [
        (-0.2, "does better than it: by 20.0 [15.0,\u00a025.0] points.", "高出 20.0 [15.0,\u00a025.0] 个百分点。"),
        (0.01, "its lead is +1.0 [−4.0,\u00a0+6.0] points.", "领先幅度为 +1.0 [−4.0,\u00a0+6.0] 个百分点。"),
        (
            0.2,
            "20.0 [15.0,\u00a025.0] points ahead of picking the longer response.",
            "高 20.0 [15.0,\u00a025.0] 个百分点。",
        ),
    ],
)
def test_a_sentence_that_says_who_is_ahead_has_no_sign(lead, en, zh):
    """Leads are measured from the model's side; the one that is ahead is ahead by a positive number of points."""
    (finding,) = (f for f in judge({"lead_over_length": found(lead)}).findings)
    assert finding.sentence.plain("en").endswith(en)
    assert finding.sentence.plain("zh").endswith(zh)


def test_baselines_and_length_are_ahead_by_a_positive_number_too():
    baselines = {"bow": {"lead": found(-0.1)}}
    (baseline,) = judge({"baselines": baselines}).findings
    assert "a bag of words does better on the same judgements: by 10.0 [5.0,\u00a015.0]" in baseline.sentence.plain(
        "en"
    )
    assert "高出 10.0" in baseline.sentence.plain("zh")
    _, length = judge({"ratings": {"a": {"spearman": found(0.4), "lead_over_length": found(-0.2)}}}).findings[:2]
    assert length.sentence.plain("en").endswith("higher by 0.20 [0.15,\u00a00.25].")
    assert length.sentence.plain("zh").endswith("高出 0.20 [0.15,\u00a00.25]。")


def test_an_alpha_below_zero_has_a_minus():
    row = {"human_alpha": {"value": 0.29, "low": -0.09, "high": 0.67, "n": 74}}
    assert "[−0.09,\u00a00.67]" in judge(row).findings[0].sentence.plain("en")


@pytest.mark.parametrize(
    ("counts", "en", "zh"),
    [
        ({"truncated": 1}, "1 response was cut before it was scored.", "有 1 个回答在打分前被截断。"),
        ({"truncated": 2}, "2 responses were cut before they were scored.", "有 2 个回答在打分前被截断。"),
        (
            {"rejected_rows": 1},
            "1 row of the data could not be read and is not in these figures.",
            "数据中有 1 行无法读取，不在这些数字里。",
        ),
    ],
)
def test_one_is_not_spoken_of_as_several(counts, en, zh):
    (finding,) = judge({"counts": counts}).findings
    assert (finding.sentence.plain("en"), finding.sentence.plain("zh")) == (en, zh)


def test_faults_are_summed_up_in_a_sentence():
    """Worse than length and a bag of words; accuracy beside a coin is open, and no probes were run."""
    row = {"accuracy": found(0.5), "lead_over_length": found(-0.2), "baselines": {"bow": {"lead": found(-0.1)}}}
    assert judge(row).cautions.plain("en") == "2 kinds of fault were found; 2 could not be ruled out."
    assert judge(row).cautions.plain("zh") == "发现 2 类缺陷，2 类未能排除。"
    del row["baselines"]
    assert judge(row).cautions.plain("en") == "1 kind of fault was found; 2 could not be ruled out."
