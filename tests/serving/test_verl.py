"""veRL's own worker, loaded from its wheel, gets from a server what `plaudit score` gives."""

import asyncio
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from serving.served import scores_of_file
from serving.wheels import load_file, unpacked_wheel
from tiny import tiny_tokenizer

from plaudit.errors import GroupError, InvalidInputError, TooLongError
from plaudit.groups import Group
from plaudit.serving import PlauditRewardManager

RELEASE = "verl==0.9.1"
PROMPTS = ["why is the sky blue", "please answer", "the cat sat on the mat"]
CONVERSATIONS = [(PROMPTS[n % 3], f"because {n} the air") for n in range(64)]
# What its files import that is not installed here, or would import the rest of it.
STUBS = [
    *("omegaconf", "ray", "ray.actor", "tensordict", "verl", "verl.protocol", "verl.single_controller"),
    *(
        "verl.single_controller.ray",
        "verl.single_controller.ray.base",
        "verl.trainer",
        "verl.trainer.ppo",
        "verl.utils",
    ),
    *("verl.utils.fs", "verl.utils.ray_utils", "verl.utils.reward_score", "verl.experimental"),
    *("verl.experimental.reward_loop", "verl.experimental.reward_loop.reward_model"),
    "verl.experimental.reward_loop.reward_manager",
]


class Batch:
    """As far as it is used here, a `DataProto`: tensors and other columns of the same rows."""

    def __init__(self, batch, non_tensor_batch):
        self.batch = batch
        self.non_tensor_batch = non_tensor_batch

    def __len__(self):
        return len(self.batch["responses"])

    def __getitem__(self, rows):
        columns = (
            {name: values[rows] for name, values in part.items()} for part in (self.batch, self.non_tensor_batch)
        )
        return type(self)(*columns)


def batch_of(conversations, *, ended=lambda number: True, width=64, **columns):
    """A batch as veRL's agent loop makes it: prompts padded at the left, answers at the right.

    Args:
        conversations: (prompt, answer) each.
        ended: whether the answer of this number stops at the end of turn; else it is cut by length.
        width: of prompts and of answers, in tokens.
        columns: others of the samples.
    """
    tokenizer = tiny_tokenizer()
    tensors = {"prompts": torch.zeros(len(conversations), width, dtype=torch.long)}
    tensors["responses"] = torch.full_like(tensors["prompts"], tokenizer.pad_token_id)
    tensors["attention_mask"] = torch.zeros(len(conversations), 2 * width, dtype=torch.long)
    messages = np.empty(len(conversations), dtype=object)
    for number, (prompt, answer) in enumerate(conversations):
        written = f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        asked = tokenizer(written, add_special_tokens=False)["input_ids"]
        said = tokenizer(answer + "<|im_end|>" * ended(number), add_special_tokens=False)["input_ids"]
        tensors["prompts"][number, width - len(asked) :] = torch.tensor(asked)
        tensors["responses"][number, : len(said)] = torch.tensor(said)
        tensors["attention_mask"][number, width - len(asked) : width + len(said)] = 1
        messages[number] = [{"role": "user", "content": prompt}]
    turns = np.full(len(conversations), 2)
    return Batch(tensors, {"raw_prompt": messages, "__num_turns__": turns, **columns})


def configuration(url, **settings):
    """veRL's, with what its documentation says to set."""
    name = PlauditRewardManager.__name__
    module = SimpleNamespace(path="pkg://plaudit.serving.verl", name="custom_reward_manager")

    class Reward(SimpleNamespace):
        def get(self, name):
            return getattr(self, name, None)

    return SimpleNamespace(
        reward=Reward(
            plaudit={"url": url, **settings},
            reward_manager=SimpleNamespace(source="importlib", name=name, module=module),
            custom_reward_function=SimpleNamespace(path=None, get=lambda name: None),
            reward_model=SimpleNamespace(enable=False),
        )
    )


@pytest.fixture(scope="module")
def url(guarded):
    return guarded.url


@pytest.fixture(scope="module")
def offline(folder, tmp_path_factory):
    groups = [Group(f"{n}", prompt, (answer,)) for n, (prompt, answer) in enumerate(CONVERSATIONS)]
    return scores_of_file(folder, groups, tmp_path_factory.mktemp("offline"))


@pytest.fixture
def verl(request, monkeypatch):
    """Its modules: `reward` finds the manager, `reward_loop` asks it, and `base` is what its own derive from."""
    pytest.importorskip("aiohttp")
    (package,) = (path.parent for path in unpacked_wheel(request.config, RELEASE).rglob("verl/protocol.py"))
    load_file(monkeypatch, package / "utils" / "import_utils.py", "verl.utils.import_utils", STUBS)
    modules = {"reward": "verl.trainer.ppo.reward", "reward_loop": "verl.experimental.reward_loop.reward_loop",
               "base": "verl.experimental.reward_loop.reward_manager.base"}  # fmt: skip
    loaded = {key: load_file(monkeypatch, package.parent / f"{name.replace('.', '/')}.py", name)
              for key, name in modules.items()}  # fmt: skip
    return SimpleNamespace(**loaded)


def score_batch(manager, batch):
    async def ask():
        return await asyncio.gather(*(manager.run_single(batch[n : n + 1]) for n in range(len(batch))))

    return asyncio.run(ask())


def test_its_worker_gets_the_scores_of_a_file(verl, url, offline):
    config = configuration(url)
    worker = verl.reward_loop.RewardLoopWorker.__new__(verl.reward_loop.RewardLoopWorker)
    worker.config = config
    worker.reward_manager = verl.reward.load_reward_manager(
        config, tiny_tokenizer(), reward_router_address=None, reward_model_tokenizer=None
    )
    batch = batch_of(CONVERSATIONS, ended=lambda number: number % 2 == 0)
    outputs = asyncio.run(worker.compute_score_batch(batch))
    rewards = [output["reward_score"] for output in outputs]
    np.testing.assert_allclose(rewards, offline, rtol=1e-5, atol=1e-5)
    assert {tuple(output["reward_extra_info"]) for output in outputs} == {("reward_tokens", "reward_cut")}
    assert {output["reward_extra_info"]["reward_cut"] for output in outputs} == {0.0}
    placed = verl.reward.resolve_reward_manager_cls(config).assemble_rm_scores(batch, rewards)
    ends = batch.batch["attention_mask"][:, 64:].sum(1) - 1
    np.testing.assert_allclose(placed[torch.arange(64), ends], rewards, rtol=1e-6)
    assert int((placed != 0).sum()) == 64


def test_it_has_what_the_base_of_its_own_managers_has(verl):
    base = verl.base.RewardManagerBase
    offered = {name for name in vars(base) if not name.startswith("_")} - {"init_class"}
    assert offered == {"run_single", "assemble_rm_scores"} <= set(dir(PlauditRewardManager))


def test_without_verl_it_gives_the_scores_of_a_file(url, offline):
    manager = PlauditRewardManager(configuration(url), tiny_tokenizer(), None)
    outputs = score_batch(manager, batch_of(CONVERSATIONS))
    np.testing.assert_allclose([output["reward_score"] for output in outputs], offline, rtol=1e-5, atol=1e-5)


def test_a_cut_answer_is_told_or_ends_the_run(url):
    long = batch_of([("why", "the sea and the air " * 60)], width=512)
    with pytest.raises(TooLongError) as error:
        score_batch(PlauditRewardManager(configuration(url), tiny_tokenizer(), None), long)
    # It crosses from veRL's worker to its trainer.
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)
    manager = PlauditRewardManager(configuration(url, truncate_responses=True), tiny_tokenizer(), None)
    assert score_batch(manager, long)[0]["reward_extra_info"]["reward_cut"] == 1


@pytest.mark.parametrize(
    ("settings", "address", "message"),
    [
        ({"url": ""}, None, "names no reward server; add"),
        ({"url": "http://h", "timeout": 3}, None, "reward.plaudit has no setting 'timeout'"),
        ({"url": "h:8000"}, None, "begins with http"),
        ({"url": "http://h"}, "10.0.0.1:30000", "set reward.reward_model.enable=False"),
    ],
)
def test_a_wrong_configuration_is_said_at_the_start(settings, address, message):
    with pytest.raises(InvalidInputError, match=message):
        PlauditRewardManager(configuration(**settings), tiny_tokenizer(), None, address)


def test_what_it_cannot_score_raises(url):
    manager = PlauditRewardManager(configuration(url), tiny_tokenizer(), None)
    with pytest.raises(InvalidInputError, match="a sample has 4 turns"):
        score_batch(manager, batch_of(CONVERSATIONS[:1], __num_turns__=np.array([4])))
    with pytest.raises(InvalidInputError, match="return_raw_chat=True"):
        score_batch(manager, batch_of(CONVERSATIONS[:1], raw_prompt=np.array([None])))
    picture = np.empty(1, dtype=object)
    picture[0] = [{"role": "user", "content": [{"type": "image", "image": "a.png"}]}]
    with pytest.raises(GroupError, match="image"):
        score_batch(manager, batch_of(CONVERSATIONS[:1], raw_prompt=picture))
