"""What was asked for by name is obeyed or refused, be it the default: settings that can have no effect."""

import pytest
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking, Rating
from plaudit.training import TrainingSettings
from plaudit.training.linear import check_linear_wishes
from plaudit.training.reader import target_reader
from plaudit.training.wishes import JudgementKinds, check_curves, check_run_wishes

RANKED = [Group("r", "Why?", ("Rain.", "Sun."), (Ranking(((0,), (1,))),))]
STRONG = [Group("s", "Why?", ("Rain.", "Sun."), (Ranking(((0,), (1,)), strength=2.0),))]
RATED = [Group("a", "Why?", ("Rain.", "Sun."), ratings=(Rating(0, 3, scale=(1, 5)), Rating(1, 2, scale=(1, 5))))]

NO_RANKINGS = "is of rankings, and the data have none; leave it out"


@pytest.mark.parametrize(
    ("groups", "asked", "says"),
    [
        (RANKED, {"rating_loss": "mse"}, "the loss mse learns from ratings, and the data have none; leave --loss out"),
        (RATED, {"loss": "bradley-terry"}, "the loss bradley-terry learns from rankings, and the data have none"),
        (RATED, {"label_smoothing": 0.1}, f"label_smoothing=0.1 {NO_RANKINGS}"),
        (RATED, {"centering": 0.01}, f"centering=0.01 {NO_RANKINGS}"),
        (RATED, {"ties": "half"}, f"ties=half {NO_RANKINGS}"),
        (RATED, {"margin": 1.0}, f"margin=1 {NO_RANKINGS}"),
        (RANKED, {"margin": 1.0}, "margin=1 adds to the gap by a ranking's strength, and no ranking has one"),
        (RANKED, {"rating_weight": 1.0}, "rating_weight=1 weighs ratings against rankings, and the data have no rat"),
        (RATED, {"rating_weight": 2.0}, "rating_weight=2 weighs ratings against rankings, and the data have no rank"),
        (RANKED, {"loss": "infonce", "ties": "half"}, "ties=half is nothing that the loss infonce has a rule for"),
    ],
)
def test_judgements_that_leave_a_wish_nothing_to_do(groups, asked, says):
    for settings in (TrainingSettings(**asked), TrainingSettings().with_changes(asked, "--set")):
        with pytest.raises(PlauditError) as refused:
            target_reader(groups, settings)
        assert says in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("groups", "asked"),
    [
        (RANKED, {"loss": "bradley-terry", "centering": 0.01, "label_smoothing": 0.1, "ties": "half"}),
        (STRONG, {"margin": 1.0}),
        (RATED, {"rating_loss": "mse"}),
        (RANKED + RATED, {"rating_weight": 1.0, "rating_loss": "mse", "loss": "bradley-terry"}),
        # What is asked to be off is off.
        (RATED, {"label_smoothing": 0.0, "margin": 0.0, "centering": 0.0}),
        # The defaults, that nobody asked for.
        (RANKED, {}),
        (RATED, {}),
    ],
)
def test_wishes_that_are_obeyed(groups, asked):
    target_reader(groups, TrainingSettings(**asked))


@pytest.mark.parametrize(
    ("asked", "validated", "given", "says"),
    [
        ({"validation_share": 0.1}, True, True, "validation_share=0.1 holds out a share of the data, and validation"),
        ({"validation_share": 0.1}, False, False, "validation_share=0.1 of these data is too little to validate on"),
        ({"patience": 3}, False, False, "patience=3 counts evaluations on a validation set, and there is none"),
        ({"trainable": "head", "gradient_checkpointing": True}, True, False, "gradient_checkpointing=on saves"),
        ({"folds_by": "prompt", "baselines": "none"}, True, False, "folds_by=prompt is about fitting the baselines"),
        ({"validation_share": 0.0, "patience": 0}, False, False, None),
        ({"validation_share": 0.0}, True, True, None),
        ({"validation_share": 0.2, "patience": 3}, True, False, None),
        ({}, True, True, None),
        ({}, False, False, None),
    ],
)
def test_wishes_of_a_run(asked, validated, given, says):
    settings = TrainingSettings(**asked)
    if says is None:
        check_run_wishes(settings, validated=validated, validation_data=given)
        return
    with pytest.raises(PlauditError) as refused:
        check_run_wishes(settings, validated=validated, validation_data=given)
    assert str(refused.value).startswith(says)


def test_curves_that_nothing_can_write(monkeypatch):
    monkeypatch.setattr("plaudit.training.wishes.find_spec", lambda name: None)
    check_curves(TrainingSettings())
    with pytest.raises(PlauditError, match=r"report_to=tensorboard asks for curves, .* pip install"):
        check_curves(TrainingSettings(report_to="tensorboard"))


@pytest.mark.parametrize(
    ("backbone", "groups", "asked", "says"),
    [
        ("bow", RANKED, {"epochs": 3}, "bow has no use for epochs: it is fitted in one step"),
        ("bow", RANKED, {"pooling": "mean", "heads": 8}, "bow has no use for pooling, heads"),
        ("length", RANKED, {"loss": "hinge"}, "length has no use for loss"),
        ("length", RANKED, {"validation_share": 0.1}, "length has no use for validation_share"),
        ("frozen:minilm-l6", RANKED, {"learning_rate": 1e-3}, "frozen:minilm-l6 has no use for learning_rate"),
        ("bow", RANKED, {"rating_loss": "mse"}, "the loss mse learns from ratings, and the data have none"),
        ("bow", RANKED, {"ties": "rao-kupper"}, "ties=rao-kupper is no rule that bow has; it can be half or ignore"),
        ("bow", RANKED + RATED, {"mix": "overall=1,quality=1"}, "mixes rankings with ratings, and bow learns its"),
        ("bow", RANKED, {"loss": "bradley-terry", "seed": 3, "report_to": "none", "baselines": "none"}, None),
        ("frozen:minilm-l6", RANKED, {"pooling": "mean"}, None),
    ],
)
def test_wishes_of_a_plain_model(backbone, groups, asked, says):
    settings, kinds = TrainingSettings(**asked), JudgementKinds.of(groups)
    if says is None:
        check_linear_wishes(settings, backbone, kinds)
        return
    with pytest.raises(PlauditError) as refused:
        check_linear_wishes(settings, backbone, kinds)
    assert says in str(refused.value)


def test_a_refused_run_leaves_nothing_behind(tmp_path):
    backbone = toy_backbone(tmp_path / "backbone")
    cases = (
        ({"rating_loss": "mse"}, "learns from ratings"),
        ({"dropout": True}, "dropout=on is asked for, and .* has no dropout"),
        ({"validation_share": 0.05}, "too little to validate on"),
    )
    for asked, says in cases:
        with pytest.raises(PlauditError, match=says):
            plaudit.train(toy_groups(12), tmp_path / "model", backbone, report_to="none", **asked)
        assert not (tmp_path / "model").exists()
