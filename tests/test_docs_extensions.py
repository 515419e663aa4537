"""What the pages say of adding a loss, a metric and a format works as printed, each in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"

CHECKS = {
    "losses.md": "from plaudit.training import TrainingSettings\nprint(TrainingSettings(loss='exponential').loss)",
    "evaluation.md": (
        "from plaudit import Group, Ranking, evaluate\n"
        "groups = [Group(f'g{i}', f'p{i}', ('x' * 40, 'y'), (Ranking(((0,), (1,))),)) for i in range(3)]\n"
        "print(evaluate(groups, [[1.0, 0.0]] * 3).overall['long_winners'].value)"
    ),
    "formats.md": (
        "import pathlib, plaudit\n"
        'pathlib.Path(\'rows.jsonl\').write_text(\'{"q": "p", "a": "r", "stars": 4}\\n\')\n'
        "print(plaudit.load_groups('rows.jsonl')[0].ratings[0].value)"
    ),
}


@pytest.mark.parametrize(
    ("page", "printed"), [("losses.md", "exponential"), ("evaluation.md", "1.0"), ("formats.md", "4.0")]
)
def test_the_code_of_the_page_works(page, printed, tmp_path):
    code = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)[-1]
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{CHECKS[page]}"], cwd=tmp_path, capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == printed
