"""Columns by another name, and files that only the user can read."""

import json

import pytest

from plaudit.data import ReadReport, load_groups, parse_columns
from plaudit.data.formats import FORMATS, Format, detect_format
from plaudit.errors import DataError, InvalidInputError, NotFoundError
from plaudit.groups import Group, Ranking

FIRST = ((0,), (1,))


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_columns_are_read_as_what_the_user_says(tmp_path):
    file = written(tmp_path / "x.jsonl", {"history": "P", "response_j": "a", "response_k": "b", "domain": "cooking"})
    columns = parse_columns(["prompt=history", "chosen=response_j", "rejected = response_k"])
    [group] = load_groups(file, columns=columns)
    assert group == Group(group.id, "P", ("a", "b"), (Ranking(FIRST),), meta={"domain": "cooking"})


def test_a_dot_leads_inside_and_what_is_displaced_is_counted(tmp_path):
    row = {"prompt": "the judge's", "q": {"text": "P", "lang": "en"}, "chosen": "a", "rejected": "b"}
    reading = ReadReport()
    [group] = load_groups(written(tmp_path / "x.jsonl", row), columns={"prompt": "q.text"}, report=reading)
    assert group.prompt == "P"
    assert reading.left_behind == {"prompt": 1, "q": 1}


def test_two_columns_can_change_places(tmp_path):
    file = written(tmp_path / "x.jsonl", {"prompt": "P", "chosen": "worse", "rejected": "better"})
    [group] = load_groups(file, columns={"chosen": "rejected", "rejected": "chosen"})
    assert group.responses == ("better", "worse")


def test_a_column_that_no_row_has_is_an_error(tmp_path):
    file = written(tmp_path / "x.jsonl", {"history": "P", "chosen": "a", "rejected": "b"})
    with pytest.raises(NotFoundError, match=r"no row has a column 'histroy'; did you mean 'history'\?"):
        load_groups(file, columns={"prompt": "histroy"})


@pytest.mark.parametrize("option", ["prompt", "=history", "prompt="])
def test_what_is_no_name_and_column_is_refused(option):
    with pytest.raises(InvalidInputError, match="is not NAME=COLUMN; such as --column prompt=history"):
        parse_columns([option])
    with pytest.raises(InvalidInputError, match="names 'prompt' twice: 'a' and 'b'"):
        parse_columns(["prompt=a", "prompt=b"])


def test_unknown_columns_are_three_lines_with_what_to_type(tmp_path):
    file = written(tmp_path / "x.jsonl", {"question": "P", "reply_x": "a", "reply_y": "b", "score": 3})
    with pytest.raises(DataError) as error:
        load_groups(file)
    first, second, third = str(error.value).splitlines()
    assert first == f"{file}: no format has these columns: question, reply_x, reply_y, score"
    assert second.strip().startswith("the closest is trl") and second.endswith("lacks chosen and rejected")
    assert third.endswith("--column chosen=reply_x --column rejected=reply_y")
    options = third.split("such as: ")[1].replace("--column ", "").split()
    assert load_groups(file, columns=parse_columns(options))[0].responses == ("a", "b")


TRANSCRIPT = {"chosen": "\n\nHuman: P\n\nAssistant: a", "rejected": "\n\nHuman: P\n\nAssistant: b"}
PLAIN = {"prompt": "P", "chosen": "a", "rejected": "b"}


@pytest.mark.parametrize(("odd", "name"), [(0, "hh"), (1, "hh"), (7, "hh"), (8, "trl"), (16, "trl")])
def test_odd_rows_do_not_decide_unless_they_are_most(odd, name):
    assert detect_format([PLAIN] * odd + [TRANSCRIPT] * (16 - odd), "x").name == name


def test_an_odd_row_alone_is_a_bad_row(tmp_path):
    file = written(
        tmp_path / "x.jsonl", TRANSCRIPT, {"chosen": "Human speech.", "rejected": "Human noise."}, TRANSCRIPT
    )
    reading = ReadReport(keep_going=True)
    [group] = load_groups(file, report=reading)
    assert group.prompt == ({"role": "user", "content": "P"},)
    assert [row.where for row in reading.rejected] == [f"{file}:2"]


def test_a_row_may_hold_several_groups(tmp_path):
    def read(row, file):
        return [Group(f"{row['n']}{part}", part, (row["a"],)) for part in "xy"]

    shape = Format(name="two", priority=1, columns="n, a", knows=lambda row: "n" in row, read=read)
    FORMATS.register("two", shape)
    try:
        groups = load_groups(written(tmp_path / "x.jsonl", {"n": 1, "a": "b"}, {"n": 2, "a": "c"}))
    finally:
        del FORMATS._entries["two"]
    assert [(group.id, group.prompt, group.responses) for group in groups] == [
        ("1x", "x", ("b", "c")),
        ("1y", "y", ("b", "c")),
    ]


def test_without_merging_every_row_is_a_group_of_its_own(tmp_path):
    from plaudit.data import read_groups

    rows = [{"prompt": "P", "responses": ["a", "a"]}, {"id": "q", "prompt": "P", "responses": ["b"]}]
    groups = list(read_groups(written(tmp_path / "x.jsonl", *rows), merge=False))
    assert [group.responses for group in groups] == [("a", "a"), ("b",)]
    assert groups[1].id == "q"


def test_rows_that_are_only_scored_need_no_numbering(tmp_path):
    from plaudit.data import read_groups

    file = written(tmp_path / "x.jsonl", {"prompt": "P", "response_1": "a", "response_2": "b", "label": 0})
    with pytest.raises(DataError, match="zero-based"):
        load_groups(file)
    assert [group.responses for group in read_groups(file, merge=False)] == [("a", "b")]
