"""The page of an alignment run in a real browser: opened from disk, without a network."""

import pytest
from align_samples import best_of_n, run_files
from report_samples import HOSTILE

from plaudit.report import alignment_page

ALARM = {"step": 20, "reason": "gold fell", "says": "gold has fallen by 0.5 [0.1, 0.9] from its best"}


@pytest.fixture
def opened(open_file):
    def open_page(name="say", width=1280, language="en", **context):
        files = run_files(name=name, kept=10, stopped=ALARM, best_of_n=best_of_n())
        return open_file(alignment_page(*files, language=language), width, **context)

    return open_page


def test_it_opens_without_asking_for_anything(opened):
    page = opened()
    assert page.title() == "Did the policy get better? · say"
    assert page.locator("main > section").count() == 7


def test_the_language_is_switched_without_scripts(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("#aligned_path h2").inner_text() == "Reward and gold against distance"
    page.locator("label:has(#to-zh)").click()
    assert page.locator("#aligned_path h2").inner_text() == "奖励和真值与走过的距离"
    assert page.locator("#aligned_steps text.zh:visible").first.text_content() == "步 →"
    assert page.locator("#aligned_steps text.en:visible").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["say", "x" * 300, "很长的名字" * 60])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_never_wider_than_the_window(opened, width, name, language):
    page = opened(name, width, language)
    page.locator("summary:visible").evaluate_all("all => all.forEach(one => one.click())")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_policy_writes_does_nothing(opened, name):
    page = opened(name)
    page.locator(".text").first.hover()
    assert page.locator("img, iframe, script").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_dots_lie_inside_their_plots_and_letters_can_be_read(opened, width):
    page = opened(width=width)
    outside = page.locator(".panel circle.point:visible").evaluate_all(
        """all => all.filter(dot => {
            const a = dot.getBoundingClientRect(), b = dot.closest(".panel").getBoundingClientRect();
            return a.left < b.left || a.right > b.right || a.top < b.top || a.bottom > b.bottom;
        }).length"""
    )
    assert outside == 0
    heights = page.locator(".panel text:visible").evaluate_all("all => all.map(t => t.getBoundingClientRect().height)")
    assert min(heights) >= 10


def test_lines_have_other_colours_in_the_dark_and_are_told_apart_without_colour(opened):
    page = opened(color_scheme="light")
    stroke = "line => getComputedStyle(line).stroke"
    dash = "line => getComputedStyle(line).strokeDasharray"
    first = page.locator("#aligned_path polyline.a").first
    light = first.evaluate(stroke)
    page.locator("label:has(#to-dark)").click()
    assert first.evaluate(stroke) != light
    assert first.evaluate(dash) != page.locator("#aligned_path polyline.b").first.evaluate(dash)


def test_plots_stand_beside_each_other_where_there_is_room(opened):
    for width, rows in ((1280, 1), (390, 2)):
        tops = (
            opened(width=width)
            .locator("#aligned_path .panel")
            .evaluate_all("all => all.map(panel => Math.round(panel.getBoundingClientRect().top))")
        )
        assert len(tops) == 2
        assert len(set(tops)) == rows
