"""The attention function alone, against the rule of who sees whom written out as one dense matrix."""

import numpy as np
import pytest
import torch
import torch.nn.attention.flex_attention as flex_attention_module
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from plaudit.forest import SEGMENTS, Forest, Tree, forest_attention
from plaudit.forest.attentions.cascade import CascadeAttention
from plaudit.forest.attentions.flex import FlexForestAttention
from plaudit.forest.attentions.written import WrittenKernel

# For each tree: tokens of the trunk, and of each branch.
shapes = st.lists(
    st.tuples(st.integers(0, 6), st.lists(st.integers(1, 6), min_size=1, max_size=3)), min_size=1, max_size=3
)


def plant(shape, causal=True, multiple=1):
    trees = []
    for trunk, branches in shape:
        rows = tuple(np.zeros(b, dtype=np.int64) for b in (branches if causal else [trunk + b for b in branches]))
        trees.append(Tree(np.zeros(trunk if causal else 0, dtype=np.int64), rows))
    return Forest.plant(trees, causal=causal, multiple=multiple)


def who_sees_whom(forest, window):
    """`[T, T]` bool from the definition: the same tree; the trunk's tokens or the same branch; not ahead (causal); at a
    distance of positions below the window. Padding sees itself."""
    home = [
        (t, b, position)
        for t, tree in enumerate(forest.trees)
        for b, segment in enumerate((tree.trunk, *tree.branches))
        for position in range(len(tree.trunk) if b else 0, (len(tree.trunk) if b else 0) + len(segment))
    ]
    tree, branch, position = np.array(home).T
    distance = position[:, None] - position
    together = (tree[:, None] == tree) & ((branch == 0) | (branch[:, None] == branch))
    near = True if window is None else np.abs(distance) < window
    sees = np.eye(forest.tokens.shape[1], dtype=bool)
    sees[np.ix_(forest.order, forest.order)] = together & ((distance >= 0) | (not forest.causal)) & near
    return torch.from_numpy(sees)


def dense(query, key, value, sees, scaling, softcap, sinks):
    repeat = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeat, 1), value.repeat_interleave(repeat, 1)
    logits = torch.einsum("bhqd,bhkd->bhqk", query, key) * scaling
    if softcap is not None:
        logits = torch.tanh(logits / softcap) * softcap
    weights = logits.exp() * sees
    total = weights.sum(-1, keepdim=True)
    if sinks is not None:
        total = total + sinks.exp()[None, :, None, None]
    return torch.einsum("bhqk,bhkd->bqhd", weights / total, value)


@settings(max_examples=60, deadline=None)
@given(
    shapes,
    st.booleans(),
    st.sampled_from([None, 2, 5]),
    st.sampled_from([None, 0.7]),
    st.booleans(),
    st.sampled_from([1, 2, 4]),
    st.integers(0, 1000),
)
def test_equal_to_one_dense_matrix(shape, causal, window, softcap, sinks, heads_of_keys, seed):
    forest = plant(shape, causal)
    torch.manual_seed(seed)
    length = forest.tokens.shape[1]
    query, key, value = (
        torch.randn(1, heads, length, 8, dtype=torch.float64) for heads in (4, heads_of_keys, heads_of_keys)
    )
    sink = torch.randn(4, dtype=torch.float64) if sinks else None
    found, weights = forest_attention(
        torch.nn.Module(), query, key, value, None, forest=forest, scaling=0.9, sliding_window=window, softcap=softcap,
        s_aux=sink,
    )  # fmt: skip
    expected = dense(query, key, value, who_sees_whom(forest, window), 0.9, softcap, sink)
    assert weights is None
    # The written-out attention takes its softmax in float32, as the models that need it do.
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9 if softcap is None and not sinks else 2e-6)


@pytest.fixture(scope="module")
def flex_on_a_cpu():
    """torch refuses the backward pass of FlexAttention on a CPU; the eager one is exact there all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flex_attention_module, "_validate_device", lambda *_: None)
        patch.setattr(flex_attention_module, "_warn_once", lambda *_, **__: None, raising=False)
        yield


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("attend", [SEGMENTS, CascadeAttention(WrittenKernel()), FlexForestAttention(compiled=False)])
@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
def test_every_attention_has_the_gradients_of_one_dense_matrix(flex_on_a_cpu, attend, data):
    limited = attend.name == "varlen"
    window, softcap = (None, None) if limited else (data.draw(st.sampled_from(v)) for v in ([None, 2, 5], [None, 0.7]))
    causal, heads_of_keys = data.draw(st.booleans()), data.draw(st.sampled_from([1, 2, 4]))
    forest = plant(data.draw(shapes), causal, attend.multiple)
    length = forest.tokens.shape[1]
    torch.manual_seed(data.draw(st.integers(0, 1000)))
    draw = lambda *shape: torch.randn(*shape, dtype=torch.float64).requires_grad_()  # noqa: E731
    inputs = [draw(1, heads, length, 8) for heads in (4, heads_of_keys, heads_of_keys)]
    sink = draw(4) if data.draw(st.booleans()) else None
    tensors = inputs if sink is None else [*inputs, sink]
    grad = torch.zeros(1, length, 4, 8, dtype=torch.float64)
    grad[:, forest.order] = torch.randn(1, len(forest.order), 4, 8, dtype=torch.float64)
    out, _ = forest_attention(
        torch.nn.Module(), *inputs, None, forest=forest, attend=attend, scaling=0.5, sliding_window=window,
        softcap=softcap, s_aux=sink,
    )  # fmt: skip
    expected = dense(*inputs, who_sees_whom(forest, window), 0.5, softcap, sink)
    # By hand, segments take their softmax in float32.
    atol = 1e-5 if attend is SEGMENTS and (softcap is not None or sink is not None) else 1e-10
    torch.testing.assert_close(out[:, forest.order], expected[:, forest.order], rtol=0, atol=atol)
    gradients, right = (torch.autograd.grad(one, tensors, grad) for one in (out, expected))
    for computed, of in zip(gradients, right, strict=True):
        torch.testing.assert_close(computed, of, rtol=0, atol=atol)


@pytest.mark.parametrize("softcap", [None, 50.0])
def test_dropout_is_applied(softcap):
    # Values of one: without dropout every output is 1; with it, the sum of the kept weights over 1 - p, 1 on average.
    forest = plant([(30, [30, 20])])
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 8, 80, 8)
    ones = torch.ones(1, 8, 80, 8)
    plain, _ = forest_attention(torch.nn.Module(), query, key, ones, None, forest=forest, softcap=softcap)
    dropped, _ = forest_attention(
        torch.nn.Module(), query, key, ones, None, forest=forest, softcap=softcap, dropout=0.3
    )
    torch.testing.assert_close(plain, torch.ones_like(plain))
    assert dropped.std() > 0.1
    # 640 rows of standard deviation below 0.66 (√(p/(1-p)), reached by a row that sees one token): four errors are 0.1.
    assert abs(dropped.mean() - 1) < 0.1


def test_a_learned_position_bias_is_refused():
    states = torch.zeros(1, 1, 2, 4)
    with pytest.raises(ValueError, match="position bias"):
        forest_attention(
            torch.nn.Module(), states, states, states, None, forest=plant([(1, [1])]), position_bias=states
        )


@pytest.mark.parametrize("length", [40, 300])
def test_half_precision_attends_as_float32_does_within_its_rounding(length):
    """Short segments are widened on a CPU, long ones are not; both give what float32 gives, gradients too."""
    numbers = np.random.default_rng(0)
    trunk = numbers.integers(0, 50, length)
    trees = [Tree.grow([np.concatenate([trunk, numbers.integers(0, 50, n)]) for n in (7, 12)])]
    forest = Forest.plant(trees)
    tokens = len(trees[0])
    draw = lambda heads: torch.randn(1, heads, tokens, 8, generator=torch.Generator().manual_seed(heads))  # noqa: E731
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        given = [draw(heads).to(torch.bfloat16).to(dtype).requires_grad_() for heads in (4, 2, 2)]
        out, _ = forest_attention(torch.nn.Module(), *given, None, forest=forest)
        assert out.dtype == dtype
        found.append([out, *torch.autograd.grad(out.float().square().sum(), given)])
    for wide, half in zip(*found, strict=True):
        assert torch.allclose(wide, half.float(), atol=0.03 * float(wide.detach().abs().max()))
