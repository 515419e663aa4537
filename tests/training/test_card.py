"""The cards of trained models: every figure there is, and nothing said of those that are not."""

import pytest

from plaudit.model import Attribute, Outputs
from plaudit.training.card import linear_card, model_card

RECORD = {
    "backbone": "minilm-l6",
    "groups": 12,
    "steps": 4,
    "settings": {"loss": "bradley-terry", "ties": "half", "pooling": "last"},
    "validation": {"groups": 7, "loss": 0.51234, "accuracy": 0.755},
}


def test_figures_stand_beside_what_equal_scores_have():
    text = model_card(RECORD, Outputs())
    assert "On 7 held-out groups, which also chose the checkpoint: accuracy 0.755 (with equal scores: 0.5)" in text
    # log 2
    assert "loss 0.512 (with equal scores: 0.693). Measure it" in text
    assert '"loss": "bradley-terry"' in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        # log 3: a tie is a third outcome.
        ({"settings": RECORD["settings"] | {"ties": "rao-kupper"}}, "loss 0.512 (with equal scores: 1.099)."),
        ({"settings": RECORD["settings"] | {"loss": "hinge"}}, "loss 0.512. Measure it"),
        (
            {"validation": {"groups": 7, "loss": 0.5}},
            "Loss on 7 held-out groups, which also chose the checkpoint: 0.500.",
        ),
        ({"validation": {}}, "Nothing was held out while training, so nothing is known about this model yet. Measure"),
    ],
)
def test_what_was_not_measured_is_not_claimed(changes, sentence):
    assert sentence in model_card(RECORD | changes, Outputs())


@pytest.mark.parametrize(
    ("outputs", "library", "sentence"),
    [
        (Outputs(), "transformers", "and read `logits[0]`.\n\nSettings:"),
        (
            Outputs((Attribute("a", 0.5), Attribute("b", 0.5)), heads=3),
            "transformers",
            "made of (a, b; 3 heads) stands in",
        ),
        (Outputs(pooling="mean"), "plaudit", "and only Plaudit scores with it.\n\nSettings:"),
    ],
)
def test_a_card_tells_how_plain_transformers_reads_the_folder(outputs, library, sentence):
    text = model_card(RECORD, outputs)
    assert text.startswith(f"---\nlibrary_name: {library}\n")
    assert sentence in text


def test_a_baseline_names_its_fits():
    fits = {"rankings": {"penalty": 0.00123, "out_of_fold_loss": None, "loss_of_equal_scores": 0.6931}}
    text = linear_card(RECORD | {"backbone": "length", "fits": fits})
    assert "| rankings | 0.0012 | unknown: one prompt | 0.693 |\n\n```python" in text
    assert "linearly in the logarithm of its length: higher" in text
