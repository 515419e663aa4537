"""The Python of both READMEs runs as it stands, and prints what they say it prints."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"[-+]?\d+\.\d+")


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Of each program, what it prints; the two READMEs show the same one, with comments in two languages."""
    outputs = {}

    def run(program):
        code = ast.dump(ast.parse(program))
        if code not in outputs:
            folder = tmp_path_factory.mktemp("reader")
            command = [sys.executable, "-c", program]
            outputs[code] = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        return outputs[code]

    return run


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_first_example_prints_what_it_says(name, printed):
    text = (ROOT / name).read_text(encoding="utf-8")
    [program] = re.findall(r"```python\n(.*?)```", text, re.S)
    [promised] = re.findall(r"```text\n(.*?)```", text, re.S)
    found = printed(program)
    assert NUMBER.sub("0", found).split() == NUMBER.sub("0", promised).split()
    # Rounding differs from machine to machine; what a reader would call another result does not.
    numbers, wanted = ([float(number) for number in NUMBER.findall(one)] for one in (found, promised))
    assert numbers == pytest.approx(wanted, abs=0.05)
