"""What rows come in: every container gives the rows that JSON lines give, or is named for what it is."""

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data import load_groups, read_rows
from plaudit.data.containers import decompressed
from plaudit.errors import DataError

ROWS = [
    {"prompt": "Name a river.", "chosen": "The Elbe; it is long.", "rejected": "Oslo, I think"},
    {"prompt": "Name a hill.", "chosen": "The Brocken", "rejected": "None"},
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
MESSAGES = {
    "prompt": [{"role": "user", "content": "Hi"}],
    "chosen": [{"role": "assistant", "content": "Hello!"}],
    "rejected": [{"role": "assistant", "content": "No."}],
}


def values(content, suffix=""):
    stream = decompressed(io.BytesIO(content if isinstance(content, bytes) else content.encode()))
    rows = list(read_rows(stream, "f", suffix))
    assert all(row.fault is None for row in rows), rows
    return [row.value for row in rows]


def error_of(content, suffix=""):
    with pytest.raises(DataError) as error:
        values(content, suffix)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "table",
    [
        ROWS,
        {"data": ROWS},
        {"examples": ROWS},
        {"data": {"rows": ROWS}},
        {"anything": ROWS},  # because a format reads its rows
        COLUMNS,
        {"data": COLUMNS},
        {name: {"0": cells[0], "1": cells[1]} for name, cells in COLUMNS.items()},
        {"0": ROWS[0], "1": ROWS[1]},
        {"columns": list(COLUMNS), "index": [0, 1], "data": [list(row.values()) for row in ROWS]},
        {
            "schema": {"fields": [{"name": "index"}], "primaryKey": ["index"]},
            "data": [{"index": i, **row} for i, row in enumerate(ROWS)],
        },
        {"rows": [{"row_idx": i, "row": row, "truncated_cells": []} for i, row in enumerate(ROWS)]},
    ],
)
def test_a_table_in_one_value_gives_its_rows(table, indent):
    assert values(json.dumps(table, indent=indent)) == ROWS


def test_names_of_rows_are_their_ids():
    assert values(json.dumps({"q17": ROWS[0], "q18": ROWS[1]})) == [{"id": "q17", **ROWS[0]}, {"id": "q18", **ROWS[1]}]
    assert values(json.dumps({"q17": {**ROWS[0], "id": "mine"}})) == [{**ROWS[0], "id": "mine"}]


@pytest.mark.parametrize(
    "row",
    [
        ROWS[0],
        MESSAGES,
        {"prompt": "Why?", "responses": ["a", "b"], "rankings": [{"tiers": [[0], [1]]}]},
        {"prompt": "Why?", "chosen": "a", "rejected": "b", "examples": [{"text": "one"}, {"text": "two"}]},
        # No format reads these, as rows or otherwise: they stay what they are.
        {"question": {"text": "Why?"}, "reply": {"text": "So."}},
        {"question": "Why?", "replies": [{"text": "So."}]},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_one_row_is_one_row(row, indent):
    assert values(json.dumps(row, indent=indent)) == [row]


@pytest.mark.parametrize("between", ["\n", "\n\n", "", " "])
def test_objects_that_spread_over_lines_follow_each_other(between):
    text = between.join(json.dumps(row, indent=1) for row in ROWS)
    rows = list(read_rows(decompressed(io.BytesIO(text.encode())), "f"))
    assert [row.value for row in rows] == ROWS
    assert [row.line for row in rows] == [1, 5 + between.count("\n")]
    assert values(between.join(map(json.dumps, ROWS))) == ROWS


def test_lines_of_tables_are_rows():
    # Two lines are JSON lines, whatever a line looks like by itself.
    assert values(json.dumps(COLUMNS) + "\n" + json.dumps(COLUMNS)) == [COLUMNS, COLUMNS]


@pytest.mark.parametrize("suffix", ["", ".jsonl"])
def test_a_bad_first_line_is_one_bad_row(suffix):
    good = json.dumps(ROWS[1])
    for bad in ('{"prompt": "Name', '{"prompt": "Name a river.",', '{"prompt": [1', '{"prompt":', "{'prompt': 1}"):
        rows = list(read_rows(decompressed(io.BytesIO(f"{bad}\n{good}\n".encode())), "f", suffix))
        assert [row.fault is None for row in rows] == [False, True], bad
        assert rows[1].value == ROWS[1] and rows[1].line == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n "prompt": "P",\n "chosen": "a"\n', "f:4: this is not JSON"),
        ('{\n "prompt": "P"\n "chosen": "a",\n "rejected": "b"\n}', "f:3: this is not JSON: expecting ',' delimiter"),
        ('{\n "a": 1\n}\n{\n "a" 2\n}', "f:5: this is not JSON: expecting ':' delimiter; mend the file"),
        ('{\n "a": 1\n},\n{\n "a": 2\n}', "f:3: commas separate the objects, but no brackets make a list of them"),
        (json.dumps({"train": ROWS, "test": ROWS[:1]}), "can be read in 2 ways: the list 'train' or the list 'test'"),
        (json.dumps({**ROWS[0], "data": ROWS}), "can be read in 2 ways: one row or the list 'data'"),
        (json.dumps({**COLUMNS, "chosen": ["a"]}), "the column 'chosen' has 1 cells, 'prompt' 2"),
    ],
)
def test_what_is_said_of_an_object(text, message):
    assert message in error_of(text)


def test_what_stands_beside_the_rows_is_named(caplog):
    with caplog.at_level(logging.WARNING):
        assert values(json.dumps({"version": "1.0", "data": ROWS, "licence": "CC0"})) == ROWS
    assert caplog.messages == ["f: its rows are the list 'data'; left behind: version, licence"]


def test_not_a_number_is_an_absent_value(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"prompt": ["P"], "chosen": ["a"], "rejected": ["b"], "margin": [NaN]}')
    assert load_groups(path)[0].rankings[0].strength is None


CSV = 'prompt;chosen;rejected\nWhy?;"So; it is";No, never\n'


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (CSV, ".csv"),
        (CSV, ""),
        ("sep=;\n" + CSV, ".csv"),
        (CSV.replace('"So; it is"', "So; it is").replace(";", "\t").replace("So\t", "So;"), ".csv"),
        ('prompt,chosen,rejected\nWhy?,So; it is,"No, never"\n', ".csv"),
    ],
)
def test_the_separator_of_csv_is_what_the_header_holds(text, suffix):
    assert values(text, suffix) == [{"prompt": "Why?", "chosen": "So; it is", "rejected": "No, never"}]


def test_a_header_with_two_separators():
    # Only commas give every row as many cells as the header.
    assert values("id,a;b\n1,x\n2,y\n", ".csv") == [{"id": "1", "a;b": "x"}, {"id": "2", "a;b": "y"}]
    assert "separated by commas or by semicolons" in error_of("id,a;b\n1,x;y\n", ".csv")


def test_lines_of_csv_are_counted_past_what_was_looked_at():
    text = "a;b\n" + 'x;"y\nz"\n' * 100 + "x\n"
    rows = list(read_rows(decompressed(io.BytesIO(text.encode())), "f", ".csv"))
    assert [row.line for row in rows] == [*range(2, 202, 2), 202]
    assert rows[-1].fault is not None and rows[98].value == {"a": "x", "b": "y\nz"}


def test_bare_carriage_returns_in_csv_are_named():
    assert "f: this is not CSV" in error_of("a,b\rx,y\rx,y\r", ".csv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_names_the_encoding(encoding):
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in [*ROWS, {"prompt": "Straße \N{GRINNING FACE}"}])
    marked = text if encoding in ("utf-16", "utf-32", "utf-8-sig") else "\ufeff" + text
    assert values(marked.encode(encoding)) == [*ROWS, {"prompt": "Straße \N{GRINNING FACE}"}]


def test_utf_16_that_is_not_whole_or_not_marked():
    assert "UTF-16 without its byte order mark" in error_of(json.dumps(ROWS[0]).encode("utf-16-le"))
    assert "UTF-16-LE" in error_of(b"\xff\xfe" + json.dumps(ROWS[0]).encode("utf-16-le")[:-1])


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('{\n "prompt": "Straße"\n}', "f:2: the line is not UTF-8 (byte 17 is 0xdf, in Windows-1252 'ß')"),
        ('[\n{"prompt": "Straße"}]', "f:2: the line is not UTF-8 (byte 17 is 0xdf, in Windows-1252 'ß')"),
        ("a,Maß\nx,y\n", "f:1: the line is not UTF-8 (byte 5 is 0xdf, in Windows-1252 'ß')"),
    ],
)
def test_which_byte_is_not_utf_8(content, place):
    message = error_of(content.encode("latin-1"))
    assert message.startswith(place)
    assert message.endswith("iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW")


cells = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
tables = st.lists(st.sampled_from("abcde"), min_size=1, unique=True).flatmap(
    lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, cells)), min_size=2, max_size=5)
)


@given(tables)
def test_every_container_gives_the_rows_of_json_lines(rows):
    names = list(rows[0])
    lines = "\n".join(map(json.dumps, rows))
    assert values(lines) == rows
    for table in (
        {"data": rows},
        {name: [row[name] for row in rows] for name in names},
        {name: {str(i): row[name] for i, row in enumerate(rows)} for name in names},
        {str(i): row for i, row in enumerate(rows)},
        {"columns": names, "data": [[row[name] for name in names] for row in rows]},
    ):
        assert values(json.dumps(table)) == rows
        assert values(json.dumps(table, indent=1)) == rows
    assert values("".join(json.dumps(row, indent=1) for row in rows)) == rows
    assert values(("\ufeff" + lines).encode("utf-16-be")) == rows
