"""What a row's other columns say of its prompt and its sides: nothing of it is lost or taken for something else."""

import json
import logging

import pytest

from plaudit.data import load_groups
from plaudit.errors import DataError


def _turns(*texts):
    """Messages of the user and the assistant in turn."""
    return [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts)]


SYSTEM = {"role": "system", "content": "Be brief."}
ASKED = {"role": "user", "content": "Why?"}
PAIR = {"chosen": _turns("Why?", "yes"), "rejected": _turns("Why?", "no")}
SIDES = {"response_a": PAIR["chosen"], "response_b": PAIR["rejected"], "winner": "A"}
HH = {"chosen": "\n\nHuman: Why?\n\nAssistant: yes", "rejected": "\n\nHuman: Why?\n\nAssistant: no"}


def _read(tmp_path, row, **options):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row))
    [group] = load_groups(path, **options)
    return group


@pytest.mark.parametrize(
    ("row", "prompt"),
    [
        ({"system": "Be brief.", **PAIR}, (SYSTEM, ASKED)),
        ({"system": "Be brief.", "prompt": "Why?", **PAIR}, (SYSTEM, ASKED)),
        ({"prompt": [SYSTEM, ASKED], **PAIR}, (SYSTEM, ASKED)),
        ({"system_prompt": "Be brief.", **SIDES}, (SYSTEM, ASKED)),
        ({"system": "Be brief.", **HH}, (SYSTEM, ASKED)),
        (
            {
                "system": "Be brief.",
                "conversation_a": PAIR["chosen"],
                "conversation_b": PAIR["rejected"],
                "winner": "model_a",
            },
            (SYSTEM, ASKED),
        ),
        ({"prompt": "Why?", "history": [["Hi", "Hello"]], **PAIR}, (*_turns("Hi", "Hello"), ASKED)),
        ({"prompt": "Why?", "document": "It rains.", **PAIR}, ({"role": "user", "content": "It rains.\n\nWhy?"},)),
    ],
)
def test_what_only_the_columns_say_belongs_to_the_prompt(tmp_path, caplog, row, prompt):
    group = _read(tmp_path, row)
    assert group.prompt == prompt
    assert group.responses == ("yes", "no")
    assert not caplog.records


@pytest.mark.parametrize("row", [{"prompt": "When?", **PAIR}, {"prompt": "When?", **SIDES}])
def test_a_column_that_says_something_else_is_named(tmp_path, caplog, row):
    with caplog.at_level(logging.WARNING):
        assert _read(tmp_path, row).prompt == (ASKED,)
    assert "the prompt's column and the messages differ" in caplog.text


def test_a_prompt_whose_message_has_no_content_is_a_bad_row(tmp_path):
    empty = {"role": "user", "content": None}
    row = {"prompt": "Why?", "chosen": [empty, *_turns("Why?", "yes")[1:]], "rejected": [empty, *_turns("", "no")[1:]]}
    with pytest.raises(DataError, match=r"rows\.jsonl:1"):
        _read(tmp_path, row)


@pytest.mark.parametrize(
    "judged",
    [
        {"chosen": "yes", "rejected": "no"},
        {"response_a": "no", "response_b": "yes", "winner": "B"},
        {"response": "yes", "rating": 4},
        {"responses": ["no", "yes"], "ranks": [2, 1]},
    ],
)
def test_messages_that_end_with_the_answer_are_the_prompt_without_it(tmp_path, caplog, judged):
    with caplog.at_level(logging.WARNING):
        group = _read(tmp_path, {"messages": _turns("Why?", "yes"), **judged})
    assert group.prompt == (ASKED,)
    assert "end with one of the responses" in caplog.text


def test_an_answer_of_an_earlier_turn_stays_in_the_prompt(tmp_path):
    row = {"messages": _turns("Why?", "yes", "Sure?"), "chosen": "yes", "rejected": "no"}
    assert _read(tmp_path, row).prompt == tuple(_turns("Why?", "yes", "Sure?"))


@pytest.mark.parametrize(
    ("beside", "chosen", "rejected"),
    [
        ({"responses": ["one", "two"]}, 1, 0),
        ({"completions": ["one", "two"]}, "0", "1"),
        ({"response_a": "one", "response_b": "two"}, "a", "b"),
        ({"response_a": "one", "response_b": "two"}, "response_b", "response_a"),
        ({"response_0": "one", "response_1": "two"}, 1, 0),
        ({"Response 1": "one", "Response 2": "two"}, "Response 2", "Response 1"),
        ({"response_a": "one", "response_b": "two", "model_a": "m", "model_b": "n"}, "n", "m"),
    ],
)
def test_chosen_that_names_a_response_is_not_read_as_its_text(tmp_path, beside, chosen, rejected):
    row = {"prompt": "P", **beside, "chosen": chosen, "rejected": rejected}
    with pytest.raises(DataError, match="which is no text but names one of"):
        _read(tmp_path, row)


def test_chosen_that_names_a_response_is_read_as_the_message_says(tmp_path):
    row = {"prompt": "P", "response_a": "one", "response_b": "two", "chosen": "b", "rejected": "a"}
    assert _read(tmp_path, row, columns={"winner": "chosen"}).rankings[0].tiers == ((1,), (0,))


@pytest.mark.parametrize(
    "row",
    [
        {"candidates": ["A", "B"], "chosen": "A", "rejected": "B"},
        {"responses": ["4", "5"], "chosen": 4, "rejected": 5},
        {"responses": ["Yes", "No"], "chosen": "Yes", "rejected": "No"},
        {"chosen": 1, "rejected": 0},
    ],
)
def test_short_texts_are_texts(tmp_path, row):
    assert _read(tmp_path, {"prompt": "P", **row}).responses == (str(row["chosen"]), str(row["rejected"]))
