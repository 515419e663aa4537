"""Explanations made fit to be looked at."""

from report_samples import explanation

from plaudit.report import explained as room
from plaudit.report.explained import SENTENCES


def explained(row, most):
    (it,) = room.explained([row], most)
    return it


def test_tokens_are_shaded_by_attribution_and_spaces_are_not():
    it = explained(explanation("g", 0), 1000)
    assert [(piece.text, piece.shade) for piece in it.pieces] == [("good", "plus2"), (" plain ", ""), ("bad", "minus4")]
    assert [piece.title for piece in it.pieces] == ["+0.50", "", "−1.00"]
    assert it.what.key == "explained.attribution"
    assert it.unexplained.plain("en") == "They leave +0.02 of it unexplained."
    assert explained(explanation("g", 0) | {"complete": True}, 1000).unexplained is None


def test_without_attributions_what_the_reward_gained_is_shown():
    row = explanation("g", 0) | {"opening": 0.0}
    for token in row["tokens"]:
        token["attribution"] = None
    it = explained(row, 1000)
    # Gains: 0.1, 0, -0.6; the first is a sixth of the greatest, and degrees are of four.
    assert [piece.shade for piece in it.pieces] == ["plus1", "", "minus4"]
    assert it.what.key == "explained.gain"
    assert it.unexplained is None


def test_the_line_runs_from_the_first_reward_to_the_last():
    it = explained(explanation("g", 0), 1000)
    assert it.line == "100.0,4.0 200.0,4.0 300.0,52.0"
    assert (it.first, it.last, it.zero) == ("+0.10", "−0.50", 12.0)
    opened = explained(explanation("g", 0) | {"opening": 0.1}, 1000)
    assert opened.line == f"0.0,4.0 {it.line}"


def test_sentences_keep_their_order_and_the_weakest_are_left_out():
    row = {"sentences": [{"text": f"s{i}", "effect": i - 4.0} for i in range(9)]}
    bars = explained(row, 1000).bars
    assert len(bars) == SENTENCES
    assert [bar.text for bar in bars] == ["s0", "s1", "s2", "s6", "s7", "s8"]
    assert (bars[0].effect, bars[0].tone, bars[0].width) == ("−4.00", "minus", 100.0)


def test_a_long_response_is_cut_where_it_is_cut_elsewhere():
    row = {"tokens": [{"text": "word ", "attribution": 1.0}] * 10}
    it = explained(row, 22)
    assert "".join(piece.text for piece in it.pieces) == "word word word word wo"
    assert it.left_out.plain("en") == "28 more characters are not shown."


def test_what_explains_nothing_is_nothing():
    assert explained({}, 10) is None
    assert explained({"tokens": [{"text": "a"}], "sentences": [{"text": "a", "effect": None}]}, 10) is None


def test_equal_values_have_no_shade_and_no_line():
    row = {"tokens": [{"text": "ab", "reward": 1.0, "attribution": 0.0}] * 4}
    it = explained(row, 100)
    assert ([piece.shade for piece in it.pieces], it.line) == ([""], None)


def test_parts_are_called_what_they_are():
    row = explanation("g", 0)
    assert explained(row | {"unit": "word"}, 100).parts.plain("en") == "What each word is worth"
    assert explained(row | {"unit": "nonsense"}, 100).parts.key == "explained.sentence"


def test_a_pair_has_one_scale():
    """The second's greatest attribution, reward and effect are a quarter of the first's, or half."""
    strong = {
        "tokens": [{"text": "a", "attribution": 4.0, "reward": 1.0}] * 3,
        "sentences": [{"text": "a", "effect": 2}],
    }
    weak = {"tokens": [{"text": "b", "attribution": 1.0, "reward": 0.0}] * 3, "sentences": [{"text": "b", "effect": 1}]}
    first, second = room.explained([strong, weak], 100)
    assert (first.pieces[0].shade, second.pieces[0].shade) == ("plus4", "plus1")
    assert (first.line.split()[0], second.line.split()[0]) == ("100.0,4.0", "100.0,52.0")
    assert (first.bars[0].width, second.bars[0].width) == (100.0, 50.0)


def test_one_of_a_pair_may_be_unexplained():
    assert room.explained([{}, {"sentences": [{"text": "a", "effect": 1}]}], 100)[0] is None
