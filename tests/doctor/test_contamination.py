"""What the test data know of the training data."""

import pytest

from plaudit.doctor.contamination import contaminated
from plaudit.groups import Group

QUESTION = "how should one store fresh tomatoes so that they keep for more than a week in the summer"
ANSWER = "Keep them in a single layer, out of the sun, stem side down, and do not wash them before."


def group(id, prompt, *responses):
    return Group(id, prompt, responses or ("yes", "no"))


def test_clean_data_give_nothing():
    assert (
        list(contaminated([group("a", QUESTION)], [group("t", "what is a prime number and why are there many")])) == []
    )
    assert list(contaminated([group("a", QUESTION)], [])) == []


@pytest.mark.parametrize("prompt", [QUESTION, QUESTION.upper() + "?"])
def test_the_same_prompt_is_proposed_for_removal(prompt):
    (item,) = contaminated([group("a", QUESTION), group("b", "name a tree")], [group("t", prompt, "other")])
    assert (item.kind, item.group, item.keep, item.action) == ("contaminated-prompt", "a", False, "remove the group")
    assert item.what == "the same prompt as the test group t; 0 of 2 responses in both"


@pytest.mark.parametrize(("responses", "keep"), [(("x", "y"), True), (("No ", "z"), False)])
def test_nearly_the_same_prompt_is_removed_only_with_a_shared_response(responses, keep):
    (item,) = contaminated([group("a", QUESTION)], [group("t", QUESTION + " time", *responses)])
    assert item.what.startswith("nearly the same prompt (0.")
    assert item.keep == keep


def test_long_responses_under_other_prompts():
    test = [group("t", "an old and wholly different question about vegetables", ANSWER, "yes")]
    some, every = contaminated([group("a", QUESTION, ANSWER.lower(), "no"), group("b", "name a tree", ANSWER)], test)
    assert (some.kind, some.keep, some.evidence["shared_responses"]) == ("contaminated-response", True, 1)
    assert (every.group, every.keep) == ("b", False)


def test_short_responses_and_blank_prompts_are_shared_by_chance():
    assert list(contaminated([group("a", QUESTION, "Yes.")], [group("t", "name a tree", "Yes.")])) == []
    assert list(contaminated([group("a", " ", "x")], [group("t", "", "y")])) == []


def test_groups_that_share_an_id_are_told_apart():
    train = [group("same", QUESTION), group("same", "name a tree that grows where it is warm and dry")]
    (item,) = contaminated(train, [group("same", QUESTION)])
    (other,) = contaminated(train[:1], [group("t", QUESTION)])
    assert item.target == other.target
