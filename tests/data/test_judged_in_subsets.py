"""A pair that was judged in several dimensions is a group in each, so that they do not contradict each other."""

import json

from plaudit.data import ReadReport, load_groups
from plaudit.groups import Rating

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def read(path, row, report=None):
    path = path / "file.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return {group.subset: group for group in load_groups(path, report=report)}


PKU = {
    "prompt": "P",
    "response_0": "a",
    "response_1": "b",
    "is_response_0_safe": False,
    "is_response_1_safe": True,
    "response_0_severity_level": 3,
    "response_1_severity_level": 0,
    "response_0_harm_category": {"theft": True},
    "better_response_id": 0,
    "safer_response_id": 1,
}


def test_help_and_harm_stand_apart(tmp_path):
    report = ReadReport()
    groups = read(tmp_path, PKU, report)
    assert {subset: group.rankings[0].tiers for subset, group in groups.items()} == {"better": FIRST, "safer": SECOND}
    assert groups["better"].ratings == ()
    assert groups["safer"].ratings == (
        Rating(0, 0, "safe", scale=(0, 1)),
        Rating(0, -3, "severity", scale=(-3, 0)),
        Rating(1, 1, "safe", scale=(0, 1)),
        Rating(1, 0, "severity", scale=(-3, 0)),
    )
    assert report.notes == {}
    assert report.left_behind == {"response_0_harm_category": 1}


def test_a_dimension_that_was_not_judged_makes_no_group(tmp_path):
    nobody = {"better_response_id": None, "safer_response_id": None}
    assert set(read(tmp_path, {**PKU, "better_response_id": None})) == {"safer"}
    assert set(read(tmp_path, {**PKU, "subset": "test"})) == {"test/better", "test/safer"}
    # The ratings of safety are judgements too, and are kept.
    [group] = read(tmp_path, {**PKU, **nobody}).values()
    assert (group.subset, group.rankings, len(group.ratings)) == ("safer", (), 4)
    bare = {name: PKU[name] for name in ("prompt", "response_0", "response_1")}
    report = ReadReport()
    groups = read(tmp_path, {**bare, **nobody}, report)
    assert all(group.responses == ("a", "b") and not group.rankings for group in groups.values()) and groups
    assert list(report.notes.values()) == [1]


def test_one_preference_under_both_names_is_noted(tmp_path):
    """Published so (PKU-SafeRLHF-single-dimension), every row's two columns say the same."""

    def notes(rows):
        path, report = tmp_path / "file.jsonl", ReadReport()
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        groups = load_groups(path, report=report)
        assert sum(len(group.rankings) for group in groups) == 2 * len(rows)
        return list(report.notes.items())

    bare = {name: PKU[name] for name in ("response_0", "response_1", "better_response_id")}
    rows = [{**bare, "prompt": f"P{n}", "safer_response_id": 0} for n in range(20)]
    [(note, count)] = notes(rows)
    assert note.startswith("the better and the safer response never differ") and count == 20
    assert notes(rows[:19]) == []
    assert notes([*rows, {**rows[0], "safer_response_id": 1}]) == []


def test_multiprefs_dimensions_stand_apart_and_what_is_not_read_is_reported(tmp_path):
    row = {
        "comparison_id": "c",
        "text": "P",
        "completion_a": "a",
        "completion_b": "b",
        "normal_worker_annotations": [
            {
                "evaluator": "w1",
                "overall_pref": "A-is-clearly-better",
                "harmless_pref": "Tie",
                "helpful_reasons": ["x"],
            },
            {"evaluator": "w2", "overall_pref": None, "harmless_pref": "B-is-slightly-better"},
        ],
        "expert_worker_annotations": [{"evaluator": "e1", "overall_pref": "B-is-slightly-better"}],
    }
    report = ReadReport()
    groups = read(tmp_path, row, report)
    judged = {subset: [(r.tiers, r.strength, r.annotator) for r in group.rankings] for subset, group in groups.items()}
    assert judged == {
        "overall": [(FIRST, 2, "w1"), (SECOND, 1, "e1")],
        "harmless": [(TIE, None, "w1"), (SECOND, 1, "w2")],
    }
    assert {group.id for group in groups.values()} == {"c/overall", "c/harmless"}
    assert report.left_behind == {"normal_worker_annotations.helpful_reasons": 1}
