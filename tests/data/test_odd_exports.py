"""Files as databases, spreadsheets and annotators' scripts write them: read rightly, or refused with what to do."""

import bz2
import io
import json
import logging
import lzma
import zipfile
from decimal import Decimal

import pytest

from plaudit.data import load_groups
from plaudit.errors import DataError

SIDES = {"prompt": "P", "response_a": "one", "response_b": "two"}
FIRST, SECOND = ((0,), (1,)), ((1,), (0,))


def _write(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _parquet(tmp_path, columns, names=None):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    parquet.write_table(arrow.Table.from_arrays([arrow.array(c) for c in columns], names), path)
    return path


@pytest.mark.parametrize(("yes", "no"), [(True, False), ("True", "False"), ("1.0", "0.0"), ("true", "")])
def test_one_hot_columns_may_be_true_and_false(tmp_path, yes, no):
    won = {"winner_model_a": no, "winner_model_b": yes, "winner_tie": no}
    [group] = load_groups(_write(tmp_path, {**SIDES, **won}))
    assert group.rankings[0].tiers == SECOND


def test_decimals_are_ratings(tmp_path):
    ratings = [Decimal("4.50"), Decimal("2.00")]
    path = _parquet(tmp_path, [["P", "P"], ["one", "two"], ratings], ["prompt", "response", "rating"])
    [group] = load_groups(path)
    assert [rating.value for rating in group.ratings] == [4.5, 2]


def test_two_parquet_columns_of_one_name_are_refused(tmp_path):
    path = _parquet(tmp_path, [["P"], ["one"], ["two"], ["three"]], ["prompt", "chosen", "chosen", "rejected"])
    with pytest.raises(DataError, match="the header names the column 'chosen' twice"):
        load_groups(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl.zst", bytes.fromhex("28b52ffd0458") + b"x", "zstd"),
        ("a.jsonl.bz2", bz2.compress(b"{}"), "bzip2"),
        ("a.jsonl.xz", lzma.compress(b"{}"), "xz"),
        ("a.csv", b"PK\x03\x04", "Excel"),
        ("a", b"PAR1....", r"\.parquet"),
    ],
)
def test_what_must_be_unpacked_is_named(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as error:
        load_groups(path)
    assert "\n" not in str(error.value)


def test_a_zip_archive_is_named(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", "{}")
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    with pytest.raises(DataError, match="it is a zip archive"):
        load_groups(tmp_path / "a.zip")


def test_lines_of_separators_are_blank(tmp_path):
    (tmp_path / "a.csv").write_text(",,\nprompt,chosen,rejected\nP,one,two\n,,\n")
    assert len(load_groups(tmp_path / "a.csv")) == 1


def test_a_scale_is_no_choice_even_where_bad_rows_are_set_aside(tmp_path):
    rows = [{"prompt": "P", "response_1": "one", "response_2": f"{i}", "preference": 1 + i % 5} for i in range(20)]
    with pytest.raises(DataError, match="a scale between the two"):
        load_groups(_write(tmp_path, *rows), rejects=tmp_path / "bad.jsonl")


def test_one_slip_among_many_is_a_bad_row(tmp_path):
    rows = [{"prompt": "P", "response_1": "one", "response_2": f"{i}", "preference": 1 + i % 2} for i in range(30)]
    path = _write(tmp_path, *rows, {**rows[0], "preference": 4})
    [group] = load_groups(path, rejects=tmp_path / "bad.jsonl")
    assert len(group.rankings) == 30
    assert len((tmp_path / "bad.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("column", ["image_path", "image_url", "video_file", "audio_urls"])
def test_rows_about_pictures_are_refused_under_any_name(tmp_path, column):
    path = _write(tmp_path, {"prompt": "P", "chosen": "one", "rejected": "two", column: "a"})
    with pytest.raises(DataError, match=column):
        load_groups(path)
    empty = _write(tmp_path, {"prompt": "P", "chosen": "one", "rejected": "two", column: ""})
    assert len(load_groups(empty)) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**SIDES, "winner": "A", "flipped": True}, "'flipped' is set"),
        ({**SIDES, "winner": "A", "score_a": 1, "score_b": 3}, "contradict the verdict"),
        ({**SIDES, "winner": "B", "response_a_rating": 5, "response_b_rating": 4}, "contradict the verdict"),
        ({"prompt": "P", "response": "one", "score": 0.3, "label": 1}, "'label' is no rating"),
        ({"prompt": "P", "responses": ["one", "two"], "winner": "A"}, "'winner' may be a judgement"),
        ({"prompt": "P", "response": "one", "rank": 1}, "'rank' may be a judgement"),
        ({"prompt": "P", "response": "one", "chosen": True}, "'chosen' may be a judgement"),
    ],
)
def test_what_may_mean_something_else_is_said(tmp_path, caplog, row, said):
    with caplog.at_level(logging.WARNING):
        load_groups(_write(tmp_path, row))
    assert said in caplog.text


@pytest.mark.parametrize(
    "row",
    [
        {**SIDES, "winner": "A", "flipped": False},
        {**SIDES, "winner": "A", "score_a": 3, "score_b": 1},
        {**SIDES, "winner": "tie", "score_a": 3, "score_b": 1},
        {"prompt": "P", "response": "one", "score": 0.3},
        {"prompt": "P", "response": "one", "model": "m"},
    ],
)
def test_what_is_plain_is_read_without_a_word(tmp_path, caplog, row):
    with caplog.at_level(logging.WARNING):
        load_groups(_write(tmp_path, row))
    assert not caplog.records


@pytest.mark.parametrize("column", ["loser", "worse_response", "annotator_1"])
def test_the_worse_response_is_never_proposed_as_the_winner(tmp_path, column):
    with pytest.raises(DataError, match="--column winner=COLUMN"):
        load_groups(_write(tmp_path, {**SIDES, column: "a"}))


def test_columns_that_hold_something_else_are_said_to(tmp_path):
    with pytest.raises(DataError, match="hold something else"):
        load_groups(_write(tmp_path, {**SIDES, "winner": ["A", "B"]}))


def test_a_long_number_does_not_fill_the_screen(tmp_path):
    row = {"prompt": "P", "chosen": "one", "rejected": "two", "margin": 10**400}
    with pytest.raises(DataError) as error:
        load_groups(_write(tmp_path, row))
    assert len(str(error.value).replace(str(tmp_path), "")) < 200


def test_unjudged_rows_keep_columns_of_their_own(tmp_path):
    rows = [{"prompt": f"P{i}", "responses": ["one", "two"]} for i in range(3)]
    groups = load_groups(_write(tmp_path, *rows, {"prompt": "Q", "responses": ["one"], "model": "m"}))
    assert [dict(group.meta) for group in groups] == [{}, {}, {}, {"model": "m"}]
    slip = {"prompt": "Q", "responses": ["one", "two"], "rankings": [{"tiers": [[0], [1]]}], "model": "m"}
    with pytest.raises(DataError, match="unknown field 'model'"):
        load_groups(_write(tmp_path, *rows, slip))
