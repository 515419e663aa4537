"""Pages that are opened from disk, without a network."""

import pytest


@pytest.fixture
def open_file(chromium, tmp_path):
    """Open HTML from a file; whatever it asks for besides itself, or complains of, fails the test."""
    contexts, trouble = [], []

    def open_page(html, width=1280, **context):
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, offline=True, **context))
        page = contexts[-1].new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: None if request.url == path.as_uri() else trouble.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []
