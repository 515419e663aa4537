"""Settings: where they come from, which wins, and what is said of a wrong one."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from plaudit._other_names import OTHER_NAMES
from plaudit.errors import PlauditError
from plaudit.settings import settings_table
from plaudit.training import FineTuningSettings, PretrainingSettings, TrainingSettings

NAMES = [field.name for field in fields(TrainingSettings) if field.name != "trainer"]


def test_text_becomes_the_setting_s_kind():
    changes = {"epochs": "3", "learning_rate": "1e-3", "dropout": "Yes", "max_length": "none", "ties": "ignore"}
    settings = TrainingSettings(max_length=9).with_changes(changes, "--set")
    assert (settings.epochs, settings.learning_rate, settings.dropout) == (3, 0.001, True)
    assert (settings.max_length, settings.ties) == (None, "ignore")


def test_none_and_whole_numbers_are_taken_from_files_and_python():
    settings = TrainingSettings(learning_rate=0.1).with_changes({"learning_rate": None, "margin": 1}, "f.json")
    assert settings.learning_rate is None
    assert settings.margin == 1.0
    assert isinstance(settings.margin, float)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_survives_a_round_through_text(name):
    settings = TrainingSettings()
    assert settings.with_changes({name: str(getattr(settings, name))}, "--set") == settings


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pases": "3"}, r"--set: there is no setting 'pases'; did you mean epochs"),
        ({"epochs": "many"}, r"--set: epochs is 'many'; it must be a whole number"),
        ({"epochs": "1.5"}, "it must be a whole number"),
        ({"epochs": True}, "it must be a whole number"),
        ({"epochs": None}, "it must be a whole number"),
        ({"dropout": "perhaps"}, "it must be true or false"),
        ({"learning_rate": "fast"}, "it must be a number"),
        ({"ties": 3}, "it must be text"),
        ({"loss": {"name": "bradley-terry"}}, "it must be text"),
        ({"epochs": "0"}, "epochs is 0; it must be at least 1"),
        ({"hand": "1"}, "hand is 1; it must be at least 2"),
        ({"learning_rate": "0"}, "above 0"),
        ({"learning_rate": "nan"}, "above 0"),
        ({"learning_rate": "inf"}, "finite"),
        ({"warmup": "1"}, "below 1"),
        ({"label_smoothing": "0.5"}, "from 0 to below 0.5"),
        ({"centering": "-0.1"}, "at least 0"),
        ({"margin": "inf"}, "finite"),
        ({"ties": "maybe"}, "half or rao-kupper or ignore"),
        ({"loss": "bayes"}, "bradley-terry"),
        ({"precision": "fp8"}, "auto, fp32 or bf16"),
        ({"validation_share": "1"}, "below 1"),
        ({"evaluate_every": "0"}, "above 0"),
        ({"evaluate_every": "inf"}, "finite"),
        ({"batch_tokens": "0"}, "at least 1"),
        ({"max_length": "1"}, "at least 2"),
        ({"patience": "-1"}, "at least 0"),
        ({"trainable": "some"}, "layers, all, last:K, head, lora or lora:RANK"),
        ({"trainable": "last:0"}, "layers, all, last:K, head, lora or lora:RANK"),
        ({"seed": "-1"}, "at least 0"),
    ],
)
def test_what_is_said_of_a_wrong_setting(changes, says):
    with pytest.raises(PlauditError, match=says) as caught:
        TrainingSettings().with_changes(changes, "--set")
    assert "\n" not in str(caught.value)


OTHER = {
    "passes": "epochs",
    "num_train_epochs": "epochs",
    "lr": "learning_rate",
    "holdout": "validation_share",
    "head_rate": "head_learning_rate_factor",
    "warmup_ratio": "warmup",
    "per_device_train_batch_size": "groups_per_step",
    "eval_steps": "evaluate_every",
    "center_rewards_coefficient": "centering",
    "lora_r": "trainable",
    "eval_groups": "validation_groups",
}


@pytest.mark.parametrize("name", OTHER)
def test_a_common_name_is_refused_with_the_name_that_is_meant(name):
    with pytest.raises(PlauditError) as caught:
        TrainingSettings().with_changes({name: "1"}, "--set", ["validation_groups"])
    assert str(caught.value) == f"--set: there is no setting {name!r}; it is called {OTHER[name]} here"


PASSED = [
    ({"trainer.lr_scheduler_type": "cosine"}, {"lr_scheduler_type": "cosine"}),
    ({"trainer.save_total_limit": "5", "trainer.push_to_hub": "false"}, {"save_total_limit": 5, "push_to_hub": False}),
    ({"trainer": {"run_name": "first"}, "trainer.logging_steps": 3}, {"run_name": "first", "logging_steps": 3}),
    ({"trainer.lr_scheduler_kwargs": '{"num_cycles": 2}'}, {"lr_scheduler_kwargs": {"num_cycles": 2}}),
]


@pytest.mark.parametrize(("changes", "expected"), PASSED)
def test_what_transformers_can_do_is_passed_through(changes, expected):
    assert TrainingSettings().with_changes(changes, "--set").trainer == expected


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("num_train_epochs", "trainer.num_train_epochs is not passed through; it is called epochs here"),
        ("per_device_train_batch_size", "it is called groups_per_step here"),
        ("bf16", "it is called precision here"),
        ("max_steps", "it is called epochs here"),
        ("learning_rate", "trainer.learning_rate is a setting of its own; give learning_rate=VALUE"),
        ("seed", "give seed=VALUE"),
        ("report_to", "give report_to=VALUE"),
        ("output_dir", "trainer.output_dir is set by the run itself; leave it out"),
        ("lr_schedular_type", "no argument 'lr_schedular_type'; did you mean trainer.lr_scheduler_type?"),
        ("xyzzy", "transformers' trainer has no argument 'xyzzy'; see transformers.TrainingArguments"),
    ],
)
def test_what_is_ours_is_not_passed_through(name, says):
    with pytest.raises(PlauditError, match=re.escape(says)):
        TrainingSettings(trainer={name: 1})


def test_the_trainer_s_arguments_are_a_table():
    with pytest.raises(PlauditError, match=r"--set: trainer is '3'; it must be a table"):
        TrainingSettings().with_changes({"trainer": "3"}, "--set")


@pytest.mark.parametrize(
    ("page", "settings"),
    [
        ("training.md", TrainingSettings),
        ("two-stages.md", PretrainingSettings),
        ("two-stages.md", FineTuningSettings),
    ],
)
def test_the_documentation_has_the_table_of_settings(page, settings):
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    assert settings_table(settings) in text


@pytest.mark.parametrize("settings", [TrainingSettings, PretrainingSettings, FineTuningSettings])
def test_every_setting_is_described_in_its_class(settings):
    for field in fields(settings):
        assert f"\n        {field.name}: " in settings.__doc__, field.name


def test_every_other_name_means_some_setting():
    known = {
        field.name for kind in (TrainingSettings, PretrainingSettings, FineTuningSettings) for field in fields(kind)
    }
    known |= {"validation_groups", "validation_data"}
    for name, meant in OTHER_NAMES.items():
        assert set(meant) <= known, name
