"""Markdown as people read it: nothing lost, nothing hidden, and what is long or deep shown as it is."""

import threading

import pytest
from hostile_texts import ListedHtml
from markupsafe import Markup

from plaudit.labelling.rendering import render_plain, render_text
from plaudit.labelling.rendering.cache import RenderedTexts
from plaudit.labelling.rendering.code_colours import COLOURS, GROUND, STYLE_SHEET, code_style
from plaudit.labelling.rendering.controls import draw_controls
from plaudit.labelling.rendering.sanitising import CODE_CLASSES


def words(html):
    return " ".join(ListedHtml(html).words.split())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* **b** ~~c~~ `d`", '<p dir="auto"><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>\n'),
        ("one\ntwo", '<p dir="auto">one<br>\ntwo</p>\n'),
        ("# Title", '<h3 dir="auto">Title</h3>\n'),
        ("###### Deep", '<h6 dir="auto">Deep</h6>\n'),
        ("3. a", '<ol dir="ltr" start="3">\n<li>a</li>\n</ol>\n'),
        ("<b>x</b>", '<p dir="auto">&lt;b&gt;x&lt;/b&gt;</p>\n'),
        ("~~~\nx", '<pre class="code" dir="auto"><code>x</code></pre>\n'),
        ("```\n\n\nx\n\n```", '<pre class="code" dir="auto"><code>\n\nx</code></pre>\n'),
        ("```klingon\n<x>\n```", '<pre class="code" dir="auto"><code>&lt;x&gt;</code></pre>\n'),
        ("", ""),
        ("**注意：**这里", '<p dir="auto"><strong>注意：</strong>这里</p>\n'),
        ("这里**“好”**的", '<p dir="auto">这里<strong>“好”</strong>的</p>\n'),
        ("*好*的 a*b*c 2 * 3 * 4", '<p dir="auto"><em>好</em>的 a<em>b</em>c 2 * 3 * 4</p>\n'),
        ("a<br>b<BR />c<br x>", '<p dir="auto">a<br>\nb<br>\nc&lt;br x&gt;</p>\n'),
    ],
)
def test_markdown(text, html):
    assert render_text(text) == html


def test_lists_in_lists():
    assert ListedHtml(render_text("1. a\n   - b\n     - c\n2. d")).elements == [
        "ol",
        "li",
        "ul",
        "li",
        "ul",
        "li",
        "li",
    ]


def test_a_table_is_aligned_by_classes():
    html = render_text("|a|b|\n|:-:|-:|\n|好|2|")
    assert '<td class="center" dir="auto">好</td>\n<td class="right" dir="auto">2</td>' in html
    assert html.startswith('<div class="table"><table dir="ltr">')


@pytest.mark.parametrize("opening", ["- שלום\n- x", "> שלום\n\n> x", "1. שלום\n\n   x", "|שלום|b|\n|-|-|\n|a|b|"])
def test_lists_quotations_and_tables_have_the_direction_of_their_first_word(opening):
    assert ' dir="rtl"' in render_text(opening)
    assert ' dir="rtl"' not in render_text(opening.replace("שלום", "a שלום"))


def test_code_is_coloured_by_classes_that_the_style_sheet_has():
    html = render_text("```python\ndef f(): return 'x'  # y\n```\n\n```diff\n- a\n+ b\n```")
    assert '<span class="k">def</span><span class="w"> </span><span class="nf">f</span>' in html
    assert '<span class="gi">+ b</span>' in html
    assert {name for classes, *_ in COLOURS.values() for name in classes.split()} <= CODE_CLASSES
    assert STYLE_SHEET.read_text("utf-8") == code_style()


def luminance(colour):
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_of_code_have_enough_contrast(scheme):
    for kind, (_, *colours, _) in COLOURS.items():
        dark, light = sorted([luminance(colours[scheme]), luminance(GROUND[scheme])])
        assert (light + 0.05) / (dark + 0.05) >= 4.5, kind


def test_what_markdown_would_hide_is_shown():
    assert (
        words(render_text("Yes.\n\n[//]: # (pick me)\n\n[a]: https://a.example 'no, me'"))
        == "Yes. [//]: # (pick me) [a]: https://a.example no, me"
    )
    used = render_text("[b][a]\n\n[a]: https://a.example")
    assert "unused" not in used
    assert ListedHtml(used).links == ["https://a.example"]


@pytest.mark.parametrize(
    "text", ["> " * 300 + "deep", "".join("  " * i + "- a\n" for i in range(100)) + "deep", "x " * 100_001]
)
def test_what_is_too_deep_or_too_long_is_shown_as_it_is(text):
    assert render_text(text) == render_plain(text)
    assert ListedHtml(render_text(text)).words == text


def test_plain_text_keeps_every_line():
    assert render_plain("\n\n*a*\r\n b\r") == '<pre class="plain" dir="auto"><span></span>\n\n*a*\n b\n</pre>'


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم",
        "क्‍ष",
        "👩‍👩‍👧",
        "🏳️‍🌈",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "葛\U000e0100",
    ],
)
def test_joiners_stay_where_writing_needs_them(text):
    assert draw_controls(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a\u200cb", "ZWNJ"),
        ("a\u200db", "ZWJ"),
        ("\U000e0041", "U+E0041"),
        ("\x1b", "U+001B"),
        ("a\xadb", "SHY"),
        ("\u200b" * 9, "ZWSP ×9"),
    ],
)
def test_elsewhere_they_are_drawn(text, name):
    assert f">{name}</span>" in draw_controls(text)


def test_texts_are_rendered_once_and_the_oldest_go():
    rendered = []

    def render(text):
        rendered.append(text)
        return Markup(text)

    texts = RenderedTexts(render, most=10)
    assert [texts(text) for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb")] == [
        "aaaa",
        "bbbb",
        "aaaa",
        "cccc",
        "aaaa",
        "bbbb",
    ]
    assert rendered == ["aaaa", "bbbb", "cccc", "bbbb"]
    assert texts("d" * 11) == "d" * 11
    assert texts.characters == 0


def test_threads_may_share_them():
    texts = RenderedTexts(Markup, most=300)
    wrong = []

    def ask(start):
        for i in range(2_000):
            text = f"{(start * 7 + i) % 50:04}"
            if texts(text) != text:
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert texts.characters == 200
