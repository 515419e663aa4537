"""Explanations against computations of their own: plain transformers, scores of edited responses, sums by hand."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import tiny_model_folder
from toys import toy_backbone, toy_groups
from transformers import AutoTokenizer

from plaudit.errors import PlauditError
from plaudit.explaining import MethodAgreement, available_methods, explain
from plaudit.explaining.ablation import version_budget
from plaudit.explaining.embedding_path import EmbeddingPath
from plaudit.explaining.sanity import shuffled_weights
from plaudit.explaining.views import Integration
from plaudit.forest import Tree
from plaudit.groups import Group
from plaudit.model import RewardModel, Scorer
from plaudit.model.ensemble import Ensemble
from plaudit.model.heads import Attribute, Outputs
from plaudit.model.linear import Linear, LinearModel, WordFeatures
from plaudit.model.self_check import check_trees
from plaudit.training import train

GROUP = Group("q", "why is the sky blue", ("the cat sat on the mat. and the dog? 天空 😀", "because", ""))
FAMILIES = ["llama", "gpt2", "falcon", "bert", "roberta", "modernbert", "deberta-v2"]
TOYS = {"learning_rate": 0.01, "epochs": 6, "groups_per_step": 16, "report_to": "none", "baselines": "none"}
DECODERS = ["llama", "gpt2", "gemma3", "mistral", "falcon"]
FINE = Integration(steps=32, max_steps=256, tolerance=0.02)

HELPFUL = Attribute("helpful", 0.7, "value", low=1.0, high=5.0, centre=0.5, spread=0.25)
TONE = Attribute("tone", 0.5, "classes", low=0.0, high=2.0, centre=0.4, spread=0.5, levels=(0.0, 1.0, 2.0))
HEADS = {
    "heads of attributes": Outputs((HELPFUL, TONE), heads=3),
    "hidden": Outputs(hidden=True),
    "mean": Outputs(pooling="mean"),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A tiny model by family, small enough in its weights for an integral to converge."""
    known = {}

    def get(family, **options):
        key = (family, *options.items())
        if key not in known:
            folder = tiny_model_folder(tmp_path_factory.mktemp("model"), family, **options)
            model = RewardModel.from_pretrained(folder, device="cpu")
            with torch.no_grad():
                for parameter in model.network.parameters():
                    if parameter.dim() > 1:
                        parameter.mul_(0.4)
            known[key] = model
        return known[key]

    return get


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A backbone trained to like the word `good`. Its texts end in a word, not in `<eos>`: only then was the head
    trained to read what stands inside a response."""
    folder = tmp_path_factory.mktemp("toy")
    tokenizer = AutoTokenizer.from_pretrained(toy_backbone(folder / "backbone"))
    tokenizer.eos_token = None
    tokenizer.save_pretrained(folder / "backbone")
    return train(toy_groups(160), folder / "model", folder / "backbone", **TOYS)


def headed(outputs, folder):
    return RewardModel.from_backbone(toy_backbone(folder), outputs=outputs, device="cpu")


def total(explanation):
    return sum(token.attribution or 0.0 for token in explanation.tokens)


# ---- the reward read along the response ------------------------------------------------------------------------------


@pytest.mark.parametrize("family", DECODERS)
def test_the_reward_read_last_is_the_score(opened, family):
    model = opened(family, chat_template=False, eos=False)
    group = Group("q", "why", GROUP.responses[:1])
    (found,) = explain(model, group, methods=["reading"])
    assert found.kind == "in one pass"
    assert found.tokens[-1].reward == pytest.approx(model.score(group)[0][0].score, abs=1e-6)
    assert found.score == model.score(group)[0][0].score


@pytest.mark.parametrize("family", DECODERS)
@pytest.mark.parametrize("pooling", ["own", "mean"])
def test_reading_in_one_pass_is_reading_each_prefix_alone(opened, family, pooling):
    network = opened(family).network
    network.outputs = Outputs(pooling=pooling)
    sequence = check_trees(network)[0].sequences[0]
    with torch.no_grad():
        along = network.prefix_features(sequence)
        alone = network.features([Tree.grow([sequence[:end]]) for end in range(1, len(sequence) + 1)])
    network.outputs = Outputs()
    assert torch.allclose(along, alone, atol=1e-5)


@pytest.mark.parametrize(("family", "method"), [("bert", "reading"), ("bert", "prefixes"), ("llama", "prefixes")])
def test_a_prefix_is_a_response_of_its_own(opened, family, method):
    model = opened(family)
    (found,) = explain(model, Group("q", "why", ("the cat sat. the dog",)), methods=[method])
    assert found.kind == "prefixes"
    read = {}
    text = ""
    for token in found.tokens:
        text += token.text
        if token.reward is not None:
            read[text] = token.reward
    assert list(read) == ["the", "the cat", "the cat sat.", "the cat sat. the", "the cat sat. the dog"]
    scores = model.score(Group("q", "why", ("", *read)))[0]
    assert [found.opening, *read.values()] == pytest.approx([score.score for score in scores], abs=1e-5)
    assert found.tokens[-1].reward == pytest.approx(found.score, abs=1e-5)


def test_a_long_response_is_read_at_sentence_ends(opened):
    text = " ".join(["the cat sat on the mat."] * 15)
    (found,) = explain(opened("bert"), Group("q", "why", (text,)), methods=["reading"])
    ends = np.cumsum([len(token.text) for token in found.tokens])
    read = [text[:end] for end, token in zip(ends, found.tokens, strict=True) if token.reward is not None]
    assert len(read) == 15
    assert all(part.endswith("mat.") for part in read)


# ---- attributions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_attributions_sum_to_what_they_explain(opened, family):
    model = opened(family)
    for found in explain(model, GROUP, methods=["gradients"], integration=FINE):
        assert found.complete, (found.completeness, found.steps)
        assert total(found) + found.completeness == pytest.approx(found.score - found.baseline, abs=1e-4)


def embeddings_and_places(model, group):
    """The whole sequence embedded `[1, n, E]`, and where the response's own tokens stand in it."""
    (item,) = model.renderer.render([group])
    _, spans = model.renderer.spans(group)
    places = np.flatnonzero((spans[:, 1] > 0) & (spans[:, 0] < len(group.responses[0])))
    ids = torch.from_numpy(item.sequences[0])[None]
    types = {} if item.types is None else {"token_type_ids": torch.from_numpy(item.types[0])[None]}
    return model.network.model.get_input_embeddings()(ids).detach(), places, types


@pytest.mark.parametrize("family", ["llama", "gpt2", "bert"])
def test_attributions_are_those_of_plain_transformers(opened, family, tmp_path):
    """The integral once more: the checkpoint in plain transformers, its own attention, midpoints of 100 steps."""
    from transformers import AutoModelForSequenceClassification

    model = opened(family)
    group = Group("q", GROUP.prompt, ("the cat sat 😀",))
    (found,) = explain(model, group, methods=["gradients"], integration=replace(FINE, tolerance=1e-3))
    end, places, types = embeddings_and_places(model, group)
    model.save(tmp_path / "saved")
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    start = end.clone()
    start[:, places] = plain.get_input_embeddings().weight.mean(0)

    def reward(states):
        whole = {name: kind.expand(len(states), -1) for name, kind in types.items()}
        whole["attention_mask"] = torch.ones(states.shape[:2], dtype=torch.long)
        # Position of the last token is told by the ids, which embeddings do not have: the states of the backbone.
        if family == "bert":
            return plain(inputs_embeds=states, **whole).logits[:, 0]
        hidden = plain.base_model(inputs_embeds=states, **whole).last_hidden_state
        return plain.score(hidden[:, -1])[:, 0]

    alphas = ((torch.arange(100) + 0.5) / 100)[:, None, None]
    at = (start + alphas * (end - start)).requires_grad_()
    (gradient,) = torch.autograd.grad(reward(at).sum(), at)
    expected = (gradient.mean(0) * (end - start)[0]).sum(-1).detach().numpy()
    assert found.baseline == pytest.approx(reward(start).item(), abs=1e-4)
    assert found.score == pytest.approx(reward(end).item(), abs=1e-4)
    assert expected[[i for i in range(len(expected)) if i not in places]] == pytest.approx(0)
    # The emoji is several tokens and one piece.
    assert total(found) == pytest.approx(expected.sum(), abs=5e-3)
    assert [token.attribution for token in found.tokens[:3]] == pytest.approx(expected[places[:3]].tolist(), abs=5e-3)


@pytest.mark.parametrize("family", ["llama", "falcon", "bert"])
def test_how_many_points_fit_a_pass_changes_nothing(opened, family):
    small, large = (
        explain(opened(family), GROUP, methods=["gradients"], integration=replace(FINE, batch_tokens=tokens))[0]
        for tokens in (200, 4096)
    )
    assert [t.attribution for t in small.tokens] == pytest.approx([t.attribution for t in large.tokens], abs=1e-5)


@pytest.mark.parametrize("name", HEADS)
def test_attributions_of_richer_heads_sum_too(name, tmp_path):
    model = headed(HEADS[name], tmp_path)
    for found in explain(model, toy_groups(1)[0], integration=FINE):
        assert found.complete
        assert total(found) + found.completeness == pytest.approx(found.score - found.baseline, abs=1e-4)


def test_steps_double_until_it_is_complete_or_enough(opened):
    coarse = replace(FINE, steps=1, max_steps=64, tolerance=1e-4)
    (found, *_) = explain(opened("llama"), GROUP, methods=["gradients"], integration=coarse)
    assert found.steps > 1
    (short, *_) = explain(
        opened("llama"), GROUP, methods=["gradients"], integration=replace(coarse, max_steps=1, tolerance=1e-9)
    )
    assert (short.steps, short.complete) == (1, False)


def test_references_are_tokens_of_the_tokenizer(opened):
    model = opened("bert")
    known = {
        name: explain(model, GROUP, methods=["gradients"], integration=replace(FINE, reference=name))[0].baseline
        for name in ("mean", "pad", "mask")
    }
    assert len(set(known.values())) == 3
    with pytest.raises(PlauditError, match="has no eos token to be a reference"):
        explain(model, GROUP, methods=["gradients"], integration=replace(FINE, reference="eos"))
    with pytest.raises(PlauditError, match="no reference 'zero'; there are mean"):
        explain(model, GROUP, methods=["gradients"], integration=replace(FINE, reference="zero"))


def test_the_path_ends_at_the_score(opened):
    model = opened("llama")
    group = Group("q", "why", ("the cat",))
    (item,) = model.renderer.render([group])
    path = EmbeddingPath(model.network, item.sequences[0], None, np.arange(3, 5))
    with torch.no_grad():
        rewards = path.rewards(torch.stack([path.embeddings] * 3))
    assert rewards.tolist() == pytest.approx([model.score(group)[0][0].score] * 3, abs=1e-5)


# ---- ablation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["llama", "bert"])
def test_effects_are_differences_of_scores(opened, family):
    model = opened(family)
    (found, one, none) = explain(model, GROUP, methods=["ablation"])
    assert [part.text for part in found.sentences] == ["the cat sat on the mat. ", "and the dog? ", "天空 😀"]
    without = ["and the dog? 天空 😀", "the cat sat on the mat. 天空 😀", "the cat sat on the mat. and the dog?"]
    for part, rest in zip(found.sentences, without, strict=True):
        alone = model.score(Group("q", GROUP.prompt, (rest,)))[0][0].score
        assert part.effect == pytest.approx(found.score - alone, abs=1e-5)
    assert [part.text for part in one.sentences] == ["because"]
    assert none.sentences == ()
    assert found.tokens == ()


def test_of_many_sentences_neighbours_are_ablated_together():
    # 600 sentences at most 256 at a time: three together, 200 parts. The one term stands in the fourth: it counts 1.
    model = LinearModel(WordFeatures(("good",), np.array([1.0])), Linear(np.array([2.0])))
    text = "".join("good. " if number == 3 else "dull. " for number in range(600))
    (found,) = explain(model, Group("", "", (text,)), methods=["ablation"])
    assert (found.unit, found.each, len(found.sentences)) == ("sentence", 3, 200)
    assert "".join(part.text for part in found.sentences) == text
    assert [part.effect for part in found.sentences] == [0.0, 2.0, *[0.0] * 198]


@pytest.mark.parametrize(("length", "versions"), [(0, 64), (250_000, 64), (1_000_000, 16), (9_000_000, 2)])
def test_the_longer_a_response_the_fewer_versions_of_it_are_scored(length, versions):
    # Sixteen million characters in all.
    assert version_budget(length * "x", 64) == versions


# ---- a planted word --------------------------------------------------------------------------------------------------


def test_all_three_methods_point_at_the_planted_word(toy):
    found = [e for group in toy_groups(12, seed=1) for e in explain(toy, group, unit="word")]
    hits = []
    for explanation in found:
        words = [token.text.strip() for token in explanation.tokens]
        if "good" in words:
            gains = np.diff([explanation.opening, *(token.reward for token in explanation.tokens)])
            contributions = [token.attribution for token in explanation.tokens]
            worth = [part.effect for part in explanation.sentences]
            hits.append([np.argmax(column) == words.index("good") for column in (gains, contributions, worth)])
    reading, gradients, ablation = np.mean(hits, 0)
    assert len(hits) == 12
    # Any one of 3 to 6 words would be hit in about 0.22 of the responses.
    assert reading > 0.6
    assert gradients > 0.8
    assert ablation > 0.8


def test_shuffled_weights_draw_another_picture(toy):
    found = [e for group in toy_groups(12, seed=2) for e in explain(toy, group, methods=["gradients"], check=True)]
    alike = [e.randomised[0].value for e in found if e.randomised[0].value is not None]
    assert len(alike) > 10
    # Of 20 and more independent correlations over 3 to 6 words the mean has a standard error of about 0.13.
    assert abs(np.mean(alike)) < 0.4


def test_shuffled_weights_come_back(toy):
    before = {name: value.clone() for name, value in toy.network.state_dict().items()}
    with pytest.raises(RuntimeError), shuffled_weights([toy.network]):
        moved = toy.network.state_dict()
        name = next(name for name in before if before[name].dim() > 1)
        assert not torch.equal(moved[name], before[name])
        assert torch.equal(moved[name].flatten().sort()[0], before[name].flatten().sort()[0])
        raise RuntimeError
    assert all(torch.equal(value, before[name]) for name, value in toy.network.state_dict().items())


# ---- other scorers ---------------------------------------------------------------------------------------------------


def plain_model(backbone, folder):
    return train(toy_groups(60), folder, backbone, baselines="none")


@pytest.mark.parametrize("backbone", ["bow", "length"])
def test_contributions_of_a_plain_model_are_exact(backbone, tmp_path):
    model = plain_model(backbone, tmp_path / "model")
    group = Group("q", "why", ("good w1 W2 good w1!", "İ w3 unknown", "", "w1\n\nw2"))
    for found in explain(model, group):
        assert "".join(token.text for token in found.tokens) == group.responses[found.response]
        assert (found.steps, found.baseline, found.complete) == (None, 0.0, True)
        assert total(found) == pytest.approx(found.score, abs=1e-9)
        assert found.completeness == pytest.approx(0, abs=1e-9)
    if backbone == "bow":
        (found, *_) = explain(model, group, methods=["gradients"])
        assert np.argmax([token.attribution for token in found.tokens]) in (0, 3)


def test_the_share_of_a_word_by_hand():
    features = WordFeatures(("a", "a b", "b"), np.array([1.0, 2.0, 3.0]))
    model = LinearModel(features, Linear(np.array([1.0, 10.0, 100.0])))
    (found,) = explain(model, Group("", "", ("A b a",)))
    # a twice: 1 * (1 + log 2), half to each; "a b" once: 2 * 10, half to each word of it; b once: 3 * 100.
    half = (1 + np.log(2)) / 2
    assert [token.attribution for token in found.tokens] == pytest.approx([half + 10, 300 + 10, half])
    assert [token.reward for token in found.tokens] == pytest.approx([1.0, 1 + 20 + 300, 2 * half + 20 + 300])


def test_an_ensemble_is_explained_by_the_mean_of_its_members(tmp_path):
    backbone = toy_backbone(tmp_path)
    members = [RewardModel.from_backbone(backbone, seed=seed, device="cpu") for seed in (0, 1)]
    group = toy_groups(1)[0]
    found = explain(Ensemble(members), group, integration=FINE)
    alone = [explain(member, group, integration=FINE) for member in members]
    for whole, *parts in zip(found, *alone, strict=True):
        for token, *of_members in zip(whole.tokens, *(part.tokens for part in parts), strict=True):
            assert token.text == of_members[0].text
            assert token.reward == pytest.approx((of_members[0].reward + of_members[1].reward) / 2)
            assert token.attribution == pytest.approx((of_members[0].attribution + of_members[1].attribution) / 2)
        assert total(whole) + whole.completeness == pytest.approx(whole.score - whole.baseline, abs=1e-5)


def test_members_with_other_tokens_meet_where_both_end(opened):
    ensemble = Ensemble([opened("llama"), opened("bert")])
    (found, *_) = explain(ensemble, GROUP, integration=FINE)
    assert "".join(token.text for token in found.tokens) == GROUP.responses[0]
    assert found.kind == "prefixes"
    assert total(found) + found.completeness == pytest.approx(found.score - found.baseline, abs=1e-4)


# ---- hard input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["llama", "bert"])
def test_an_empty_response_has_a_score_and_nothing_to_explain(opened, family):
    (found,) = explain(opened(family), Group("q", "why", ("",)))
    assert (found.tokens, found.sentences) == ((), ())
    assert found.baseline == pytest.approx(found.score, abs=1e-5)
    assert found.completeness == 0
    assert found.agreement.value is None


def test_a_truncated_response_says_what_was_not_read(tmp_path):
    model = RewardModel.from_pretrained(tiny_model_folder(tmp_path, "llama", max_length=48), device="cpu")
    group = Group("q", "why", ("the cat sat on the mat and the dog. " * 5,))
    with pytest.raises(PlauditError, match="does not fit"):
        explain(model, group)
    (found,) = explain(model, group, truncate_responses=True)
    assert found.truncated
    assert "".join(token.text for token in found.tokens) == group.responses[0]
    unread = [token for token in found.tokens if token.attribution is None]
    assert [token.reward for token in unread] == [None]


def test_agreement_needs_three_parts_that_differ():
    assert MethodAgreement.of([1, 2], [1, 2]).reason == "it needs 3 parts or more"
    assert MethodAgreement.of([1, 1, 1], [1, 2, 3]).reason == "all values of one are equal"
    assert MethodAgreement.of([1, float("nan"), 1], [1, 2, 3]).value is None
    # Ranks 1 2 3 against 1 3 2: 1 - 6 * 2 / 24.
    assert MethodAgreement.of([1, 2, 9], [0, 5, 4]).value == pytest.approx(0.5)


def test_json_has_the_agreed_shape(toy):
    (found, *_) = explain(toy, toy_groups(1)[0])
    row = found.to_json()
    assert {"group", "response", "score", "tokens", "sentences", "baseline", "completeness", "kind"} <= set(row)
    assert set(row["tokens"][0]) == {"text", "reward", "attribution"}
    assert {"text", "effect"} <= set(row["sentences"][0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ["magic"]}, "no method 'magic'; there are reading, prefixes, gradients, ablation"),
        ({"methods": ["leaving-out"]}, "no method 'leaving-out'; it is called ablation"),
        ({"unit": "page"}, "no unit 'page'; there are auto, sentence, line, word"),
    ],
)
def test_unknown_words_are_named(toy, options, message):
    with pytest.raises(PlauditError, match=message):
        explain(toy, toy_groups(1)[0], **options)


def test_without_captum_the_rest_works(toy, monkeypatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    group = toy_groups(1)[0]
    assert available_methods(toy) == ["reading", "ablation"]
    (found, *_) = explain(toy, group)
    assert found.baseline is None
    assert found.tokens[0].reward is not None
    with pytest.raises(PlauditError, match=r"pip install 'plaudit\[explain\]'"):
        explain(toy, group, methods=["gradients"])


def test_a_scorer_nobody_knows_can_still_be_ablated(toy):
    class BlackBox(Scorer):
        kind = "black box"

        def prepare(self, group, **options):
            return toy.prepare(group, **options)

        def score_prepared(self, batch, **options):
            return toy.score_prepared(batch, **options)

        def run_record(self, kind, **more):
            return {}

        def save(self, folder, **options):
            raise NotImplementedError

    (found, *_) = explain(BlackBox(), toy_groups(1)[0], methods=["ablation"])
    assert found.sentences
    with pytest.raises(PlauditError, match="--method ablation"):
        explain(BlackBox(), toy_groups(1)[0])
