"""The page of an alignment run as text: whole, in both languages, escaped, tolerant of what is missing, and small."""

import re

import pytest
from align_samples import best_of_n, evaluation_row, run_files, sample_row, step_row
from html_pages import Page
from report_samples import HOSTILE, no_interval

from plaudit.report import alignment_page
from plaudit.report.aligned.samples import EACH, chosen

SECTIONS = [
    "verdict",
    "aligned_path",
    "aligned_result",
    "aligned_steps",
    "aligned_learned",
    "aligned_samples",
    "record",
]


def words(*files, **more):
    return re.sub(r"\s+", " ", Page(alignment_page(*files, **more)).words)


def test_every_section_is_there_in_its_order():
    page = alignment_page(*run_files())
    assert re.findall(r'<section id="(\w+)"', page) == SECTIONS
    assert "On the test prompts gold rose, and the reward rose." in Page(page).words
    assert "在测试提示上，真值升高，奖励升高。" in Page(page).words


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_opens_in_its_language_and_holds_both(language):
    page = alignment_page(*run_files(), language=language)
    assert f'<html lang="{language}">' in page
    assert page.count('class="en"') == page.count('class="zh"') > 100
    assert page.count('class="end en axis-name"') == page.count('class="end zh axis-name"') > 5


def test_no_english_sentence_is_left_where_the_page_is_chinese():
    """What is shown whatever the language is: names, numbers, and single terms."""
    page = alignment_page(*run_files(name="甲", stopped=None))
    both = re.sub(r'<(span|text) class="[^"]*\ben\b.*?</\1>', "", page, flags=re.DOTALL)
    body = both[both.index("<body>") :]
    left = re.findall(r"[A-Za-z]{3,} [A-Za-z]{3,}", re.sub(r"<[^>]*>", "\n", body))
    assert left == []


def test_nothing_runs_and_nothing_is_loaded():
    page = alignment_page(*run_files(best_of_n=best_of_n()))
    assert "default-src 'none'" in page
    assert not {"script", "link", "iframe", "img", "object", "form", "base"} & Page(page).tags
    assert "http" not in page.replace("http-equiv", "")
    assert "url(" not in page


def test_ids_are_unique_and_links_stay_on_the_page():
    page = Page(alignment_page(*run_files(best_of_n=best_of_n())))
    assert len(page.ids) == len(set(page.ids))
    links = [value.removeprefix("#") for name, value in page.attributes if name == "href"]
    described = [value for name, value in page.attributes if name in ("aria-labelledby", "for")]
    assert {*links, *described} <= set(page.ids)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_policy_writes_stays_text_wherever_it_stands(name):
    plain, page = Page(alignment_page(*run_files())), Page(alignment_page(*run_files(name=name)))
    assert page.tags == plain.tags
    assert {key for key, _ in page.attributes} == {key for key, _ in plain.attributes}
    assert not set("\x00\x1b\u202e\u2066") & set(page.words)
    assert "{{ 7 * 7 }}" not in name or "{{ 7 * 7 }}" in page.words
    alignment_page(*run_files(name=name)).encode("utf-8")


@pytest.mark.parametrize("without", ["test", "prompts", "settings", "scale", "reward", "versions", "backbone"])
def test_a_record_without_some_of_it_is_a_page(without):
    record, rows, samples = run_files()
    del record[without]
    assert not re.search(r"\bNone\b(?! of them)", words(record, rows, samples))


def test_a_page_of_nothing_says_what_is_missing():
    said = words({}, [], [])
    for text in ("No evaluation was recorded", "No result on test prompts", "No answers were recorded", "No probe"):
        assert text in said


def test_best_of_n_stands_beside_the_run_and_the_caption_says_that_it_needs_less_kl():
    bare, page = words(*run_files()), words(*run_files(best_of_n=best_of_n()))
    assert "best of n by the same reward" not in bare
    assert "reinforcement learning needs more KL for the same gain" in page
    assert "n = 4" in page
    assert "0.80" in page  # √0.64, in the table


def test_best_of_n_without_gold_is_drawn_of_the_reward_alone():
    page = alignment_page(*run_files(gold=False, best_of_n=best_of_n(gold=False)))
    assert page.count("<title>n = 4") == 1
    assert "No gold was given" in page


def test_a_table_says_what_a_plot_shows():
    page = words(*run_files())
    # Validation: KL 0.04 a step, reward 0.05 a step with an interval of ±0.1.
    for text in ("0.40 [0.39, 0.41]", "+0.50 [+0.40, +0.60]", "+1.00 [+0.90, +1.10]"):
        assert text in page.replace("\u00a0", " ")


def test_the_alarm_and_the_policy_kept_are_marked_in_every_plot():
    alarm = {"step": 20, "reason": "kl budget", "says": "so", "needs_gold": False}
    page = alignment_page(*run_files(kept=10, stopped=alarm))
    plots = page.count('<div class="panel">')
    keys = 3  # the keys of the three grids
    assert page.count('<line class="kept"') == page.count('<line class="alarm"') == plots + keys


def test_long_runs_make_no_huge_page():
    record, _, samples = run_files()
    rows = [step_row(step) for step in range(1, 3001)]
    rows += [evaluation_row(step, "validation", 0.1) for step in range(0, 3001, 10)]
    page = alignment_page(record, rows, samples)
    assert len(page) < 1_500_000
    assert "2976–3000" in page  # 3,000 steps in 120 points of 25


def test_huge_answers_make_no_huge_page():
    record, rows, _ = run_files()
    samples = [sample_row(place, "word " * 100_000) for place in range(30)]
    assert len(alignment_page(record, rows, samples)) < 400_000


def test_a_cut_answer_is_marked():
    record, rows, _ = run_files()
    assert "cut: it never ended" in words(record, rows, [sample_row(1)])
    assert "cut: it never ended" not in words(record, rows, [sample_row(2)])


@pytest.mark.parametrize(("judged", "best"), [("reward", [19, 18, 17, 16]), ("gold", [0, 1, 2])])
def test_samples_are_the_largest_gains_the_largest_losses_and_some_others(judged, best):
    rows = [sample_row(place) for place in range(20)]
    kinds = {kind: [row["id"] for row in some] for kind, some in chosen(rows, judged)}
    assert kinds["best"] == [f"say {place}" for place in best]
    assert kinds["worst"] == [f"say {place}" for place in ([0, 1, 2] if judged == "reward" else [19, 18, 17, 16])]
    assert len(kinds["drawn"]) == EACH
    assert not {*kinds["drawn"]} & {*kinds["best"], *kinds["worst"]}
    assert chosen(rows, judged) == chosen(rows, judged)


def test_why_something_has_no_interval_is_said_once():
    record, rows, samples = run_files()
    one = {name: no_interval(0.5) for name in record["test"]["gain"]}
    record["test"] = dict.fromkeys(("before", "after", "gain"), one)
    assert words(record, rows, samples).count("Without an interval: ") == 1


def test_rounds_are_called_rounds():
    page = words(*run_files(method="dpo", kept=2))
    assert "after round 2" in page
    assert "after step" not in page
