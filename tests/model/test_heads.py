"""Heads that say more than one reward: read-outs by hand, folding, saving, and plain transformers' view of them."""

import json

import pytest
import torch
from toys import toy_backbone
from transformers import AutoModel, AutoModelForSequenceClassification

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import PaddedLayout, RewardModel
from plaudit.model.folder.contents import HEADS_FILE
from plaudit.model.heads import Attribute, Outputs, RewardHead

GROUPS = [Group("a", "w1 w2 w3", ("good w4", "bad w5 w6", "w1")), Group("b", "w7", ("w1", "w2 w3 good bad"))]

HELPFUL = Attribute("helpful", 0.7, "value", low=1.0, high=5.0, centre=0.5, spread=0.25)
FUNNY = Attribute("funny", -0.3, "ordinal", low=1.0, high=3.0, levels=(1.0, 2.0, 3.0))
TONE = Attribute("tone", 0.5, "classes", low=0.0, high=2.0, centre=0.4, spread=0.5, levels=(0.0, 1.0, 2.0))

SHAPES = {
    "attributes": Outputs((HELPFUL, Attribute("overall", 1.0))),
    "heads": Outputs(heads=4),
    "heads of attributes": Outputs((HELPFUL, FUNNY), heads=3),
    "ordinal": Outputs((FUNNY,)),
    "classes": Outputs((TONE, HELPFUL), heads=2),
    "hidden": Outputs(hidden=True),
    "mean": Outputs(pooling="mean"),
    "everything": Outputs((HELPFUL, FUNNY, TONE), heads=2, hidden=True, pooling="mean"),
}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"))


def scores_of(model):
    return [(score.score, score.scores, score.spread) for row in model.score(GROUPS) for score in row]


def close(found, expected):
    for (score, scores, spread), (other, others, other_spread) in zip(found, expected, strict=True):
        assert score == pytest.approx(other, abs=2e-6)
        assert scores == (others if others is None else pytest.approx(others, abs=2e-5))
        assert spread == (other_spread if other_spread is None else pytest.approx(other_spread, abs=2e-6))


def test_the_read_outs_by_hand():
    outputs = Outputs((HELPFUL, FUNNY, TONE))
    # Logits log 1, log 2, log 1 for the classes: probabilities 1/4, 1/2, 1/4; expected unit 1/2.
    raw = torch.tensor([[[2.0, 0.3, 0.0, 0.6931472, 0.0]]])
    assert outputs.width == 5
    assert outputs.scores(raw)[0, 0].tolist() == pytest.approx([2.0, 0.3, (0.5 - 0.4) / 0.5])
    assert outputs.rewards(raw).item() == pytest.approx(0.7 * 2.0 - 0.3 * 0.3 + 0.5 * 0.2)
    values = outputs.values(raw, {"funny": torch.tensor([-1.0, 1.0])})
    # helpful: 1 + 4 (0.5 + 0.25 * 2). funny: 1 + σ(0.3 + 1) + σ(0.3 - 1). tone: 2 * 1/2.
    sigmoid = torch.sigmoid(torch.tensor([1.3, -0.7]))
    assert {name: value.item() for name, value in values.items()} == pytest.approx(
        {"helpful": 5.0, "funny": 1 + sigmoid.sum().item(), "tone": 1.0}
    )


def test_cut_points_start_at_the_shares_and_cannot_cross():
    head = RewardHead(4, Outputs((Attribute("x", 1.0, "ordinal", levels=(0.0, 0.25, 0.5, 1.0)),)))
    assert torch.sigmoid(head.cut_points()["x"]).tolist() == pytest.approx([0.25, 0.5, 0.75], abs=1e-6)
    # And where the training ratings' shares put them: 1/2 below the first, 3/4 below the second, 9/10 below the third.
    shares = RewardHead(
        4, Outputs((Attribute("x", 1.0, "ordinal", levels=(0, 1, 2, 3), shares=(0.5, 0.25, 0.15, 0.1)),))
    )
    assert torch.sigmoid(shares.cut_points()["x"]).tolist() == pytest.approx([0.5, 0.75, 0.9], abs=1e-5)
    with torch.no_grad():
        head.cuts["attribute0"].copy_(torch.tensor([0.0, -8.0, -9.0]))
    assert (head.cut_points()["x"].diff() > 0).all()


def test_a_head_of_classes_starts_at_their_shares():
    shares = (0.7, 0.2, 0.1)
    head = RewardHead(4, Outputs((HELPFUL, Attribute("x", 1.0, "classes", levels=(0, 1, 2), shares=shares)), heads=2))
    raw = head(torch.zeros(1, 4))
    assert raw.shape == (1, 2, 4)
    assert raw[0, 1, 1:].softmax(-1).tolist() == pytest.approx(shares)


def test_each_head_starts_elsewhere(backbone):
    model = RewardModel.from_backbone(backbone, outputs=Outputs(heads=4), seed=1)
    weight = model.network.reward_head.weight
    assert weight.shape == (4, 1, 16)
    assert len({tuple(row) for row in weight[:, 0].tolist()}) == 4
    assert all(score.spread > 0 for row in model.score(GROUPS) for score in row)


@pytest.mark.parametrize("shape", SHAPES)
def test_after_save_and_load_all_is_the_same(backbone, tmp_path, shape):
    outputs = SHAPES[shape]
    model = RewardModel.from_backbone(backbone, outputs=outputs, seed=2)
    expected = scores_of(model)
    model.save(tmp_path / "model")
    again = RewardModel.from_pretrained(tmp_path / "model")
    assert again.network.outputs == outputs
    close(scores_of(again), expected)
    # And as the start of further training, its heads are kept.
    close(scores_of(RewardModel.from_backbone(tmp_path / "model", outputs=outputs, seed=9)), expected)


@pytest.mark.parametrize("shape", [name for name, outputs in SHAPES.items() if outputs.linear])
def test_plain_transformers_reads_the_reward_of_a_linear_head(backbone, tmp_path, shape):
    model = RewardModel.from_backbone(backbone, outputs=SHAPES[shape], seed=2)
    rewards = [score.score for row in model.score(GROUPS) for score in row]
    model.save(tmp_path)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert plain.config.num_labels == 1
    found = [
        plain(torch.from_numpy(sequence)[None]).logits.item()
        for item in model.renderer.render(GROUPS)
        for sequence in item.sequences
    ]
    assert found == pytest.approx(rewards, abs=2e-6)


@pytest.mark.parametrize("shape", [name for name, outputs in SHAPES.items() if not outputs.linear])
def test_a_head_that_transformers_cannot_hold_leaves_a_bare_backbone(backbone, tmp_path, shape):
    RewardModel.from_backbone(backbone, outputs=SHAPES[shape]).save(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["architectures"] == ["LlamaModel"]
    assert AutoModel.from_pretrained(tmp_path).config.hidden_size == 16


def test_a_plain_model_saved_over_another_leaves_no_heads_behind(backbone, tmp_path):
    RewardModel.from_backbone(backbone, outputs=Outputs(heads=4)).save(tmp_path)
    assert (tmp_path / HEADS_FILE).is_file()
    RewardModel.from_backbone(backbone).save(tmp_path, overwrite=True)
    assert not (tmp_path / HEADS_FILE).exists()
    assert RewardModel.from_pretrained(tmp_path).network.outputs.plain


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / HEADS_FILE).unlink(), "cannot read the heads"),
        (lambda folder: (folder / HEADS_FILE).write_bytes(b"half"), "cannot read the heads"),
        (lambda folder: edit(folder, lambda o: o.update(heads=3)), "cannot read the heads"),
        (lambda folder: edit(folder, lambda o: o.pop("attributes")), "unreadable outputs"),
        (lambda folder: edit(folder, lambda o: o["attributes"][0].update(readout="odd")), "unreadable outputs"),
    ],
)
def test_a_broken_folder_is_one_clear_error(backbone, tmp_path, spoil, says):
    RewardModel.from_backbone(backbone, outputs=Outputs(heads=4)).save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(PlauditError, match=says):
        RewardModel.from_pretrained(tmp_path)


def edit(folder, change):
    path = folder / "plaudit.json"
    record = json.loads(path.read_text())
    change(record["outputs"])
    path.write_text(json.dumps(record))


@pytest.mark.parametrize("shape", ["mean", "everything"])
def test_a_mean_is_over_prompt_and_response_whatever_the_layout(backbone, shape):
    """In a tree, in any batch and padded, against the mean over plain transformers' own hidden states."""
    model = RewardModel.from_backbone(backbone, outputs=SHAPES[shape], seed=3)
    items = list(model.renderer.render(GROUPS))
    plain = AutoModel.from_pretrained(backbone).eval()
    with torch.no_grad():
        expected = torch.stack(
            [
                plain(torch.from_numpy(sequence)[None]).last_hidden_state[0].mean(0)
                for item in items
                for sequence in item.sequences
            ]
        )
    for budget in (1, 12, 4096):
        assert torch.allclose(torch.from_numpy(model.features(items, budget)), expected, atol=1e-6)
    model.network.layout = PaddedLayout(attention="sdpa")
    assert torch.allclose(torch.from_numpy(model.features(items)), expected, atol=1e-6)
