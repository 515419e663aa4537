"""The preference set: the same for a seed, its quality what it is said to be, and no length rule that solves it."""

import os
import subprocess
import sys
from itertools import combinations
from random import Random

import pytest

from plaudit.data import load_groups, write_groups
from plaudit.demo import preference_set
from plaudit.demo.answers import WORTH, Answer, compose, draw_answers
from plaudit.demo.preferences import with_truth
from plaudit.demo.run import split_demo
from plaudit.demo.topics import Topic, topics
from plaudit.groups import Group


@pytest.fixture(scope="module")
def groups():
    return preference_set()


def test_quality_is_the_sum_of_what_its_sentences_are_worth():
    # By hand: 2 x 0.8 - 0.6 + 0.4 = 1.4; and 3 x 0.8 - 1.0 - 1.0 = 0.4.
    assert Answer("", ("filler", "point", "point", "courtesy")).quality == 1.4
    assert Answer("", ("mistake", "point", "point", "point", "disorder")).quality == 0.4


def test_what_is_right_and_wrong_in_an_answer_is_found_in_its_text(groups):
    by_name = {topic.name: topic for language in ("en", "zh") for topic in topics(language)}
    for group in groups:
        topic = by_name[group.meta["topic"]]
        for text, quality, kinds in zip(group.responses, group.meta["quality"], group.meta["kinds"], strict=True):
            for kind, sentences in (("point", topic.points), ("mistake", topic.mistakes)):
                # Without the first letter, which a word of order before it makes small.
                assert sum(line[1:] in text for _, line in sentences) == kinds.count(kind)
            assert quality == pytest.approx(sum(WORTH[kind] for kind in kinds))


def test_the_truth_counts_as_many_repeats_as_the_text_has(groups):
    by_name = {topic.name: topic for language in ("en", "zh") for topic in topics(language)}
    points = {language: {line[1:] for t in topics(language) for _, line in t.points} for language in ("en", "zh")}
    for group in groups:
        advice = points[group.subset] | {line[1:] for _, line in by_name[group.meta["topic"]].mistakes}
        for text, kinds in zip(group.responses, group.meta["kinds"], strict=True):
            assert sum(max(0, text.count(line) - 1) for line in advice) == kinds.count("repeat")


def test_one_piece_of_advice_is_said_again_once_where_two_repeats_are_asked_for():
    topic = Topic("en", "kitchen", "rice", True, ("How?",), ((1, "Rinse the rice"),), (), ("Rice is eaten everywhere",))
    for seed in range(20):
        answer = compose(topic, ["repeat", "repeat", "point", "filler"], False, Random(seed))
        assert answer.text.count("inse the rice") == 2  # said, and said again
        # By hand: 0.8 for the point, -0.6 each for the repeat and the filler; 0.4 if it is courteous.
        assert answer.kinds[:3] == ("filler", "point", "repeat")
        assert answer.quality == {(): -0.4, ("courtesy",): 0.0}[answer.kinds[3:]]


def test_steps_are_out_of_order_only_where_it_is_said(groups):
    by_name = {topic.name: topic for language in ("en", "zh") for topic in topics(language) if topic.steps}
    seen = set()
    for group in groups:
        if topic := by_name.get(group.meta["topic"]):
            for text, kinds in zip(group.responses, group.meta["kinds"], strict=True):
                advice = sorted((*topic.points, *topic.mistakes))
                places = [text.index(line[1:]) for _, line in advice if line[1:] in text]
                assert (places != sorted(places)) == ("disorder" in kinds)
                seen.add("disorder" in kinds)
    assert seen == {True, False}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_longer_answer_is_better_hardly_more_often_than_not(groups, language):
    won = []
    for group in groups:
        if group.subset == language:
            quality = group.meta["quality"]
            for a, b in combinations(range(len(quality)), 2):
                if quality[a] != quality[b]:
                    gap = len(group.responses[a]) - len(group.responses[b])
                    won.append(0.5 if gap == 0 else float((gap > 0) == (quality[a] > quality[b])))
    assert len(won) > 1000
    assert 0.48 < sum(won) / len(won) < 0.58


def test_the_set_is_what_the_docs_say(groups):
    assert len(groups) == 417
    chinese = [group for group in groups if group.subset == "zh"]
    assert 0.3 < len(chinese) / len(groups) < 0.4
    for group in groups:
        assert isinstance(group, Group)
        assert 4 <= len(group.responses) == len(set(group.responses)) <= 6
        assert len({ranking.annotator for ranking in group.rankings}) == 4
        assert max(map(len, group.responses)) < 1000
    assert len({group.id for group in groups}) == len({group.prompt for group in groups}) == 417


def test_it_comes_back_from_a_file_unchanged(groups, tmp_path):
    write_groups(groups, tmp_path / "groups.jsonl.gz")
    assert [group.to_dict() for group in load_groups(tmp_path / "groups.jsonl.gz")] == [g.to_dict() for g in groups]


def test_the_same_seed_is_the_same_set_in_another_process():
    code = (
        "import hashlib, json; from plaudit.demo import preference_set;"
        "print(hashlib.sha256(json.dumps([g.to_dict() for g in preference_set({}, 1)]).encode()).hexdigest())"
    )
    # PYTHONHASHSEED changes the order of sets, which nothing may depend on.
    digests = [
        subprocess.run(
            [sys.executable, "-c", code.format(seed)],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, hashes in ((0, "1"), (0, "2"), (1, "1"))
    ]
    assert digests[0] == digests[1] != digests[2]


def test_fewer_questions_are_a_part_of_the_whole(groups):
    some = {group.id: group for group in preference_set(questions=1)}
    assert len(some) == 139
    assert all(some[group.id] == group for group in groups if group.id in some)


def test_sides_share_no_question_and_new_topics_no_topic(groups):
    sides = split_demo(groups)
    assert set(sides) == {"train", "validation", "test", "new-topics"}
    assert sum(map(len, sides.values())) == len(groups)
    for a, b in combinations(sides.values(), 2):
        assert not {group.prompt for group in a} & {group.prompt for group in b}
    trained = {group.meta["topic"] for name in ("train", "validation", "test") for group in sides[name]}
    assert not trained & {group.meta["topic"] for group in sides["new-topics"]}
    assert {group.subset for group in sides["test"]} == {group.subset for group in sides["new-topics"]} == {"en", "zh"}


def test_the_truth_is_one_full_order_with_ties():
    group = Group("g", "q", ("a", "b", "c"), meta={"quality": [0.5, 1.3, 0.5]})
    assert [ranking.tiers for ranking in with_truth(group).rankings] == [((1,), (0, 2))]


def test_answers_differ_within_a_question():
    topic = topics("zh")[0]
    for seed in range(20):
        made = draw_answers(topic, 6, Random(seed))
        assert len({answer.text for answer in made}) == 6
