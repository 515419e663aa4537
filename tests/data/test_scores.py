"""Scores on disk: what is written is read back, and what cannot be read is named by file and line."""

import gzip
import hashlib
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data import Score, align_scores, read_scores, text_hash, write_scores
from plaudit.errors import DataError, PlauditError
from plaudit.groups import Group

SCORES = [
    Score("q1", 0, 1.25, 12, False),
    Score("q1", 1, -0.5, 9, True, {"helpful": 2.0, "safe": -1.0}),
    Score("問", 0, 0.0, 3, False),
]
GROUPS = [Group("q1", "Why?", ("a", "b")), Group("問", "為何?", ("c",))]


@pytest.mark.parametrize("name", ["scores.jsonl", "scores.jsonl.gz"])
def test_round_trip_through_a_file(tmp_path, name):
    path = tmp_path / name
    write_scores(SCORES, path, {"seed": 3})
    assert read_scores(path) == (SCORES, {"seed": 3})
    assert [p.name for p in tmp_path.iterdir()] == [name]  # nothing temporary is left behind
    if name.endswith(".gz"):
        assert gzip.decompress(path.read_bytes()).startswith(b'{"plaudit": "scores"')


def test_the_lines_are_those_of_the_design():
    stream = io.StringIO()
    write_scores(SCORES[:2], stream, {"seed": 3})
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"plaudit": "scores", "record": {"seed": 3}},
        {"group": "q1", "response": 0, "score": 1.25, "tokens": 12, "truncated": False},
        {
            "group": "q1",
            "response": 1,
            "score": -0.5,
            "scores": {"helpful": 2.0, "safe": -1.0},
            "tokens": 9,
            "truncated": True,
        },
    ]


def test_stdin_and_stdout(monkeypatch, capsys):
    write_scores(SCORES, "-", None)
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert read_scores("-") == (SCORES, {})


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0), st.text())
def test_every_finite_score_survives_exactly(score, tokens, group):
    stream = io.StringIO()
    write_scores([Score(group, 0, score, tokens, False)], stream)
    row = json.loads(stream.getvalue())
    assert (row["group"], row["score"], row["tokens"]) == (group, score, tokens)


def test_a_score_that_is_not_finite_is_null_on_disk_and_nan_in_memory(tmp_path):
    path = tmp_path / "s.jsonl"
    write_scores([Score("q", 0, math.nan, 1, False), Score("q", 1, math.inf, 1, False)], path)
    assert [json.loads(line)["score"] for line in path.read_text().splitlines()] == [None, None]
    assert all(math.isnan(s.score) for s in read_scores(path)[0])


def test_an_interrupt_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "s.jsonl"
    write_scores(SCORES, path)
    before = path.read_text()

    def interrupted():
        yield SCORES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_scores(interrupted(), path, overwrite=True)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_made(tmp_path):
    write_scores(SCORES, tmp_path / "new" / "s.jsonl")
    assert read_scores(tmp_path / "new" / "s.jsonl")[0] == SCORES


def test_a_file_where_the_folder_should_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PlauditError, match=r"s\.jsonl: it cannot be written: "):
        write_scores(SCORES, tmp_path / "file" / "s.jsonl")


GOOD = {"group": "q", "response": 0, "score": 1.0, "tokens": 3, "truncated": False}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "a score is a JSON object"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "tokens"}), '"tokens" is missing'),
        (json.dumps(GOOD | {"score": "high"}), "\"score\" is 'high'; it must be a number"),
        (json.dumps(GOOD | {"score": True}), '"score" is True'),
        (json.dumps(GOOD | {"response": -1}), '"response" is -1'),
        (json.dumps(GOOD | {"truncated": 0}), '"truncated" is 0; it must be true or false'),
        (json.dumps(GOOD | {"scores": [1]}), '"scores" must be an object'),
        (json.dumps(GOOD | {"hash": 7}), '"hash" is 7; it must be the hash'),
        (json.dumps(GOOD | {"spread": -0.5}), '"spread" is -0.5; it must be a standard deviation'),
        (json.dumps(GOOD | {"spread": math.nan}), '"spread" is nan'),
        (json.dumps(GOOD | {"spread": True}), '"spread" is True'),
        (json.dumps(GOOD | {"members": 0.5}), '"members" must be a list of numbers'),
        (json.dumps(GOOD | {"members": ["a"]}), '"members" must be a list of numbers'),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, says):
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(GOOD) + "\n\n" + line + "\n")
    with pytest.raises(DataError) as error:
        read_scores(path)
    assert str(error.value).startswith(f"{path}:3: ")
    assert says in str(error.value)


def test_unreadable_files_are_one_line(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_scores(tmp_path / "absent.jsonl")
    cut = tmp_path / "cut.jsonl.gz"
    write_scores(SCORES, cut)
    cut.write_bytes(cut.read_bytes()[:-12])
    with pytest.raises(DataError, match="cannot be read"):
        read_scores(cut)
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b'{"group": "caf\xe9"}')
    with pytest.raises(DataError, match="not UTF-8"):
        read_scores(latin)


def test_align_follows_the_groups_and_counts_the_rest():
    stranger = Score("elsewhere", 0, 9.0, 1, False)
    aligned, unused = align_scores(GROUPS, [stranger, *reversed(SCORES)])
    assert aligned == [SCORES[:2], SCORES[2:]]
    assert unused == 1


@pytest.mark.parametrize(
    ("groups", "scores", "says"),
    [
        (GROUPS, SCORES[1:], "response 0 of group 'q1' has no score"),
        (GROUPS, [*SCORES, SCORES[0]], "response 0 of group 'q1' has two scores"),
        (GROUPS, [*SCORES, Score("問", 4, 0.0, 1, False)], "names? response 4 of group '問', which has 1"),
        ([GROUPS[1], GROUPS[1]], SCORES, "two groups have the id '問'"),
    ],
)
def test_align_refuses_scores_of_other_data(groups, scores, says):
    with pytest.raises(PlauditError, match=says):
        align_scores(groups, scores)


def digits(text):
    return hashlib.sha256(text).hexdigest()[:16]


@pytest.mark.parametrize(
    ("prompt", "response", "text"),
    [
        ("為何?", "c", b"\xe7\x82\xba\xe4\xbd\x95?\0c"),
        ("", "half \ud83d", b"\0half \xed\xa0\xbd"),
        (({"role": "user", "content": "é"},), "c", b'\0[{"content": "\\u00e9", "role": "user"}]\0c'),
        ("p", ({"role": "assistant", "content": "a"},), b'p\0\0[{"content": "a", "role": "assistant"}]'),
    ],
)
def test_the_hash_of_a_text_is_that_of_the_docs(prompt, response, text):
    assert text_hash(Group("q", prompt, ("another", response)), 1) == digits(text)


def test_rows_scored_apart_are_found_by_their_text(tmp_path):
    # Two rows of one prompt, one response twice: three lines for a group of two responses.
    rows = [Group("r1", "p", ("a", "b")), Group("r2", "p", ("b",))]
    places = [(rows[0], 0, 1.0), (rows[0], 1, 2.0), (rows[1], 0, 2.0 + 1e-7)]
    lines = [Score(row.id, i, score, 3, False, hash=text_hash(row, i)) for row, i, score in places]
    aligned, unused = align_scores([Group("merged", "p", ("b", "a"))], lines)
    assert [[score.score for score in row] for row in aligned] == [[2.0, 1.0]]
    assert unused == 0
    contradicting = [*lines, Score("r3", 0, 9.0, 3, False, hash=text_hash(rows[1], 0))]
    with pytest.raises(PlauditError, match="response 0 of group 'merged' has two scores"):
        align_scores([Group("merged", "p", ("b", "a"))], contradicting)


def test_the_hash_of_earlier_versions_is_read(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(GOOD | {"text": digits(b"p\0a")[:8]}) + "\n")
    scores, _ = read_scores(path)
    assert align_scores([Group("other", "p", ("a",))], scores) == ([scores], 0)
    with pytest.raises(PlauditError, match="was made of another text"):
        align_scores([Group("q", "p", ("b",))], scores)


def test_what_was_asked_for_beside_a_score_is_written(tmp_path, capsys):
    write_scores([Score("q", 0, 1.0, 3, False, rank=2, text="an answer", meta={"model": "m"})], "-")
    assert json.loads(capsys.readouterr().out) == GOOD | {"rank": 2, "text": "an answer", "meta": {"model": "m"}}
    (tmp_path / "s.jsonl").write_text(json.dumps(GOOD | {"text": "an answer", "meta": {"model": "m"}}) + "\n")
    assert read_scores(tmp_path / "s.jsonl")[0] == [Score("q", 0, 1.0, 3, False)]


def test_a_score_of_another_text_is_refused(tmp_path):
    path = tmp_path / "s.jsonl"
    write_scores([Score("q", 0, 1.0, 3, False), Score("q", 1, 2.0, 3, False, hash=digits(b"p\0old"))], path)
    assert [json.loads(line).get("hash") for line in path.read_text().splitlines()] == [None, digits(b"p\0old")]
    scores, _ = read_scores(path)
    assert align_scores([Group("q", "p", ("any", "old"))], scores) == ([scores], 0)
    for other in (Group("q", "p", ("any", "new")), Group("q", "another p", ("any", "old"))):
        with pytest.raises(PlauditError) as error:
            align_scores([other], scores)
        said = "the score of response 1 of group 'q' was made of another text; score these groups again"
        assert str(error.value) == said


def test_the_spread_is_written_only_where_there_is_one(tmp_path):
    scores = [Score("q", 0, 1.0, 3, False, spread=0.25), Score("q", 1, 1.0, 3, False, spread=math.nan)]
    path = tmp_path / "s.jsonl"
    write_scores([*scores, Score("q", 2, 1.0, 3, False)], path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row.get("spread", "none") for row in rows] == [0.25, None, "none"]
    read = read_scores(path)[0]
    assert (read[0], read[2].spread) == (scores[0], None)
    assert math.isnan(read[1].spread)


def test_the_members_of_an_ensemble_are_written_and_read(tmp_path):
    path = tmp_path / "s.jsonl"
    write_scores([Score("q", 0, 1.0, 3, False, members=(0.5, math.nan)), Score("q", 1, 1.0, 3, False)], path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row.get("members", "none") for row in rows] == [[0.5, None], "none"]
    first, second = read_scores(path)[0]
    np.testing.assert_equal(first.members, (0.5, math.nan))
    assert second.members is None
