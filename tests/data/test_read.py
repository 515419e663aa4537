"""Sources of every kind, and what is said when one is at fault. Nothing is lost and nothing goes by in silence."""

import gzip
import io
import json
import sys
from types import SimpleNamespace

import pytest

from plaudit.data import ReadReport, RejectsFile, load_groups, read_groups
from plaudit.data.containers import CHUNK, read_rows
from plaudit.errors import DataError, InvalidInputError, MissingExtraError, NotFoundError
from plaudit.groups import Group

ROW = {"prompt": "P", "chosen": "a", "rejected": "b"}
LINE = json.dumps(ROW) + "\n"


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "x.jsonl": LINE.encode(),
        "bom.jsonl": b"\xef\xbb\xbf" + LINE.encode(),
        "crlf.jsonl": LINE.replace("\n", "\r\n").encode() * 2,
        "blank.jsonl": b"\n" + LINE.encode() + b"\n",
        "no-suffix": LINE.encode(),
        "x.json": json.dumps([ROW], indent=2).encode(),
        "lines.json": LINE.encode(),
        "list.jsonl": json.dumps([ROW]).encode(),
        "x.csv": b"prompt,chosen,rejected\nP,a,b\n",
        "x.tsv": b"prompt\tchosen\trejected\nP\ta\tb\n",
        "comma": b"prompt,chosen,rejected\nP,a,b\n",
        "tab": b"prompt\tchosen\trejected\nP\ta\tb\n",
    }.items(),
)
@pytest.mark.parametrize("packed", [False, True])
def test_files_are_read_for_what_they_hold(tmp_path, name, content, packed):
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(content) if packed else content)
    [group] = load_groups(path)
    assert (group.prompt, group.responses) == ("P", ("a", "b"))
    assert group.rankings[0].tiers == ((0,), (1,))


def test_gzip_is_known_without_its_name(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(gzip.compress(LINE.encode()))
    assert len(load_groups(path)) == 1


def test_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(LINE.encode()))))
    assert len(load_groups("-")) == 1
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(DataError, match="stdin: the file is empty"):
        load_groups("-")


def test_folders_and_several_sources_merge(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.jsonl").write_text(LINE)
    (tmp_path / "sub" / "b.csv").write_text("prompt,response,value\nP,c,4\n")
    (tmp_path / "notes.md").write_text("not data")
    (tmp_path / ".hidden.jsonl").write_text("not data")
    reading = ReadReport()
    [group] = load_groups(tmp_path, report=reading)
    assert group.responses == ("a", "b", "c")
    assert reading.formats == {"trl": 1, "rated": 1}
    assert load_groups([tmp_path / "a.jsonl", tmp_path / "sub"]) == [group]


def test_a_json_list_is_read_across_chunks_with_its_lines():
    # Elements larger and smaller than a chunk, numbers cut by its end, and every element on a line of its own.
    values = [{"x": "é" * (CHUNK // 3)}, *range(200_000), {"y": [1, {"z": "]"}]}]
    text = "[\n" + ",\n".join(json.dumps(v, ensure_ascii=False) for v in values) + "\n]\n"
    rows = list(read_rows(io.BufferedReader(io.BytesIO(text.encode())), "f"))
    assert [row.value for row in rows] == values
    assert [row.where for row in rows] == [f"f:{i}" for i in range(2, len(values) + 2)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[{}, {", "f:1: this is not a JSON list"),
        ("[\n{},\n{'a': 1}]", "f:3: this is not a JSON list: .*mend"),
        ("[{}", "no closing bracket"),
        ("[{}] [{}]", "something follows the end"),
        ("[{}]\n" + " " * 2 * CHUNK + "x", "something follows the end"),
    ],
)
def test_a_damaged_json_list(content, message):
    with pytest.raises(DataError, match=message):
        list(read_rows(io.BufferedReader(io.BytesIO(content.encode())), "f"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", b"", "the file is empty"),
        ("x.jsonl", b" \n\n", "the file is empty"),
        ("x.json", b"[]", "the file is empty"),
        ("x.csv", b"prompt,chosen,rejected\n", "the file is empty"),
        ("x.jsonl", b"hello\n", r"x\.jsonl:1: this is not JSON: expecting value at character 1; write one JSON"),
        ("x.jsonl", LINE.encode() + b'{"prompt": "P"\n', r"x\.jsonl:2: this is not JSON"),
        ("x.jsonl", LINE.encode() + b'{"prompt": "\xff"}\n', r"x\.jsonl:2: the line is not UTF-8 \(byte 13 is 0xff,"),
        ("x.json", b'[{"prompt": "\xff"}]\n', "not UTF-8"),
        ("x.jsonl", LINE.encode() + b'"text"\n', r"x\.jsonl:2: the row is text, not an object"),
        ("x.csv", b"prompt,chosen,rejected\nP,a,b,c\n", r"x\.csv:2: the row has 4 columns, the header 3"),
        ("x.csv", b"prompt,prompt\nP,a\n", "the column 'prompt' twice"),
        ("x.jsonl.gz", gzip.compress(LINE.encode() * 999, mtime=0)[:-20], "the gzip file is damaged or ends too early"),
        ("x.jsonl.gz", b"\x1f\x8bnonsense", "the gzip file is damaged"),
        ("words", b"just words\n", "neither JSON lines, a JSON list, CSV nor TSV"),
        ("x.jsonl", b'{"question": "P", "reply": "a"}\n', r"(?s)question, reply\n.*chosen=reply .*rejected=COLUMN"),
        ("x.parquet", b"PAR1 torn", "not a whole Parquet file"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_bad_file(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        load_groups(path)
    assert str(error.value).startswith(str(path))
    # What is to be copied stands on a line of its own.
    assert len(str(error.value).splitlines()) == (3 if "--column" in str(error.value) else 1)


def test_what_is_said_of_bad_sources(tmp_path):
    for missing in (tmp_path / "none.jsonl", "no/such.jsonl", str(tmp_path / "a" / "b" / "c")):
        with pytest.raises(NotFoundError, match="there is no such file or folder"):
            load_groups(missing)
    with pytest.raises(DataError, match=r"holds no data files; they end in \.jsonl"):
        load_groups(tmp_path)
    with pytest.raises(NotFoundError, match="there is no format called 'nope'; there are ukp-pairs, "):
        (tmp_path / "x.jsonl").write_text(LINE)
        load_groups(tmp_path, format="nope")


def test_bad_rows_are_set_aside_whole_and_counted(tmp_path):
    path, rejects = tmp_path / "x.jsonl", tmp_path / "rejects.jsonl"
    same = {"prompt": "Q", "chosen": "c", "rejected": "c"}
    path.write_bytes(LINE.encode() + json.dumps(same).encode() + b'\nnot JSON\n"\xff"\n' + LINE.encode())
    reading = ReadReport()
    [group] = load_groups(path, rejects=rejects, report=reading)
    assert len(group.rankings) == 2
    assert (reading.rows, [row.where for row in reading.rejected]) == (5, [f"{path}:{i}" for i in (2, 3, 4)])
    lines = [json.loads(line) for line in rejects.read_text(encoding="utf-8").splitlines()]
    assert [line["row"] for line in lines] == [same, "not JSON\n", '"\\xff"\n']
    assert [line["where"] for line in lines] == [row.where for row in reading.rejected]
    assert all(line["reason"] for line in lines)
    # Without them the first stops everything, before any group is given.
    with pytest.raises(DataError, match=r"x\.jsonl:2: the two responses are the same text"):
        next(read_groups(path))
    # A second reading leaves no old rejects behind.
    path.write_text(LINE)
    with pytest.raises(DataError, match="the file exists already"):
        load_groups(path, rejects=rejects)
    load_groups(path, rejects=RejectsFile(rejects, overwrite=True))
    assert rejects.read_text() == ""


def test_rejects_do_not_overwrite_what_is_read(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(LINE)
    for source, rejects in ((path, path), (tmp_path, tmp_path / "rejects.jsonl")):
        with pytest.raises(DataError, match="name a file elsewhere"):
            load_groups(source, rejects=rejects)
    assert path.read_text() == LINE
    with pytest.raises(DataError, match=r"it cannot be written: .* is a file, not a folder"):
        load_groups(path, rejects=path / "rejects.jsonl")


def test_bad_first_rows_do_not_hide_the_format(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"note": "exported on Monday"}\nnot JSON\n' + LINE)
    reading = ReadReport(keep_going=True)
    assert len(load_groups(path, report=reading)) == 1
    assert [row.where for row in reading.rejected] == [f"{path}:1", f"{path}:2"]


def test_saved_data_sets_and_hub_ids(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    one = datasets.Dataset.from_list(
        [{**ROW, "margin": None}, {"prompt": "Q", "chosen": "c", "rejected": "d", "margin": 2}]
    )
    one.save_to_disk(tmp_path / "one")
    groups = load_groups(tmp_path / "one")
    assert [(g.prompt, g.rankings[0].strength) for g in groups] == [("P", None), ("Q", 2)]
    datasets.DatasetDict({"train": one, "test": one.select([1])}).save_to_disk(tmp_path / "two")
    assert [g.prompt for g in load_groups(tmp_path / "two", split="test")] == ["Q"]
    assert [g.prompt for g in load_groups(f"{tmp_path}/two@test")] == ["Q"]
    with pytest.raises(DataError, match=r"it has the splits train, test; choose one as .*two@train"):
        load_groups(tmp_path / "two")
    with pytest.raises(DataError, match="it has no split 'dev', only train, test"):
        load_groups(tmp_path / "two", split="dev")
    with pytest.raises(DataError, match="it has no splits"):
        load_groups(tmp_path / "one", split="test")
    # A hub id goes to `load_dataset` as it is; a folder of files laid out as on the hub takes the same path.
    (tmp_path / "owner" / "name").mkdir(parents=True)
    for split in ("train", "test"):
        one.to_parquet(tmp_path / "owner" / "name" / f"{split}.parquet")
    from plaudit.data import sources

    [table] = sources._hub_data_set(str(tmp_path / "owner" / "name"), None, "test")
    assert [row.value["prompt"] for row in table.rows] == ["P", "Q"]
    with pytest.raises(
        NotFoundError, match="owner/none: there is no such file, and as a hub data set it cannot be loaded"
    ):
        load_groups("owner/none")


def test_hub_ids_name_configurations_and_splits(monkeypatch):
    from plaudit.data import sources

    asked = []
    monkeypatch.setattr(sources, "_hub_data_set", lambda *names: asked.append(names) or [])
    list(sources.tables("owner/name"))
    list(sources.tables("owner/na-me.1:part@test"))
    list(sources.tables("owner/name@test", split="train"))
    assert asked == [("owner/name", None, None), ("owner/na-me.1", "part", "test"), ("owner/name", None, "test")]


def test_nulls_of_a_parquet_file_are_absent(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    from plaudit.data import sources

    said = pyarrow.struct({"role": pyarrow.string(), "name": pyarrow.string()})
    columns = {
        "whole": pyarrow.array(["a", "b", "c"]),
        "number": pyarrow.array([1.5, None, 2.5]),
        "coded": pyarrow.DictionaryArray.from_arrays(pyarrow.array([0, None, 0]), pyarrow.array(["x"])),
        "turns": pyarrow.array([[{"role": "user", "name": None}], None, []], pyarrow.list_(said)),
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "all.parquet")
    parquet.write_table(pyarrow.table({"whole": columns["whole"]}), tmp_path / "whole.parquet")
    every, whole = ([(row.where, row.value) for row in table.rows] for table in sources.tables(tmp_path))
    name = str(tmp_path / "all.parquet")
    assert every == [
        (f"{name}:1", {"whole": "a", "number": 1.5, "coded": "x", "turns": [{"role": "user"}]}),
        (f"{name}:2", {"whole": "b"}),
        (f"{name}:3", {"whole": "c", "number": 2.5, "coded": "x", "turns": []}),
    ]
    assert [value for _, value in whole] == [{"whole": "a"}, {"whole": "b"}, {"whole": "c"}]


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(
        MissingExtraError, match=r"Parquet needs the `datasets` extra: pip install 'plaudit\[datasets\]'"
    ):
        load_groups(tmp_path)


def test_responses_that_repeat_in_a_row_are_counted(tmp_path):
    rows = [
        {"prompt": "a", "responses": ["x", "y", "x", "x"]},
        # Another row may name the same response again: that is how judgements of it come together.
        {"prompt": "a", "responses": ["x", "z"]},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    reading = ReadReport()
    (group,) = load_groups(path, report=reading)
    assert group.responses == ("x", "y", "z")
    assert reading.repeated == 2


def test_an_error_says_where_and_what_to_do_in_fields(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(LINE + '{"prompt": "Q", "chosen": "a"}\n')
    with pytest.raises(DataError) as error:
        load_groups(path)
    assert (error.value.file, error.value.line, error.value.status) == (str(path), 2, 422)
    assert error.value.message == "the row has no 'rejected'"
    assert error.value.remedy == "add it or remove the row"
    assert str(error.value) == f"{path}:2: the row has no 'rejected'; add it or remove the row"


@pytest.mark.parametrize(
    "source",
    [Group("q", "P", ("a",)), [Group("q", "P", ("a",))], {"prompt": "P"}, [{"prompt": "P"}], 3, None, b"x.jsonl"],
)
def test_what_is_no_source_is_a_type_error(source):
    with pytest.raises(TypeError, match=r"groups are read from paths, `-` .stdin., hub ids or tables, not from an? "):
        load_groups(source)


def test_an_open_file_and_an_empty_path_are_no_sources(tmp_path):
    (tmp_path / "x.jsonl").write_text(LINE)
    with (tmp_path / "x.jsonl").open() as stream, pytest.raises(TypeError, match="not from a TextIOWrapper"):
        load_groups(stream)
    with pytest.raises(InvalidInputError, match="a path is empty"):
        load_groups("")


def test_text_that_is_no_path_is_not_found():
    with pytest.raises(NotFoundError, match="there is no such file or folder"):
        load_groups(LINE * 100)  # longer than any file name may be
