"""A folder of shards holds what `plaudit score` writes: every response once, whatever happened on the way."""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny import tiny_model_folder
from toys import toy_backbone

from plaudit.data import RowReading, Score, read_footer, read_scores, shard_files, shard_name, write_scores
from plaudit.errors import DataError, InvalidInputError, MissingExtraError, TooLongError
from plaudit.groups import Group
from plaudit.model import combine, open_model
from plaudit.model.linear.model import LinearModel
from plaudit.scoring import RowScoring, ScoringOptions, ShardOptions, score_rows, score_shards
from plaudit.scoring.shards import running


def lines_of(model, source, tmp_path):
    """What `plaudit score` writes."""
    scorer = open_model(model)
    rows = score_rows(scorer, _rows(source), ScoringOptions(), RowScoring())
    write_scores(
        (score for row in rows for score in row), tmp_path / "lines.jsonl", scorer.run_record("s", model=model)
    )
    return read_scores(tmp_path / "lines.jsonl")[0]


def _rows(source):
    from plaudit.data import read_groups

    return read_groups(source, merge=False)


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.mark.parametrize("shards", [1, 60])
def test_the_scores_of_any_number_of_shards_are_the_score_lines(model, many, tmp_path, shards):
    report = score_shards(model, many, tmp_path / "out", shards)
    scores, record = read_scores(tmp_path / "out")
    assert scores == lines_of(model, many, tmp_path)
    assert (len(scores), record["model"], record["features"]) == (1200, model, "length")
    assert (report.counts.rows, report.counts.responses, report.counts.rejected) == (400, 1200, 0)
    assert (report.scored, report.missing) == (list(range(shards)), [])
    files = shard_files(tmp_path / "out")
    assert [file.name for file in files] == [shard_name(shard, shards) for shard in range(shards)]
    assert sum(read_footer(file)["responses"] for file in files) == 1200


def test_a_prompt_stands_in_one_shard(model, many, tmp_path):
    score_shards(model, many, tmp_path / "out", 8)
    ids = [{score.group.removesuffix("-2") for score in read_scores(file)[0]} for file in shard_files(tmp_path / "out")]
    assert sum(map(len, ids)) == len(set().union(*ids)) == 320


def test_whoever_reads_parquet_reads_the_folder(model, many, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    parquet = pytest.importorskip("pyarrow.parquet")
    score_shards(model, many, tmp_path / "out", 3, ShardOptions(text=True))
    columns = ["row", "group", "response", "hash", "score", "tokens", "truncated", "text", "meta"]
    table = parquet.read_table(tmp_path / "out")
    assert (table.num_rows, table.column_names) == (1200, columns)
    loaded = datasets.load_dataset("parquet", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].num_rows == 1200
    row = min(loaded["train"], key=lambda row: (row["row"], row["response"]))
    assert (row["text"], json.loads(row["meta"]), row["row"], row["truncated"]) == ("x", {"by": "ann 0"}, 0, False)


def test_attributes_spreads_members_and_what_is_cut(write, tmp_path, caplog):
    names = [str(toy_backbone(tmp_path / f"member {seed}", head=True, layers=seed)) for seed in (1, 2)]
    combine(names, tmp_path / "ensemble")
    long = {"id": "long", "prompt": "w1", "responses": ["w2", "w3 " * 90]}
    source = write([long, {"id": "q", "prompt": "w1", "responses": ["good"]}])
    options = ScoringOptions(truncate_responses=True)
    score_shards(str(tmp_path / "ensemble"), source, tmp_path / "out", 2, ShardOptions(scoring=options))
    scores, _ = read_scores(tmp_path / "out")
    expected = [
        score for row in open_model(tmp_path / "ensemble").score(source, truncate_responses=True) for score in row
    ]
    assert [(s.group, s.response, s.tokens, s.truncated) for s in scores] == [
        ("long", 0, 3, False),
        ("long", 1, 64, True),
        ("q", 0, 3, False),
    ]
    for one, other in zip(scores, expected, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-6)
        assert one.spread == pytest.approx(other.spread, abs=1e-6)
        assert one.members == pytest.approx(other.members, abs=1e-6)


def test_conversations_beside_texts(write, tmp_path):
    folder = str(tiny_model_folder(tmp_path / "chat"))
    turns = [{"role": "assistant", "content": "because"}]
    source = write(
        [{"id": "q", "prompt": "why", "responses": [turns]}, {"id": "r", "prompt": "\ud83d", "responses": ["x"]}]
    )
    score_shards(folder, source, tmp_path / "out", 1, ShardOptions(text=True))
    pyarrow = pytest.importorskip("pyarrow.parquet")
    texts = pyarrow.read_table(tmp_path / "out")["text"].to_pylist()
    assert (json.loads(texts[0]), texts[1]) == (turns, "x")
    assert read_scores(tmp_path / "out")[0] == lines_of(folder, source, tmp_path)


# ---- a second run ---------------------------------------------------------------------------------------------------


def test_deleted_shards_come_back_alone(model, many, tmp_path):
    folder = tmp_path / "out"
    score_shards(model, many, folder, 6)
    before = bytes_of(folder)
    for shard in (1, 4):
        (folder / shard_name(shard, 6)).unlink()
    with pytest.raises(DataError, match=r"out: 2 of 6 shards are missing"):
        read_scores(folder)
    stamps = {path: path.stat().st_mtime_ns for path in shard_files(folder)}
    # Another budget is no other score.
    again = score_shards(model, many, folder, 6, ShardOptions(scoring=ScoringOptions(batch_tokens=9)))
    assert (again.scored, again.missing) == ([1, 4], [])
    assert bytes_of(folder) == before
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert score_shards(model, many, folder, 6).scored == []


def test_a_shard_that_is_not_whole_is_scored_again_and_told(model, many, tmp_path, caplog):
    folder = tmp_path / "out"
    score_shards(model, many, folder, 4)
    before = bytes_of(folder)
    (folder / shard_name(1, 4)).write_bytes(b"")
    (folder / shard_name(2, 4)).write_bytes(before[shard_name(2, 4)][:100])
    again = score_shards(model, many, folder, 4)
    assert (again.scored, again.missing, bytes_of(folder)) == ([1, 2], [], before)
    assert [record.getMessage().split("/")[-1] for record in caplog.records] == [
        f"{shard_name(shard, 4)} is not a whole file and is scored again" for shard in (1, 2)
    ]


def test_other_shards_are_not_mixed_in(model, many, write, tmp_path):
    folder = tmp_path / "out"
    score_shards(model, many, folder, 2)
    before = bytes_of(folder)
    shutil.copytree(model, tmp_path / "copy")
    assert score_shards(str(tmp_path / "copy"), many, folder, 2).scored == []
    (tmp_path / "copy" / "plaudit.json").write_text((tmp_path / "copy" / "plaudit.json").read_text() + " ")
    other = write([{"prompt": "p", "response": "r"}], "other.jsonl")
    for says, arguments in {
        "for 2 shards, not 3": (model, many, folder, 3),
        "by another model": (str(tmp_path / "copy"), many, folder, 2),
        "of other data": (model, other, folder, 2),
        r"with other options \(text\)": (model, many, folder, 2, ShardOptions(text=True)),
        r"with other options \(columns\)": (
            *(model, many, folder, 2),
            ShardOptions(reading=RowReading(columns={"prompt": "by"})),
        ),
    }.items():
        with pytest.raises(DataError, match=f"its shards were made {says}; name another folder, or replace"):
            score_shards(*arguments)
    assert bytes_of(folder) == before
    score_shards(model, other, folder, 3, ShardOptions(overwrite=True))
    assert [score.group for score in read_scores(folder)[0]] == [lines_of(model, other, tmp_path)[0].group]


def test_a_folder_of_somebody_is_left_alone(model, many, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match=r"the folder is not empty: it holds thesis\.tex"):
        score_shards(model, many, tmp_path / "out", 2)
    assert bytes_of(tmp_path / "out") == {"thesis.tex": b"mine"}


# ---- rows that cannot be read or scored -----------------------------------------------------------------------------


def test_a_row_that_cannot_be_scored_takes_no_other_with_it(write, tmp_path):
    model = str(toy_backbone(tmp_path / "toy", head=True))
    rows = [{"id": f"q{n}", "prompt": f"w{n}", "response": "w2 w3"} for n in range(20)]
    rows[7]["response"] = "w3 " * 90
    rows.insert(3, '{"prompt": "w1"}\n')
    source = write(rows)
    with pytest.raises(DataError, match=r"rows\.jsonl:4: "):
        score_shards(model, source, tmp_path / "first", 3)
    with pytest.raises(TooLongError, match="group 'q7'"):
        score_shards(model, write([row for row in rows if row is not rows[3]], "read.jsonl"), tmp_path / "second", 3)
    report = score_shards(model, source, tmp_path / "out", 3, ShardOptions(rejects=tmp_path / "rejects.jsonl"))
    assert (report.counts.rows, report.counts.rejected) == (19, 2)
    assert {score.group for score in read_scores(tmp_path / "out")[0]} == {f"q{n}" for n in range(20)} - {"q7"}
    files = sorted(tmp_path.glob("rejects-0*-of-00003.jsonl"))
    rejects = {line["where"]: line for file in files for line in map(json.loads, file.read_text().splitlines())}
    assert set(rejects) == {"group 'q7'", f"{source}:4"}
    assert Group.from_dict(rejects["group 'q7'"]["row"]).id == "q7"
    assert "tokens" in rejects["group 'q7'"]["reason"]
    assert sum(read_footer(file)["rejected"] for file in shard_files(tmp_path / "out")) == 2


class TestAModelThatFails:
    @pytest.fixture
    def failing(self, monkeypatch):
        """Let the model raise an error of its own whenever `fails` says so of the batch's ids."""
        whole = LinearModel.score_prepared

        def start(fails):
            def score_prepared(self, batch, **options):
                if fails([item.group.id for item in batch]):
                    raise ZeroDivisionError("in the kernel")
                return whole(self, batch, **options)

            monkeypatch.setattr(LinearModel, "score_prepared", score_prepared)

        return start

    def test_on_one_row(self, model, write, tmp_path, failing):
        failing(lambda ids: "q13" in ids)
        source = write([{"id": f"q{n}", "prompt": f"p{n}", "response": "r"} for n in range(40)])
        how = ShardOptions(rejects=tmp_path / "bad.jsonl")
        report = score_shards(model, source, tmp_path / "out", 1, how)
        assert (report.counts.rows, report.counts.rejected) == (39, 1)
        assert [s.group for s in read_scores(tmp_path / "out")[0]] == [f"q{n}" for n in range(40) if n != 13]
        line = json.loads((tmp_path / "bad-00000-of-00001.jsonl").read_text())
        assert (line["where"], line["reason"]) == ("group 'q13'", "ZeroDivisionError: in the kernel")

    def test_on_every_row_is_no_fault_of_the_rows(self, model, many, tmp_path, failing):
        calls = iter(range(1000))
        failing(lambda ids: next(calls) > 1)
        with pytest.raises(ZeroDivisionError):
            score_shards(model, many, tmp_path / "out", 2, ShardOptions(rejects=tmp_path / "bad.jsonl"))
        assert len(shard_files(tmp_path / "out")) == 1
        assert list(tmp_path.glob("bad-*")) == []


def test_rejects_that_are_there_are_not_replaced(model, write, tmp_path):
    source = write(['{"prompt": "w1"}\n', {"prompt": "p", "response": "r"}])
    how = ShardOptions(rejects=tmp_path / "bad.jsonl")
    (tmp_path / "bad-00000-of-00001.jsonl").write_text("mine")
    with pytest.raises(DataError, match=r"bad-00000-of-00001\.jsonl: the file exists already"):
        score_shards(model, source, tmp_path / "out", 1, how)
    assert (tmp_path / "bad-00000-of-00001.jsonl").read_text() == "mine"
    (tmp_path / "bad-00000-of-00001.jsonl").unlink()
    score_shards(model, source, tmp_path / "out", 1, how)
    # What a process that was killed between the two files left is the same, and no obstacle.
    (tmp_path / "out" / shard_name(0, 1)).unlink()
    assert score_shards(model, source, tmp_path / "out", 1, how).scored == [0]


def test_scores_that_are_no_numbers_are_kept_and_counted(write, tmp_path, caplog):
    folder = tiny_model_folder(tmp_path / "model")
    model = open_model(folder)
    with torch.no_grad():
        model.network.model.score.weight.fill_(float("nan"))
    model.save(tmp_path / "broken")
    report = score_shards(
        str(tmp_path / "broken"), write([{"prompt": "p", "responses": ["a", "b"]}]), tmp_path / "out", 1
    )
    assert report.counts.missing == 2
    with pytest.raises(InvalidInputError, match="none of 2 scores is a number"):
        report.check()
    assert [score.score == score.score for score in read_scores(tmp_path / "out")[0]] == [False, False]


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_refusals(model, many, tmp_path, monkeypatch):
    out = tmp_path / "out"
    with pytest.raises(InvalidInputError, match="shards is 0; it must be at least 1"):
        score_shards(model, many, out, 0)
    with pytest.raises(InvalidInputError, match="can be read again, and this cannot; save it to a file"):
        score_shards(model, "-", out, 2)
    with pytest.raises(InvalidInputError, match="on is 'spark'; it can be 'ray'"):
        score_shards(model, many, out, 2, ShardOptions(on="spark"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InvalidInputError, match="leave out --overwrite"):
        score_shards(model, many, out, 2, ShardOptions(overwrite=True))
    with pytest.raises(InvalidInputError, match="Ray starts its own processes"):
        score_shards(model, many, out, 2, ShardOptions(on="ray"))
    monkeypatch.delenv("WORLD_SIZE")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'plaudit\[datasets\]'"):
        score_shards(model, many, out, 2)
    assert not out.exists()


def test_a_folder_that_is_half_of_two(model, many, tmp_path):
    score_shards(model, many, tmp_path / "out", 2)
    (tmp_path / "out" / shard_name(0, 3)).touch()
    with pytest.raises(DataError, match="it holds shards of 2 and of 3"):
        read_scores(tmp_path / "out")
    with pytest.raises(DataError, match="it is not a whole Parquet file of scores"):
        read_scores(tmp_path / "out" / shard_name(0, 3))


def test_a_server_that_was_given_another_model_meanwhile(tmp_path):
    from plaudit.data import score_table

    like = Score("q", 0, 1.0, 3, False, scores={"helpful": 1.0})
    with pytest.raises(InvalidInputError, match="other attributes"), score_table(tmp_path / "t", like, text=False) as t:
        t[0].write([(0, [Score("q", 0, 1.0, 3, False)])])


def test_each_process_has_its_own_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert running._device("my-model", processes=8) == "cuda:3"
    assert running._device("my-model", processes=1) is running._device("http://host", processes=8) is None


# ---- a full disk ----------------------------------------------------------------------------------------------------

_SCORE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv[1:2] = []
from plaudit.cli import main
main()
"""


def test_a_full_disk_leaves_what_is_whole(model, write, tmp_path):
    # The first shard has the one prompt of 3,000 answers; the last ones have a few each.
    crowd = [{"id": f"crowd {n}", "prompt": "crowd", "response": "x" * (n % 97)} for n in range(3000)]
    source = write([*({"prompt": f"p{n}", "response": "r"} for n in range(40)), *crowd])
    command = ["score", model, source, "--shards", "4", "-o", str(tmp_path / "out")]

    def score(limit):
        # -B: a module's bytecode that was cut at the limit would be read by whoever imports it next.
        python = [sys.executable, "-B", "-c", _SCORE]
        return subprocess.run([*python, str(limit), *command], capture_output=True, text=True)

    full = score(20_000)
    assert (full.returncode, full.stderr.count("\n")) == (2, 1)
    assert "cannot be written: File too large; the shards that are whole stay: make room" in full.stderr
    whole = [file.name for file in shard_files(tmp_path / "out")]
    assert len(whole) < 4
    assert list((tmp_path / "out").glob(".part*")) == []
    done = score(resource.RLIM_INFINITY)
    assert (done.returncode, f"{4 - len(whole)} shard" in done.stderr) == (0, True), done.stderr
    assert read_scores(tmp_path / "out")[0] == lines_of(model, source, tmp_path)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_command_that_is_refused_leaves_nothing_and_removes_nothing(model, many, write, tmp_path, overwrite):
    empty, out, how = write([], "empty.jsonl"), tmp_path / "out", ShardOptions(overwrite=overwrite)
    with pytest.raises(DataError, match="the file is empty"):
        score_shards(model, empty, out, 2, how)
    assert not out.exists()
    score_shards(model, many, out, 2)
    before = bytes_of(out)
    with pytest.raises(DataError):
        score_shards(model, empty, out, 2, how)
    assert bytes_of(out) == before


def test_two_commands_that_begin_at_once_are_not_mixed(model, many, write, tmp_path, monkeypatch):
    """Another one, of other data, has put its first shard there while this one read its own."""
    out, check = tmp_path / "out", running.check_shards
    other = write([{"prompt": "p", "responses": ["a", "b"]}], "other.jsonl")

    def checked(*arguments, **options):
        check(*arguments, **options)
        monkeypatch.setattr(running, "check_shards", check)
        score_shards(model, other, out, 2)

    monkeypatch.setattr(running, "check_shards", checked)
    with pytest.raises(DataError, match="its shards were made of other data"):
        score_shards(model, many, out, 2)
    assert len(read_scores(out)[0]) == 2
