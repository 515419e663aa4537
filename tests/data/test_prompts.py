"""Rows of prompts alone: read where nothing else is wanted, and refused everywhere else."""

import pytest

from plaudit.data import load_groups, load_prompts, prompt_clusters
from plaudit.data.formats import FORMATS
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import Group


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text(
        '{"prompt": "Why?", "source": "web"}\n'
        '{"question": "How?"}\n'
        '{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]}\n'
    )
    return path


def test_prompts_are_read(file):
    groups = load_prompts(file)
    assert [group.prompt for group in groups[:2]] == ["Why?", "How?"]
    assert [message["content"] for message in groups[2].prompt] == ["Be brief.", "Who?"]
    assert all(group.responses == ("",) for group in groups)
    assert groups[0].meta == {"source": "web"}


def test_judgements_are_prompts_too(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"prompt": "P", "chosen": "a", "rejected": "b"}\n')
    assert load_prompts(path) == load_groups(path)


def test_who_wants_responses_refuses_them(file, tmp_path):
    (tmp_path / "two.jsonl").write_text('{"prompt": "Why?"}\n{"question": "How?"}\n')
    with pytest.raises(DataError, match="no format"):
        load_groups(tmp_path / "two.jsonl")
    with pytest.raises(InvalidInputError, match="prompts has no responses"):
        load_groups(file, format="prompts")


def test_a_row_without_a_prompt_is_a_bad_row(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"prompt": "Why?"}\n{"prompt": "How?"}\n{"id": 3}\n')
    with pytest.raises(DataError, match=r"prompts\.jsonl:3"):
        load_prompts(path)


@pytest.mark.parametrize(
    ("row", "known"),
    [
        ({"prompt": "Why?"}, True),
        ({"prompt": ""}, False),
        ({"prompt": "Why?", "response": "So."}, False),
        ({"messages": [{"role": "user", "content": "Why?"}]}, True),
        ({"conversations": [{"from": "human", "value": "Why?"}]}, True),
        ({"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}, False),
        ({"text": "Why?"}, False),
    ],
)
def test_what_a_prompt_is(row, known):
    assert FORMATS.lookup("prompts").knows(row) is known


def test_prompts_that_are_nearly_the_same_share_a_number():
    long = "Explain in a few plain sentences how a refrigerator keeps food cold all day"
    texts = [long, "Why is the sky blue?", long + ".", long]
    numbers = prompt_clusters([Group(str(place), text, ("",)) for place, text in enumerate(texts)])
    assert numbers[0] == numbers[2] == numbers[3] != numbers[1]
    assert prompt_clusters([]) == []


def test_nothing_is_said_of_responses_that_nobody_reads(tmp_path, caplog):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"prompt": "Why?", "chosen": "So.", "rejected": "So. "}\n')
    assert [group.prompt for group in load_prompts(path)] == ["Why?"]
    assert "white space" not in caplog.text
