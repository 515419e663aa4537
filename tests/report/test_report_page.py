"""The page as text: whole, escaped, tolerant of whatever is missing, and small."""

import re

import pytest
from html_pages import Page
from report_samples import HOSTILE, evaluation, explanation, found, measured, metrics, voted

from plaudit.groups import Group, Ranking
from plaudit.report import ReportInputs, render_report, worst_mistakes, write_report
from plaudit.report.sections.subsets import _bin


def material(name="chat", **more):
    """Everything in it is called `name`."""
    response = (name, f"{name} and more")
    groups = [
        Group(
            name, ({"role": name, "content": name}, {"role": "user", "content": name}), response, (vote,), subset=name
        )
        for vote in [Ranking(((0,), (1,)), annotator=name)]
    ]
    wrong = worst_mistakes(groups, [[0.0, 1.0]])
    explained = [explanation(name, index, name) for index in (0, 1)]
    kinds = {"longer": measured(found(0.6)), "sure": measured(found(0.2)), "disputed": measured(found(None))}
    inputs = {"mistakes": wrong, "kinds": kinds, "explanations": explained, "command": name, "title": name}
    return ReportInputs(**({"evaluation": evaluation(metrics(name))} | inputs | more))


def page_of(row):
    return render_report(ReportInputs(evaluation=evaluation(row)))


def test_every_section_is_there_in_its_order():
    page = render_report(material())
    sections = re.findall(r'<section id="(\w+)"', page)
    assert sections == ["verdict", "glance", "where", "trust", "rewards", "rated", "probed", "wrong", "record"]
    words = Page(page).words
    for text in (
        "70.0%",
        "[65.0,\u00a075.0%]",
        "70.0% [65.0",
        "Of use, with care",
        "可用，但须留意",
        "73.1% sure",
        "folder/chat",
    ):
        assert text.replace("\u00a0", " ") in words.replace("\u00a0", " ")


def test_ids_are_unique_and_links_stay_on_the_page():
    page = Page(render_report(material()))
    assert len(page.ids) == len(set(page.ids))
    links = [value for name, value in page.attributes if name in ("href", "src", "action", "xlink:href")]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(page.ids)


def test_nothing_runs_and_nothing_is_loaded():
    page = render_report(material())
    assert "default-src 'none'" in page
    assert not {"script", "link", "iframe", "img", "object", "form", "base"} & Page(page).tags
    assert "http" not in page.replace("http-equiv", "")
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text_wherever_it_stands(name):
    plain, page = Page(render_report(material())), Page(render_report(material(name)))
    assert page.tags == plain.tags
    assert {key for key, _ in page.attributes} == {key for key, _ in plain.attributes}
    assert not any((value or "").lower().startswith("javascript") for _, value in page.attributes)
    assert not set("\x00\x1b\u202e\u2066") & set(page.words)
    assert "49" not in page.words or "{{ 7 * 7 }}" not in name or "{{ 7 * 7 }}" in page.words


@pytest.mark.parametrize("name", HOSTILE)
def test_any_page_can_be_written(name, tmp_path):
    write_report(material(name), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_bytes().decode("utf-8").startswith("<!doctype html>")


def test_huge_responses_make_no_huge_page():
    name = "word " * 200_000
    groups = [voted(f"g{i}", [(0, 1, "a")], (name, name + "x"), name) for i in range(12)]
    wrong = worst_mistakes(groups, [[0.0, 1.0]] * 12)
    page = render_report(material(mistakes=wrong, explanations=[explanation("g0", 0, name)]))
    assert len(page.encode()) < 300_000
    assert "998,000 more characters are not shown." in Page(page).words


def test_many_subsets_and_names_of_any_length_make_no_huge_page():
    subsets = {f"{i} " + "x" * 5000: {"accuracy": found(0.5 + i / 1000)} for i in range(400)}
    page = page_of(metrics() | {"subsets": subsets})
    assert len(page.encode()) < 300_000
    assert "280 more subsets are in metrics.json." in Page(page).words


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "Nothing could be measured on these data."),
        ({"accuracy": found(None)}, "Accuracy is undefined: there is nothing to measure."),
        ({"accuracy": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 9}}, "No probes were run"),
        ({"ratings": {"a": {"spearman": found(None)}}}, "Correlations for a are undefined"),
    ],
)
def test_what_is_missing_is_said_or_absent(row, said):
    assert said in Page(page_of(row)).words


def undefined_everywhere(row):
    if isinstance(row, dict):
        if "value" in row and "n" in row:
            return found(None)
        return {key: undefined_everywhere(value) for key, value in row.items()}
    return [undefined_everywhere(value) for value in row] if isinstance(row, list) else row


def test_undefined_everywhere_is_a_page():
    page = Page(page_of(undefined_everywhere(metrics())))
    assert "Cannot be judged from these data" in page.words
    assert "nan" not in page.words.lower().split()
    assert "None" not in page.words


@pytest.mark.parametrize("junk", [{}, {"group": [], "response": {}}, {"tokens": "x", "sentences": [1, None]}])
def test_broken_explanations_are_left_out(junk):
    row = {"group": "chat", "response": 0} | junk
    Page(render_report(material(explanations=[row])))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_opens_in_its_language_and_holds_both(language):
    page = render_report(material(language=language))
    assert f'<html lang="{language}">' in page
    assert re.search(rf'id="to-{language}" checked', page)
    assert page.count('class="en"') == page.count('class="zh"') > 50


def test_ratings_have_subsets_too():
    rated = {
        name: {"ratings": {"helpful": {"spearman": found(value)}}} for name, value in (("easy", 0.6), ("hard", 0.1))
    }
    page = page_of({"ratings": {"helpful": {"spearman": found(0.4)}}, "subsets": rated})
    assert page.index("<bdi>hard</bdi>") < page.index("<bdi>easy</bdi>")


@pytest.mark.parametrize(
    ("record", "title"),
    [
        ({"model": "/a/b/pandalm"}, "pandalm"),
        ({"model": "demo/model/"}, "demo/model"),
        ({"backbone": "bow"}, "bow"),
    ],
)
def test_a_page_without_a_title_is_called_after_its_model(record, title):
    assert f"<h1><bdi>{title}</bdi></h1>" in page_of({"record": record})


def test_a_page_of_nothing_has_a_heading_and_counts_no_faults():
    words = Page(page_of({})).words
    assert "A reward model" in words
    assert "of fault" not in words


@pytest.mark.parametrize(
    ("low", "high", "en"), [(-57, -57, "57 shorter"), (3, 3, "3 longer"), (-9, -2, "2 to 9 shorter")]
)
def test_a_bin_of_one_length_is_one_number(low, high, en):
    assert _bin(low, high).plain("en") == en
