"""The digits and the words of explanations on screen."""

import math

import pytest

from plaudit.cli.explain_summary import summarise
from plaudit.cli.explain_tables import _ends, _summary_lines, meanings, number_format, segment_name
from plaudit.explaining import Explanation, MethodAgreement, Segment, Token


def explanation(group="q", **more):
    return Explanation(group, 0, 1.0, False, (), **more)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([12.3456, -0.0004], ["+12.346", "+0.000"]),
        ([0.0123, -0.5], ["+0.012", "-0.500"]),
        ([0.000052, -0.0000421], ["+0.0000520", "-0.0000421"]),
        ([0.00099], ["+0.000990"]),
        ([1e-17, None, math.nan], ["+0.000", None, "+nan"]),
        ([], []),
    ],
)
def test_the_largest_of_numbers_has_three_digits(values, shown):
    numbers = number_format(values)
    assert [None if value is None else numbers.format(value) for value in values] == shown


def test_what_a_part_is():
    assert segment_name(explanation(unit="sentence", each=1)) == "sentence"
    assert segment_name(explanation(unit="word", each=3000)) == "3,000 words"


def test_only_words_that_stand_on_the_screen_are_explained():
    def words(**more):
        return [line.split(":")[0] for line in meanings([explanation(**more)])]

    part = (Segment("a.", 0.5),)
    assert words(steps=32, baseline=0.0) == ["reference"]
    assert words(sentences=part) == ["worth"]
    assert words(sentences=part, baseline=0.0, kind="prefixes") == ["worth", "tokens", "reward here"]
    assert words(kind="prefixes") == []


def test_the_reward_at_the_end_of_a_part_is_not_that_of_the_word_after_it():
    found = Explanation(
        "q",
        0,
        4.0,
        False,
        (Token("One", 1.0), Token(".", 2.0), Token(" Two", 3.0), Token("!")),
        sentences=(Segment("One. "), Segment("Two!")),
    )
    assert _ends(found) == [2.0, 3.0]


def lines(**agreements):
    return list(
        _summary_lines(
            summarise(
                [explanation(group, agreement=MethodAgreement(r, 4), complete=False) for group, r in agreements.items()]
            )
        )
    )


def test_one_response_is_one():
    assert lines(q=0.8) == [
        "contributions against worth: rank correlation +0.80 over 1 response "
        "(no interval: one cluster cannot show how much clusters differ)",
        "the contributions of 1 response do not sum to what they explain within 1%; try --steps 1024",
    ]


def test_several_responses_have_a_mean_and_an_interval():
    # Standard error 0.1; times 12.71, Student's 97.5% point with one degree of freedom; a correlation ends at 1.
    assert lines(q=0.7, r=0.9) == [
        "2 responses",
        "contributions against worth: mean rank correlation +0.80 over 2 responses, 95% interval [-0.47, +1.00]",
        "the contributions of 2 responses do not sum to what they explain within 1%; try --steps 1024",
    ]
