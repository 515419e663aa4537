"""Removals of a work list are carried out and counted, and nothing else is removed."""

import json

import pytest

from plaudit.doctor import clean, read_removals, write_worklist
from plaudit.doctor.cleaning import Removal
from plaudit.doctor.findings import Item, Target, group_target, ranking_target, rating_target
from plaudit.errors import DataError
from plaudit.groups import Group, Ranking, Rating

ONE = Group(
    "one",
    "first prompt",
    ("a", "b", "c"),
    (Ranking(((0,), (1,), (2,)), annotator="ann"), Ranking(((1,), (0,)), annotator="bob")),
    (Rating(0, 4.0, annotator="bob"), Rating(1, 1.0, annotator="ann")),
)
TWO = Group("two", "second prompt", ("x", "y"), (Ranking(((0,), (1,)), annotator="bob"),))


def removed(*targets):
    return clean([ONE, TWO], map(Removal, targets))


def test_without_removals_nothing_changes():
    cleaned = removed()
    assert cleaned.groups == [ONE, TWO]
    assert (cleaned.removed, cleaned.unjudged) == ({}, 0)


def test_a_group():
    cleaned = removed(group_target(TWO))
    assert cleaned.groups == [ONE]
    assert cleaned.removed == {"groups": 1, "rankings": 1}


def test_an_annotator():
    cleaned = removed(Target(annotator="bob"))
    assert [len(group.rankings) for group in cleaned.groups] == [1, 0]
    assert cleaned.removed == {"rankings": 2, "ratings": 1}
    assert cleaned.unjudged == 1


def test_a_ranking_a_response_of_one_and_a_rating():
    cleaned = removed(ranking_target(ONE, 1, [0]), ranking_target(ONE, 0, [2]), rating_target(ONE, 1))
    assert cleaned.groups[0].rankings == (Ranking(((0,), (1,)), annotator="ann"),)
    assert cleaned.groups[0].ratings == ONE.ratings[:1]
    assert cleaned.removed == {"rankings": 1, "ratings": 1, "responses out of rankings": 1}


def test_asked_for_twice_it_is_counted_once():
    cleaned = removed(ranking_target(ONE, 1, [0]), ranking_target(ONE, 1, [1]), Target(annotator="bob"))
    assert cleaned.removed == {"rankings": 2, "ratings": 1}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target("nowhere"), "there is no group with the key nowhere"),
        (Target(annotator="eve"), "no judgement is by 'eve'"),
        (
            Target(group_target(ONE).group, ranking=7, judgement=[], responses=(0,)),
            "has 2 such judgements and no number 7",
        ),
        (Target(group_target(ONE).group, rating=0, judgement=5.0), "the judgement is 4.0 and not 5.0"),
        (
            Target(group_target(ONE).group, ranking=1, judgement=[[0], [1]], responses=(0,)),
            r"is \[\[1\], \[0\]\] and not",
        ),
        (
            Target(group_target(ONE).group, ranking=1, judgement=[[1], [0]], responses=(0, 2)),
            "has no response 2 to remove",
        ),
    ],
)
def test_a_list_for_other_data_is_refused_with_its_line(target, message):
    with pytest.raises(DataError, match=f"^work.jsonl:3: .*{message}.*"):
        clean([ONE, TWO], [Removal(target, "work.jsonl", 3)])


ITEMS = [
    Item("suspicious-ranking", 0.9, "first", keep=False, target=ranking_target(ONE, 1, [0])),
    Item("annotator-disagrees", 0.8, "second", keep=True, target=Target(annotator="bob")),
    Item("opposite-labels", 0.5, "third"),
]


def test_what_is_written_is_read_and_an_edit_counts(tmp_path):
    file = tmp_path / "work.jsonl"
    write_worklist(ITEMS, file)
    assert [removal.target for removal in read_removals(file)] == [ITEMS[0].target]
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["action"] for row in rows] == ["remove the ranking", "look", "look"]
    rows[0]["keep"], rows[1]["keep"] = True, False
    file.write_text("\n\n".join(map(json.dumps, reversed(rows))))
    assert [removal.target for removal in read_removals(file)] == [Target(annotator="bob")]


def test_an_empty_list_is_a_list(tmp_path):
    write_worklist([], tmp_path / "work.jsonl")
    assert read_removals(tmp_path / "work.jsonl") == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "the line is no JSON object"),
        ("[]", 'an item needs "keep": true or false'),
        ('{"keep": "no"}', 'an item needs "keep": true or false'),
        ('{"keep": false}', 'the item has no "target"'),
        ('{"keep": false, "target": {"group": 3}}', 'the "target" is damaged'),
        ('{"keep": false, "target": {"group": "a", "ranking": 0}}', 'the "target" is damaged'),
        ('{"keep": false, "target": {"id": "a"}}', "a \"target\" has no 'id'"),
        ('{"keep": false, "target": {"group": "a", "rating": 0, "said": 1}}', "it is called 'judgement' now"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, message):
    file = tmp_path / "work.jsonl"
    file.write_text('{"keep": true}\n' + line + "\n")
    with pytest.raises(DataError) as caught:
        read_removals(file)
    assert str(caught.value).startswith(f"{file}:2: ")
    assert message in str(caught.value)


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="the work list cannot be read"):
        read_removals(tmp_path / "none.jsonl")
