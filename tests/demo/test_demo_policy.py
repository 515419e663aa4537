"""The demo's policy: what it is taught, and a tiny one pretrained."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from plaudit.data import load_groups
from plaudit.demo import policy_topics, pretrain_policy, pretraining_answers, true_qualities, true_quality
from plaudit.demo.answers import WORTH
from plaudit.demo.policy import LANGUAGE, draw_policy_answer, policy_phrases
from plaudit.demo.topics import topics
from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import Renderer

TINY = {"layers": 1, "hidden": 16, "heads": 2, "vocabulary": 400, "epochs": 1}


@pytest.fixture(scope="module")
def taught():
    return pretraining_answers(20)


@given(st.integers(0, 2**32), st.sampled_from(range(12)))
def test_every_sentence_it_learns_is_known(seed, number):
    cast = policy_topics()
    answer = draw_policy_answer(cast[number], cast, Random(seed))
    parsed = true_quality(cast[number], answer.text)
    assert parsed.known == 1
    assert 1 <= parsed.sentences <= 4
    assert parsed.quality == answer.quality


def test_sentences_are_worth_about_nothing_and_of_every_kind(taught):
    kinds = [kind for group in taught for answer in group.meta["kinds"] for kind in answer]
    assert set(kinds) == set(WORTH)
    # What it garbles costs more, so what it learns is a little better than nothing.
    assert 0 < sum(WORTH[kind] for kind in kinds) / len(kinds) < 0.3


def test_recorded_quality_is_the_truth(taught):
    assert true_qualities(taught) == [group.meta["quality"] for group in taught]
    assert all(len(set(group.responses)) == 20 for group in taught)


def test_the_shortest_topics_and_all_their_questions(taught):
    cast = policy_topics()
    assert len(set(cast)) == len(cast) == 12 and sum(topic.steps for topic in cast) == 3
    assert {(group.meta["topic"], group.meta["number"]) for group in taught} == {
        (topic.name, number) for topic in cast for number in range(3)
    }
    others = [topic for topic in topics(LANGUAGE) if topic not in cast and not topic.steps]
    length = {topic: sum(len(line) for _, line in topic.points) / len(topic.points) for topic in topics(LANGUAGE)}
    plain = [topic for topic in cast if not topic.steps]
    assert sum(map(length.get, plain)) / len(plain) < sum(map(length.get, others)) / len(others)


def test_strays_come_from_the_policys_topics(taught):
    lines = {line for topic in policy_topics() for _, line in topic.points}
    strays = [line for topic in topics(LANGUAGE) for _, line in topic.points if line not in lines]
    text = "\n".join(answer for group in taught for answer in group.responses)
    assert not [line for line in strays if line in text]


def test_the_same_for_a_seed_and_another_for_another():
    cast = policy_topics(2, 1)
    first = pretraining_answers(5, cast=cast)
    assert pretraining_answers(5, cast=cast) == first != pretraining_answers(5, cast=cast, seed=1)


def test_one_spelling_of_few_phrases():
    assert {kind: len(lines) for kind, lines in policy_phrases().items()} == {
        "filler": 8, "hedge": 5, "rude": 5, "opening": 3, "closing": 3, "repeat": 2,
    }  # fmt: skip
    assert all(line.endswith("{}") for line in policy_phrases()["repeat"])


def test_a_tiny_one_reads_as_fine_tuning_writes(tmp_path):
    cast = policy_topics(2, 1)
    record = pretrain_policy(tmp_path, per_question=5, cast=cast, seed=3, **TINY)
    groups = load_groups(tmp_path / "pretraining.jsonl")
    assert [group.to_dict() for group in groups] == [
        group.to_dict() for group in pretraining_answers(5, cast=cast, seed=3)
    ]
    assert (record["documents"], record["validation"]) == (30, None)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "policy")
    renderer = Renderer(tokenizer, max_length=256, causal=True, segments=False)
    for group in groups:
        alone = tokenizer(f"{group.prompt}\n\n", add_special_tokens=False)["input_ids"]
        for index in range(5):
            whole = list(renderer.uncut(group, index)[1])
            # What it is sampled from is how every conversation begins, and the end of text is how each ends.
            assert whole[: len(alone)] == alone
            assert whole[-1] == tokenizer.eos_token_id
            document = tokenizer(f"{group.prompt}\n\n{group.responses[index]}", add_special_tokens=False)["input_ids"]
            assert whole[:-1] == document


def test_what_it_refuses(tmp_path):
    with pytest.raises(PlauditError, match="per_question is 0"):
        pretrain_policy(tmp_path, per_question=0)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(PlauditError, match="not empty"):
        pretrain_policy(tmp_path, **TINY)
    assert isinstance(pretraining_answers(1)[0], Group)
