"""Errors that a program can read: parts are fields, and each kind has the code and status a server answers with."""

import pytest

from plaudit.errors import (
    DataError,
    DeadlineError,
    ForeignTextError,
    InvalidInputError,
    MissingExtraError,
    NeedsPromptError,
    NotFoundError,
    OverloadedError,
    PlauditError,
    TooLongError,
)
from plaudit.groups import GroupError

KINDS = [InvalidInputError, TooLongError, NotFoundError, MissingExtraError, OverloadedError, DeadlineError]


def test_every_kind_has_a_code_of_its_own():
    assert set(KINDS) == set(PlauditError.__subclasses__())
    codes = [kind("no score").code for kind in (PlauditError, *KINDS, ForeignTextError, NeedsPromptError)]
    assert len(set(codes)) == len(codes)
    assert all(400 <= kind.status < 600 for kind in (PlauditError, *KINDS))


def test_a_row_and_a_group_at_fault_are_invalid_input():
    assert issubclass(DataError, InvalidInputError) and DataError.status == InvalidInputError.status
    assert issubclass(GroupError, InvalidInputError) and issubclass(GroupError, ValueError)


@pytest.mark.parametrize("kind", [PlauditError, *KINDS, DataError, GroupError])
def test_parts_are_fields_and_the_line_is_made_of_them(kind):
    error = kind("no score", file="scores.jsonl", line=3, remedy="give one")
    assert (error.message, error.file, error.line, error.remedy) == ("no score", "scores.jsonl", 3, "give one")
    assert str(error) in ("scores.jsonl:3: no score; give one", "scores.jsonl:3: no score: give one")
    assert str(kind("no score")) == "no score"
    assert str(kind("no score", file="scores.jsonl")) == "scores.jsonl: no score"


def test_a_missing_extra_ends_with_the_line_to_type():
    error = MissingExtraError("LoRA needs the `lora` extra", remedy="pip install 'plaudit[lora]'")
    assert str(error) == "LoRA needs the `lora` extra: pip install 'plaudit[lora]'"
