"""Judging by touch alone, on a phone."""

import pytest
from labelling.page_steps import LONG, PAIRS, SEVERAL, project, ready, settled, until

ONE, OTHER, TIE = {"tiers": [[0], [1]]}, {"tiers": [[1], [0]]}, {"tiers": [[0, 1]]}


def tap(page, *names):
    for name in names:
        settled(page)
        page.get_by_role("button", name=name, exact=True).tap()


def test_one_tap_judges_a_pair(judging):
    work = project(both_bad=True)
    page = judging(work, touch=True)
    ready(page)
    tap(page, "A is better", "B is better", "Tie", "Both bad", "A is better")
    until(page, lambda: len(work.sent) == 5)
    assert work.answers == [ONE, OTHER, TIE, {"all_bad": True}, ONE]
    assert work.sent[0]["how"]["device"] == "phone"
    assert work.sent[0]["how"]["by_key"] is False
    tap(page, "Undo", "Leave it as it is", "Undo", "Tie")
    until(page, lambda: len(work.sent) == 6)
    assert work.sent[5]["lease"] == work.sent[4]["lease"]


def test_how_much_better_opens_above(judging):
    work = project(strength=3)
    page = judging(work, touch=True)
    ready(page)
    for side, level in [("A", "much"), ("B", "slightly"), ("A", "clearly"), ("B", "much")]:
        tap(page, f"{side} is better", f"{level} better")
    tap(page, "A is better", "Tie")
    until(page, lambda: len(work.sent) == 5)
    strengths = [(answer["tiers"], answer.get("strength")) for answer in work.answers]
    assert strengths == [([[0], [1]], 3), ([[1], [0]], 1), ([[0], [1]], 2), ([[1], [0]], 3), ([[0, 1]], None)]


def test_tapped_in_order_of_preference(judging):
    work = project("rank", both_bad=True)
    page = judging(work, touch=True)
    ready(page)
    for number in range(5):
        for place in (2, 0, 3):
            page.locator(".place").nth(place).tap()
        page.locator(".place").nth(0).tap()
        page.locator(".place").nth(0).tap()
        tap(page, "Leave B out", "A up", "A down", "D: tie with the one above", "Send")
        until(page, lambda: len(work.sent) == number + 1)  # noqa: B023
        ready(page, f"Question {number + 1}")
    assert work.answers == [{"tiers": [[2, 3], [0]]}] * 5


def test_best_and_worst_are_tapped(judging):
    work = project("best-worst")
    page = judging(work, touch=True)
    ready(page)
    for number in range(5):
        tap(page, "A: Best", "B: Worst", "C: Best", "Send")
        until(page, lambda: len(work.sent) == number + 1)  # noqa: B023
        ready(page, f"Question {number + 1}")
    assert work.answers == [{"best": 2, "worst": 1}] * 5


def test_values_are_tapped(judging):
    work = project("rate", attributes=("helpful=0:4",))
    page = judging(work, touch=True)
    ready(page)
    for number in range(5):
        for row, value in enumerate([4, 0, 2]):
            page.locator(".rating").nth(row).locator("input").nth(value).tap()
        page.locator(".rating").nth(3).get_by_label("No value").tap()
        tap(page, "Send")
        until(page, lambda: len(work.sent) == number + 1)  # noqa: B023
        ready(page, f"Question {number + 1}")
    assert [one["value"] for one in work.answers[0]["ratings"]] == [4, 0, 2]


def test_skip_comment_and_menu_by_touch(judging):
    work = project(reasons=("facts",))
    page = judging(work, touch=True)
    ready(page)
    tap(page, "Comment")
    page.locator(".chip").tap()
    tap(page, "A is better", "Skip", "The text is broken")
    until(page, lambda: len(work.sent) == 2)
    assert work.sent[0]["reasons"] == ["facts"]
    tap(page, "Menu", "Guidelines", "Close", "Menu", "Keys", "Close")


MODES = [
    {"mode": "pair", "strength": 3, "both_bad": True},
    {"mode": "pair", "attributes": ("a=0:10",), "reasons": ("facts",)},
    {"mode": "rank", "both_bad": True},
    {"mode": "best-worst"},
    {"mode": "rate", "attributes": ("helpful=0:10",)},
]


@pytest.mark.parametrize("settings", MODES, ids=str)
@pytest.mark.parametrize("width", [320, 390])
def test_targets_are_wide_enough_and_nothing_sticks_out(judging, settings, width):
    long = [(f"Question 0: {LONG[:300]}", [LONG, "x" * 300])]
    page = judging(
        project(questions=long if settings["mode"] == "pair" else SEVERAL, **settings), touch=True, width=width
    )
    ready(page)
    if page.locator(".sides").count():
        page.locator(".sides .choice").first.tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .choice, .value, .chip, summary, a.quiet-button")]
            .filter(one => one.checkVisibility() && !one.closest(".text"))
            .map(one => [one.textContent, one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 43.9 || box.width < 43.9))
            .map(([text, box]) => `${text} ${box.width}×${box.height}`)"""
    )
    assert small == []


def test_the_names_of_the_answers_stay_in_sight(judging):
    page = judging(project(questions=[("Question 0", ["a\n\n" * 50, "b\n\n" * 50]), *PAIRS]), touch=True)
    ready(page)
    page.evaluate("scrollTo(0, 900)")
    until(page, lambda: page.locator(".head").first.bounding_box()["y"] == 0)
    bar = page.locator("#bar").bounding_box()
    assert bar["y"] + bar["height"] == pytest.approx(844, abs=1)
    assert bar["height"] < 200
