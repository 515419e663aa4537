"""What a model is trained on, and what asking is compared by: expected by hand from what was said, in its order."""

import json
import time
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from plaudit.data import load_groups
from plaudit.groups import Group
from plaudit.labelling import Envelope, add_person, send, take
from plaudit.labelling.database.tables import leases, questions
from plaudit.labelling.jobs import Jobs
from plaudit.labelling.splitting import is_held_out, split_judgements

GROUPS = [Group(f"q{n}", f"What is {n} + 1?", (f"{n + 1}", "No idea.")) for n in range(60)]


def judged(project, clock, arm_of):
    """All questions answered, one a second; what was asked, in order, as (group, arm)."""
    project.add(GROUPS)
    ann = add_person(project, "Ann")
    told, seen = [], 0
    while len(told) < len(GROUPS):
        clock.pass_by(1)
        one = take(project, ann)
        send(project, ann, one.lease, {"tiers": [[0], [1]]}, Envelope(client_id=uuid4().hex))
        group = GROUPS[one.item - 1].id
        held_out = is_held_out(project, group)
        arm = "random" if held_out else arm_of(seen)
        seen += not held_out
        with project.database.writing() as connection:
            of_lease = select(leases.c.question).where(leases.c.public_id == one.lease).scalar_subquery()
            connection.execute(update(questions).where(questions.c.id == of_lease).values(arm=arm))
        told.append((group, arm, held_out))
    return told


@pytest.fixture
def asked(make, clock):
    """A project where, after eight questions drawn at random, two in three are chosen by a model."""
    project = make(gold_every=0, repeat_every=0)
    return project, judged(project, clock, lambda seen: "informed" if seen >= 8 and seen % 3 else "random")


def ids(groups):
    return {group.id for group in groups}


def test_both_arms_share_their_beginning_and_add_as_many(asked):
    project, told = asked
    split = split_judgements(project)
    seen = [(group, arm) for group, arm, held_out in told if not held_out]
    first = next(place for place, (_, arm) in enumerate(seen) if arm == "informed")
    shared = {group for group, _ in seen[:first]}
    random = [group for group, arm in seen[first:] if arm == "random"]
    informed = [group for group, arm in seen[first:] if arm == "informed"]
    count = min(len(random), len(informed))
    assert (first, count >= 10) == (8, True)
    assert ids(split.arms.random) == shared | set(random[:count])
    assert ids(split.arms.informed) == shared | set(informed[:count])
    assert (split.arms.judgements, split.arms.shared) == (8 + count, 8)
    assert len(split.arms.random) == len(split.arms.informed) == 8 + count


def test_what_is_held_out_is_in_no_training_set(asked):
    project, told = asked
    split = split_judgements(project)
    held_out = {group for group, _, out in told if out}
    assert 5 <= len(held_out) <= 25
    assert ids(split.test) == held_out
    assert ids(split.train) == {group.id for group in GROUPS} - held_out
    assert (split.judgements, split.held_out) == (len(split.train), len(split.test))
    for arm in (split.arms.random, split.arms.informed):
        assert not ids(arm) & held_out


def test_held_out_groups_are_measured_by_the_random_arm_alone(asked):
    project, told = asked
    chosen = next(group for group, _, held_out in told if held_out)
    with project.database.writing() as connection:
        item = GROUPS.index(next(group for group in GROUPS if group.id == chosen)) + 1
        connection.execute(update(questions).where(questions.c.item == item).values(arm="informed"))
    assert chosen not in ids(split_judgements(project).test)


@pytest.mark.parametrize("arm", ["random", "informed"])
def test_with_answers_of_one_kind_nothing_is_compared(make, clock, arm):
    project = make(gold_every=0, repeat_every=0)
    judged(project, clock, lambda seen: arm)
    assert split_judgements(project).arms is None


class Finished:
    """A process that wrote what `plaudit compare` writes, where that was the command."""

    def __init__(self, command, **options):
        if command[3] == "compare":
            informed, random, test, folder = command[4], command[5], command[6], command[8]
            assert informed.endswith("informed")
            assert random.endswith("random")
            assert load_groups(test)
            made = Path(folder)
            made.mkdir()
            figure = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}
            row = {"a": figure | {"value": 0.7}, "b": figure, "difference": figure | {"value": 0.2}}
            (made / "compare.json").write_text(json.dumps({"accuracy": row}), encoding="utf-8")

    def wait(self):
        return 0


@pytest.mark.parametrize("compare", [True, False])
def test_a_run_keeps_what_the_comparison_told(asked, compare, monkeypatch, tmp_path):
    project, _ = asked
    monkeypatch.setattr("plaudit.labelling.jobs.subprocess.Popen", Finished)
    jobs = Jobs(project)
    jobs.folder = tmp_path / "training"
    jobs.start("bow", 0, compare=compare)
    while jobs.runs()[0]["state"] == "running":
        time.sleep(0.01)
    [run] = jobs.runs()
    verbs = [line.split()[1] for line in run["commands"]]
    assert verbs == ["train", "eval", *(["train", "train", "compare"] if compare else [])]
    if not compare:
        assert run["comparison"] is None
        return
    told = run["comparison"]
    assert (told["informed"]["value"], told["random"]["value"], told["difference"]["value"]) == (0.7, 0.5, 0.2)
    assert told["judgements"] == len(load_groups(tmp_path / "training" / "0001" / "random.jsonl"))
