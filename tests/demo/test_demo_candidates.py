"""Candidates: as many as asked for, all different, their quality what their text says, the same for a seed."""

import pytest

from plaudit.data import load_groups
from plaudit.demo import preference_set, write_candidates
from plaudit.demo.answers import WORTH
from plaudit.demo.candidates import ATTRIBUTE, candidate_set
from plaudit.demo.run import split_demo
from plaudit.demo.topics import LANGUAGES, topics


@pytest.fixture(scope="module")
def groups():
    return candidate_set(preference_set(questions=1)[::4], 24)


def test_every_candidate_is_rated_by_the_truth(groups):
    for group in groups:
        assert len(group.responses) == len(set(group.responses)) == 24
        assert [rating.response for rating in group.ratings] == list(range(24))
        for rating, kinds in zip(group.ratings, group.meta["kinds"], strict=True):
            assert rating.attribute == ATTRIBUTE
            assert rating.value == pytest.approx(sum(WORTH[kind] for kind in kinds))
            assert 2 <= len([kind for kind in kinds if kind not in ("courtesy", "disorder")]) <= 10


def test_what_a_candidate_is_rated_for_is_in_its_text(groups):
    by_name = {topic.name: topic for language in LANGUAGES for topic in topics(language)}
    for group in groups:
        topic = by_name[group.meta["topic"]]
        said = {kind: [line[1:] for _, line in getattr(topic, f"{kind}s")] for kind in ("point", "mistake")}
        advice = [line[1:] for _, line in sorted((*topic.points, *topic.mistakes))]
        for text, kinds in zip(group.responses, group.meta["kinds"], strict=True):
            for kind, lines in said.items():
                assert sum(line in text for line in lines) == kinds.count(kind)
            # Said again: every piece of advice that stands in the text beyond its first time.
            others = [line[1:] for other in topics(group.subset) if other != topic for _, line in other.points]
            again = sum(max(0, text.count(line) - 1) for line in [*said["point"], *said["mistake"], *set(others)])
            assert again == kinds.count("repeat")
            places = [text.index(line) for line in advice if line in text]
            if topic.steps:
                assert (places != sorted(places)) == ("disorder" in kinds)
            else:
                assert "disorder" not in kinds


def test_flaws_and_padding_all_occur(groups):
    assert {kind for group in groups for kinds in group.meta["kinds"] for kind in kinds} == set(WORTH)


def test_fewer_are_the_first_of_more(groups):
    fewer = candidate_set(preference_set(questions=1)[::4], 5)
    assert [group.responses for group in fewer] == [group.responses[:5] for group in groups]


def test_written_for_the_questions_the_demo_holds_out(tmp_path):
    written = write_candidates(tmp_path / "c.jsonl", questions=1, count=3)
    sides = split_demo(preference_set(questions=1))
    assert {group.id for group in written} == {group.id for name in ("test", "new-topics") for group in sides[name]}
    assert [group.to_dict() for group in load_groups(tmp_path / "c.jsonl")] == [group.to_dict() for group in written]
