"""Prompts by their use: what stands in another's place, overlaps or does not fit."""

import json

import pytest
from painting import PROMPTS

from plaudit.alignment import PromptSets, align
from plaudit.errors import InvalidInputError
from plaudit.groups import Group

FEW = {"method": "ppo", "steps": 1, "max_new_tokens": 16, "best_of_samples": 0, "evaluation_samples": 2}
LONG = Group("long", "colour " * 2000, ("",))


def test_test_prompts_that_are_learned_from_are_said(painter, tmp_path, likes_red, caplog):
    sets = PromptSets(PROMPTS[:6], PROMPTS[6:9], PROMPTS[4:9])
    record = align(painter, sets, likes_red, tmp_path / "run", **FEW)
    assert record["learned_from"] == {"validation": 0, "test": 2}
    assert "so that their figures flatter: 2 test prompts" in caplog.text
    page = (tmp_path / "run" / "align.html").read_text(encoding="utf-8")
    assert "Of the 5 test prompts, 2 are learned from, too" in page
    assert "that had no part in choosing the policy" not in page


def test_prompts_that_stand_in_another_set_s_place_are_said(caplog):
    assert PromptSets(PROMPTS[:2], PROMPTS[2:4], ()).filled().test == PROMPTS[2:4]
    assert "no prompt is held out to report on" in caplog.text
    caplog.clear()
    PromptSets(PROMPTS[:2], (), PROMPTS[2:4]).filled()
    assert "is watched, on 2 prompts that it learns from" in caplog.text
    with pytest.raises(InvalidInputError, match="there is no prompt to learn from"):
        PromptSets((), (), ()).filled()


def test_a_set_whose_prompts_are_all_too_long_is_named(painter, tmp_path, likes_red):
    with pytest.raises(InvalidInputError, match="no test prompt leaves room"):
        align(painter, PromptSets(PROMPTS[:6], PROMPTS[6:9], [LONG]), likes_red, tmp_path / "run", **FEW)


def test_a_prompt_that_is_too_long_is_counted_once(painter, tmp_path, likes_red, caplog):
    align(painter, PromptSets([*PROMPTS[:3], LONG], (), ()), likes_red, tmp_path / "run", **FEW)
    assert [line for line in caplog.messages if "no room" in line] == [
        line for line in caplog.messages if "1 train prompt" in line
    ]
    assert json.loads((tmp_path / "run" / "plaudit.json").read_text())["prompts"]["train"] == 3


def test_rounds_are_called_rounds(painter, tmp_path, likes_red, capsys):
    sets = PromptSets(PROMPTS[:6], PROMPTS[6:9], PROMPTS[9:])
    few = {name: value for name, value in FEW.items() if name not in ("method", "steps")}
    align(painter, sets, likes_red, tmp_path / "run", method="best-of", rounds=1, samples=6, **few)
    assert "round 1/1: validation" in capsys.readouterr().err
    card = (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    assert "Kept: the policy after round 1. All rounds were taken." in card
