"""Every sentence of the pages is there in both languages, with the same fields, and is used."""

import re
import string
from pathlib import Path

import pytest

import plaudit.labelling
from plaudit.labelling.pages import SKIP_REASONS, judge_page, static_address, static_version
from plaudit.labelling.wording import say, templates
from plaudit.text import LANGUAGES

ROOM = Path(plaudit.labelling.__file__).parent
FILES = [path for path in ROOM.rglob("*") if path.suffix in (".py", ".j2", ".js")]

# They look like names of sentences.
OTHER = {"entry.js", "judge.js", "keys.js", "judge.css", "overview.js", "overview.css"}


# Names that are put together.
MADE = {
    *(f"judge.said_{level}" for level in ("slightly", "clearly", "much")),
    *(f"choice.{name}" for name in ("slightly", "clearly", "much", "best", "worst")),
    *(f"skip.{name}" for name in SKIP_REASONS),
    *(f"turn.{role}" for role in ("user", "assistant", "system", "tool")),
    *(f"page.{look}" for look in ("auto", "light", "dark")),
    *(f"entry.{problem}" for problem in ("used", "unknown")),
}


def fields(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("key", sorted(templates()))
def test_a_sentence_stands_in_both_languages_with_the_same_fields(key):
    sentence = templates()[key]
    assert set(sentence) == set(LANGUAGES)
    assert all(sentence.values())
    assert fields(sentence["en"]) == fields(sentence["zh"])
    assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", re.sub(r"\{.*?\}|plaudit [a-z ]+", "", sentence["zh"]))


def test_every_sentence_that_is_asked_for_exists_and_every_one_is_asked_for():
    text = "\n".join(path.read_text() for path in FILES)
    sections = {key.split(".")[0] for key in templates()}
    asked = {key for key in re.findall(r"[\"'`]([a-z]+\.[a-z_]+)[\"'`]", text) if key.split(".")[0] in sections} - OTHER
    assert asked - set(templates()) == set()
    # The overview puts names together out of figures' names.
    of_judging = {key for key in templates() if not key.startswith("overview")}
    assert of_judging - asked == MADE


def test_the_reasons_to_skip_are_sentences():
    assert [say(f"skip.{name}").plain("en") for name in SKIP_REASONS][1] == "Not my language"


def test_a_project_cannot_write_into_the_page():
    config = {"name": "</script><b>", "mode": "pair", "person": {"name": "<i>", "role": "annotator"}}
    page = judge_page(config, "en", '"><u>')
    assert not re.search("<b>|<i>|<u>", page)
    assert page.count("</script>") == page.count("<script")


def test_files_are_served_under_what_is_in_them():
    assert static_address("judge.js") == f"/static/{static_version()}/judge.js"


def test_scripts_are_small_and_import_only_what_is_here():
    for path in (ROOM / "static").glob("*.js"):
        text = path.read_text()
        assert len(text.splitlines()) <= 350, path.name
        for name in re.findall(r'from "\./(.+?)"', text):
            assert (ROOM / "static" / name).is_file(), (path.name, name)
        assert not re.search(r"\beval\(|new Function|innerHTML \+=|document\.write", text), path.name
