"""What the command line does, Python does: a function of `plaudit` for each verb, with the same defaults."""

import inspect

import pytest

import plaudit
import plaudit.labelling
from plaudit.cli import app

# verb -> its function, the settings that function takes, and the parameters that are called otherwise there.
COUNTERPARTS = {
    "train": ("train", "TrainingSettings", {}),
    "pretrain": ("pretrain", "PretrainingSettings", {}),
    "sft": ("sft", "FineTuningSettings", {}),
    "align": (
        "align",
        "AlignmentSettings",
        {"data": "prompts", "output": "output_dir", "validation_data": "prompts", "test_data": "prompts"},
    ),
    "combine": ("combine", None, {}),
    "losses": ("compare_losses", "LaboratorySettings", {"test": "test_share"}),
    "eval": ("evaluate", None, {}),
    "compare": ("compare", None, {}),
    "best-of": ("best_of", None, {}),
    "probe": ("probe", None, {}),
    "suite": ("run_suite", None, {}),
    "score": ("RewardModel.score", None, {}),
    "rank": ("RewardModel.rank", None, {}),
    "explain": ("explain", None, {}),
    "reward-file": ("write_reward_file", None, {}),
    "serve": ("serve", "ServingSettings", {}),
    "doctor": ("diagnose", "DoctorSettings", {"backbone": "backbones"}),
    "demo": ("run_demo", None, {}),
    "data check": ("check_groups", None, {}),
    "data stats": ("length_report", None, {}),
    "data convert": ("write_groups", None, {"to": "format"}),
    "data clicks": ("groups_of_clicks", None, {}),
    "data split": ("split_groups", None, {}),
    # A project is a thing of its own, so that its verbs stand in its room.
    "label start": ("labelling.Project.create", "labelling.LabellingSettings", {}),
    "label new": ("labelling.Project.create", "labelling.LabellingSettings", {}),
    "label add": ("labelling.Project.add", None, {}),
    "label serve": ("labelling.serve", "labelling.Address", {}),
    "label invite": ("labelling.create_invitation", None, {}),
    "label ask": ("labelling.compute_wave", "labelling.Wish", {"by": "rule"}),
    "label status": ("labelling.project_status", None, {}),
    "label export": ("labelling.export", "labelling.ExportOptions", {}),
    "label forget": ("labelling.forget", None, {}),
}

# The same name, and another thing: the format to read, where the function has the one to write; and what is made of
# the data here, and handed over there.
UNLIKE = {("data convert", "format"), ("data clicks", "propensities")}


def verbs():
    for command in app.registered_commands:
        yield command.name, command.callback
    for group in app.registered_groups:
        for command in group.typer_instance.registered_commands:
            yield f"{group.name} {command.name or command.callback.__name__}", command.callback


def reached(name):
    """What stands under a dotted name of the package."""
    one = plaudit
    for part in name.split("."):
        one = getattr(one, part)
    return one


def parameters_of(verb):
    """Name -> default, of the verb's function and of the settings it takes by name."""
    name, settings, _ = COUNTERPARTS[verb]
    callables = [reached(name)] if settings is None else [reached(name), reached(settings)]
    return {
        parameter.name: parameter.default
        for one in callables
        for parameter in inspect.signature(one).parameters.values()
    }


def default_of(parameter):
    """What a verb's parameter is where it is not given; None leaves it to the function."""
    return getattr(parameter.default, "default", parameter.default)


def test_every_verb_has_its_function():
    assert {name for name, _ in verbs()} == set(COUNTERPARTS)
    for function, settings, _ in COUNTERPARTS.values():
        for name in filter(None, (function, settings)):
            room, _, rest = name.rpartition("labelling.")
            face = plaudit.labelling if room or name.startswith("labelling.") else plaudit
            assert rest.split(".")[0] in face.__all__


@pytest.mark.parametrize("verb", COUNTERPARTS)
def test_what_both_have_has_the_same_default(verb):
    function = parameters_of(verb)
    compared = 0
    for name, parameter in inspect.signature(dict(verbs())[verb]).parameters.items():
        counterpart = COUNTERPARTS[verb][2].get(name, name)
        default = default_of(parameter)
        if counterpart not in function or (verb, name) in UNLIKE or default in (None, ..., inspect.Parameter.empty):
            continue
        # Names are given by comma on the command line, and as a list in Python.
        same = function[counterpart]
        assert default == (",".join(same) if isinstance(same, tuple) else same), name
        compared += 1
    if verb in ("losses", "probe", "doctor", "data split", "demo"):
        assert compared > 1
