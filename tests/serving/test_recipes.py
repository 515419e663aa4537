"""What docs/serving-trainers.md tells to do for other trainers, with what their wheels have."""

import ast
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from serving.served import scores_of_file
from serving.wheels import load_file, unpacked_wheel

from plaudit.groups import Group

PAGE = Path(__file__).parents[2] / "docs" / "serving-trainers.md"
CONVERSATIONS = [("why is the sky blue", f"because {n} the air") for n in range(16)]


@pytest.fixture(scope="module")
def url(guarded):
    return guarded.url


@pytest.fixture(scope="module")
def offline(folder, tmp_path_factory):
    groups = [Group(f"{n}", prompt, (answer,)) for n, (prompt, answer) in enumerate(CONVERSATIONS)]
    return scores_of_file(folder, groups, tmp_path_factory.mktemp("offline"))


def function_in(file, name, **names):
    """One function of a file, alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    (node,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
    exec(ast.unparse(node), names)
    return names[name]


def test_llama_factory(request, url, offline):
    requests = pytest.importorskip("requests")
    (file,) = unpacked_wheel(request.config, "llamafactory==0.9.5").rglob("train/ppo/ppo_utils.py")
    ask = function_in(file, "get_rewards_from_server", requests=requests, json=json, torch=torch)
    texts = [
        f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>"
        for prompt, answer in CONVERSATIONS
    ]
    rewards = ask(f"{url}/v1/score/evaluation", texts)
    np.testing.assert_allclose(rewards, offline, rtol=1e-5, atol=1e-5)
    with pytest.raises(KeyError, match="scores"):
        ask(f"{url}/v1/score/evaluation", ["<s>[INST] why [/INST] because</s>"])


def test_ms_swift(request, monkeypatch, url, offline):
    package = unpacked_wheel(request.config, "ms-swift==4.6.0") / "swift"
    stubs = {name: MagicMock(name=name) for name in ("swift", "swift.infer_engine", "swift.dataset")}
    load_file(monkeypatch, package / "rewards" / "orm.py", "swift.rewards", stubs)
    rows = function_in(
        package / "dataset" / "preprocessor" / "core.py", "rows_to_batched", List=list, Dict=dict, Any=None
    )
    sys.modules["swift.dataset"].RowPreprocessor = SimpleNamespace(rows_to_batched=rows)
    (plugin,) = (
        code for code in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) if "swift" in code
    )
    exec(plugin.replace("http://any:TOKEN@host:8000", url), {})
    compute = function_in(
        package / "rl_core" / "grpo_algorithm.py",
        "compute_rewards_per_func",
        List=list, Dict=dict, Optional=MagicMock(), Callable=None, Any=None, GRPOSample=None,
        torch=torch, nn=torch.nn, _is_async_reward=lambda func: False,
    )  # fmt: skip
    samples = []
    for prompt, answer in CONVERSATIONS:
        messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        samples.append(
            SimpleNamespace(messages=messages, to_reward_row=lambda messages=messages: {"messages": messages})
        )
    rewards = compute(samples, [sys.modules["swift.rewards"].orms["plaudit"]()], None, torch.device("cpu"))
    np.testing.assert_allclose(rewards[:, 0], offline, rtol=1e-5, atol=1e-5)
