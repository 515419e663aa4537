"""Text, a path or a list where groups are meant: one clear TypeError from every function that takes groups."""

from pathlib import Path

import pytest

import plaudit

SCORES = [[1.0, 0.0]]
FUNCTIONS = {
    "best_of": lambda groups: plaudit.best_of(groups, {"mine": SCORES}, gold=SCORES),
    "check_groups": plaudit.check_groups,
    "compare": lambda groups: plaudit.compare(groups, SCORES, SCORES),
    "compare_losses": lambda groups: plaudit.compare_losses(groups, "unused"),
    "diagnose": plaudit.diagnose,
    "evaluate": lambda groups: plaudit.evaluate(groups, SCORES),
    "sft": lambda groups: plaudit.sft(groups, "unused"),
    "split_groups": plaudit.split_groups,
    "train": lambda groups: plaudit.train(groups, "unused"),
    "write_groups": lambda groups: plaudit.write_groups(groups, "unused.jsonl"),
}


@pytest.mark.parametrize("wrong", ["pairs.jsonl", Path("pairs.jsonl"), 7, [{"prompt": "p"}], ["text"]], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_group_is_one_type_error(name, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # In rooms whose array types are checked in tests, that check may speak first.
    with pytest.raises(TypeError, match=r"takes groups as a list of Groups, not |typechecking parameter 'groups'"):
        FUNCTIONS[name](wrong)
    assert list(tmp_path.iterdir()) == []


GROUPS = [
    plaudit.Group(f"q{n}", f"Question {n}?", ("Yes, it is.", "No."), (plaudit.Ranking(((0,), (1,))),)) for n in range(6)
]
ROWS = [[1.0, 0.0]] * len(GROUPS)
WRONG = [None, 123, "text", [], {}, Path("no-such-path")]

# Function -> arguments that are right, or end at once in an error that says why.
CALLS = {
    "best_of": {
        "groups": GROUPS,
        "proxies": {"mine": ROWS},
        "gold": ROWS,
        "penalty": 1.0,
        "most": 2,
        "clusters": None,
    },
    "check_groups": {"groups": GROUPS},
    "clean": {"groups": GROUPS, "removals": []},
    "combine": {"models": ["no-model", "no-other"], "output": "unused", "average": False},
    "compare": {"groups": GROUPS, "a": ROWS, "b": ROWS, "clusters": None, "counts": {}},
    "compare_losses": {"groups": GROUPS, "output": "unused", "backbone": "bow", "settings": None},
    "diagnose": {"groups": GROUPS, "test": None, "settings": None, "report": None, "folds": 2},
    "evaluate": {"groups": GROUPS, "scores": ROWS, "clusters": None, "people": None, "counts": None, "bootstrap": None},
    "groups_of_clicks": {"sessions": [], "propensities": None, "clip": 20.0},
    "length_report": {"groups": GROUPS, "max_length": None},
    "load_groups": {"source": "none.jsonl", "format": None, "columns": None, "labels": None, "split": None},
    "majority": {"group": GROUPS[0]},
    "open_groups": {"source": "none.jsonl", "format": None, "columns": None, "labels": None, "split": None},
    "open_model": {"name": "no-model"},
    "pretrain": {"texts": "none.txt", "output_dir": "unused", "backbone": None, "settings": None, "resume": False},
    "rankings_from_ratings": {"group": GROUPS[0], "attribute": None},
    "read_groups": {"source": "none.jsonl", "format": None, "columns": None, "labels": None, "split": None},
    "read_scores": {"source": "none.jsonl"},
    "run_suite": {"name": "rmbench", "model": "no-model", "files": "none.json", "batch_tokens": None},
    "serve": {"sources": {"mine": "no-model"}, "settings": None, "access": None},
    "sft": {"groups": GROUPS, "output_dir": "unused", "backbone": "no/backbone", "settings": None, "resume": False},
    "split_groups": {"groups": GROUPS, "test": 0.5, "validation": 0.0, "seed": 0, "by": "prompt"},
    "train": {"groups": GROUPS, "output_dir": "unused", "backbone": "no-backbone", "settings": None, "resume": False},
    "write_groups": {"groups": GROUPS, "path": "unused.jsonl", "format": "native"},
    "write_scores": {"scores": [], "target": "unused.jsonl", "record": None},
    "Group": {"id": "q", "prompt": "p", "responses": ["a"], "rankings": [], "ratings": [], "meta": {}, "tools": []},
    "Ranking": {"tiers": [[0], [1]], "strength": None},
}
SETTINGS = [
    "DoctorSettings",
    "FineTuningSettings",
    "LaboratorySettings",
    "PretrainingSettings",
    "ServingSettings",
    "TrainingSettings",
]


def is_said_well(call, name):
    """Call it: either it is fine, or the error is one for people that names the argument."""
    try:
        call()
    except plaudit.PlauditError:
        return True
    except (TypeError, ValueError) as error:
        # What is read, and scores, are checked where they are taken, which can say more.
        names = (name, "groups are read from", "scores are one list a group")
        return any(one in str(error) for one in names) and " has no attribute " not in str(error)
    return True


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_kind_of_any_argument_is_said_in_one_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, right = getattr(plaudit, name), CALLS[name]
    assert is_said_well(lambda: function(**right), name)
    for argument in right:
        for wrong in WRONG:
            assert is_said_well(lambda given={**right, argument: wrong}: function(**given), argument), (
                argument,
                wrong,
            )


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_a_wrong_kind_is_said_in_one_line(name):
    cls = getattr(plaudit, name)
    for setting in cls.__dataclass_fields__:
        for wrong in WRONG:
            assert is_said_well(lambda given={setting: wrong}: cls(**given), setting), (setting, wrong)


@pytest.mark.parametrize("argument", ["model", "groups"])
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_is_no_model_is_a_type_error(argument, wrong):
    for function in (plaudit.probe, plaudit.check_invariance):
        arguments = {"model": "my-model", "groups": GROUPS, argument: wrong}
        with pytest.raises(TypeError, match="takes model as a Scorer, not"):
            function(**arguments)
    with pytest.raises(TypeError, match="takes model as a Scorer, not"):
        plaudit.explain(wrong, GROUPS[0])


@pytest.mark.parametrize(
    ("method", "right"),
    [
        ("score", {"groups": GROUPS, "batch_tokens": 64}),
        ("stream", {"groups": GROUPS, "batch_tokens": 64}),
        ("rank", {"prompt": "p", "responses": ["a", "b"], "batch_tokens": 64}),
        ("prepare", {"group": GROUPS[0], "truncate_responses": False}),
        ("score_prepared", {"batch": [], "batch_tokens": 64}),
        ("save", {"folder": "unused", "card": None}),
    ],
)
def test_a_model_says_what_it_takes(method, right, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = plaudit.train(GROUPS, "model", "bow", validation_share=0.0)
    for argument in right:
        for wrong in WRONG:
            given = {**right, argument: wrong}
            assert is_said_well(lambda given=given: list(getattr(model, method)(**given) or []), argument), given


def test_an_argument_of_another_name_is_hinted_at():
    with pytest.raises(TypeError, match="has no argument 'group'; did you mean groups"):
        plaudit.write_groups(group=GROUPS, path="unused.jsonl")
    with pytest.raises(plaudit.NotFoundError, match="it is called learning_rate here"):
        plaudit.TrainingSettings(lr=1e-4)
    with pytest.raises(TypeError, match=r"split_groups\(\) takes test as a number, not 'a'"):
        plaudit.split_groups(GROUPS, test="a")
    with pytest.raises(TypeError, match=r"Group\(\) takes rankings as a list of Rankings, not with a tuple in it"):
        plaudit.Group("q", "p", ("a", "b"), rankings=[(0, 1)])


def test_an_annotation_of_type_checkers_alone_may_be_anything():
    from plaudit._arguments import checked

    @checked
    def count(words: list[str], check: "OnlyForTypeCheckers | None" = None) -> int:  # noqa: F821
        return len(words)

    assert count(["a"], check=3) == 1
    with pytest.raises(TypeError, match=r"takes words as a list of texts, not 3"):
        count(3)
