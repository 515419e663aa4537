"""A plan against what real steps of tiny models compute and hold: both counted, on the CPU, in other ways than it has.

Arithmetic: torch's counter around real forward and backward passes (attention's calls among them; the CPU's own kernel
is unknown to the counter and is told to it). Memory: the bytes of all storages that are alive, at their peak.
"""

import weakref

import pytest
import torch
from tiny import tiny_model_folder
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking
from plaudit.model import RewardModel, cached_layout, freeze, open_skeleton
from plaudit.training import TrainingSettings, plan_training
from plaudit.training.planning import plan as planning
from plaudit.training.planning.gpus import Machine, _known, machine_of
from plaudit.training.planning.workload import Amount, Workload
from plaudit.training.reader import target_reader
from plaudit.training.run.rendering import render_groups
from plaudit.training.run.split import split_validation
from plaudit.training.sharding import sharding_asked
from plaudit.training.steps import Steps
from plaudit.training.wishes import check_run_wishes

ATEN = torch.ops.aten


def products(query, key, *_, **__):
    """The two matrix products of an attention call, from the shapes of its queries and keys."""
    batch, heads, queries, size = query
    return 2 * 2 * batch * heads * queries * key[2] * size


def backward_products(gradient, query, key, *_, **__):
    """Five products: the logits again, and the gradients of values, weights, queries and keys."""
    return 2.5 * products(query, key)


CPU_ATTENTION = {
    ATEN._scaled_dot_product_flash_attention_for_cpu: products,
    ATEN._scaled_dot_product_flash_attention_for_cpu_backward: backward_products,
}
RUN = {"epochs": 1, "validation_share": 0.0, "precision": "fp32", "groups_per_step": 8, "batch_tokens": 600}
DEEPER = {"num_hidden_layers": 6}
CASES = {
    "layers": ("llama", {}),
    "an encoder": ("bert", {}),
    "lora": ("qwen2", {"trainable": "lora:4"}),
    "last:1": ("llama", {"trainable": "last:1"}),
    "recomputed": ("qwen2", {"gradient_checkpointing": True}),
}


def judged(count, size):
    """Groups of four answers with a common prompt, of different lengths."""
    words = ["why", "sky", "blue", "light", "air", "water", "cat"]
    return [
        Group(
            f"g{n}",
            "the cat sat on the mat and the dog " * (1 + n % 3),
            tuple(" ".join(words[(n + k * j) % 7] for j in range(size + 3 * k)) for k in range(4)),
            (Ranking(((0,), (1, 2), (3,))),),
        )
        for n in range(count)
    ]


GROUPS = judged(8, 12)


class Alive(TorchDispatchMode):
    """Bytes of the storages that operators have made and that are alive, and their peak."""

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self.known = weakref.WeakSet()

    def add(self, tensor):
        storage = tensor.untyped_storage()
        if storage in self.known:
            return
        size = storage.nbytes()
        self.known.add(storage)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self.drop, size)

    def drop(self, size):
        self.now -= size

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        result = function(*arguments, **(options or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.add(leaf)
        return result


def opened(folder, settings):
    """The network as training has it, and all forests of an epoch."""
    reader = target_reader(GROUPS, settings)
    groups, _ = split_validation(GROUPS, None, settings, reader)
    model = RewardModel.from_backbone(folder)
    network = model.network
    freeze(network, settings.trainable)
    if settings.gradient_checkpointing:
        network.model.activation_checkpointing_enable({"use_reentrant": False})
        for module in network.modules():
            module.training = type(module).__name__.endswith("DecoderLayer")
    (items,) = render_groups(model, settings, groups)
    targets = [reader(item.group, number) for number, item in enumerate(items)]
    steps = Steps(items, targets, network, settings)
    return model, items, [batch.trees for number in range(len(steps)) for batch in steps[number].micro_batches]


@pytest.mark.parametrize("case", CASES)
def test_arithmetic_and_memory_are_those_of_real_steps(tmp_path, case):
    family, changes = CASES[case]
    settings = TrainingSettings().with_changes({**RUN, **changes}, "test")
    # What one layer makes and drops is a smaller part of what six keep than of what two do.
    folder = tiny_model_folder(tmp_path / "backbone", family, config=DEEPER if family == "qwen2" else None)
    plan = plan_training(GROUPS, folder, settings=settings)
    model, items, forests = opened(folder, settings)
    network = model.network
    once = 0.0
    if case == "last:1":
        with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION) as counter:
            network.layout = cached_layout(model, items, settings.forward_tokens)
        # Whatever is checked on the way is no part of an epoch.
        once = plan.arithmetic.forward
    assert sum(len(tree) for trees in forests for tree in trees) == plan.workload.epoch.tokens

    forward = backward = 0
    for trees in forests:
        with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION) as counter:
            loss = network(trees).square().sum()
        forward += counter.get_total_flops()
        with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION) as counter:
            loss.backward()
        backward += counter.get_total_flops()
    assert plan.arithmetic.backward == pytest.approx(backward, rel=0.1)
    if not once:
        assert plan.arithmetic.forward == pytest.approx(forward, rel=0.1)
    else:
        assert forward < once < 2.5 * forward

    learning = [p for p in network.parameters() if p.requires_grad]
    assert sum(p.numel() for p in learning) == plan.learning
    optimizer = torch.optim.AdamW(learning)
    optimizer.step()
    largest = max(forests, key=lambda trees: sum(map(len, trees)))
    alive = Alive()
    for tensor in network.parameters():
        alive.add(tensor)
        if tensor.grad is not None:
            alive.add(tensor.grad)
    for state in optimizer.state.values():
        alive.add(state["exp_avg"])
        alive.add(state["exp_avg_sq"])
    with alive:
        network(largest).square().sum().backward()
    assert plan.memory.total == pytest.approx(alive.peak, rel=0.1)


def test_a_plan_that_does_not_fit_says_what_would_in_order(tmp_path, monkeypatch):
    small = Machine("small", 1, 1_000_000, 1e12)
    monkeypatch.setattr(planning, "machine_of", lambda text: small)
    plan = plan_training(GROUPS, tiny_model_folder(tmp_path / "b"), **{**RUN, "precision": "bf16"})
    assert plan.fits is False
    changes = [remedy.change for remedy in plan.remedies]
    first = ["gradient_checkpointing=true", "optimizer=adamw-8bit", "trainable=lora weights=bf16", "weights=4bit"]
    assert [one for one in changes if one in first] == first[: sum(one in first for one in changes)]
    sizes = [remedy.memory for remedy in plan.remedies]
    assert sizes == sorted(sizes, reverse=True)
    assert [remedy.fits for remedy in plan.remedies[:-1]] == [False] * (len(changes) - 1)
    assert plan.hours == pytest.approx(plan.arithmetic.total / (1e12 * 0.4 * 3600))


REMEDIES = {
    # What learns stays, and what the settings exclude goes with what they ask for.
    "a head": ({"trainable": "head"}, 1, ["weights=bf16", "weights=4bit"]),
    "adapters": (
        {"trainable": "lora:4", "compile": True},
        1,
        ["gradient_checkpointing=true compile=false", "optimizer=adamw-8bit", "weights=bf16", "weights=4bit"],
    ),
    "several, 8 bits": (
        {"optimizer": "adamw-8bit"},
        2,
        [
            "gradient_checkpointing=true",
            "sharding=fsdp optimizer=adamw",
            "trainable=lora weights=bf16",
            "weights=4bit sharding=none",
        ],
    ),
}


@pytest.mark.parametrize("case", REMEDIES)
def test_every_remedy_is_a_run_that_may_be_started(tmp_path, case):
    changes, count, expected = REMEDIES[case]
    skeleton = open_skeleton(tiny_model_folder(tmp_path / "b"))
    nothing = Amount.of([])
    planner = planning._Planner(
        skeleton, TrainingSettings(**changes, batch_tokens=1024), Machine("small", count, 1000, 1e12)
    )
    settings, words = planner.settings, []
    for change in planner._changes(1024, Workload(nothing, nothing, 1, 8, nothing)):
        words.append(" ".join(f"{name}={str(value).lower()}" for name, value in change.items()))
        settings = settings.with_changes(change, "test")
        check_run_wishes(settings, validated=True, validation_data=False)
        sharding_asked(settings, count)
    assert words == expected


@pytest.mark.parametrize(
    ("changes", "count", "says"),
    [
        ({"sharding": "fsdp"}, 1, "there is one; start several"),
        ({"sharding": "fsdp", "optimizer": "adamw-8bit"}, 2, "optimizer=adamw-8bit cannot be shared out"),
        ({"trainable": "head", "gradient_checkpointing": True}, 1, "saves the memory of layers that learn"),
    ],
)
def test_what_a_run_refuses_its_plan_refuses(changes, count, says):
    with pytest.raises(PlauditError, match=says):
        plan_training(GROUPS, "minilm-l6", gpus=f"{count}xl4", **changes)


def test_a_plan_for_gpus_takes_the_steps_that_a_run_on_them_takes(tmp_path):
    # 200 pairs are 400 responses, which no forest of 65,536 tokens is filled by, and 20 steps an epoch are 20 each.
    folder, groups = tiny_model_folder(tmp_path / "b"), judged(200, 3)
    pairs = [Group(group.id, group.prompt, group.responses[:2], (Ranking(((0,), (1,))),)) for group in groups]
    plan = plan_training(pairs, folder, gpus="8xl4", validation_share=0.0)
    assert (plan.batch_tokens, plan.workload.steps_per_epoch) == (65536, 20)
    # 20 pairs are 40 responses, and a step has 8 of them at least.
    plan = plan_training(pairs[:20], folder, gpus="8xl4", validation_share=0.0)
    assert plan.workload.steps_per_epoch == 5


def test_what_a_plan_cannot_tell_it_leaves_open(tmp_path):
    folder = tiny_model_folder(tmp_path / "b")
    # Attention by segments copies keys, so a run stays at its default; nor are the table's speeds those of fp32.
    plan = plan_training(GROUPS, folder, gpus="l4", attention="segments", precision="fp32")
    assert (plan.batch_tokens, plan.most_tokens, plan.hours) == (2048, None, None)
    other = plan_training(GROUPS, folder, gpus="l4", attention="flex", precision="fp32", batch_tokens=2048)
    assert plan.memory.activations > other.memory.activations


def test_gpus_are_told_by_number_and_name():
    assert machine_of("8xh100") == Machine("h100", 8, 80_000_000_000, 989e12)
    assert machine_of("L4") == Machine("l4", 1, 24_000_000_000, 121e12)
    assert _known("NVIDIA A100-SXM4-80GB") == "a100-80gb"
    assert _known("NVIDIA H100 PCIe") == "h100-pcie"
    assert _known("NVIDIA H100 80GB HBM3") == "h100"
    assert _known("NVIDIA T4") is None
    for wrong in ("h1000", "0xh100", "8x"):
        with pytest.raises(PlauditError, match="it must be N x NAME"):
            machine_of(wrong)
    with pytest.raises(PlauditError, match="9,999 GPUs at most"):
        machine_of("10000xh100")


def test_what_is_no_plan_is_refused():
    with pytest.raises(PlauditError, match="bow takes no steps"):
        plan_training(GROUPS, "bow")
    with pytest.raises(PlauditError, match="mfu is 2"):
        plan_training(GROUPS, "minilm-l6", mfu=2.0)
    with pytest.raises(PlauditError, match=r"there is no GPU of a known speed; name GPUs, such as --gpus 1xh100"):
        plan_training(GROUPS, "minilm-l6", mfu=0.3)
    with pytest.raises(PlauditError, match="the speeds of GPUs that are known are of bf16; use precision=bf16"):
        plan_training(GROUPS, "minilm-l6", gpus="1xl4", mfu=0.3, precision="fp32")
    with pytest.raises(PlauditError, match="weights=4bit is of frozen weights"):
        plan_training(GROUPS, "minilm-l6", weights="4bit")
