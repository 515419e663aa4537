"""`plaudit.train` from Python: what it learns, what it keeps, what it says, and what it refuses."""

import json
import logging
import re
import sys

import numpy as np
import pytest
import torch
from tiny import tiny_language_model_folder
from toys import accuracy, toy_backbone, toy_groups

import plaudit
from plaudit.errors import PlauditError
from plaudit.evaluation import evaluate
from plaudit.groups import Group, Ranking
from plaudit.training import TrainingSettings
from plaudit.training.reader import target_reader
from plaudit.training.run.split import split_validation

TOYS = {"learning_rate": 0.01, "epochs": 3, "groups_per_step": 16, "evaluate_every": 3, "report_to": "none"}
UNSEEN = toy_groups(60, seed=9)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture(scope="module")
def learned(backbone, tmp_path_factory):
    """A model trained at the toys' settings: what `train` returned, and its folder."""
    folder = tmp_path_factory.mktemp("learned")
    return plaudit.train(toy_groups(160), folder, backbone, **TOYS), folder


def scores_of(model, groups=UNSEEN):
    return np.array([score.score for row in model.score(groups) for score in row])


def test_what_is_returned_scores_as_what_is_saved(learned):
    model, folder = learned
    saved = plaudit.RewardModel.from_pretrained(folder)
    assert accuracy(saved, UNSEEN) > 0.9
    assert np.abs(scores_of(model) - scores_of(saved)).max() < 1e-6


def test_the_folder_tells_what_made_it(learned):
    model, folder = learned
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "plaudit.json", "README.md"} <= names
    assert "checkpoints" not in names
    record = json.loads((folder / "plaudit.json").read_text())
    assert record["settings"] == TrainingSettings().with_changes(TOYS, "test").to_dict()
    assert record["groups"] == 144
    assert record["steps"] == 27
    assert record["validation"]["groups"] == 16
    assert record["data"] == model.record["data"]
    card = (folder / "README.md").read_text()
    assert f"accuracy {record['validation']['accuracy']:.3f}" in card
    assert "On 16 held-out groups" in card


VARIANTS = {
    "bf16": {"precision": "bf16"},
    "fp32": {"precision": "fp32"},
    "lora": {"trainable": "lora"},
    "lora:4": {"trainable": "lora:4"},
    "last:1": {"trainable": "last:1", "learning_rate": 0.03},
    "checkpointing": {"gradient_checkpointing": True},
    "smoothing": {"label_smoothing": 0.1},
    "padding": {"batch_tokens": 8},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_it_learns_and_returns_what_it_saves(backbone, tmp_path, name):
    last = name == "last:1"
    groups, unseen = toy_groups(160, last=last), toy_groups(60, seed=9, last=last)
    model = plaudit.train(groups, tmp_path, backbone, **{**TOYS, **VARIANTS[name]})
    saved = plaudit.RewardModel.from_pretrained(tmp_path)
    assert accuracy(saved, unseen) > 0.9
    assert np.abs(scores_of(model, unseen) - scores_of(saved, unseen)).max() < 1e-6


@pytest.mark.parametrize("trainable", ["head", "last:1", "lora:4"])
def test_what_is_frozen_stays_as_it_was(backbone, tmp_path, trainable):
    from transformers import AutoModelForSequenceClassification

    plaudit.train(toy_groups(32), tmp_path, backbone, **{**TOYS, "epochs": 1, "trainable": trainable})
    before = AutoModelForSequenceClassification.from_pretrained(backbone, num_labels=1).state_dict()
    after = AutoModelForSequenceClassification.from_pretrained(tmp_path).state_dict()
    assert before.keys() == after.keys()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    learn = {
        "head": r"score\.weight",
        "last:1": r"score\.weight|model\.norm\.weight|model\.layers\.1\..*",
        "lora:4": r"score\.weight|model\.layers\..*_proj\.weight",
    }[trainable]
    assert changed == {name for name in after if re.fullmatch(learn, name)}


def test_a_new_head_on_frozen_features_learns(learned, tmp_path):
    # The features of a trained model hold the answer; a head made anew must find it.
    from safetensors.torch import load_file, save_file

    model, _ = learned
    model.save(tmp_path / "start")
    weights = load_file(tmp_path / "start/model.safetensors")
    weights["score.weight"] = torch.randn(1, 16, generator=torch.Generator().manual_seed(3)) / 17
    save_file(weights, tmp_path / "start/model.safetensors", {"format": "pt"})
    before = plaudit.RewardModel.from_pretrained(tmp_path / "start")
    trained = plaudit.train(toy_groups(160), tmp_path / "out", tmp_path / "start", **{**TOYS, "trainable": "head"})
    assert accuracy(trained, UNSEEN) > max(0.9, accuracy(before, UNSEEN))


@pytest.mark.parametrize("ties", ["half", "rao-kupper", "ignore"])
def test_rankings_with_ties_are_learned_each_way(backbone, tmp_path, ties):
    groups = [Group(g.id, g.prompt, g.responses, (_best_of_three_that_tie(g),)) for g in toy_groups(120, responses=3)]
    model = plaudit.train(groups, tmp_path, backbone, ties=ties, **TOYS)
    assert accuracy(model, toy_groups(40, responses=3, seed=5)) > 0.9


def _best_of_three_that_tie(group):
    best = group.rankings[0].tiers[0][0]
    return Ranking(((best,), tuple(i for i in range(3) if i != best)))


def test_weights_decide_between_annotators_who_disagree(backbone, tmp_path):
    def disputed(heavy, light):
        return [
            Group(g.id, g.prompt, g.responses, (Ranking(r.tiers, weight=heavy), Ranking(r.tiers[::-1], weight=light)))
            for g in toy_groups(160)
            for r in g.rankings
        ]

    for number, (heavy, light) in enumerate([(5.0, 1.0), (0.2, 1.0)]):
        model = plaudit.train(disputed(heavy, light), tmp_path / str(number), backbone, **TOYS)
        assert (accuracy(model, UNSEEN) > 0.9) is (number == 0)
        assert (accuracy(model, UNSEEN) < 0.1) is (number == 1)


def mean_gap(model):
    rows = model.score(UNSEEN)
    return np.mean([abs(row[0].score - row[1].score) for row in rows])


def test_a_margin_widens_gaps_and_smoothing_narrows_them(backbone, tmp_path):
    groups = toy_groups(160, strength=2.0)
    train = lambda name, **options: mean_gap(  # noqa: E731
        plaudit.train(groups, tmp_path / name, backbone, **{**TOYS, "patience": 0, **options})
    )
    plain, asked, smooth = train("plain"), train("margin", margin=2.0), train("smooth", label_smoothing=0.2)
    assert asked > plain > smooth
    # (1 - ε) log σ(g) + ε log σ(-g) is greatest at g = log((1 - ε) / ε) = 1.39.
    assert smooth < 2.5


def test_the_same_run_twice_is_the_same_model(backbone, tmp_path):
    options = {**TOYS, "epochs": 1, "precision": "fp32"}
    one, two = (scores_of(plaudit.train(toy_groups(40), tmp_path / name, backbone, **options)) for name in "ab")
    other = scores_of(plaudit.train(toy_groups(40), tmp_path / "c", backbone, seed=1, **options))
    assert np.array_equal(one, two)
    assert not np.allclose(one, other)


# --- the held-out set -------------------------------------------------------------------------------------------


def test_the_validation_figures_are_those_of_evaluation(backbone, tmp_path):
    # Groups of two to five responses, every ranking a pair, unequal weights: a mean of batch means would differ.
    validation = [
        Group(g.id, g.prompt, g.responses, tuple(Ranking(r.tiers, weight=1.0 + n % 3) for r in g.rankings))
        for n, size in enumerate((2, 3, 5, 2, 4))
        for g in toy_groups(3, responses=size, seed=n)
    ]
    options = {**TOYS, "epochs": 1, "precision": "fp32"}
    model = plaudit.train(toy_groups(48), tmp_path, backbone, validation_groups=validation, batch_tokens=40, **options)
    rows = [[score.score for score in row] for row in model.score(validation)]
    measured = evaluate(validation, rows).overall
    figures = model.record["validation"]
    assert figures["groups"] == 15
    assert figures["loss"] == pytest.approx(measured["log_loss"].value, rel=1e-5)
    assert figures["accuracy"] == pytest.approx(measured["accuracy"].value)


def validation_losses(text):
    return [float(loss) for loss in re.findall(r"validation: loss ([\d.]+)", text)]


def test_it_stops_when_the_validation_loss_gets_worse_and_keeps_the_best(backbone, tmp_path, capsys):
    # The held-out people say the opposite of those learned from: every step makes it worse.
    contrary = [Group(g.id, g.prompt, g.responses, tuple(Ranking(r.tiers[::-1]) for r in g.rankings)) for g in UNSEEN]
    options = {**TOYS, "epochs": 6, "evaluate_every": 0.5, "patience": 2, "precision": "fp32"}
    model = plaudit.train(toy_groups(64), tmp_path, backbone, validation_groups=contrary, **options)
    losses = validation_losses(capsys.readouterr().err)
    # 64 groups in steps of 16 are 4 steps a pass; a look every 2; the first is the best, two more, and it stops.
    assert model.record["steps"] == 6
    assert len(losses) == 3
    assert losses == sorted(losses)
    rows = [[score.score for score in row] for row in plaudit.RewardModel.from_pretrained(tmp_path).score(contrary)]
    assert evaluate(contrary, rows).overall["log_loss"].value == pytest.approx(losses[0], abs=6e-5)


def test_without_patience_it_never_stops_but_still_keeps_the_best(backbone, tmp_path, capsys):
    contrary = [Group(g.id, g.prompt, g.responses, tuple(Ranking(r.tiers[::-1]) for r in g.rankings)) for g in UNSEEN]
    options = {**TOYS, "epochs": 2, "evaluate_every": 0.5, "patience": 0, "precision": "fp32"}
    model = plaudit.train(toy_groups(64), tmp_path, backbone, validation_groups=contrary, **options)
    losses = validation_losses(capsys.readouterr().err)
    assert (model.record["steps"], len(losses)) == (8, 4)
    assert model.record["validation"]["loss"] == pytest.approx(min(losses), abs=6e-5)
    assert losses[-1] > losses[0]


def divided(groups, settings):
    return split_validation(groups, None, settings, target_reader(groups, settings))


def test_a_share_of_the_prompts_is_held_out_whole():
    groups = [Group(f"{p}-{n}", f"prompt {p}", ("a", "b"), (Ranking(((0,), (1,))),)) for p in range(20) for n in (0, 1)]
    learn, watch = divided(groups, TrainingSettings(validation_share=0.25))
    assert (len(learn), len(watch)) == (30, 10)
    assert not {g.prompt for g in learn} & {g.prompt for g in watch}
    again = divided(groups, TrainingSettings(validation_share=0.25))
    assert again == (learn, watch)
    assert divided(groups, TrainingSettings(validation_share=0.25, seed=1))[1] != watch
    assert divided(groups, TrainingSettings(validation_share=0.0)) == (groups, [])


def test_what_a_loss_leaves_out_is_said_with_validation_groups_too(caplog):
    tied = Group("t", "p", ("a", "b"), (Ranking(((0, 1),)), Ranking(((0,), (1,)))))
    settings = TrainingSettings(ties="ignore")
    split_validation([tied], [tied], settings, target_reader([tied], settings))
    assert "left out (ties=ignore): 1 tie" in caplog.text


def test_groups_without_a_prompt_are_not_one_prompt():
    groups = [Group(str(n), "", ("a", "b"), (Ranking(((0,), (1,))),)) for n in range(30)]
    assert len(divided(groups, TrainingSettings())[1]) == 3


def test_too_few_prompts_are_all_learned_from_and_it_says_so(backbone, tmp_path, caplog):
    model = plaudit.train(toy_groups(1), tmp_path, backbone, **TOYS)
    assert "1 prompt: too few to hold a share of 0.1 out for validation" in caplog.text
    assert model.record["validation"] == {"groups": 0}
    assert "nothing is known about this model yet" in (tmp_path / "README.md").read_text()
    assert accuracy(model, toy_groups(1)) == 1.0


# --- what is counted, and what is refused -----------------------------------------------------------------------


def test_what_is_left_out_is_counted(backbone, tmp_path, caplog):
    bare = [Group(f"n{i}", "w1", ("w2", "w3")) for i in range(3)]
    even = [Group(f"t{i}", f"w{i}", ("w2", "w3"), (Ranking(((0, 1),)),)) for i in range(2)]
    half_even = Group("h", "w9", ("w4", "good", "w5"), (Ranking(((1,), (0, 2))),))
    options = {**TOYS, "epochs": 1, "ties": "ignore"}
    plaudit.train([*toy_groups(12), *bare, *even, half_even], tmp_path, backbone, **options)
    assert "5 of 18 groups have no judgement and are left out" in caplog.text
    assert "left out (ties=ignore): 1 tie" in caplog.text


REFUSED = {
    "no judgements": ([Group("g", "w1", ("w2", "w3"))], {}, "no group has a ranking of two or more responses"),
    "one response": ([Group("g", "w1", ("w2",), (Ranking(((0,),)),))], {}, "no group has a ranking of two or more"),
    "no groups": ([], {}, "no group has a ranking"),
    "only ties": (
        [Group("g", "w1", ("w2", "w3"), (Ranking(((0, 1),)),))],
        {"ties": "ignore"},
        "ties alone say nothing to this loss, or are ignored",
    ),
    "too long": (
        [Group("g7", "w1", ("w2", "w3 " * 80), (Ranking(((0,), (1,))),))],
        {},
        r"response 1 of group 'g7' .* does not fit the context of 64 tokens",
    ),
    "context": (toy_groups(1), {"max_length": 100}, "max_length is 100, but the backbone's context holds"),
    "layers": (toy_groups(1), {"trainable": "last:3"}, "last:3, but the backbone has 2 layers"),
    "template": (toy_groups(1), {"chat_template": "no-such-file"}, "no chat template file 'no-such-file'"),
    "setting": (toy_groups(1), {"pases": 3}, r"train\(\): there is no setting 'pases'; did you mean epochs"),
    "held out": (
        toy_groups(1),
        {"validation_groups": [Group("g", "p", ("a",))]},
        "no validation group has anything",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_refuses_in_one_line(backbone, tmp_path, case):
    groups, changes, says = REFUSED[case]
    with pytest.raises(PlauditError, match=says) as caught:
        plaudit.train(groups, tmp_path / "out", backbone, **{"report_to": "none", **changes})
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_not_a_number_stops_the_run(backbone, tmp_path):
    huge = Group("g", "w1", ("w2", "w3"), (Ranking(((0,), (1,)), weight=1e300),))
    with pytest.raises(
        PlauditError, match="the loss of step 1 is not a finite number; lower learning_rate, or look for judgements"
    ):
        plaudit.train([huge], tmp_path, backbone, **TOYS)
    assert not (tmp_path / "model.safetensors").exists()


def test_a_response_that_is_cut_is_counted(backbone, tmp_path, caplog):
    long = Group("g", "w1", ("w2", "w3 " * 80), (Ranking(((0,), (1,))),))
    plaudit.train([long, *toy_groups(4)], tmp_path, backbone, truncate_responses=True, **{**TOYS, "epochs": 1})
    assert "1 response was cut to fit 64 tokens" in caplog.text


def test_a_conversation_is_learned_through_a_template(tmp_path):
    folder = tiny_language_model_folder(tmp_path / "backbone")
    groups = [
        Group(
            str(n),
            ({"role": "user", "content": f"question {n}"},),
            (({"role": "assistant", "content": f"yes {n}"},), ({"role": "assistant", "content": f"no {n}"},)),
            (Ranking(((0,), (1,))),),
        )
        for n in range(64)
    ]
    options = {"epochs": 3, "groups_per_step": 8, "report_to": "none", "evaluate_every": 3}
    model = plaudit.train(groups, tmp_path / "out", folder, **options)
    assert accuracy(model, groups) > 0.9
    assert (
        plaudit.RewardModel.from_pretrained(tmp_path / "out").tokenizer.chat_template == model.tokenizer.chat_template
    )


def test_an_error_of_the_data_leaves_a_folder_that_can_be_used_at_once(backbone, tmp_path):
    with pytest.raises(PlauditError):
        plaudit.train(REFUSED["too long"][0], tmp_path, backbone, report_to="none")
    plaudit.train(toy_groups(4), tmp_path, backbone, **{**TOYS, "epochs": 1})


def test_curves_go_where_the_model_goes(backbone, tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    for name in ("one", "two"):
        plaudit.train(toy_groups(12), tmp_path / name, backbone, **{**TOYS, "epochs": 1, "report_to": "tensorboard"})
        assert len(list((tmp_path / name / "logs").glob("events*"))) == 1


def test_curves_that_cannot_be_written_are_said_once(backbone, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(sys.modules["plaudit.training.run.trainer"], "find_spec", lambda name: None)
    caplog.set_level(logging.WARNING)
    plaudit.train(toy_groups(12), tmp_path, backbone, **{**TOYS, "epochs": 1, "report_to": "tensorboard"})
    assert caplog.text.count("no curves are written: TensorBoard is not installed") == 1


def test_conversations_train_with_turns_where_the_backbone_has_no_template(backbone, tmp_path, caplog):
    turns = [
        Group(f"g{n}", ({"role": "user", "content": f"w{n}"},), ("good w1", "bad w1"), (Ranking(((0,), (1,))),))
        for n in range(6)
    ]
    plaudit.train(
        turns, tmp_path / "model", backbone, epochs=1, baselines="none", validation_share=0.0, report_to="none"
    )
    assert "the backbone has no chat template: all are written as plain turns" in caplog.text
    assert "Assistant: " in plaudit.RewardModel.from_pretrained(tmp_path / "model").tokenizer.chat_template
