"""`plaudit doctor` from the outside: what it writes, what it says, and that a person's edits count."""

import json

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
