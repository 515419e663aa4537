"""The Chinese pages name all that the English ones do."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def names(page: str) -> set[str]:
    """Whatever stands as code in the first column of a table, or is bold code: settings, figures, formats."""
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[^`|]+`(?:, |、)?)+) \|", text, re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", " ".join(rows))) | set(re.findall(r"\*\*`([^`]+)`\*\*", text))


@pytest.mark.parametrize("page", ["formats.md", "training.md", "evaluation.md", "serving.md", "alignment.md"])
def test_what_the_english_page_lists_stands_in_the_chinese_one(page):
    assert len(names(page)) > 10
    text = re.sub(r"```.*?```", "", (DOCS / "zh" / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    chinese = set(re.findall(r"`([^`\n]+)`", text))
    assert names(page) - chinese == set()


def test_both_readmes_show_the_same_commands():
    commands = [
        re.findall(r"^(plaudit [^#\n]+?) +#|^(plaudit [^#\n]+)$", (DOCS.parent / name).read_text("utf-8"), re.MULTILINE)
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert commands[0] == commands[1]
