"""Splits go by prompt, the same way every time; near-duplicates are found and kept together."""

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.data import load_groups, near_duplicates, split_groups
from plaudit.data.neighbours import SLOTS, signature
from plaudit.data.split import split_to_folder
from plaudit.errors import DataError
from plaudit.groups import Group

WORDS = [f"{a}{b}{c}" for a in ("ka", "mo", "ri", "su") for b in ("len", "tor", "vex") for c in ("", "ish", "ed")]


def sentence(seed, length=20):
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def group(prompt, id="", **more):
    return Group(id or str(prompt), prompt, ("a",), **more)


MANY = [group(sentence(i)) for i in range(400)]


def test_shares_are_about_right_and_every_group_is_placed_once():
    sides = split_groups(MANY, test=0.2, validation=0.1)
    assert sorted(g.id for side in sides.values() for g in side) == sorted(g.id for g in MANY)
    # Binomial: 80 +- 8 and 40 +- 6; five standard deviations.
    assert abs(len(sides["test"]) - 80) < 40 and abs(len(sides["validation"]) - 40) < 30
    assert [g for g in MANY if g in sides["train"]] == sides["train"]


def test_a_prompt_keeps_its_side_whatever_else_there_is():
    alone = split_groups(MANY[:200], test=0.3)
    more = split_groups([*MANY[200:], *MANY[:200]], test=0.3)
    assert {g.id for g in alone["test"]} <= {g.id for g in more["test"]}
    assert {g.id for g in alone["train"]} <= {g.id for g in more["train"]}
    # The test side is the same with a validation side beside it, and another with another seed.
    assert split_groups(MANY, test=0.3, validation=0.2)["test"] == split_groups(MANY, test=0.3)["test"]
    assert split_groups(MANY, test=0.3, seed=1)["test"] != split_groups(MANY, test=0.3)["test"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_the_same_prompt_and_its_near_duplicates_are_on_one_side(seed):
    some = []
    for i in range(40):
        prompt = sentence(i, 40)
        some += [
            group(prompt, f"{i}"),
            group(prompt, f"{i} in a subset", subset="s"),
            group(prompt.upper() + "!", f"{i} louder"),
            group(prompt.replace(prompt.split()[3], "another", 1), f"{i} changed"),
        ]
    sides = split_groups(some, test=0.5, seed=seed)
    test = {g.id.split()[0] for g in sides["test"]}
    assert not test & {g.id.split()[0] for g in sides["train"]}
    assert not near_duplicates(sides["train"], sides["test"])


def test_splitting_by_a_field_keeps_its_values_whole():
    some = [group(f"{sentence(i)}", meta={"topic": f"t{i % 20}"}, subset=f"s{i % 10}") for i in range(200)]
    for by, value in (("topic", lambda g: g.meta["topic"]), ("subset", lambda g: g.subset)):
        sides = split_groups(some, test=0.4, by=by)
        assert not {value(g) for g in sides["test"]} & {value(g) for g in sides["train"]}
    with pytest.raises(DataError, match="has no 'author' to split by; it has prompt, subset, topic"):
        split_groups(some, by="author")


@pytest.mark.parametrize("shares", [(0, 0), (1, 0), (0.6, 0.4), (-0.1, 0.5), (0.5, float("nan"))])
def test_shares_that_make_no_sense_are_refused(shares):
    with pytest.raises(DataError, match="the shares are"):
        split_groups(MANY, *shares)


def test_an_empty_side_is_an_error():
    with pytest.raises(
        DataError,
        match=r"none of 1 value of prompt fell on the (test|train) side; prompts that are",
    ):
        split_groups(MANY[:1], test=0.5)
    with pytest.raises(DataError, match="no groups"):
        split_groups([])


def test_a_folder_holds_what_the_function_gives(tmp_path):
    loud = [group(g.prompt.upper(), f"{g.id} louder") for g in MANY[:30]]
    report = split_to_folder([*MANY, *loud], tmp_path / "out", test=0.2, validation=0.1, seed=3)
    sides = split_groups([*MANY, *loud], test=0.2, validation=0.1, seed=3)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "test.jsonl",
        "train.jsonl",
        "validation.jsonl",
    ]
    for name, some in sides.items():
        assert load_groups(tmp_path / "out" / f"{name}.jsonl") == some
        assert report.groups[name] == len(some)
    assert (report.together, report.across) == (30, 0)


def test_a_folder_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(DataError, match=r"out: it cannot be written: .*out is a file, not a folder"):
        split_to_folder(MANY, tmp_path / "out")


def test_near_duplicates_across_values_of_a_field_are_reported(tmp_path):
    some = [group(g.prompt + tail, g.id + tail, meta={"by": tail or "-"}) for g in MANY[:50] for tail in ("", "!")]
    seed = next(s for s in range(20) if _sides_differ(some, s))
    report = split_to_folder(some, tmp_path, test=0.5, seed=seed, by="by")
    assert report.across == 50


def _sides_differ(some, seed):
    try:
        return bool(split_groups(some, test=0.5, seed=seed, by="by"))
    except DataError:
        return False


def jaccard(a, b, size):
    def shingles(text):
        text = re.sub(r"[\W_]+", " ", text.casefold()).strip()
        return {text[i : i + size] for i in range(len(text) - size + 1)}

    return len(shingles(a) & shingles(b)) / len(shingles(a) | shingles(b))


def test_the_estimate_is_close_to_the_jaccard_similarity():
    errors = []
    for seed in range(150):
        a = sentence(seed, 60)
        words = a.split()
        for i in range(seed % 25):
            words[2 * i] = "changed"
        b = " ".join(words)
        estimate = (signature(a) == signature(b)).mean()
        errors.append(estimate - jaccard(a, b, 5))
    # The standard error is at most sqrt(0.25 / 128) = 0.044; the mean of 150 is within 0.044 / sqrt(150) * 4.
    assert max(map(abs, errors)) < 5 * 0.044
    assert abs(sum(errors) / len(errors)) < 0.015


def test_near_duplicates_in_english_and_chinese():
    long = "请问如何在家里用简单的食材做出一道好吃又健康的晚餐，最好不超过三十分钟？"
    train = [
        group("What is the capital of France, and how many people live there today?", "en"),
        group(long, "zh"),
        group(({"role": "system", "content": sentence(1, 80)}, {"role": "user", "content": "Tell me a joke."}), "talk"),
        *MANY[:50],
    ]
    test = [
        group("what is the capital of France... and how many people live there, today", "en2"),
        group(long.replace("好吃", "美味"), "zh2"),
        group("今天天气很好，我们去公园散步吧，然后一起吃午饭。", "zh3"),
        group(
            ({"role": "system", "content": sentence(1, 80)}, {"role": "user", "content": "Why is the sky blue?"}),
            "talk2",
        ),
        group("?!", "empty"),
        *MANY[50:100],
    ]
    found = {(one.train, one.test): one.similarity for one in near_duplicates(train, test)}
    assert set(found) == {("en", "en2"), ("zh", "zh2")}
    assert found["en", "en2"] == 1
    assert 0.8 <= found["zh", "zh2"] < 1
    assert near_duplicates([], test) == near_duplicates(train, []) == []


def test_signatures_have_one_shape_for_every_text():
    for text in ("", "a", "?!", "\ud800", "长", sentence(1, 2000)):
        assert signature(text).shape == (SLOTS,)
    assert json.dumps(signature("a").tolist()) == json.dumps(signature("A!").tolist())
