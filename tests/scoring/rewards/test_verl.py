"""veRL's own workers and managers, loaded from its wheel, get what `plaudit score` gives, by either route."""

import asyncio
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from serving.served import scores_of_file
from serving.wheels import load_file, unpacked_wheel
from tiny import tiny_tokenizer

from plaudit.errors import GroupError, InvalidInputError, PlauditError, TooLongError
from plaudit.groups import Group
from plaudit.scoring import PlauditRewardManager, keep_prompt, verl_reward, write_reward_file

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


class Table(SimpleNamespace):
    """As far as it is used here, a table of OmegaConf's."""

    def get(self, name, default=None):
        return getattr(self, name, default)


def configuration(model, *, file=None, function=None, **settings):
    """veRL's, with what our documentation says to set.

    Args:
        model: of `reward.plaudit`; None where a file names it.
        file: a reward file, whose manager is loaded.
        function: a reward file, whose function is loaded.
        settings: others of `reward.plaudit`.
    """
    name = "RewardManager" if file else PlauditRewardManager.__name__
    module = SimpleNamespace(path=str(file or "pkg://plaudit.scoring"), name="custom_reward_manager")
    return SimpleNamespace(
        reward=Table(
            plaudit=None if model is None else {"model": str(model), **settings},
            reward_manager=SimpleNamespace(source="importlib", name=name, module=module),
            custom_reward_function=Table(path=function and str(function), name="compute_score"),
            reward_model=SimpleNamespace(enable=False),
        )
    )


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
        manager.loop = asyncio.get_running_loop()  # veRL's own managers have theirs from Ray's worker
        return await asyncio.gather(*(manager.run_single(batch[n : n + 1]) for n in range(len(batch))))

    return asyncio.run(ask())


@pytest.mark.parametrize("by_file", [False, True], ids=["by name", "by file"])
def test_its_worker_gets_the_scores_of_a_file(verl, source, by_file, offline, tmp_path):
    """Half of the answers are cut, and are scored as they are: this is about the scores."""
    if by_file:
        write_reward_file(source, "verl", tmp_path / "reward.py")
        config = configuration(None, file=tmp_path / "reward.py")
        config.reward.plaudit = (
            {"unfinished": "score", "token": "s3cret"} if "://" in str(source) else {"unfinished": "score"}
        )
    else:
        config = configuration(source, unfinished="score")
    worker = verl.reward_loop.RewardLoopWorker.__new__(verl.reward_loop.RewardLoopWorker)
    worker.config = config
    worker.reward_manager = verl.reward.load_reward_manager(
        config, tiny_tokenizer(), reward_router_address=None, reward_model_tokenizer=None
    )
    batch = batch_of(CONVERSATIONS, ended=lambda number: number % 2 == 0)
    outputs = asyncio.run(worker.compute_score_batch(batch))
    rewards = [output["reward_score"] for output in outputs]
    np.testing.assert_allclose(rewards, offline, rtol=1e-5, atol=1e-5)
    info = [output["reward_extra_info"] for output in outputs]
    assert {tuple(one) for one in info} == {("reward_tokens", "reward_cut", "reward_unfinished")}
    assert [one["reward_unfinished"] for one in info] == [0.0, 1.0] * 32
    assert {output["reward_extra_info"]["reward_cut"] for output in outputs} == {0.0}
    placed = verl.reward.resolve_reward_manager_cls(config).assemble_rm_scores(batch, rewards)
    ends = batch.batch["attention_mask"][:, 64:].sum(1) - 1
    np.testing.assert_allclose(placed[torch.arange(64), ends], rewards, rtol=1e-6)
    assert int((placed != 0).sum()) == 64


def test_it_has_what_the_base_of_its_own_managers_has(verl):
    base = verl.base.RewardManagerBase
    offered = {name for name in vars(base) if not name.startswith("_")} - {"init_class"}
    assert offered == {"run_single", "assemble_rm_scores"} <= set(dir(PlauditRewardManager))


def test_a_cut_answer_never_pays(folder, offline):
    manager = PlauditRewardManager(configuration(folder), tiny_tokenizer(), None)
    ended, cut = batch_of(CONVERSATIONS), batch_of(CONVERSATIONS, ended=lambda number: False)
    rewards = [output["reward_score"] for output in score_batch(manager, ended)]
    np.testing.assert_allclose(rewards, offline, rtol=1e-5, atol=1e-5)
    replaced = [output["reward_score"] for output in score_batch(manager, cut)]
    np.testing.assert_allclose(replaced, min(offline), rtol=1e-5, atol=1e-5)


@pytest.fixture
def naive(verl, monkeypatch):
    """The manager that calls a function of one's own."""
    (module,) = [name for name in STUBS if name.endswith("reward_loop.reward_manager")]
    monkeypatch.setattr(sys.modules[module], "register", lambda name: lambda kind: kind)
    file = Path(verl.base.__file__).with_name("naive.py")
    return load_file(monkeypatch, file, "verl_naive").NaiveRewardManager


def test_its_manager_gets_the_scores_from_the_function_of_a_file(verl, naive, source, offline, tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_TOKEN", "s3cret")
    write_reward_file(source, "verl", tmp_path / "reward.py")
    config = configuration(None, function=tmp_path / "reward.py")
    rows = [
        keep_prompt({"prompt": [{"role": "user", "content": prompt}], "extra_info": {"index": number}})
        for number, (prompt, _) in enumerate(CONVERSATIONS)
    ]
    columns = {
        "extra_info": np.array([row["extra_info"] for row in rows], dtype=object),
        "data_source": np.array(["sums"] * 64),
        "reward_model": np.array([{"ground_truth": ""}] * 64, dtype=object),
    }
    manager = naive(config, tiny_tokenizer(), verl.reward.get_custom_reward_fn(config))
    outputs = score_batch(manager, batch_of(CONVERSATIONS, **columns))
    np.testing.assert_allclose([output["reward_score"] for output in outputs], offline, rtol=1e-5, atol=1e-5)
    assert {tuple(output["reward_extra_info"]) for output in outputs} == {("score", "reward_tokens", "reward_cut")}


def test_a_function_needs_the_prompt(folder):
    compute_score = verl_reward(folder)
    prompt = np.array([{"role": "user", "content": PROMPTS[0]}], dtype=object)  # as Parquet has a list
    assert compute_score("sums", "so", None, {"prompt": prompt}) == compute_score(
        "sums", "so", None, {"prompt": PROMPTS[0]}
    )
    for extra_info in (None, {}, {"index": 3}):
        with pytest.raises(InvalidInputError, match=r"no \"prompt\".*keep_prompt"):
            compute_score("sums", "so", None, extra_info)
        with pytest.raises(InvalidInputError, match="keep_prompt"):
            asyncio.run(compute_score.compute_score("sums", "so", None, extra_info))


def test_without_verl_it_gives_the_scores_of_a_file(source, offline):
    manager = PlauditRewardManager(configuration(source), tiny_tokenizer(), None)
    outputs = score_batch(manager, batch_of(CONVERSATIONS))
    np.testing.assert_allclose([output["reward_score"] for output in outputs], offline, rtol=1e-5, atol=1e-5)


def test_a_long_answer_is_told_or_ends_the_run(source):
    long = batch_of([("why", "the sea and the air " * 60)], width=512)
    with pytest.raises(TooLongError) as error:
        score_batch(PlauditRewardManager(configuration(source), tiny_tokenizer(), None), long)
    # It crosses from veRL's worker to its trainer.
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)
    manager = PlauditRewardManager(configuration(source, truncate_responses=True), tiny_tokenizer(), None)
    assert score_batch(manager, long)[0]["reward_extra_info"]["reward_cut"] == 1


@pytest.mark.parametrize(
    ("settings", "address", "message"),
    [
        ({"model": ""}, None, "names no reward model; add"),
        ({"model": "http://h", "timeout": 3}, None, "reward.plaudit has no setting 'timeout'"),
        ({"model": "http://h", "unfinished": "zero"}, None, "it must be lowest, score or a number"),
        ({"model": "./nowhere"}, None, "no model folder './nowhere'"),
        ({"model": "http://h"}, "10.0.0.1:30000", "set reward.reward_model.enable=False"),
    ],
)
def test_a_wrong_configuration_is_said_at_the_start(settings, address, message):
    with pytest.raises(PlauditError, match=message):
        PlauditRewardManager(configuration(**settings), tiny_tokenizer(), None, address)


def test_what_it_cannot_score_raises(source):
    manager = PlauditRewardManager(configuration(source), tiny_tokenizer(), None)
    with pytest.raises(InvalidInputError, match="a sample has 4 turns"):
        score_batch(manager, batch_of(CONVERSATIONS[:1], __num_turns__=np.array([4])))
    with pytest.raises(InvalidInputError, match="return_raw_chat=True"):
        score_batch(manager, batch_of(CONVERSATIONS[:1], raw_prompt=np.array([None])))
    picture = np.empty(1, dtype=object)
    picture[0] = [{"role": "user", "content": [{"type": "image", "image": "a.png"}]}]
    with pytest.raises(GroupError, match="image"):
        score_batch(manager, batch_of(CONVERSATIONS[:1], raw_prompt=picture))
