"""The benchmark for a GPU, run whole with tiny models on a CPU, so that it is ready on the day there is one."""

import json
import math
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from plaudit.forest import Tree

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def sides():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return pytest.importorskip("gpu_sides")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def benchmark(monkeypatch):
    """Run the benchmark with tiny models, in this process."""

    def run(*options):
        script = str(BENCHMARKS / "gpu.py")
        monkeypatch.syspath_prepend(str(BENCHMARKS))
        monkeypatch.setattr(sys, "argv", [script, "--device", "cpu", "--tiny", *options])
        runpy.run_path(script, run_name="__main__")

    return run


@pytest.mark.filterwarnings("ignore")
def test_every_section_runs_on_a_cpu_and_says_what_it_cannot_measure(benchmark, tmp_path, capsys):
    pytest.importorskip("trl")
    output = tmp_path / "figures.json"
    benchmark("--output", str(output))
    results = json.loads(output.read_text())
    assert results["machine"] == "CPU" and results["tiny"]
    gaps = {(row["workload"], row["attention"]): row for row in results["kernels"]}
    for (_, attention), row in gaps.items():
        if attention == "flex":
            assert "does not support backward on CPU" in row["not_measured"]
        else:
            assert row["gap"] < 1e-5 and row["gradient_gap"] < 1e-5
    assert len(gaps) == 9
    for row in results["training"]:
        assert ("not_measured" in row) == (row["side"] == "flex"), row
        assert row.get("tokens_per_second", 1) > 0
    assert {row["side"] for row in results["training"]} >= {"segments", "varlen", "padded, by length", "TRL, tuned"}
    assert all("no GPU" in row["not_measured"] for row in results["launches"])
    assert {row["candidates"] for row in results["scoring"]} == {16, 64}
    assert "Not measured" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")
def test_what_has_no_time_left_is_not_measured(benchmark, capsys):
    benchmark("--sections", "gemm", "--minutes", "-1")
    assert "Not measured: no time left" in capsys.readouterr().out


def test_both_sides_have_one_loss_and_one_gradient(sides):
    import torch

    lengths = sides.Lengths(9, 5, 3)
    job = sides.Job(sides.TINY["1B"], [lengths.trees(60, 320)], 3, 64, "cpu")
    forest, padded = sides.forest_network(job, "varlen"), sides.padded_network(job)
    sides.forest_step(job, forest)(job.groups[0])
    sides.padded_step(job, padded)(job.groups[0])
    for (name, one), other in zip(forest.named_parameters(), padded.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        if one.grad is not None:
            assert torch.allclose(one.grad, other.grad, atol=1e-6), name


def test_arithmetic_by_hand(sides):
    # One layer of 8 dimensions: queries and outputs 8 x 8, keys and values 8 x 4, three matrices 8 x 16.
    shape = sides.Shape(hidden=8, mlp=16, layers=1, heads=2, kv_heads=1)
    assert shape.layer_parameters == 2 * 64 + 2 * 32 + 3 * 128
    trees = [Tree(np.array([2, 3]), (np.array([4]), np.array([5])))]
    # 4 tokens. The trunk's see 1 and 2, each branch's sees 3: 9 in all.
    assert sides.arithmetic(shape, trees) == 6 * 576 * 4 + 3 * 4 * 8 * 9
    lora = sides.Shape(hidden=8, mlp=16, layers=1, heads=2, kv_heads=1, trainable="lora:2")
    assert sides.arithmetic(lora, trees) == 4 * 576 * 4 + 3 * 4 * 8 * 9


def test_lengths_are_on_average_what_they_are_called(sides):
    trees = sides.Lengths(150, 48, 2).trees(400_000, 1000)
    for mean, lengths in ((150, [len(tree.trunk) for tree in trees]), (48, [len(tree.branches[0]) for tree in trees])):
        # The standard deviation of a lognormal length is its mean times sqrt(exp(s^2) - 1), s = 0.8.
        error = mean * math.sqrt(math.expm1(0.64)) / math.sqrt(len(trees))
        assert abs(np.mean(lengths) - mean) < 4 * error + 1
