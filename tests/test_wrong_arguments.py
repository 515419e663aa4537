"""Text, a path or a list where groups are meant: one clear TypeError from every function that takes groups."""

from pathlib import Path

import pytest

import plaudit

SCORES = [[1.0, 0.0]]
FUNCTIONS = {
    "best_of": lambda groups: plaudit.best_of(groups, {"mine": SCORES}, gold=SCORES),
    "check_groups": plaudit.check_groups,
    "compare": lambda groups: plaudit.compare(groups, SCORES, SCORES),
    "compare_losses": lambda groups: plaudit.compare_losses(groups, "unused"),
    "diagnose": plaudit.diagnose,
    "evaluate": lambda groups: plaudit.evaluate(groups, SCORES),
    "sft": lambda groups: plaudit.sft(groups, "unused"),
    "split_groups": plaudit.split_groups,
    "train": lambda groups: plaudit.train(groups, "unused"),
    "write_groups": lambda groups: plaudit.write_groups(groups, "unused.jsonl"),
}


@pytest.mark.parametrize("wrong", ["pairs.jsonl", Path("pairs.jsonl"), 7, [{"prompt": "p"}], ["text"]], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_group_is_one_type_error(name, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # In rooms whose array types are checked in tests, that check may speak first.
    with pytest.raises(TypeError, match=r"groups are needed, not|typechecking parameter 'groups'"):
        FUNCTIONS[name](wrong)
    assert list(tmp_path.iterdir()) == []
