"""What a batch shares: equal responses once, one trunk for a prompt, whichever groups the responses stand in."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_model_folder

from plaudit.forest import Tree
from plaudit.groups import Group
from plaudit.model import RewardModel
from plaudit.model.ensemble import Ensemble
from plaudit.model.rendering import Rendered
from plaudit.model.sharing import share

PROMPT = "why is the sky blue?"
ONE_BY_ONE = [Group(f"g{i}", PROMPT, (text,)) for i, text in enumerate(("because", "the sea", "because", "air"))]
APART = [Group("a", PROMPT, ("because", "air")), Group("b", "please answer", ("yes", "no"))]


def rendered(prompt, *sequences):
    """A group of token sequences."""
    arrays = tuple(np.array(sequence, dtype=np.int64) for sequence in sequences)
    group = Group("g", prompt, ("",) * len(arrays))
    flags = (False,) * len(arrays)
    return Rendered(group, sum(map(len, arrays)), arrays, None, flags, flags)


def test_equal_responses_are_computed_once_and_every_one_has_its_row():
    batch = share([rendered("p", [1, 2, 3], [1, 2, 4]), rendered("q", [1, 2, 4], [9, 9])], trunks=True)
    assert [[s.tolist() for s in tree.sequences] for tree in batch.trees] == [[[1, 2, 3], [1, 2, 4]], [[9, 9]]]
    assert batch.rows.tolist() == [0, 1, 1, 2]


def test_groups_with_one_prompt_grow_one_tree_where_that_saves_tokens():
    # 3 tokens of prompt and one each: 4 + 1 + 1 computed, not 4 + 4 + 4.
    single = [rendered("p", [1, 2, 3, answer]) for answer in (7, 8, 9)]
    (tree,) = share(single, trunks=True).trees
    assert len(Tree.grow(tree.sequences)) == 6
    assert len(share(single, trunks=False).trees) == 3
    # Where the second group's prompt was cut, one trunk of 1 token would cost more than two of 3.
    cut = [rendered("p", [1, 2, 3, 7], [1, 2, 3, 8]), rendered("p", [1, 5, 6, 7], [1, 5, 6, 8])]
    assert len(share(cut, trunks=True).trees) == 2


def test_what_begins_alike_shares_a_trunk_whatever_its_prompt():
    (tree,) = share([rendered("p", [1, 2, 3]), rendered("q", [1, 2, 4])], trunks=True).trees
    assert len(Tree.grow(tree.sequences)) == 4
    nothing = share([], trunks=True)
    assert (list(nothing.trees), nothing.rows.tolist()) == ([], [])


TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=5)
BATCHES = st.lists(st.tuples(st.sampled_from("pq"), st.lists(TOKENS, min_size=1, max_size=4)), max_size=6)


@given(BATCHES, st.booleans())
def test_every_response_finds_its_tokens_and_no_more_are_computed_than_apart(groups, trunks):
    items = [rendered(prompt, *sequences) for prompt, sequences in groups]
    batch = share(items, trunks=trunks)
    different = [sequence.tolist() for tree in batch.trees for sequence in tree.sequences]
    wanted = [sequence for _, sequences in groups for sequence in sequences]
    assert [different[row] for row in batch.rows] == wanted
    assert len(different) == len({tuple(sequence) for sequence in wanted})
    trees = [Tree.grow(tree.sequences, share=trunks) for tree in batch.trees]
    assert sum(map(len, trees)) <= sum(map(len, wanted))


@pytest.fixture(scope="module", params=["llama", "gemma3", "bert", "falcon"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return RewardModel.from_pretrained(tiny_model_folder(folder, request.param))


def flat(rows):
    return np.array([score.score for score in chain.from_iterable(rows)])


def computed(model, groups, monkeypatch):
    """Tokens of the trees that scoring grows, and the scores."""
    grown = []
    grow = model.network.grow

    def noted(*arguments):
        grown.append(grow(*arguments))
        return grown[-1]

    with monkeypatch.context() as patch:
        patch.setattr(model.network, "grow", noted)
        scores = model.score(groups)
    return sum(map(len, grown)), len(grown), scores


def test_responses_of_different_requests_share_a_trunk_and_keep_their_scores(model, monkeypatch):
    together, trees, scores = computed(model, ONE_BY_ONE, monkeypatch)
    alone = [model.score(group)[0] for group in ONE_BY_ONE]
    np.testing.assert_allclose(flat(scores), flat(alone), rtol=1e-5, atol=1e-6)
    assert [(score.group, score.text) for (score,) in scores] == [(score.group, score.text) for (score,) in alone]
    assert scores[0][0].score == scores[2][0].score
    whole = [item.cost for item in model.prepare_all(ONE_BY_ONE)]
    if model.network.causal and model.network.layout.packed:
        # One tree, as if the three different responses stood in one group.
        group = Group("g", PROMPT, tuple(g.responses[0] for g in (ONE_BY_ONE[0], ONE_BY_ONE[1], ONE_BY_ONE[3])))
        (one_tree,) = model.trees(model.prepare_all([group]))
        assert (together, trees) == (len(one_tree), 1)
    else:
        assert together == sum(whole) - whole[2]


def test_different_prompts_cost_no_more_than_group_after_group(model, monkeypatch):
    together, _, scores = computed(model, APART, monkeypatch)
    assert together <= sum(map(len, model.trees(model.prepare_all(APART))))
    np.testing.assert_allclose(flat(scores), flat([model.score(g)[0] for g in APART]), rtol=1e-5, atol=1e-6)


def test_features_and_outputs_are_in_the_order_of_the_responses(model):
    items = list(model.prepare_all([*ONE_BY_ONE, *APART]))
    features, outputs = model.features(items), model.outputs_of(items)
    assert len(features) == len(outputs) == 8
    np.testing.assert_array_equal(features[0], features[2])
    alone = np.concatenate([model.features([item]) for item in items])
    np.testing.assert_allclose(features, alone, rtol=1e-4, atol=1e-5)


def test_a_batch_of_prepared_groups_is_scored_like_a_stream(model):
    groups = [*ONE_BY_ONE, *APART]
    batch = [model.prepare(group) for group in groups]
    assert all(
        item.cost == sum(score.tokens for score in row) for item, row in zip(batch, model.score(groups), strict=True)
    )
    assert model.score_prepared(batch) == model.score(groups)
    assert model.score_prepared([]) == []
    np.testing.assert_allclose(
        flat(model.score_prepared(batch, batch_tokens=1)), flat(model.score(groups)), rtol=1e-5, atol=1e-6
    )


def test_an_ensemble_prepares_once_for_members_that_read_alike(model):
    ensemble = Ensemble([model, model])
    item = ensemble.prepare(APART[0])
    assert len(item.readings) == 1
    assert item.cost == model.prepare(APART[0]).cost
    assert ensemble.score_prepared([item]) == ensemble.score(APART[:1])
    assert ensemble.score(APART)[0][0].score == pytest.approx(model.score(APART)[0][0].score)
    with pytest.raises(TypeError, match="prepared by another kind of scorer"):
        ensemble.score_prepared([model.prepare(APART[0])])
