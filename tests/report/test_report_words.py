"""Every sentence is there in both languages, with the same fields, and is used."""

import re
import string
from pathlib import Path

import pytest
from markupsafe import Markup

import plaudit.report
from plaudit.evaluation.measures import preferences, ratings, rewards, temperature
from plaudit.evaluation.probes import measuring as probes
from plaudit.report.i18n import count, say, templates
from plaudit.statistics import intervals
from plaudit.text import LANGUAGES

ROOM = Path(plaudit.report.__file__).parent

# Keys that are put together from names that figures bring with them.
OPEN = ("reason.", "probe.", "family.", "check.", "field.", "count.", "wanted.", "answer.", "curve.")

# Names of files, which look like names of sentences.
FILES = {"report.html", "report.py", "compare.json", "losses.json", "losses.md"}


def fields(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("key", sorted(templates()))
def test_a_sentence_stands_in_both_languages_with_the_same_fields(key):
    sentence = templates()[key]
    assert set(sentence) == set(LANGUAGES)
    assert all(sentence.values())
    assert fields(sentence["en"]) == fields(sentence["zh"])


def test_no_english_is_left_in_the_chinese():
    """A sentence of several English words was forgotten; single terms and what stands in brackets are meant."""
    for key, sentence in templates().items():
        if key not in ("check.transformers_padded_left", "check.transformers_padded_right"):
            assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", re.sub(r"\{.*?\}", "", sentence["zh"])), key


def test_every_sentence_that_is_asked_for_exists_and_every_one_is_asked_for():
    rooms = (ROOM, ROOM.parent / "cli", ROOM.parent / "laboratory")
    text = "\n".join(path.read_text() for room in rooms for path in room.rglob("*") if path.suffix in (".py", ".j2"))
    asked = set(re.findall(r'say\(\s*"([a-z_]+\.[a-z_0-9]+)"', text)) | set(re.findall(r'"([a-z]+\.[a-z_0-9]+)"', text))
    made = {re.sub(r"\{.*?\}", "*", key) for key in re.findall(r'f"([a-z_]+\.[a-z_]*\{[^"]*)"', text)}
    made |= {f"{key}*" for key in re.findall(r'"([a-z_]+\.)" ~', text)}
    known = set(templates())
    prefixes = {key.split(".")[0] for key in known}
    assert {key for key in asked if key.split(".")[0] in prefixes} - known - FILES == set()
    patterns = [re.compile(re.escape(key).replace(r"\*", "[a-z_0-9]+") + "$") for key in made]
    # `known_label("baseline", name)` and the like; the legends' words by their kind.
    spoken = {f"{kind}." for kind in re.findall(r'known_label\("([a-z_]+)"', text)} | {"probe_legend.", "legend."}
    unused = {
        key
        for key in known - asked
        if not any(pattern.match(key) for pattern in patterns) and not key.startswith((*OPEN, *spoken))
    }
    assert unused == set()


def test_the_reasons_of_the_measurements_are_translated():
    reasons = [
        intervals.NOTHING,
        intervals.ONE_CLUSTER,
        intervals.ALL_IN_ONE,
        intervals.NO_VARIATION,
        preferences.ALL_TIES,
        ratings.NOT_IN_UNITS,
        ratings.ONE_RATER,
        temperature.NO_MISTAKES,
        temperature.NO_ORDER,
        rewards.NO_SCORES,
        rewards.NO_SIBLINGS,
        probes.NO_SPREAD,
        probes.ONE_SCORE,
        probes.NOTHING_APPLIES,
    ]
    assert [
        reason for reason in reasons if f"reason.{re.sub('[^a-z0-9]+', '_', reason.lower())}" not in templates()
    ] == []


def test_values_are_escaped_and_markup_is_not():
    said = say("finding.of", family="<b>", finding=Markup("<bdi>x</bdi>"))
    assert said.html("en") == "&lt;b&gt; · <bdi>x</bdi>"
    assert said.plain("en") == "<b> · x"


def test_a_sentence_inside_another_takes_its_language():
    outer = say("row.over", name=say("baseline.bow"))
    assert "词袋" in outer.html("zh")
    assert "词袋" not in outer.html("en")


def test_a_value_with_braces_is_not_read_as_a_template():
    assert say("row.over", name="{evil} {0.__class__}").plain("en") == "over {evil} {0.__class__}"


def test_what_is_the_same_in_both_languages_stands_once():
    assert say("head.n").__html__() == "n"


def test_an_unknown_sentence_is_an_error():
    with pytest.raises(KeyError, match=r"no sentence is called 'verdict\.nonsense'"):
        say("verdict.nonsense")


def test_a_count_chooses_the_form_of_a_word():
    forms = "{k} {k:row was|rows were} cut"
    assert [forms.format(k=count(k)) for k in (0, 1, 2, 1000)] == [
        "0 rows were cut",
        "1 row was cut",
        "2 rows were cut",
        "1,000 rows were cut",
    ]
    assert f"{count(7):>3}" == "  7"
    one = say("verdict.probes_unseen", k=count(1), names="<x>")
    assert one.plain("en").startswith("1 probe is not counted")
    assert one.html("en").startswith("1 probe is not counted")
    assert one.html("en").endswith("&lt;x&gt;.")


def test_no_english_sentence_says_one_things():
    """With every count at 1, no number stands before a plural."""
    between = "(?:more |plain |independent )"
    counts = {
        "k",
        "n",
        "of",
        "more",
        "bad",
        "open",
        "luck",
        "rounds",
        "groups",
        "responses",
        "comparisons",
        "ratings",
    } | {"prompts", "candidates", "all", "seeds"}
    said = {
        key: say(key, **{name: count(1) if name in counts else "F" for name in fields(sentence["en"])}).plain("en")
        for key, sentence in templates().items()
    }
    slips = {key for key, text in said.items() if re.search(rf"\b1 {between}?(?!is|was)[a-z]+s\b", text)}
    # Luck is spoken of from ten subsets on.
    assert slips - {"verdict.subsets_luck"} == set()
