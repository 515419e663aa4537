"""What docs/alignment.md says of settings, figures, terms and alarms is all there is, and its commands are ones."""

import ast
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from plaudit import AlignmentSettings
from plaudit.alignment import stopping
from plaudit.cli import app
from plaudit.scoring import ShapedRewards
from plaudit.settings import settings_table

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("alignment.md", "zh/alignment.md")
TEXTS = {page: (DOCS / page).read_text(encoding="utf-8") for page in PAGES}
FIGURES = ("reward", "shaped", "gold", "kl", "kl3", "entropy", "length", "ended", "distinct", "repeated", "spread")
REASONS = {
    getattr(stopping, name) for name in ("KL_BUDGET", "COLLAPSED", "UNSURE", "NARROWED", "GOLD_FELL", "GOLD_FLAT")
}


def test_the_settings_stand_in_the_page():
    assert settings_table(AlignmentSettings) in TEXTS["alignment.md"]


def test_every_setting_is_described_in_its_class():
    for field in fields(AlignmentSettings):
        assert f"\n        {field.name}: " in AlignmentSettings.__doc__, field.name


@pytest.mark.parametrize("page", PAGES)
def test_terms_figures_and_alarms_have_a_row(page):
    rows = set(re.findall(r"^\| `([^`]+)` \|", TEXTS[page], re.MULTILINE))
    assert {*(term.name for term in fields(ShapedRewards)), *FIGURES, *REASONS} <= rows


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_have_options_that_exist(page):
    verb = typer.main.get_command(app).commands["align"]
    lines = re.findall(r"^    (plaudit align (?:.*\\\n)*.*)$", TEXTS[page], re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        context = verb.make_context("align", shlex.split(line.replace("\\\n", " "))[2:])
        changes = {name: context.params[name] for name in ("max_new_tokens", "learning_rate", "method", "kl_budget")}
        given = {name: value for name, value in changes.items() if value is not None}
        AlignmentSettings().with_sources("align", given, context.params["changes"] or [], None)


def test_both_pages_have_the_same_programs():
    programs = [
        [ast.dump(ast.parse(code)) for code in re.findall(r"```python\n(.*?)```", TEXTS[page], re.DOTALL)]
        for page in PAGES
    ]
    assert programs[0] == programs[1]
    assert len(programs[0]) == 3
