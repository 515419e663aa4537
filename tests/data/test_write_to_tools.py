"""What goes to Label Studio and to Argilla comes back as it was; what does not is counted."""

import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import replace

import pytest
from group_strategies import groups, sets_of
from hypothesis import HealthCheck, example, given, settings

from plaudit.data import ReadReport, label_studio_config, load_groups, write_groups
from plaudit.errors import DataError
from plaudit.groups import Group, Ranking, Rating

RIVER = "Name a river."
BETTER = Group("q17", RIVER, ("Paris.", "The Elbe."), (Ranking(((1,), (0,)), 2, "7"),))
TOOLS = ["label-studio", "argilla"]
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def by_person(group):
    """Judgements person by person, the order in a tie being none."""
    rankings = [replace(one, tiers=tuple(tuple(sorted(tier)) for tier in one.tiers)) for one in group.rankings]
    rankings.sort(key=lambda one: repr(one.annotator))
    return replace(group, rankings=tuple(rankings), ratings=tuple(sorted(group.ratings, key=repr_of_rating)))


def repr_of_rating(one):
    return repr(one.annotator), repr(one)


def without_what_is_lost(group):
    """The group as the sentence in docs/formats.md has it: weights are 1, and the scales of one attribute agree."""
    scales = {}
    for one in group.ratings:
        scales.setdefault(one.attribute, set()).add(one.scale)
    return replace(
        group,
        rankings=tuple(replace(one, weight=1.0) for one in group.rankings),
        ratings=tuple(
            replace(one, weight=1.0, scale=one.scale if len(scales[one.attribute]) == 1 else None)
            for one in group.ratings
        ),
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_round_trip(tmp_path, tool):
    @quick
    @given(sets_of(groups()))
    @example([Group("q", ({"role": "assistant", "content": "a"},) * 2, ("a",))])
    @example([replace(BETTER, rankings=(Ranking(((0, 1),), 0.5, " "), Ranking(((0,), (1,)), None, "007")))])
    def hold(some):
        lost = Counter()
        write_groups(some, tmp_path / "g.json", tool, lost=lost, overwrite=True)
        back = load_groups(tmp_path / "g.json")
        assert [*map(by_person, back)] == [by_person(without_what_is_lost(group)) for group in some]
        changed = [group for group in some if by_person(group) != by_person(without_what_is_lost(group))]
        assert bool(lost) == bool(changed), lost

    hold()


def test_a_pair_in_label_studio(tmp_path):
    rated = replace(BETTER, ratings=(Rating(1, 4, "helpful", "7"),), subset="rivers")
    assert write_groups([rated], tmp_path / "tasks.json", "label-studio") == 1
    assert json.loads((tmp_path / "tasks.json").read_text()) == [
        {
            "id": 1,
            "data": {
                "prompt": RIVER,
                "answer1": "Paris.",
                "answer2": "The Elbe.",
                "plaudit": {"group": "q17", "responses": [0, 1], "subset": "rivers"},
            },
            "annotations": [
                {
                    "id": 1,
                    "completed_by": 7,
                    "was_cancelled": False,
                    "ground_truth": False,
                    "result": [
                        {
                            "id": "r1",
                            "from_name": "better",
                            "to_name": "better",
                            "type": "pairwise",
                            "value": {"selected": "right"},
                        },
                        {
                            "id": "r2",
                            "from_name": "verdict",
                            "to_name": "prompt",
                            "type": "choices",
                            "value": {"choices": ["right"]},
                        },
                        {
                            "id": "r3",
                            "from_name": "strength",
                            "to_name": "prompt",
                            "type": "rating",
                            "value": {"rating": 2},
                        },
                        {
                            "id": "r4",
                            "from_name": "helpful-2",
                            "to_name": "answer2",
                            "type": "rating",
                            "value": {"rating": 4},
                        },
                    ],
                }
            ],
        }
    ]
    assert (
        (tmp_path / "label-studio.xml").read_text()
        == label_studio_config([rated])
        == (
            "<View>\n"
            '  <Text name="prompt" value="$prompt"/>\n'
            '  <Pairwise name="better" toName="answer1,answer2"/>\n'
            '  <View style="display: flex; gap: 2em">\n'
            '    <View style="flex: 1">\n'
            '      <Text name="answer1" value="$answer1"/>\n'
            '      <Header value="helpful" size="5"/>\n'
            '      <Rating name="helpful-1" toName="answer1" maxRating="5"/>\n'
            "    </View>\n"
            '    <View style="flex: 1">\n'
            '      <Text name="answer2" value="$answer2"/>\n'
            '      <Header value="helpful" size="5"/>\n'
            '      <Rating name="helpful-2" toName="answer2" maxRating="5"/>\n'
            "    </View>\n"
            "  </View>\n"
            '  <Choices name="verdict" toName="prompt" choice="single" showInline="true">\n'
            '    <Choice value="left"/>\n'
            '    <Choice value="tie"/>\n'
            '    <Choice value="both bad"/>\n'
            '    <Choice value="right"/>\n'
            "  </Choices>\n"
            '  <Header value="How much better?" size="5"/>\n'
            '  <Rating name="strength" toName="prompt" maxRating="3"/>\n'
            "</View>\n"
        )
    )


def results(path):
    return [one["result"] for task in json.loads(path.read_text()) for one in task["annotations"]]


@pytest.mark.parametrize(("answer", "verdict"), [({"tiers": [[0, 1]]}, "tie"), ({"all_bad": True}, "both bad")])
def test_what_pairwise_does_not_know_is_a_choice_in_words(tmp_path, answer, verdict):
    judged = Group(
        "q17",
        RIVER,
        ("Paris.", "Rome."),
        (Ranking(((0, 1),)),),
        meta={"judgement": {"answer": answer, "order": [1, 0]}},
    )
    write_groups([judged], tmp_path / "tasks.json", "label-studio")
    [[result]] = results(tmp_path / "tasks.json")
    assert (result["from_name"], result["value"]) == ("verdict", {"choices": [verdict]})
    [task] = json.loads((tmp_path / "tasks.json").read_text())
    assert task["data"]["plaudit"]["responses"] == [1, 0]  # the order in which people saw them
    assert load_groups(tmp_path / "tasks.json") == [judged]


def test_a_list_in_label_studio(tmp_path):
    whole = Group("a", RIVER, ("x", "y", "z"), (Ranking(((2,), (0,), (1,)), annotator="ann"),))
    write_groups([whole], tmp_path / "a.json", "label-studio")
    [[result]] = results(tmp_path / "a.json")
    assert result == {
        "id": "r1",
        "from_name": "ranking",
        "to_name": "items",
        "type": "ranker",
        "value": {"ranker": {"ranking": ["answer3", "answer1", "answer2"]}},
    }
    assert '<Ranker name="ranking" toName="items"/>' in (tmp_path / "label-studio.xml").read_text()
    # With a tie, or a response left out, there is a bucket for each place: in all tasks of the file.
    tied = Group("b", "Name a hill.", ("x", "y", "z"), (Ranking(((1, 2),)),), (Rating(2, 0.5, "Öl & Eis"),))
    write_groups([whole, tied], tmp_path / "a.json", "label-studio", overwrite=True)
    [first], [second, rating] = results(tmp_path / "a.json")
    assert first["value"]["ranker"] == {"_": [], "rank-1": ["answer3"], "rank-2": ["answer1"], "rank-3": ["answer2"]}
    assert second["value"]["ranker"] == {"_": ["answer1"], "rank-1": ["answer2", "answer3"]}
    assert (rating["to_name"], rating["type"], rating["value"]) == ("item-2", "number", {"number": 0.5})
    config = ElementTree.fromstring((tmp_path / "label-studio.xml").read_text())
    assert [one.get("name") for one in config.iter("Bucket")] == ["rank-1", "rank-2", "rank-3"]
    [number] = config.iter("Number")
    assert rating["from_name"] == number.get("name").replace("{{idx}}", "2")
    assert "Öl & Eis" in [one.get("value") for one in config.iter("Header")]
    assert load_groups(tmp_path / "a.json") == [whole, tied]


@pytest.mark.parametrize("value", [0, 11, 2.5, -1])
def test_stars_hold_whole_numbers_from_1_to_10(value):
    config = label_studio_config([Group("q", RIVER, ("x",), ratings=(Rating(0, value),))])
    assert f'<Number name="overall-{{{{idx}}}}" toName="item-{{{{idx}}}}" min="{value}" max="{value}"' in config
    assert "Ranker" not in config


def test_argilla_records(tmp_path):
    user = "7c0e8e3a-6b5f-4d7e-9a55-0f1e2d3c4b5a"
    ranked = Group(
        "q17",
        RIVER,
        ("Paris.", "The Elbe.", "Rome."),
        (Ranking(((1,), (0,)), 3, user), Ranking(((0, 2), (1,)), None, user)),
        (Rating(1, 4, "helpful", user),),
        subset="rivers",
    )
    assert write_groups([ranked], tmp_path / "r.json", "argilla") == 2
    first, second = json.loads((tmp_path / "r.json").read_text())
    carried = json.dumps({"group": "q17", "responses": [0, 1, 2], "subset": "rivers"})
    assert first == {
        "id": "q17",
        "fields": {"prompt": RIVER, "response-1": "Paris.", "response-2": "The Elbe.", "response-3": "Rome."},
        "metadata": {"group": "q17", "subset": "rivers", "plaudit": carried},
        "suggestions": {},
        "responses": {
            "ranking": [
                {
                    "value": [
                        {"value": "response-2", "rank": 1},
                        {"value": "response-1", "rank": 2},
                        {"value": "response-3", "rank": None},
                    ],
                    "user_id": user,
                }
            ],
            "strength": [{"value": 3, "user_id": user}],
            "helpful-2": [{"value": 4, "user_id": user}],
        },
        "vectors": {},
        "_server_id": None,
    }
    assert (second["id"], [*second["responses"]]) == ("q17/2", ["ranking"])
    assert [one["rank"] for one in second["responses"]["ranking"][0]["value"]] == [1, 1, 2]
    assert load_groups(tmp_path / "r.json") == [ranked]


def test_people_in_argilla_are_uuids_that_a_record_names(tmp_path):
    write_groups([BETTER, replace(BETTER, id="q", prompt="P")], tmp_path / "r.json", "argilla")
    records = json.loads((tmp_path / "r.json").read_text())
    users = {record["responses"]["ranking"][0]["user_id"] for record in records}
    assert len(users) == 1  # one person in all records
    assert json.loads(records[0]["metadata"]["plaudit"])["people"] == {users.pop(): "7"}


def test_ranks_that_argillas_sdk_has_dropped_are_said(tmp_path):
    write_groups([BETTER], tmp_path / "r.json", "argilla")
    [record] = json.loads((tmp_path / "r.json").read_text())
    record["responses"]["ranking"][0]["value"] = ["response-2", "response-1"]
    (tmp_path / "r.json").write_text(json.dumps([record]))
    report = ReadReport()
    assert load_groups(tmp_path / "r.json", report=report) == [BETTER]
    assert any("lost its ranks" in note for note in report.notes)


def annotated(tmp_path, **changes):
    """The task of a pair, changed as people change it in Label Studio."""
    write_groups([BETTER], tmp_path / "t.json", "label-studio", overwrite=True)
    [task] = json.loads((tmp_path / "t.json").read_text())
    task["annotations"][0] |= changes
    (tmp_path / "t.json").write_text(json.dumps([task]))
    return tmp_path / "t.json"


def result(name, about, **value):
    return {"from_name": name, "to_name": about, "value": value}


def test_what_people_add_in_label_studio_is_read(tmp_path):
    chosen = [result("better", "better", selected="left"), result("tone-1", "answer1", rating=3)]
    path = annotated(tmp_path, result=[*chosen, result("comment", "prompt", text=["Both are wrong."])], lead_time=6.2)
    report = ReadReport()
    [group] = load_groups(path, report=report)
    assert group.rankings == (Ranking(((0,), (1,)), annotator="7"),)
    assert group.ratings == (Rating(0, 3, "tone", "7"),)
    assert any("'comment' judge no response" in note for note in report.notes)
    [group] = load_groups(annotated(tmp_path, was_cancelled=True))
    assert group == replace(BETTER, rankings=())


def test_choices_that_contradict_each_other_are_a_bad_row(tmp_path):
    both = [result("better", "better", selected="left"), result("verdict", "prompt", choices=["tie"])]
    with pytest.raises(DataError, match="'better' and 'verdict' contradict each other"):
        load_groups(annotated(tmp_path, result=both))


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_lost_is_counted(tmp_path, tool):
    group = Group(
        "q",
        "P",
        ("a", "b"),
        (Ranking(((0,), (1,)), weight=2.0), Ranking(((0,),))),
        (Rating(0, 1, scale=(0, 4)), Rating(1, 1)),
    )
    lost = Counter()
    assert write_groups([group], tmp_path / "g.json", tool, lost=lost) == 1
    assert lost == {
        "weights other than 1": 1,
        "rankings of one response": 1,
        "scales that differ from those of the same attribute": 1,
    }


@pytest.mark.parametrize("tool", TOOLS)
def test_one_json_list(tmp_path, capsysbinary, tool):
    with pytest.raises(DataError, match=r"is written as one JSON list; end the name in \.json"):
        write_groups([BETTER], tmp_path / "g.jsonl", tool)
    write_groups([BETTER], tmp_path / "g.json", tool)
    assert write_groups([BETTER], "-", tool) == 1
    assert capsysbinary.readouterr().out == (tmp_path / "g.json").read_bytes()
    assert write_groups([], tmp_path / "none.json", tool, overwrite=True) == 0
    assert json.loads((tmp_path / "none.json").read_text()) == []


def test_a_configuration_is_not_replaced_unasked(tmp_path):
    (tmp_path / "label-studio.xml").write_text("mine")
    with pytest.raises(DataError, match=r"label-studio\.xml: the file exists already"):
        write_groups([BETTER], tmp_path / "g.json", "label-studio")
    assert [one.name for one in tmp_path.iterdir()] == ["label-studio.xml"]
    write_groups([BETTER], tmp_path / "g.json", "label-studio", overwrite=True)
    assert (tmp_path / "label-studio.xml").read_text() != "mine"
