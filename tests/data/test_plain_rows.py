"""The short way through reading makes what the long way makes: groups, notes, columns and errors are the same."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rows_of_formats import files

from plaudit.data import ReadReport, Row, Table, read_groups
from plaudit.data.containers.json_rows import _loads
from plaudit.data.formats import FORMATS
from plaudit.data.formats.pairs import read_plain_pair
from plaudit.errors import InvalidInputError

# Every text that some part of reading looks for, and what stands about it.
PARTS = [
    "a",
    "b",
    "4",
    " ",
    "\n",
    "\u3000",
    "Human:",
    "\n\nHuman: ",
    "\n\nAssistant: ",
    "Assistant:",
    "<",
    "<|",
    "<|im_start|>",
]
PARTS += ["[INST]", "<start_of_turn>", "<｜Assistant｜>", "\ud83d", "\0", "é"]
texts = st.lists(st.sampled_from(PARTS), max_size=4).map("".join)
cells = (
    texts
    | texts
    | st.sampled_from([None, 3, True, float("nan"), [], ["a", "b"], {}, [{"role": "user", "content": "a"}]])
)
SIDES = ("prompt", "chosen", "rejected")
OTHERS = ("margin", "system", "context", "input", "images", "tools", "id", "subset", "notes", "question", "annotator")
plain = st.fixed_dictionaries(dict.fromkeys(SIDES, texts))
odd = st.dictionaries(st.sampled_from(SIDES + OTHERS), cells, max_size=5)
rows = st.lists(plain | plain | odd | st.builds(lambda row, more: row | more, plain, odd), min_size=1, max_size=6)


@contextmanager
def long_way():
    shape = FORMATS.lookup("trl")
    object.__setattr__(shape, "read_plain", None)
    try:
        yield
    finally:
        object.__setattr__(shape, "read_plain", read_plain_pair)


def everything(rows, merge, keep_going=True):
    """All that comes of reading: the groups or the error, and what was reported of them."""
    report = ReadReport(keep_going=keep_going)
    table = Table("it", "it", (Row("it", line, dict(row)) for line, row in enumerate(rows, 1)))
    try:
        groups = [group.to_dict() for group in read_groups(table, format="trl", report=report, merge=merge)]
    except InvalidInputError as error:
        groups = [{"error": str(error)}]
    tallies = report.positions.one_sided(), vars(report.ranges)
    return groups, tallies, replace(report, positions=None, ranges=None)


@settings(max_examples=400, database=None)
@given(rows | files("trl").map(lambda file: file[0]), st.booleans(), st.booleans())
@example([{"prompt": "", "chosen": "", "rejected": "a"}] * 2, True, False)
@example([{"prompt": "p", "chosen": "a ", "rejected": "a"}], True, True)
@example([{"prompt": "p", "chosen": "a", "rejected": "a"}], False, True)
@example([{"prompt": "Human: a\n\nAssistant:", "chosen": "a", "rejected": "b"}], True, True)
def test_the_short_way_makes_what_the_long_way_makes(some, merge, keep_going):
    short = everything(some, merge, keep_going)
    with long_way():
        assert everything(some, merge, keep_going) == short


def test_a_plain_row_takes_the_short_way():
    row = {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"}
    group = read_plain_pair(row)
    assert (group.prompt, group.responses, [one.tiers for one in group.rankings]) == (
        "2 + 2?",
        ("4", "5"),
        [((0,), (1,))],
    )
    assert row == {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"}


LINES = [
    '{"a": 1}',
    ' {"a": 1}',
    '{"a": 1}\r\n',
    '{"a": 1} \n',
    "\ufeff{}",
    "{} {}",
    "{",
    '{"a": NaN}',
    '{"a": 1, "a": 2}',
    "nul",
    "1" * 5000,
]


@pytest.mark.parametrize("line", [*LINES, '{"a": 1}\u3000', '"\\ud83d"\n', "[" * 100_000])
def test_a_line_is_parsed_as_json_parses_it(line):
    def outcome(loads):
        try:
            return repr(loads(line))
        except (ValueError, RecursionError) as error:
            return type(error), str(error)

    assert outcome(_loads) == outcome(json.loads)
