"""Where each judgement was read."""

import json

from plaudit.data import ReadReport, load_groups
from plaudit.data.source_lines import SourceLines
from plaudit.groups import Group, stable_id


def test_rows_that_merge_keep_their_lines(tmp_path):
    rows = [
        {"prompt": "p", "chosen": "a", "rejected": "b"},
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {"prompt": "p", "chosen": "c", "rejected": "a"},
    ]
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    reading = ReadReport(source_lines=SourceLines())
    groups = load_groups(file, report=reading)
    assert [len(group.rankings) for group in groups] == [2, 1]
    key = stable_id(Group("", "p", ("x",)))
    assert [reading.source_lines.of(key, ranking=number) for number in range(3)] == [f"{file}:1", f"{file}:3", None]
    assert reading.source_lines.of(key) == f"{file}:1"
    assert reading.source_lines.of(stable_id(Group("", "q", ("x",))), ranking=0) == f"{file}:2"
    assert reading.source_lines.of("nowhere") is None


def test_a_row_of_many_judgements(tmp_path):
    row = {"prompt": "p", "responses": ["a", "b"], "rankings": [{"tiers": [[0], [1]]}] * 2}
    row["ratings"] = [{"response": 0, "value": 1}]
    file = tmp_path / "groups.jsonl"
    file.write_text("\n" + json.dumps(row))
    reading = ReadReport(source_lines=SourceLines())
    load_groups(file, report=reading)
    key = stable_id(Group("", "p", ("x",)))
    assert reading.source_lines.of(key, ranking=1) == reading.source_lines.of(key, rating=0) == f"{file}:2"


def test_nobody_asks_nothing_is_noted(tmp_path):
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps({"prompt": "p", "chosen": "a", "rejected": "b"}))
    reading = ReadReport()
    load_groups(file, report=reading)
    assert reading.source_lines is None
