"""A browser before the fake server. Whatever a page asks of another host, or complains of, fails the test."""

import contextlib
import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# What a browser says of a request that did not come through is no complaint of the page.
NETWORK = "Failed to load resource"


@pytest.fixture(scope="session")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def judging(chromium):
    """Open a page of a project: `judging(project)`, with `touch=True` on a phone, `tab_of=page` in a second tab."""
    from labelling.fake_server import serving

    trouble = []
    with contextlib.ExitStack() as stack:
        servers = {}

        def open_page(project, path="/judge", *, touch=False, tab_of=None, width=None, **context):
            if id(project) not in servers:
                servers[id(project)] = stack.enter_context(serving(project))
            url = servers[id(project)]
            size = {"width": width or (390 if touch else 1280), "height": 844}
            if tab_of is None:
                one = chromium.new_context(viewport=size, has_touch=touch, is_mobile=touch, base_url=url, **context)
                stack.callback(one.close)
                one.on("request", lambda request: request.url.startswith(url) or trouble.append(request.url))
            else:
                one = tab_of.context
            page = one.new_page()
            page.on("console", lambda message: NETWORK in message.text or trouble.append(message.text))
            page.on("pageerror", lambda error: trouble.append(str(error)))
            page.goto(url + path)
            return page

        yield open_page
    assert trouble == []
