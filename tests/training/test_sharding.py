"""Whether a model is shared out, and what is refused; training itself is in test_many_processes.py."""

import errno

import pytest
import tiny
import torch
from interrupting import interrupted
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.errors import PlauditError
from plaudit.model import RewardModel, checking_a_copy, parameter_counts
from plaudit.model.self_check import shallow_copy
from plaudit.training import TrainingSettings
from plaudit.training.run.folder import whole_checkpoints
from plaudit.training.sharded_trainer import ShardedRewardTrainer
from plaudit.training.sharding import check_checkpoint, choose_sharding

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return str(toy_backbone(tmp_path_factory.mktemp("backbone")))


def chosen(backbone, processes=2, device=CPU, **changes):
    return choose_sharding(TrainingSettings().with_changes(changes, "test"), backbone, processes, device)


def test_a_model_is_shared_out_where_that_is_asked_for(backbone):
    assert chosen(backbone, sharding="fsdp")
    assert not chosen(backbone, sharding="none")
    assert not chosen(backbone)
    assert not chosen(backbone, processes=1)


def test_a_head_alone_needs_no_sharding(backbone, caplog):
    assert not chosen(backbone, sharding="fsdp", trainable="head")
    assert "a head that learns alone needs none" in caplog.text


# 5,216 parameters; 4,704 learn by default, at 20 bytes each, the others have 4: 96,128 bytes. With a LoRA of rank 4
# there are 7,264, and 2,064 learn: 41,280 + 5,200 * 4 = 62,080; in bf16 41,280 + 10,400 = 51,680.
@pytest.mark.parametrize(
    ("changes", "needed"),
    [({}, 96_128), ({"trainable": "lora:4"}, 62_080), ({"trainable": "lora:4", "weights": "bf16"}, 51_680)],
)
def test_auto_shares_out_what_does_not_fit_a_gpu(backbone, monkeypatch, changes, needed):
    for free, sharded in ((needed / 0.75 + 1, False), (needed / 0.75 - 1, True)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _, free=free: (free, 2 * free))
        assert chosen(backbone, device=GPU, **changes) is sharded


def test_counts_of_parameters_read_no_weights(backbone):
    network = RewardModel.from_backbone(backbone).network
    assert parameter_counts(backbone, "all")[0] == sum(p.numel() for p in network.parameters())
    assert parameter_counts(backbone, "head")[1] == 16


REFUSED = {
    "one process": ({"sharding": "fsdp"}, 1, r"there is one; start several: torchrun"),
    "8 bits": ({"sharding": "fsdp", "optimizer": "adamw-8bit"}, 2, "optimizer=adamw-8bit cannot be shared out"),
    "4 bits": ({"sharding": "fsdp", "trainable": "lora", "weights": "4bit"}, 2, "weights=4bit cannot be shared"),
}


@pytest.mark.parametrize(("changes", "processes", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_a_line(backbone, changes, processes, says):
    with pytest.raises(PlauditError, match=says) as caught:
        chosen(backbone, processes=processes, **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arguments", [{"sharding": "deepspeed"}, {"trainer": {"deepspeed": "zero3.json"}}])
def test_deepspeed_is_refused_in_a_sentence(arguments):
    with pytest.raises(PlauditError, match="takes an optimiser step after every forest") as caught:
        TrainingSettings(**arguments)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_what_it_is_without_sharding(tmp_path, monkeypatch):
    from torch.distributed.checkpoint.api import CheckpointException

    from plaudit.training import sharding

    full = OSError(errno.ENOSPC, "No space left on device")

    def failing(state, checkpoint_id):
        raise CheckpointException("write", {1: (full, None)})

    monkeypatch.setattr(sharding, "_state", lambda network, optimizer: {})
    monkeypatch.setattr(sharding, "save", failing)
    with pytest.raises(OSError, match="No space left") as caught:
        sharding.save_shards(None, None, tmp_path)
    assert caught.value is full


# --- the self-check of a copy ------------------------------------------------------------------------------------


def kinds(network):
    return {*(getattr(network.config, "layer_types", None) or ())}


@pytest.mark.parametrize("family", ["llama", "gemma3", "gpt2", "gpt-oss", "bert", "modernbert"])
def test_a_copy_of_two_layers_is_checked_for_the_whole(family, tmp_path):
    folder = tiny.tiny_model_folder(tmp_path, family)
    whole = RewardModel.from_backbone(folder, device="cpu").network
    copy = shallow_copy(whole, CPU)
    # Gemma 3 has layers of two kinds, the second of which is its sixth.
    assert copy.config.get_text_config().num_hidden_layers == 2
    assert kinds(copy) == kinds(whole)
    state = torch.random.get_rng_state()
    with checking_a_copy(CPU):
        checked = RewardModel.from_backbone(folder, device="cpu").network
    assert torch.equal(torch.random.get_rng_state(), state), "the copy's weights were drawn from the run's numbers"
    assert checked.layout == whole.layout


def test_a_run_is_not_resumed_with_shares_where_it_began_with_copies_nor_the_other_way_round(backbone, tmp_path):
    options = {"epochs": 2, "report_to": "none", "baselines": "none"}
    with interrupted():
        plaudit.train(toy_groups(20), tmp_path / "run", backbone, **options)
    [checkpoint] = whole_checkpoints(tmp_path / "run")
    check_checkpoint(checkpoint, sharded=False)
    with pytest.raises(PlauditError, match=r"holds copies .* would make shares; resume with --sharding none"):
        check_checkpoint(checkpoint, sharded=True)
    (checkpoint / "sharded").mkdir()
    with pytest.raises(PlauditError, match=r"holds shares .* would make copies; resume with --sharding fsdp, in two"):
        plaudit.train(toy_groups(20), tmp_path / "run", backbone, **options, resume=True)
    assert whole_checkpoints(tmp_path / "run") == [checkpoint]


def test_the_folder_of_a_checkpoint_is_there_when_transformers_looks_for_the_best(tmp_path):
    # Saving twice, as every process does.
    for _ in range(2):
        ShardedRewardTrainer.save_model(None, str(tmp_path / "checkpoints" / "checkpoint-8"), _internal_call=True)
    assert (tmp_path / "checkpoints" / "checkpoint-8").is_dir()
