"""Nothing is lost: offline, over reloads, in two tabs, signed out."""

import pytest
from labelling.page_steps import press, project, ready, shown, until, without_haste

ONE, OTHER = {"tiers": [[0], [1]]}, {"tiers": [[1], [0]]}


def test_offline_it_keeps_and_back_online_it_sends(judging):
    work = project()
    page = judging(work)
    ready(page, ahead=True)
    page.context.set_offline(True)
    press(page, "1", "2")
    page.get_by_text("2 not yet sent").wait_for()
    page.get_by_text("The next question cannot be fetched").wait_for()
    # What was judged can be taken back without a connection.
    press(page, "u")
    assert shown(page) == 1
    press(page, "1")
    page.get_by_text("3 not yet sent").wait_for()
    assert work.sent == []
    page.context.set_offline(False)
    until(page, lambda: len(work.sent) == 3)
    ready(page, "Question 2")
    assert work.answers == [ONE, OTHER, ONE]
    assert work.sent[1]["lease"] == work.sent[2]["lease"]
    until(page, lambda: page.locator("#unsent").inner_text() == "")


def test_what_was_not_sent_is_sent_after_a_reload(judging):
    work = project()
    page = judging(work)
    ready(page, ahead=True)
    work.broken = True
    press(page, "1", "2")
    until(page, lambda: "send" in work.calls)
    page.reload()
    page.get_by_text("2 not yet sent").wait_for()
    work.broken = False
    until(page, lambda: len(work.sent) == 2)
    ready(page, "Question 2")
    assert work.answers == [ONE, OTHER]


def test_a_lost_reply_is_one_judgement(judging):
    work = project()
    page = judging(work)
    ready(page)
    lost = []

    def lose(route):
        if lost:
            return route.fallback()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/api/send", lose)
    press(page, "1")
    until(page, lambda: work.times_sent == 2)
    assert len(work.sent) == 1


def test_signed_out_it_keeps_and_asks_to_sign_in(judging):
    work = project()
    page = judging(work)
    ready(page, ahead=True)
    work.signed_out = True
    press(page, "1", "2")
    page.get_by_role("alert").get_by_text("Sign in again as Ann").wait_for()
    assert page.locator("#unsent").inner_text() == "2 not yet sent"
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password").fill("right")
    page.get_by_role("button", name="Sign in").click()
    ready(page)
    until(page, lambda: len(work.sent) == 2)
    assert work.answers == [ONE, OTHER]


def test_what_the_server_refuses_does_not_block_the_rest(judging):
    work = project(refuse=True)
    page = judging(work)
    ready(page)
    press(page, "1")
    page.get_by_text("1 answer was refused by the server").wait_for()
    work.refuse = False
    press(page, "2")
    until(page, lambda: len(work.sent) == 1)
    page.get_by_role("button", name="Discard").click()
    assert page.get_by_text("refused").count() == 0


@pytest.mark.parametrize("mode", ["pair", "rank", "best-worst", "rate"])
def test_a_reload_keeps_what_was_begun(judging, mode):
    work = project(mode, attributes=("helpful=0:4",))
    page = judging(work)
    ready(page)
    press(page, "1", "c")
    page.keyboard.type("half a thought")
    before = page.locator(".is-ranked, input:checked").count()
    page.reload()
    ready(page)
    assert shown(page) == 0
    assert page.locator("#comment").input_value() == "half a thought"
    assert page.locator(".is-ranked, input:checked").count() == before
    assert work.sent == []


def test_a_second_tab_shows_the_same_question_and_moves_on_with_the_first(judging):
    work = project()
    one = judging(work)
    ready(one)
    other = judging(work, tab_of=one)
    ready(other)
    assert shown(one) == shown(other) == 0
    press(one, "1")
    ready(other, "Question 1")
    assert other.locator(".status").inner_text() == "Answered in another tab."
    press(other, "2")
    ready(one, "Question 2")
    until(one, lambda: len(work.sent) == 2)
    assert work.answers == [ONE, OTHER]
    assert len({sent["lease"] for sent in work.sent}) == 2


def test_leaving_gives_the_unseen_question_back_unless_another_tab_has_it(judging):
    work = project()
    one = judging(work)
    ready(one, ahead=True)
    other = judging(work, tab_of=one)
    ready(other, ahead=True)
    with other.expect_event("close"):
        other.close(run_before_unload=True)
    # What one tab keeps another sees a little later.
    one.wait_for_function("Object.keys(localStorage).filter((key) => key.startsWith('plaudit:tab:')).length === 1")
    press(one, "[")
    assert "release" not in work.calls
    one.goto("about:blank")
    until(one, lambda: "release" in work.calls)
    assert work.calls.count("release") == 1


def test_a_question_stays_as_long_as_somebody_is_there(judging):
    work = project(lease_seconds=3600, expires_in=110)
    page = judging(work)
    ready(page)
    page.get_by_text("In two minutes this question goes to somebody else").wait_for()
    until(page, lambda: page.mouse.move(300, 300) or "extend" in work.calls)
    page.get_by_text("In two minutes").wait_for(state="detached")
    press(page, "1")
    until(page, lambda: len(work.sent) == 1)


def test_a_slow_server_is_waited_for(judging):
    work = project()
    page = judging(work)
    without_haste(page)
    ready(page, ahead=True)
    held = []
    page.route("**/api/take", lambda route: held.append(route))
    press(page, "1")
    page.keyboard.press("2")
    page.get_by_text("The next question is on its way.").wait_for()
    # No question, no answer.
    page.keyboard.press("1")
    until(page, lambda: held)
    held.pop().continue_()
    page.unroute("**/api/take")
    ready(page, "Question 2")
    until(page, lambda: len(work.sent) == 2)


def test_a_judgement_on_its_way_is_counted_once(judging):
    """The server has it, and says so with the next question, before the page has the reply to the judgement itself."""
    work = project()
    page = judging(work)
    without_haste(page)
    ready(page, ahead=True)
    held = []

    def hold(route):
        if held:
            return route.fallback()
        return held.append((route, route.fetch()))

    page.route("**/api/send", hold)
    press(page, "1")
    until(page, lambda: held)
    assert len(work.sent) == 1
    press(page, "2")
    ready(page, "Question 2", ahead=True)
    press(page, "1")
    assert page.locator("#progress").inner_text() == "3 done · 6 left"
    ((route, reply),) = held
    route.fulfill(response=reply)
    until(page, lambda: len(work.sent) == 3)
    until(page, lambda: page.locator("#progress").inner_text() == "3 done · 6 left")


def test_a_form_sends_nothing_before_its_script_is_there(judging):
    """The browser would, in an address, which servers log."""
    work = project(signed_out=True)
    page = judging(work, "/sign-in")
    asked, held = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/entry.js", lambda route: held.append(route))
    page.goto("/sign-in", wait_until="commit")
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password").fill("right")
    page.keyboard.press("Enter")
    until(page, lambda: held)
    held.pop().continue_()
    page.locator("main button:enabled").wait_for()
    page.get_by_label("Password").press("Enter")
    ready(page)
    assert [url for url in asked if "right" in url] == []


def test_a_late_answer_is_taken(judging):
    work = project(expires_in=1, late=True)
    page = judging(work)
    ready(page)
    page.get_by_text("may be with somebody else by now").wait_for()
    press(page, "1")
    until(page, lambda: len(work.sent) == 1)


def test_paused_and_done_say_so_and_go_on_by_themselves(judging):
    work = project(paused=True)
    page = judging(work)
    page.get_by_role("heading", name="A break").wait_for()
    work.paused = False
    page.get_by_role("button", name="Look again").click()
    ready(page)
    press(page, *"121212121")
    page.get_by_role("heading", name="Thank you. That was all.").wait_for()
    assert page.get_by_text("You have answered every question there is for you: 9.").is_visible()
    press(page, "u")
    assert shown(page) == 8


def test_without_storage_it_works_until_it_is_closed(judging):
    work = project()
    page = judging(work)
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('none') }})")
    page.reload()
    ready(page)
    press(page, "1", "2")
    until(page, lambda: len(work.sent) == 2)
    assert work.answers == [ONE, OTHER]
