"""Simulated crowds: who is named, and that a fair crowd is not."""

import subprocess
import sys
import time
from random import Random

import pytest
from simulated_crowds import Member, always_first, asked, careful, contrary, extras, judge, pairs, project_of, write

from plaudit.labelling.people import find_person
from plaudit.labelling.watching import ProjectWatch, figures


def crowd(folder, members, groups, **columns):
    project = project_of(folder, overlap=3, both_bad=True)
    write(project, groups, members, overlap=3, begin=time.time() - 10 * 86400, every=60, **columns)
    told = figures(project)
    project.close()
    return told


def test_who_always_takes_the_first_is_named(tmp_path):
    members = [*(Member(f"fair{place}", careful()) for place in range(11)), Member("Felix", always_first)]
    told = crowd(tmp_path, members, pairs(400))
    assert ("Felix", "first") in {(one["name"], one["why"]) for one in told["named"]}
    (felix,) = (one for one in told["people"] if one["name"] == "Felix")
    assert felix["first"]["value"] == 1.0
    assert {one["name"] for one in told["named"]} == {"Felix"}


@pytest.mark.parametrize("seed", range(3))
def test_of_a_fair_crowd_of_fifty_nobody_is_named(tmp_path, seed):
    members = [Member(f"fair{place}", careful(right=0.7 + 0.1 * (place % 2), ties=0.05)) for place in range(50)]
    groups = pairs(1000, longer_is_better=0.65, subsets=("chat", "code"), seed=seed)
    assert crowd(tmp_path, members, groups, seed=seed)["named"] == []


def test_the_contrary_the_hasty_and_who_likes_length_are_named(tmp_path):
    def likes_length(numbers: Random, shown: list[int], better: int) -> dict:
        return {"tiers": [[0], [1]]}

    fair = [Member(f"fair{place}", careful()) for place in range(9)]
    odd = [Member("Cora", contrary), Member("Hal", careful(), seconds=0.8), Member("Lena", likes_length)]
    groups = [group for group in pairs(1200, seed=1) if len(group.responses[0]) > len(group.responses[1])]
    named = {(one["name"], one["why"]) for one in crowd(tmp_path, fair + odd, groups)["named"]}
    assert {("Cora", "disagrees"), ("Hal", "hasty"), ("Lena", "longer")} <= named
    assert not any(name.startswith("fair") for name, _ in named)


@pytest.fixture
def project(tmp_path):
    project = project_of(tmp_path / "small", overlap=3, both_bad=True)
    members = [Member(name, careful()) for name in ("Ann", "Bob", "Eve", "Fay")]
    write(project, pairs(40), members, overlap=3, begin=time.time() - 5 * 86400, every=3000)
    yield project
    project.close()


def test_a_second_look_reads_what_came_since(project):
    watch = ProjectWatch(project, kept_seconds=0)
    before = watch.look()
    assert watch.look().etag == before.etag
    extras(project)
    after = watch.look()
    assert after.etag != before.etag
    assert after.figures == figures(project), "as for somebody who looks for the first time"
    assert after.figures["progress"]["answers"]["skips"] == 3


def test_what_was_sent_a_moment_ago_is_read_again_until_it_is_settled(project):
    watch = ProjectWatch(project, kept_seconds=0)
    judge(
        project, asked(project, "q1", repeats=1), find_person(project, "Ann"), {"tiers": [[0], [1]]}, sent=time.time()
    )
    counts = [next(one for one in watch.look().figures["people"] if one["name"] == "Ann") for _ in range(3)]
    assert len({one["judgements"] for one in counts}) == 1


def test_figures_are_kept_for_some_seconds_unless_something_was_changed(project):
    watch = ProjectWatch(project, kept_seconds=3600)
    before = watch.look()
    extras(project)
    assert watch.look() is before
    watch.forget()
    assert watch.look().etag != before.etag


def test_details_stand_beside_hard_questions(project):
    extras(project)
    lists = figures(project)["questions"]
    (odd,) = (one for one in lists["skipped"] if one["group"] == "odd")
    assert [one["text"] for one in odd["reasons"]] == ["I cannot judge this", "not my language"]
    assert odd["comments"] == [{"name": "Eve", "text": "Both are nonsense <script>alert(1)</script>."}]
    assert odd["undecided"] == 1
    (gold,) = lists["failed"]
    assert gold["known"] == {"tiers": [[0], [1]]}
    assert [one["best"] for one in gold["responses"]] == [1, 1]


def test_figures_ask_for_no_torch():
    code = "import sys; import plaudit.labelling.watching.watch; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
