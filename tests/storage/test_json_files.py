"""JSON in files."""

import json

from plaudit.storage import json_line, write_json


def test_half_a_surrogate_pair_is_escaped_wherever_json_is_written(tmp_path):
    value = {"half \ud83d": ["\udc00", "ß"]}
    assert json_line(value) == '{"half \\ud83d": ["\\udc00", "ß"]}\n'
    assert json_line(["\ud83d"]) == '["\\ud83d"]\n'
    write_json(tmp_path / "x.json", value)
    assert json.loads((tmp_path / "x.json").read_text("utf-8")) == value
