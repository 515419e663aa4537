"""A suite's files: every shape they come in, ids that last, and one line for what cannot be read."""

import gzip
import json
from importlib import import_module

import pytest
from suite_samples import FILES, battle, best_of_four, checked, judged, pair, rmb_pair, styles, ties, write

from plaudit.errors import DataError, NotFoundError, PlauditError
from plaudit.evaluation.suites import SUITES, measure_suite, read_suite


def read(name, tmp_path, **files):
    return read_suite(SUITES[name], write(tmp_path, {f"{stem}.json": rows for stem, rows in files.items()}))


def test_lists_lines_gzip_parquet_and_folders_are_the_same_items(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    rows = FILES["rewardbench2"]["test.json"]
    (as_list, as_lines) = write(tmp_path / "plain", {"a.json": rows, "b.jsonl": rows})
    packed = tmp_path / "packed" / "c.jsonl.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(as_lines.read_bytes()))
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "d.parquet")
    first, *others = (
        read_suite(SUITES["rewardbench2"], [source])
        for source in (as_list, as_lines, packed.parent, tmp_path / "d.parquet")
    )
    for other in others:
        assert other == first


def test_items_are_not_merged_and_their_ids_do_not_depend_on_the_order_of_files(tmp_path):
    rows = [pair("donotanswer", i) | {"prompt": "the same"} for i in range(3)]
    files = write(tmp_path, {"a.json": rows, "b.json": [pair("hep-go", 0)]})
    first, second = (read_suite(SUITES["rewardbench"], order) for order in (files, files[::-1]))
    assert [item.id for item in first] == ["donotanswer/0", "donotanswer/1", "donotanswer/2", "hep-go/0"]
    assert {item.id: item for item in first} == {item.id: item for item in second}


def test_a_conversation_of_one_turn_is_text(tmp_path):
    row = rmb_pair("Helpfulness/Chat/Discussion", 0)
    longer = [
        {"role": "user", "content": "Hi", "language": "English"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Bye"},
    ]
    one, several = read("rmb", tmp_path, a=[row, rmb_pair("Harmlessness/S1", 1) | {"conversation_input": longer}])
    assert one.prompt == row["conversation_input"][0]["content"]
    assert several.prompt == ({"role": "user", "content": "Hi"}, *longer[1:])


def test_an_id_used_twice_in_a_file_is_numbered(tmp_path):
    items = read("rewardbench", tmp_path, a=[pair("hep-go", 0), pair("hep-go", 0), pair("hep-go", 0)])
    assert [item.id for item in items] == ["hep-go/0", "hep-go/0#2", "hep-go/0#3"]


def test_a_file_given_twice_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"total\.json: the item 'chat/chat-0' stands in .*chat\.json too; give each"):
        read("rmbench", tmp_path, chat=[styles("chat", 0)], total=[styles("chat", 0)])


@pytest.mark.parametrize("name", list(SUITES))
def test_a_file_of_another_shape_is_one_line(tmp_path, name):
    with pytest.raises(DataError) as caught:
        read(name, tmp_path, other=[{"text": "hello", "stars": 5}])
    message = str(caught.value)
    assert "other.json:1: this is no row of the suite" in message
    assert "this row has stars, text" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "row", "complaint"),
    [
        ("rewardbench2", ties("ref", 0) | {"id": "7"}, "it must be ref:NUMBER or tied:NUMBER"),
        ("rewardbench2", best_of_four("Math", 0) | {"rejected": "no"}, '"rejected" must be a list'),
        ("rmbench", styles("chat", 0) | {"chosen": ["yes"]}, '"chosen" must be a list of three answers'),
        ("llmbar", {"input": "a", "output_1": "b", "output_2": "c", "label": 3}, "the verdict ('label') is 3"),
        ("judgebench", judged("mmlu-pro", 0, "A=B"), "it must be A>B or B>A"),
        ("rmb", rmb_pair("Fun/Chat", 0), "it must be like Pairwise_set/"),
        ("rmb", rmb_pair("Harmlessness/S1", 0) | {"chosen": "yes"}, 'an answer must be an object with "answer"'),
        ("ppe-human", battle(0, "both of them"), "the verdict is 'both of them'"),
        ("ppe-correctness", checked(0, [True, False]) | {"scores": [0.5, 1]}, "a list of true and false"),
        ("ppe-correctness", checked(0, [True, False]) | {"scores": [1, 0, 1]}, "no 'response_3'"),
        ("ppe-correctness", checked(0, [True, True]) | {"sampled_conflict_pairs": [[0, 1]]}, "a conflict pair is"),
        ("ppe-correctness", checked(0, [True, False]) | {"sampled_conflict_pairs": [[0, 9]]}, "a conflict pair is"),
    ],
)
def test_a_bad_row_is_named(tmp_path, name, row, complaint):
    with pytest.raises(DataError) as caught:
        read(name, tmp_path, bad=[row])
    assert "bad.json:1" in str(caught.value)
    assert complaint in str(caught.value)


def test_empty_and_torn_files(tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(DataError, match=r"empty\.jsonl: the file is empty"):
        read_suite(SUITES["judgebench"], [tmp_path / "empty.jsonl"])
    (tmp_path / "torn.jsonl").write_text(json.dumps(judged("mmlu-pro", 0)) + '\n{"pair')
    with pytest.raises(DataError, match=r"torn\.jsonl:2: this is not JSON"):
        read_suite(SUITES["judgebench"], [tmp_path / "torn.jsonl"])


def test_subsets_the_suite_does_not_have_are_named_and_not_in_the_score(tmp_path):
    items = read("rewardbench", tmp_path, a=[pair("hep-go", 0), pair("hep-cobol", 0)])
    result = measure_suite(SUITES["rewardbench"], items, [[1, 0], [0, 1]])
    assert result.unknown == ("hep-cobol",)
    assert result.figures[0].by_rule.value == 1
    assert next(figure for figure in result.figures if figure.name == "hep-cobol").by_rule.value == 0


def test_nothing_of_the_score_leaves_the_figures_there_are(tmp_path):
    items = read("rewardbench", tmp_path, a=[pair("hep-cobol", 0)])
    result = measure_suite(SUITES["rewardbench"], items, [[1, 0]])
    assert [figure.name for figure in result.figures] == ["hep-cobol"]


def test_scores_that_are_not_numbers_name_the_item(tmp_path):
    items = read("rewardbench", tmp_path, a=[pair("hep-go", 0)])
    with pytest.raises(PlauditError, match="item 'hep-go/0': response 1 has score nan"):
        measure_suite(SUITES["rewardbench"], items, [[1, float("nan")]])


def test_ties_alone_measure_nothing(tmp_path):
    items = read("ppe-human", tmp_path, a=[battle(0, "tie")])
    with pytest.raises(PlauditError, match="nothing to measure: no item of ppe-human"):
        measure_suite(SUITES["ppe-human"], items, [[1, 0]])


def test_an_unknown_suite_names_the_others():
    with pytest.raises(NotFoundError, match="there is no suite called 'mmlu'; there are judgebench, llmbar, ppe-human"):
        SUITES.lookup("mmlu")


def test_a_new_suite_is_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(SUITES, "_entries", dict(SUITES))
    (tmp_path / "coin.py").write_text(
        """
from plaudit.evaluation.suites.rules import by_subset, separated
from plaudit.evaluation.suites.suite import Shape, Suite, each, register_suite
from plaudit.groups import Group, Ranking


def read(row, place):
    return Group("", row["q"], (row["good"], row["bad"]), (Ranking(((0,), (1,))),), subset="score")


register_suite(
    Suite(
        name="coin",
        title="Coin",
        shapes=(Shape(("q", "good", "bad"), read),),
        rule=separated(by_subset),
        figures=lambda present: each(present, 0),
    )
)
"""
    )
    monkeypatch.syspath_prepend(tmp_path)
    import_module("coin")
    path = tmp_path / "coin.jsonl"
    path.write_text("".join(f'{{"q": "{i}", "good": "a", "bad": "b"}}\n' for i in range(4)))
    suite = SUITES.lookup("coin")
    items = read_suite(suite, str(path))
    [figure] = measure_suite(suite, items, [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).figures
    assert (figure.name, figure.by_rule.value, figure.chance) == ("score", 0.75, 0.5)
