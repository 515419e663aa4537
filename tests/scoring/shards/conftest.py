"""A model of the length of an answer, and rows of every kind that `plaudit score` keeps apart."""

import json

import numpy as np
import pytest

from plaudit.model.linear.features import LengthFeatures
from plaudit.model.linear.model import Linear, LinearModel


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    LinearModel(LengthFeatures(), Linear(np.array([1.0]))).save(folder)
    return str(folder)


@pytest.fixture
def write(tmp_path):
    """Write rows as JSON lines into a file."""

    def write_rows(rows, name="rows.jsonl"):
        (tmp_path / name).write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
        return str(tmp_path / name)

    return write_rows


@pytest.fixture
def many(write):
    """400 rows without ids, a fifth of which repeat an earlier prompt, some answers equal, with fields of their own."""
    rows = [
        {"prompt": f"prompt {n % 320}", "responses": ["x" * (n % 50 + 1), "yes", "yes"], "by": f"ann {n % 3}"}
        for n in range(400)
    ]
    return write(rows)
