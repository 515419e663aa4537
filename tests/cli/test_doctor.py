"""`plaudit doctor` from the outside: what it writes, what it says, and that a person's edits count."""

import json
import re
from itertools import chain

import pytest

from plaudit.data import load_groups, write_groups
from plaudit.groups import Group, Ranking

UP, DOWN = ((0,), (1,)), ((1,), (0,))
QUESTIONS = [
    "how do I keep tomatoes fresh", "what is a prime number", "name a tree", "why is the sea salty",
    "who wrote the first novel", "when do bears sleep", "where does tea grow", "can fish hear",
]  # fmt: skip


@pytest.fixture
def data(tmp_path):
    """Eight prompts with one answer ranked first by six people; of the first, one says the opposite. One empty answer
    won. The last prompt is in the test data."""
    groups = [
        Group(f"q{i}", question, ("a long and useful answer", "no"), tuple(Ranking(UP, annotator=n) for n in "abcdef"))
        for i, question in enumerate(QUESTIONS)
    ]
    groups[1] = Group("q1", QUESTIONS[1], ("", "words"), (Ranking(UP),))
    write_groups(groups, tmp_path / "train.jsonl")
    write_groups([Group("t", QUESTIONS[-1], ("yes",))], tmp_path / "test.jsonl")
    return tmp_path


def work(folder):
    return [json.loads(line) for line in (folder / "out" / "work-list.jsonl").read_text().splitlines()]


def test_a_list_a_cleaned_set_and_figures(run, data):
    code, printed, said = run("doctor", data / "train.jsonl", "--test", data / "test.jsonl", "-o", data / "out")
    assert code == 0, said
    items = {item["kind"]: item for item in work(data)}
    contaminated, empty = items["contaminated-prompt"], items["empty-response"]
    assert (contaminated["kind"], contaminated["where"]) == ("contaminated-prompt", f"{data / 'train.jsonl'}:8")
    assert (empty["kind"], empty["where"], empty["keep"]) == ("empty-response", f"{data / 'train.jsonl'}:2", False)
    assert "contaminated-prompt" in printed
    assert "taken out: rankings 7, groups 1; groups left without a judgement: 1" in printed
    assert "--apply" in said
    cleaned = load_groups(data / "out" / "cleaned.jsonl")
    assert [group.id for group in cleaned] == [f"q{i}" for i in range(7)]
    assert cleaned[1].rankings == ()
    figures = json.loads((data / "out" / "doctor.json").read_text())
    assert figures["removed"] == {"rankings": 7, "groups": 1}
    assert figures["proposed_removals"] == {"contaminated-prompt": 1, "empty-response": 1}


def test_an_edited_list_is_carried_out_as_edited(run, data):
    run("doctor", data / "train.jsonl", "--test", data / "test.jsonl", "-o", data / "out")
    rows = work(data)
    assert rows[0]["kind"] == "contaminated-prompt"
    rows[0]["keep"] = True
    (data / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = ["--apply", data / "mine.jsonl", "-o", data / "cleaned.jsonl"]
    code, printed, said = run("doctor", data / "train.jsonl", *options)
    assert (code, printed) == (0, "")
    assert f"8 groups written to {data / 'cleaned.jsonl'}; taken out: rankings 1" in said
    assert [len(group.rankings) for group in load_groups(data / "cleaned.jsonl")] == [6, 0, 6, 6, 6, 6, 6, 6]


def test_the_unedited_list_gives_the_cleaned_set(run, data):
    run("doctor", data / "train.jsonl", "-o", data / "out")
    options = ["--apply", data / "out" / "work-list.jsonl", "-o", data / "cleaned.jsonl", "--json"]
    code, printed, _ = run("doctor", data / "train.jsonl", *options)
    assert (code, json.loads(printed)) == (0, {"groups": 8, "removed": {"rankings": 1}, "unjudged": 1})
    assert (data / "cleaned.jsonl").read_bytes() == (data / "out" / "cleaned.jsonl").read_bytes()


def test_a_list_of_other_data_is_refused(run, data):
    run("doctor", data / "train.jsonl", "-o", data / "out")
    options = ["--apply", data / "out" / "work-list.jsonl", "-o", data / "cleaned.jsonl"]
    code, _, said = run("doctor", data / "test.jsonl", *options)
    assert code == 2
    assert f"{data / 'out' / 'work-list.jsonl'}:2: there is no group with the key" in said
    assert not (data / "cleaned.jsonl").exists()


def test_a_folder_is_no_file_to_write_to(run, data):
    (data / "work.jsonl").write_text("")
    code, _, said = run("doctor", data / "train.jsonl", "--apply", data / "work.jsonl", "-o", data)
    assert code == 2
    assert "is a folder; with --apply, -o names the file to write" in said


def test_json_and_hard_input(run, tmp_path):
    row = {"id": "q", "prompt": "p", "responses": ["a", "b"]}
    code, printed, _ = run("doctor", "-", "-o", tmp_path / "out", "--json", stdin=json.dumps(row))
    found = json.loads(printed)
    assert code == 0
    assert found["listed"] == found["removed"] == {}
    assert found["unmeasured"]["rankings"].startswith("no ranking puts one response above another")


def test_hostile_ids_do_not_steer_the_terminal(run, tmp_path):
    row = {"id": "\x1b[2J[red]", "prompt": "p", "responses": ["", "b"], "rankings": [{"tiers": [[0], [1]]}]}
    code, printed, _ = run("doctor", "-", "-o", tmp_path / "out", stdin=json.dumps(row))
    assert code == 0
    assert "\x1b[2J" not in printed


@pytest.mark.parametrize("inside", [".", "sub"])
def test_a_folder_that_cannot_be_is_refused_before_the_work(run, data, inside):
    (data / "afile").write_text("mine")
    code, printed, said = run("doctor", data / "nowhere.jsonl", "-o", data / "afile" / inside)
    assert (code, printed) == (2, "")
    assert said == f"plaudit: error: {data / 'afile'} is a file; -o names the folder to write into, such as check\n"
    assert (data / "afile").read_text() == "mine"


def test_nothing_found_sends_nobody_to_an_empty_list(run, tmp_path):
    row = {"id": "q", "prompt": "p", "responses": ["a", "b"], "rankings": [{"tiers": [[0], [1]]}]}
    code, printed, said = run("doctor", "-", "-o", tmp_path / "out", stdin=json.dumps(row))
    assert code == 0
    assert printed.startswith("nothing found in 1 group\n")
    assert "Nothing to go through" in said
    assert "--apply" not in said


def test_the_next_command_reads_the_data_as_this_one_did(run, data):
    file = data / "train set.jsonl"
    (data / "train.jsonl").rename(file)
    _, _, said = run("doctor", file, "--format", "native", "-o", data / "out")
    assert f"plaudit doctor '{file}' --format native --apply {data / 'out' / 'work-list.jsonl'} -o" in said


def test_a_finding_takes_three_lines_of_eighty_and_its_place_is_whole(run, tmp_path, monkeypatch):
    """Twelve people with long names order each prompt's answers, all the same way; but two of them the first two
    prompts' the other way round. So four findings: two rankings, two people."""
    monkeypatch.setenv("COLUMNS", "80")
    names = [f"annotator-{number}-{'0123456789abcdef' * 2}" for number in range(12)]
    contrary = {(0, names[5]), (1, names[7])}
    responses = ("a long and useful answer", "no", "perhaps", "never")
    order = ((0,), (1,), (2,), (3,))
    groups = []
    for number, question in enumerate(QUESTIONS):
        said = [Ranking(order[::-1] if (number, name) in contrary else order, annotator=name) for name in names]
        groups.append(Group(f"q{number}", question, responses, tuple(said)))
    write_groups(groups, tmp_path / "train.jsonl")
    code, printed, said = run("doctor", tmp_path / "train.jsonl", "-o", tmp_path / "out")
    assert code == 0, said
    table, *findings, taken = printed.strip().split("\n\n")
    assert taken == "taken out: rankings 2"
    heads, *why = zip(*(finding.split("\n") for finding in findings), strict=True)
    file = tmp_path / "train.jsonl"
    assert sorted(head.split("  ", 1)[1] for head in heads) == sorted(
        [f"{file}:1  remove the ranking", f"{file}:2  remove the ranking", f"{names[5]}  look", f"{names[7]}  look"]
    )
    assert len(why) == 2
    assert max(map(len, chain(table.split("\n"), *why))) <= 80
    assert any("11 of 11 others disagree" in line for line in why[1])
    figures = [line for line in table.split("of the comparisons")[1].split("\n")[1:] if "%" in line]
    assert len(figures) > 2
    assert all(re.fullmatch(r"are [a-z, -]+ +\d+\.\d%( +\[.*\])? +576", line) for line in figures)
