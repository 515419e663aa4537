"""Judging by keyboard alone, in every mode."""

from time import monotonic

import pytest
from labelling.page_steps import LONG, PAIRS, press, project, ready, shown, until

ONE, OTHER, TIE = {"tiers": [[0], [1]]}, {"tiers": [[1], [0]]}, {"tiers": [[0, 1]]}


def test_one_key_judges_a_pair_and_the_next_is_there(judging):
    work = project(both_bad=True)
    began = monotonic()
    page = judging(work)
    ready(page)
    # A tenth of a second is the least that is told.
    page.wait_for_timeout(100)
    for number, key in enumerate(["1", "2", "0", "=", "b", "Numpad1", "Numpad2"]):
        assert shown(page) == number
        press(page, key)
        assert shown(page) == number + 1
    until(page, lambda: len(work.sent) == 7)
    assert work.answers == [ONE, OTHER, TIE, TIE, {"all_bad": True}, ONE, OTHER]
    assert page.locator("#progress").inner_text() == "7 done · 2 left"
    how = work.sent[0]["how"]
    assert how == {"seen": [1, 1], "aids": [], "by_key": True, "device": "desktop", "locale": "en"}
    assert 0 < work.sent[0]["seconds_active"] <= work.sent[0]["seconds_open"] < monotonic() - began
    assert page.locator(".status").inner_text() == "Sent: B is better. U to undo."


@pytest.mark.parametrize("levels", [2, 3])
def test_strength_stands_in_the_order_of_its_keys(judging, levels):
    work = project(strength=levels)
    page = judging(work)
    ready(page)
    keys = range(1, 2 * levels + 2)
    labels = page.locator(".scale .choice").all_inner_texts()
    assert [label.split()[0] for label in labels] == [str(key) for key in keys]
    press(page, *map(str, keys))
    until(page, lambda: len(work.sent) == len(keys))
    left = [{**ONE, "strength": level} for level in range(levels, 0, -1)]
    right = [{**OTHER, "strength": level} for level in range(1, levels + 1)]
    assert work.answers == [*left, TIE, *right]


def test_digits_are_keys_and_not_characters(judging):
    """On AZERTY the key 1 writes an ampersand, and 1 itself needs Shift."""
    work = project()
    page = judging(work)
    ready(page)
    held = {"bubbles": True, "cancelable": True}
    page.locator("body").dispatch_event("keydown", {"code": "Digit2", "key": "é", "keyCode": 50, **held})
    ready(page, "Question 1")
    page.locator("body").dispatch_event(
        "keydown", {"code": "Digit1", "key": "1", "keyCode": 49, "shiftKey": True, **held}
    )
    ready(page, "Question 2")
    page.locator("body").dispatch_event(
        "keydown", {"code": "Digit1", "key": "!", "keyCode": 49, "shiftKey": True, **held}
    )
    press(page, "0")
    until(page, lambda: len(work.sent) == 3)
    assert work.answers == [OTHER, ONE, TIE]


def test_a_ranking_begins_empty_and_every_answer_needs_a_word(judging):
    work = project("rank", both_bad=True)
    page = judging(work)
    ready(page)
    press(page, "Enter")
    assert page.locator(".status").inner_text() == "Rank or leave out: A, B, C, D."
    press(page, "2", "j", "1", "j", "2", "j", "x")
    assert page.locator(".order").inner_text() == "Order B › A = C · left out: D"
    press(page, "Enter")
    ready(page, "Question 1")
    press(page, *"j1j2j3j4", "Alt+ArrowUp", "Enter")
    ready(page, "Question 2")
    press(page, *"j1j2j3j4", "t", "k", "Alt+ArrowDown", "Enter")
    ready(page, "Question 3")
    press(page, "b", "Enter")
    ready(page, "Question 4")
    press(page, *"j1jxjxj2", "Enter")
    until(page, lambda: len(work.sent) == 5)
    assert work.answers == [
        {"tiers": [[1], [0, 2]]},
        {"tiers": [[0], [1], [3], [2]]},
        {"tiers": [[0], [1], [3], [2]]},
        {"all_bad": True},
        {"tiers": [[0], [3]]},
    ]


def test_without_ties_a_digit_makes_room(judging):
    work = project("rank", ties=False)
    page = judging(work)
    ready(page)
    press(page, *"j1j1j1j1", "t", "Enter")
    until(page, lambda: len(work.sent) == 1)
    assert work.answers == [{"tiers": [[3], [2], [1], [0]]}]


def test_best_then_worst(judging):
    work = project("best-worst", both_bad=True)
    page = judging(work)
    ready(page)
    for number, keys in enumerate(["21", "14", "43", "2213", "b"]):
        press(page, *keys, "Enter")
        until(page, lambda: len(work.sent) == number + 1)  # noqa: B023
        ready(page, f"Question {number + 1}")
    assert work.answers == [
        {"best": 1, "worst": 0},
        {"best": 0, "worst": 3},
        {"best": 3, "worst": 2},
        {"best": 0, "worst": 2},
        {"all_bad": True},
    ]


def test_a_digit_rates_and_goes_on(judging):
    work = project("rate", attributes=("helpful=0:4", "brief=-2:2"))
    page = judging(work)
    ready(page)
    for number in range(5):
        press(page, *"415x", *"4141", "Enter")
        assert page.locator(".status").inner_text() == "1 rating is missing."
        press(page, "k", "j", "5", "Enter")
        until(page, lambda: len(work.sent) == number + 1)  # noqa: B023
        ready(page, f"Question {number + 1}")
    values = {(one["response"], one["attribute"]): one["value"] for one in work.answers[0]["ratings"]}
    assert values[0, "helpful"] == 4
    assert values[0, "brief"] == -2
    assert (1, "helpful") not in values


def test_a_pair_with_ratings_is_sent_apart(judging):
    work = project(attributes=("true=1:3",), reasons=("facts", "style"))
    page = judging(work)
    ready(page)
    press(page, "1", "Enter")
    assert page.locator(".status").inner_text() == "2 ratings are missing."
    assert work.sent == []
    page.locator(".rating").first.locator("input").first.focus()
    press(page, "3", "1")
    press(page, "Escape", "c")
    page.keyboard.type("1 and 2 are right")
    press(page, "Escape")
    page.get_by_label("style").check()
    press(page, "Enter")
    until(page, lambda: len(work.sent) == 1)
    ratings = [{"response": 0, "attribute": "true", "value": 3}, {"response": 1, "attribute": "true", "value": 1}]
    assert work.answers == [{**ONE, "ratings": ratings}]
    assert work.sent[0]["comment"] == "1 and 2 are right"
    assert work.sent[0]["reasons"] == ["style"]


def test_a_skip_has_a_reason(judging):
    work = project()
    page = judging(work)
    ready(page)
    press(page, "s", "2")
    until(page, lambda: len(work.sent) == 1)
    press(page, "s", "Escape", "s")
    page.locator("#skip-text").fill("1 is not a river")
    press(page, "Enter")
    until(page, lambda: len(work.sent) == 2)
    assert work.answers == [{"skip": "Not my language"}, {"skip": "1 is not a river"}]


@pytest.mark.parametrize("key", ["u", "Backspace", "Control+z"])
def test_one_key_takes_it_back(judging, key):
    work = project()
    page = judging(work)
    ready(page)
    press(page, key)
    assert page.locator(".status").inner_text() == "There is nothing to undo."
    press(page, "1", "1")
    assert shown(page) == 2
    press(page, key)
    assert shown(page) == 1
    assert page.locator(".choice[aria-pressed=true]").inner_text().endswith("A is better")
    press(page, "2")
    assert shown(page) == 2
    until(page, lambda: len(work.sent) == 3)
    assert work.sent[2]["lease"] == work.sent[1]["lease"]
    assert work.sent[2]["client_id"] != work.sent[1]["client_id"]
    assert work.answers == [ONE, ONE, OTHER]
    assert page.locator("#progress").inner_text() == "2 done · 7 left"


def test_back_and_forward_through_the_last(judging):
    work = project()
    page = judging(work)
    ready(page)
    press(page, "1", "2", "0")
    until(page, lambda: len(work.sent) == 3)
    page.reload()
    ready(page)
    assert shown(page) == 3
    for key, number in [("[", 2), ("[", 1), ("[", 0), ("[", 0), ("]", 1), ("]", 2), ("]", 3), ("]", 3), ("[", 2)]:
        press(page, key)
        assert shown(page) == number, key
    press(page, "Escape")
    assert shown(page) == 3
    assert len(work.sent) == 3


def test_a_held_key_votes_once(judging):
    work = project(pause=0)
    page = judging(work)
    ready(page)
    for _ in range(5):
        page.keyboard.down("1")
    page.keyboard.up("1")
    ready(page, "Question 1")
    page.locator("#bar .choice").last.focus()
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    press(page, "0")
    until(page, lambda: len(work.sent) == 3)
    assert work.answers == [ONE, OTHER, TIE]


# All within one moment, for which the page's clock stands still, however busy the machine is.
AT_ONCE = """() => {
    const now = performance.now();
    performance.now = () => now;
    const press = (digit) => document.body.dispatchEvent(new KeyboardEvent("keydown", {
        code: `Digit${digit}`, key: digit, bubbles: true, cancelable: true }));
    press("1");
    press("2");
    document.querySelector("#bar .choice").click();
    delete performance.now;
    return document.getElementById("question").hasAttribute("data-ready");
}"""


def test_the_first_moments_of_a_question_take_no_key(judging):
    work = project()
    page = judging(work)
    ready(page, ahead=True)
    assert not page.evaluate(AT_ONCE)
    press(page, "0")
    until(page, lambda: len(work.sent) == 2)
    assert work.answers == [ONE, TIE]


def test_input_methods_and_modifiers_are_left_alone(judging):
    work = project()
    page = judging(work)
    ready(page)
    for change in [{"isComposing": True}, {"keyCode": 229}, {"ctrlKey": True}, {"metaKey": True}, {"altKey": True}]:
        event = {"code": "Digit1", "key": "1", "keyCode": 49, "bubbles": True, "cancelable": True, **change}
        page.locator("body").dispatch_event("keydown", event)
    press(page, "2")
    until(page, lambda: len(work.sent) == 1)
    assert work.answers == [OTHER]
    assert shown(page) == 1


def test_with_shortcuts_off_tab_space_and_enter_do_all(judging):
    work = project(both_bad=True)
    page = judging(work)
    ready(page)
    page.get_by_role("button", name="Menu").click()
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    press(page, "1", "b", "u", "s", "?", "g")
    assert work.sent == []
    assert page.locator("dialog:visible").count() == 0
    page.reload()
    ready(page)
    group = page.get_by_role("radiogroup", name="Which answer is better?")
    assert group.get_by_role("radio").count() == 3
    while not group.get_by_role("radio").first.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    press(page, "Space", "ArrowRight")
    while not page.get_by_role("button", name="Send").evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    press(page, "Enter")
    until(page, lambda: len(work.sent) == 1)
    assert work.answers == [TIE]


def test_helps_are_noted(judging):
    answers = ["The Elbe is long.\n\n" + LONG, "The Elbe is short.\n\n" + LONG]
    work = project(questions=[("Question 0", answers), *PAIRS])
    page = judging(work)
    ready(page)
    assert page.get_by_role("button", name="Show all").count() == 2
    press(page, "d")
    page.locator("mark.differs").first.wait_for()
    press(page, "m")
    assert page.locator(".answer pre.plain").count() == 2
    press(page, "f")
    assert page.get_by_role("button", name="Show less").count() == 2
    press(page, "j", "1")
    until(page, lambda: len(work.sent) == 1)
    how = work.sent[0]["how"]
    assert sorted(how["aids"]) == ["difference", "plain", "unfolded"]
    assert 0 < how["seen"][0] < 1


def test_every_answer_must_be_opened_where_the_owner_says_so(judging):
    work = project(questions=[("Question 0", [LONG, "short"])], require_seen=True)
    page = judging(work)
    ready(page)
    press(page, "1")
    assert page.locator(".status").inner_text() == "Open every answer first."
    press(page, "f", "1")
    until(page, lambda: len(work.sent) == 1)


def test_keys_and_guidelines_open_and_close(judging):
    page = judging(project(guidelines_seen=1, guidelines_revision=2))
    ready(page)
    assert page.get_by_text("The guidelines have changed.").is_visible()
    for key, name in [("?", "Keys"), ("g", "Guidelines")]:
        press(page, key)
        assert page.get_by_role("dialog", name=name).is_visible()
        press(page, "1", key)
        assert page.locator("dialog:visible").count() == 0
    assert not page.get_by_text("The guidelines have changed.").is_visible()
    page.reload()
    ready(page)
    assert not page.get_by_text("The guidelines have changed.").is_visible()


def test_guidelines_that_change_meanwhile_are_told_at_once(judging):
    work = project()
    page = judging(work)
    ready(page, ahead=True)
    for revision, text in ((2, "Be *kind*."), (3, "Be *brief*.")):
        work.guidelines, work.guidelines_revision = text, revision
        assert page.get_by_text("The guidelines have changed.").count() == 0
        press(page, "1")
        page.get_by_text("The guidelines have changed.").wait_for()
        press(page, "g")
        assert page.locator("#guidelines .text").inner_text() == text.replace("*", "")
        press(page, "g")
        until(page, lambda: work.guidelines_seen == revision)  # noqa: B023
        # A question that is still on its way would tell of the next ones.
        ready(page, ahead=True)
    assert work.calls.count("guidelines") == 2


def test_practice_shows_what_the_owner_says(judging):
    work = project(training=1)
    page = judging(work)
    ready(page)
    press(page, "2")
    page.get_by_text("The owner says: A is better.").first.wait_for()
    press(page, "1", "2")
    assert len(work.sent) == 1
    press(page, "Enter")
    ready(page, "Question 1")
    press(page, "1")
    until(page, lambda: len(work.sent) == 2)
