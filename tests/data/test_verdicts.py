"""Two responses and a verdict: its words and numbers mean what who wrote them meant, or the file is refused."""

import json
from math import isclose

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plaudit.data import ReadReport, load_groups
from plaudit.data.formats import ONE_BASED, ZERO_BASED, FileReading
from plaudit.data.formats.verdicts import verdict_of
from plaudit.errors import DataError
from plaudit.groups import GroupError

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def write(path, *rows):
    path = path / "file.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def judged(path, **options):
    return [ranking.tiers for group in load_groups(path, **options) for ranking in group.rankings]


def rows_of(columns, name, values):
    """One row a value, each with a prompt of its own, "first" in the first column and "second" in the second."""
    return [
        {"prompt": f"P{n}", columns[0]: "first", columns[1]: "second", name: value} for n, value in enumerate(values)
    ]


NUMBERED, LETTERED, FROM_ZERO = ("response_1", "response_2"), ("response_a", "response_b"), ("response_0", "response_1")


@pytest.mark.parametrize("values", [[0, 1], [0, 0], [1, 1], ["0", "1"], [0.0, 1.0], [0, 1, 2], [0, 2]])
def test_numbers_that_could_count_from_0_or_from_1_are_refused_with_both_readings(values, tmp_path):
    path = write(tmp_path, *rows_of(NUMBERED, "label", values))
    with pytest.raises(
        DataError, match="0 is the first response, 1 the second and 2 a tie, or 1 is the first"
    ) as error:
        load_groups(path)
    assert "--labels zero-based or --labels one-based" in str(error.value)
    tiers = {ZERO_BASED: (FIRST, SECOND, TIE), ONE_BASED: (TIE, FIRST, SECOND)}
    for labels, meaning in tiers.items():
        assert judged(path, labels=labels) == [meaning[int(float(value))] for value in values]


@pytest.mark.parametrize("values", [[1, 2], [2, 2], ["1.0", "2.0"], [1.0, 2]])
def test_a_2_without_a_0_counts_from_1(values, tmp_path):
    path = write(tmp_path, *rows_of(NUMBERED, "label", values))
    assert judged(path) == [(FIRST, SECOND)[int(float(value)) - 1] for value in values]


@pytest.mark.parametrize("value", [np.int64(2), np.float32(2.0), "2", " 2 ", 2])
def test_a_number_is_a_number_whatever_its_type(value):
    assert verdict_of(value, "label", "from 1", FileReading()).first == 0
    with pytest.raises(GroupError, match=r"is (np\.)?True"):
        verdict_of(np.bool_(True), "label", "from 1", FileReading())


def test_columns_numbered_from_0_are_counted_from_0(tmp_path):
    path = write(tmp_path, *rows_of(FROM_ZERO, "label", [0, 1]))
    assert judged(path) == [FIRST, SECOND]
    with pytest.raises(DataError, match=r"the verdict \('label'\) is 2; a number must be one of 0, 1"):
        load_groups(write(tmp_path, *rows_of(FROM_ZERO, "label", [2])))


def test_a_number_on_letters_needs_the_users_word(tmp_path):
    path = write(tmp_path, *rows_of(LETTERED, "label", [0, 1]))
    with pytest.raises(DataError, match=r"the first response is better \(zero-based\) or a tie \(one-based\)"):
        load_groups(path)
    assert judged(path, labels="zero-based") == [FIRST, SECOND]
    assert judged(path, labels="one-based") == [TIE, FIRST]


# A word, what names the columns, and what it says: who is better, and how much.
WORDS = [
    ("A", "letters", 1.0, None),
    ("model_b", "letters", 0.0, None),
    ("Response A", "letters", 1.0, None),
    ("[[A]]", "letters", 1.0, None),
    ("left", "letters", 1.0, None),
    ("second", "from 1", 0.0, None),
    ("a1", "from 1", 1.0, None),
    ("response_2", "from 1", 0.0, None),
    ("model_0", "from 0", 1.0, None),
    ("A>B", "letters", 1.0, 1),
    ("[[B>>A]]", "letters", 0.0, 2),
    ("A<B", "letters", 0.0, 1),
    ("A << B", "letters", 0.0, 2),
    ("[[A=B]]", "letters", 0.5, None),
    ("1 > 2", "from 1", 1.0, 1),
    ("A-is-clearly-better", "letters", 1.0, 2),
    ("B is slightly better", "letters", 0.0, 1),
    ("Response 1 is significantly better.", "from 1", 1.0, 3),
    ("A is better", "letters", 1.0, 2),
    ("A is negligibly better", "letters", 0.5, None),
    ("model_b wins", "letters", 0.0, None),
    ("Tie", "letters", 0.5, None),
    ("tie (bothbad)", "letters", 0.5, None),
    ("tie(bothbad)", "from 1", 0.5, None),
    ("both bad", "letters", 0.5, None),
    ("bothgood", "letters", 0.5, None),
    ("About the same", "from 0", 0.5, None),
]


@pytest.mark.parametrize(("word", "naming", "first", "strength"), WORDS, ids=[f"{row[0]} ({row[1]})" for row in WORDS])
def test_a_word_says_which_is_better(word, naming, first, strength):
    verdict = verdict_of(word, "winner", naming, FileReading())
    assert (verdict.first, verdict.strength) == (first, strength)


@pytest.mark.parametrize(
    ("word", "naming"),
    [
        ("invalid", "letters"),
        ("c", "letters"),
        ("model_1", "letters"),
        ("response_0", "from 1"),
        ("A>A", "letters"),
        (True, "from 1"),
        (False, "letters"),
        ("none", "letters"),
        ("better", "letters"),
        ("a is", "letters"),
        ([], "from 1"),
    ],
)
def test_what_is_no_verdict_is_refused(word, naming):
    with pytest.raises(GroupError, match=r"the verdict \('winner'\) is "):
        verdict_of(word, "winner", naming, FileReading())


@pytest.mark.parametrize("value", [None, "", " ", "N/A", "nan", float("nan")])
def test_a_row_without_a_verdict_keeps_its_responses_unjudged_and_is_counted(value, tmp_path):
    row = {"prompt": "P", "response_a": "a", "response_b": "b", "winner": value}
    reading = ReadReport()
    path = write(tmp_path, row, {**row, "prompt": "Q", "winner": "a"})
    unjudged, other = load_groups(path, report=reading)
    assert (unjudged.responses, unjudged.rankings, other.rankings[0].tiers) == (("a", "b"), (), FIRST)
    assert reading.notes == {"there is no verdict; the responses are kept, unjudged": 1}


def test_columns_that_contradict_each_other_are_a_bad_row(tmp_path):
    row = {"prompt": "P", "response_a": "a", "response_b": "b", "winner": "model_a"}
    with pytest.raises(DataError, match=r"'winner' says that the first .* is better, and 'preference' that the second"):
        load_groups(write(tmp_path, {**row, "preference": "b"}))
    with pytest.raises(DataError, match="and 'preference_strength' that the second is better"):
        load_groups(write(tmp_path, {**row, "preference_strength": 2}))
    with pytest.raises(DataError, match="the strength is -1, which is against the verdict"):
        load_groups(write(tmp_path, {**row, "strength": -1}))
    [group] = load_groups(write(tmp_path, {**row, "preference": "A", "preference_strength": -2, "label": "sums"}))
    assert (group.rankings[0].tiers, group.rankings[0].strength, group.meta) == (FIRST, 2, {"label": "sums"})


def test_the_winner_may_be_called_by_its_model_or_its_text(tmp_path):
    row = {"prompt": "P", "response_a": "Yes.", "response_b": "No.", "model_a": "m-1", "model_b": "m-2"}
    assert judged(write(tmp_path, {**row, "winner": "m-2"})) == [SECOND]
    assert judged(write(tmp_path, {**row, "winner": "Yes."})) == [FIRST]
    # A letter is a column's, even where the answers are letters themselves; a number is never a text.
    assert judged(write(tmp_path, {**row, "response_a": "B", "response_b": "A", "winner": "A"})) == [FIRST]
    with pytest.raises(DataError, match="is 1 on columns that have letters"):
        load_groups(write(tmp_path, {**row, "response_a": "2", "response_b": "1", "winner": "1"}))
    with pytest.raises(DataError, match="is 'm-3'; it must be one of a, b, tie"):
        load_groups(write(tmp_path, {**row, "winner": "m-3"}))


def test_a_third_response_is_no_pair(tmp_path):
    for name in ("response_0", "response_3"):
        row = {"prompt": "P", "response_1": "a", "response_2": "b", name: "c", "label": 2}
        with pytest.raises(DataError, match=f"a third response, '{name}', beside 'response_1' and 'response_2'"):
            load_groups(write(tmp_path, row))


def soft(path, **options):
    return [(r.tiers, round(r.weight, 9)) for group in load_groups(path, **options) for r in group.rankings]


def test_alpaca_evals_preference_is_1_and_the_probability_of_the_second(tmp_path):
    path = write(tmp_path, *rows_of(("output_1", "output_2"), "preference", [1.25, 1.5, 2.0, 1]))
    # 1.25: the second is better with 0.25. 1.5 is a draw. 2 and 1 are certain.
    assert soft(path) == [(FIRST, 0.75), (SECOND, 0.25), (TIE, 1), (SECOND, 1), (FIRST, 1)]


def test_a_probability_has_a_name_that_says_of_which(tmp_path):
    rows = rows_of(LETTERED, "preference", [0.9, 0.2])
    with pytest.raises(
        DataError, match="the probability that the first response is better, or that the second is"
    ) as error:
        load_groups(write(tmp_path, *rows))
    assert "--column prob_first=preference or --column prob_second=preference" in str(error.value)
    path = write(tmp_path, *rows)
    expected = [(FIRST, 0.9), (SECOND, 0.1), (FIRST, 0.2), (SECOND, 0.8)]
    assert soft(path, columns={"prob_first": "preference"}) == expected
    assert soft(path, columns={"prob_second": "preference"}) == [(t, round(1 - w, 9)) for t, w in expected]
    assert soft(write(tmp_path, *rows_of(LETTERED, "prob_a", [1, 0]))) == [(FIRST, 1), (SECOND, 1)]
    with pytest.raises(DataError, match=r"the probability is 1\.5; it must be from 0 to 1"):
        load_groups(write(tmp_path, *rows_of(LETTERED, "prob_a", [1.5])))


def test_a_pairs_probability_is_a_soft_label(tmp_path):
    row = {"prompt": "P", "chosen": "a", "rejected": "b"}
    assert soft(write(tmp_path, {**row, "chosen_prob": 0.75})) == [(FIRST, 0.75), (SECOND, 0.25)]
    assert soft(write(tmp_path, {**row, "chosen_prob": 1})) == [(FIRST, 1)]
    report = ReadReport()
    assert soft(write(tmp_path, {**row, "chosen_prob": 0.25}), report=report) == [(FIRST, 0.25), (SECOND, 0.75)]
    assert list(report.notes.values()) == [1]
    with pytest.raises(DataError, match="the probability of chosen is 80; it must be from 0 to 1"):
        load_groups(write(tmp_path, {**row, "chosen_prob": 80}))


def test_a_negative_number_is_read_where_its_sign_is_known(tmp_path):
    path = write(tmp_path, *rows_of(LETTERED, "preference", [-3, -2]))
    with pytest.raises(DataError, match=r"below 0 or above is not said; .* --column preference_strength=preference"):
        load_groups(path)
    [group, _] = load_groups(path, columns={"preference_strength": "preference"})
    assert (group.rankings[0].tiers, group.rankings[0].strength) == (FIRST, 3)


def test_names_may_be_written_in_capitals_and_with_spaces(tmp_path):
    row = {"Question": "P", "Response A": "a", "Response B": "b", "Preference": "B is better", "Topic": "t"}
    [group] = load_groups(write(tmp_path, row))
    assert (group.prompt, group.responses, group.rankings[0].tiers) == ("P", ("a", "b"), SECOND)
    assert group.meta == {"Topic": "t"}


def test_auto_js_pairs_count_from_0_with_2_a_tie(tmp_path):
    rows = [{"scenario": "s", "label": n, "prompt": f"P{n}", "response 1": "a", "response 2": "b"} for n in (0, 1, 2)]
    assert judged(write(tmp_path, *rows)) == [FIRST, SECOND, TIE]


def test_one_column_a_winner_and_turns_in_json(tmp_path):
    row = {"prompt": '["P", "Q"]', "response_a": '["a", null]', "response_b": '["b", "c"]'}
    flags = {"winner_model_a": 0, "winner_model_b": 1.0, "winner_tie": 0}
    [group] = load_groups(write(tmp_path, {**row, **flags}))
    assert group.prompt == ({"role": "user", "content": "P"},)
    assert group.responses[0] == (
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "Q"},
        {"role": "assistant", "content": ""},
    )
    assert group.rankings[0].tiers == SECOND
    single = {"prompt": '["P"]', "response_a": '["a"]', "response_b": '["b"]'}
    [group] = load_groups(write(tmp_path, {**single, **flags, "winner_model_b": 0, "winner_tie": 1}))
    assert (group.responses, group.rankings[0].tiers) == (("a", "b"), TIE)
    with pytest.raises(DataError, match="winner_tie are 1, 1, 0; one must be 1 and the others 0"):
        load_groups(write(tmp_path, {**row, **flags, "winner_model_a": 1}))
    with pytest.raises(DataError, match="the prompt has 2 turns and the responses 2 and 1"):
        load_groups(write(tmp_path, {**row, **flags, "response_b": '["b"]'}))


def turns(*contents):
    return [{"role": ("user", "assistant")[n % 2], "content": content} for n, content in enumerate(contents)]


def test_the_turn_that_was_judged_ends_the_conversation(tmp_path):
    row = {
        "conversation_a": turns("P", "a", "Q", "b"),
        "conversation_b": turns("P", "c", "Q", "d"),
        "winner": "model_a",
    }
    [group] = load_groups(write(tmp_path, {**row, "turn": 1}, {**row, "turn": 2}))
    assert group.prompt == ({"role": "user", "content": "P"},)
    # The first answers alone, and then both conversations whole.
    assert group.responses == ("a", "c", tuple(turns("P", "a", "Q", "b")[1:]), tuple(turns("P", "c", "Q", "d")[1:]))
    assert [ranking.tiers for ranking in group.rankings] == [((0,), (1,)), ((2,), (3,))]
    with pytest.raises(DataError, match='"turn" is 0; turns are counted from 1'):
        load_groups(write(tmp_path, {**row, "turn": 0}))


def test_conversations_may_be_json_in_text(tmp_path):
    a, b = (json.dumps(turns("P", answer)) for answer in ("a", "b"))
    [group] = load_groups(write(tmp_path, {"conversation_a": a, "conversation_b": b, "winner": "both_bad"}))
    assert (group.prompt, group.responses) == (({"role": "user", "content": "P"},), ("a", "b"))


def test_an_image_in_a_part_is_refused_and_none_is_no_image(tmp_path):
    def conversation(answer, image):
        parts = [{"type": "text", "text": "P", "image": image, "mimeType": None}]
        return [{"role": "user", "content": parts}, {"role": "assistant", "content": answer}]

    row = {"conversation_a": conversation("a", None), "conversation_b": conversation("b", None), "winner": "model_a"}
    assert load_groups(write(tmp_path, row))[0].responses == ("a", "b")
    with pytest.raises(DataError, match="has a part with 'image', which a model of text cannot read"):
        load_groups(write(tmp_path, {**row, "conversation_a": conversation("a", "p.png")}))


# What is odd in a published shape, and read all the same.
ODD = {
    "the upvotes contradict the label": {
        "history": "P",
        "human_ref_A": "a",
        "human_ref_B": "b",
        "labels": 1,
        "score_A": 3,
        "score_B": 9,
    },
    "the safer response is the one that is not safe": {
        "prompt": "P",
        "response_0": "a",
        "response_1": "b",
        "safer_response_id": 0,
        "is_response_0_safe": False,
        "is_response_1_safe": True,
    },
    "the scores contradict the verdict": {
        "orig_instruction": "P",
        "orig_response_A": "a",
        "orig_response_B": "b",
        "orig_preference": "A",
        "orig_score_A": 1,
        "orig_score_B": 5,
    },
}


@pytest.mark.parametrize("note", ODD)
def test_what_contradicts_a_verdict_is_counted(note, tmp_path):
    report = ReadReport()
    [group] = load_groups(write(tmp_path, ODD[note]), report=report)
    assert group.rankings[0].tiers == FIRST
    [(noted, count)] = report.notes.items()
    assert note in noted and count == 1


UNJUDGED = {
    "webgpt": {"question": "P", "answer_0": "a", "answer_1": "b", "score_0": None, "score_1": None},
    "prometheus": {
        "orig_instruction": "P",
        "orig_response_A": "a",
        "orig_response_B": "b",
        "orig_preference": None,
    },
    "multipref": {"text": "P", "completion_a": "a", "completion_b": "b", "normal_worker_annotations": []},
    "one column a winner": {
        "prompt": "P",
        "response_a": "a",
        "response_b": "b",
        "winner_model_a": 0,
        "winner_model_b": 0,
        "winner_tie": 0,
    },
}


@pytest.mark.parametrize("shape", UNJUDGED)
def test_no_shape_invents_a_verdict(shape, tmp_path):
    report = ReadReport()
    [group] = load_groups(write(tmp_path, UNJUDGED[shape]), report=report)
    assert (group.responses, group.rankings, group.ratings) == (("a", "b"), (), ())
    assert report.notes == {"there is no verdict; the responses are kept, unjudged": 1}


def test_a_tie_in_webgpt_is_0_with_either_sign(tmp_path):
    row = {"question": "P", "answer_0": "a", "answer_1": "b"}
    assert judged(write(tmp_path, {**row, "score_0": 0.0, "score_1": -0.0})) == [TIE]


COLUMNS = {
    "prompt": st.sampled_from(["P", "Q", None]),
    "response_1": st.sampled_from(["a", "c"]),
    "Response 2": st.just("b"),
    "winner": st.sampled_from(["A", "2", 2, 1.0, "1.0", 1.25, "tie", "B>>A", "model_1", None, "", "no idea", 7, True]),
    "preference": st.sampled_from(["first", "second", "tie", 1, 0.3, None, "sums"]),
    "preference_strength": st.sampled_from([-2, 0, 3, None, "n/a"]),
    "strength": st.sampled_from([1, 0, -1, None]),
}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({}, optional=COLUMNS), min_size=1, max_size=6))
def test_no_judgement_is_lost_or_doubled_uncounted(tmp_path, rows):
    """Every row weighs 1, or is unjudged and counted, or is a bad row."""
    report = ReadReport(keep_going=True)
    path = write(tmp_path, *[{"x": 0, **row} for row in rows])
    groups = load_groups(path, format="labelled", labels="one-based", report=report)
    weight = sum(ranking.weight for group in groups for ranking in group.rankings)
    unjudged = report.notes["there is no verdict; the responses are kept, unjudged"]
    assert isclose(weight + unjudged + len(report.rejected), len(rows))
