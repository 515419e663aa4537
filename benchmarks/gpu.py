"""Plaudit on one GPU: each attention against fp64, then training and scoring beside TRL and beside padding.

Nothing is needed but the repository: weights and lengths are drawn. Sections run alone (`--sections training`); what
does not run, or has no time left, says why in place of a figure. On a CPU the same code runs with tiny models, which
says whether it runs, and nothing of a GPU.

    python benchmarks/gpu.py                          # one H200: under nine minutes
    python benchmarks/gpu.py --device cpu --tiny      # a minute, as in CI
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gpu_sides as sides
import torch
from common import table, versions
from gpu_sides import SHAPES, SHORT, TINY, WORKLOADS, Job, Lengths

from plaudit.errors import PlauditError
from plaudit.forest import Forest
from plaudit.forest.attentions.choice import attention_named
from plaudit.forest.attentions.protocols import LayerOptions
from plaudit.forest.attentions.segments import SEGMENTS

PEAK = 989e12
"""Dense bfloat16 operations a second of an H100 or H200, by NVIDIA's data sheet."""

ATTENTIONS = ("segments", "varlen", "flex")

Figures = dict[str, Any]


@dataclass
class Run:
    """What was asked for, and what is left of the time."""

    options: argparse.Namespace
    ends: float
    gemm: float | None = None
    results: dict[str, list[Figures]] = field(default_factory=dict)

    @property
    def device(self) -> str:
        device: str = self.options.device
        return device

    @property
    def workloads(self) -> dict[str, Lengths]:
        return SHORT if self.options.tiny else WORKLOADS

    def measured(self, section: str, about: Figures, measure: Callable[[], Figures]) -> None:
        """Keep what `measure` says, or why it says nothing."""
        if time.monotonic() > self.ends:
            figures: Figures = {"not_measured": "no time left"}
        else:
            try:
                figures = measure()
            except (RuntimeError, ImportError, PlauditError) as error:
                figures = {"not_measured": f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"}
        self.results.setdefault(section, []).append({**about, **figures})
        print(json.dumps({"section": section, **about, **figures}), flush=True)
        sides.release()

    def job(self, model: str, workload: str) -> Job:
        """Steps of four full forests; of two where models are tiny."""
        tiny = self.options.tiny
        shape = (TINY if tiny else SHAPES)[model]
        lengths = self.workloads[workload]
        budget = 256 if tiny else self.options.batch_tokens
        full = 2 if tiny else 4
        steps = [lengths.trees(full * budget, shape.vocabulary, seed) for seed in range(2 if tiny else 6)]
        return Job(shape, steps, lengths.responses, budget, self.device)


# ---- sections ---------------------------------------------------------------------------------------------------


def gemm(run: Run) -> None:
    """What a matrix product reaches here: the roof of every other figure."""

    def measure() -> Figures:
        size = 256 if run.options.tiny else 8192
        a, b = (torch.randn(size, size, device=run.device, dtype=torch.bfloat16) for _ in range(2))
        seconds = _seconds(run.device, lambda: a @ b, 3 if run.options.tiny else 50)
        run.gemm = 2 * size**3 / seconds
        return {"tflops": run.gemm / 1e12}

    run.measured("gemm", {"size": "256" if run.options.tiny else "8192"}, measure)


def kernels(run: Run) -> None:
    """Every attention against segments in float64: the largest gap, relative to the largest value; and its time."""
    shape = (TINY if run.options.tiny else SHAPES)["8B"]
    dtype = torch.bfloat16 if run.device == "cuda" else torch.float32
    for workload, lengths in run.workloads.items():
        trees = lengths.trees(256 if run.options.tiny else 8192, shape.vocabulary)
        for name in ATTENTIONS:

            def measure(name: str = name, trees: Any = trees) -> Figures:
                attend = attention_named(name, run.device)
                forest = Forest.plant(trees, multiple=attend.multiple, device=run.device)
                exact = _attended(SEGMENTS, forest, _drawn(shape, forest, torch.float64))
                near = _attended(attend, forest, _drawn(shape, forest, dtype))
                gaps = [_gap(one[..., _real(forest, one), :, :], two[..., _real(forest, two), :, :])
                        for one, two in zip(exact, near, strict=True)]  # fmt: skip
                inputs = _drawn(shape, forest, dtype)
                seconds = _seconds(run.device, lambda: _attended(attend, forest, inputs), 2 if run.options.tiny else 10)
                return {"gap": gaps[0], "gradient_gap": max(gaps[1:]), "milliseconds": 1000 * seconds}

            run.measured("kernels", {"workload": workload, "attention": name, "dtype": str(dtype)[6:]}, measure)


def training(run: Run) -> None:
    """Useful tokens a second of whole steps."""
    # Tiny: once with all weights, once with adapters.
    models = {"1B": ["HH pairs"], "8B": ["K = 8"]} if run.options.tiny else {model: list(WORKLOADS) for model in SHAPES}
    for model, workloads in models.items():
        for workload in workloads:
            job = run.job(model, workload)
            about = {"model": model, "workload": workload}
            for attention, options in _variants(run, model, workload):

                def ours(job: Job = job, attention: str = attention, options: dict[str, bool] = options) -> Figures:
                    network = sides.forest_network(job, attention, **options)
                    return _rated(run, job, sides.train_for(job, network, sides.forest_step(job, network), _time(run)))

                side = " + ".join([attention, *(name for name, on in options.items() if on)])
                run.measured("training", {**about, "side": side}, ours)

            def padded(job: Job = job) -> Figures:
                network = sides.padded_network(job)
                return _rated(run, job, sides.train_for(job, network, sides.padded_step(job, network), _time(run)))

            def trl(job: Job = job) -> Figures:
                return _rated(run, job, sides.train_trl(job))

            run.measured("training", {**about, "side": "padded, by length"}, padded)
            run.measured("training", {**about, "side": "TRL, tuned"}, trl)


def launches(run: Run) -> None:
    """Kernels that a step starts, and times that the host waits for the GPU in it."""
    job = run.job("1B", "HH pairs")
    for attention in ATTENTIONS:

        def measure(attention: str = attention) -> Figures:
            if run.device != "cuda":
                raise RuntimeError("there is no GPU to count on")
            network = sides.forest_network(job, attention)
            step = sides.forest_step(job, network)
            step(job.groups[0])
            sides.wait(run.device)
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
                step(job.groups[1])
                sides.wait(run.device)
            # Copies are no kernels.
            started = sum(event.count for event in profile.key_averages() if "emcpy" not in event.key)
            torch.cuda.set_sync_debug_mode("warn")
            try:
                with warnings.catch_warnings(record=True) as waits:
                    warnings.simplefilter("always")
                    step(job.groups[2])
            finally:
                torch.cuda.set_sync_debug_mode("default")
            return {"kernels": started, "syncs": sum("synchroniz" in str(wait.message) for wait in waits)}

        run.measured("launches", {"attention": attention}, measure)


def scoring(run: Run) -> None:
    """Responses a second where many candidates answer one prompt."""
    lengths = run.workloads["UltraFeedback, K = 4"]
    for candidates in (16, 64):
        job = run.job("3B", "UltraFeedback, K = 4")
        job.groups = [
            Lengths(lengths.trunk, lengths.branch, candidates).trees(job.budget, job.shape.vocabulary, seed)
            for seed in range(2)
        ]
        for side in (*ATTENTIONS, "padded, by length"):

            def measure(job: Job = job, side: str = side) -> Figures:
                padded = side not in ATTENTIONS
                network = sides.padded_network(job) if padded else sides.forest_network(job, side, learns=False)
                score = _padded_scores if padded else _forest_scores
                with torch.inference_mode():
                    score(job, network, job.groups[0])
                    sides.wait(run.device)
                    began = time.perf_counter()
                    count = sum(score(job, network, trees) for trees in job.groups)
                    sides.wait(run.device)
                return {"responses_per_second": count / (time.perf_counter() - began)}

            run.measured("scoring", {"candidates": candidates, "side": side}, measure)


SECTIONS = {"gemm": gemm, "kernels": kernels, "training": training, "launches": launches, "scoring": scoring}


# ---- parts of sections ------------------------------------------------------------------------------------------


def _variants(run: Run, model: str, workload: str) -> list[tuple[str, dict[str, bool]]]:
    """Everything with everything on pairs at 3B; elsewhere what is chosen by default, alone and with all that helps."""
    plain, both = {"compiled": False, "liger": False}, {"compiled": True, "liger": True}
    if model == "3B" and workload == "HH pairs" and run.device == "cuda":
        mixed = [{"compiled": True, "liger": False}, {"compiled": False, "liger": True}]
        return [(name, options) for name in ATTENTIONS for options in (plain, *mixed, both)]
    if run.device != "cuda":
        return [(name, plain) for name in ATTENTIONS]
    return [("varlen", plain), ("varlen", both)]


def _time(run: Run) -> float:
    """Seconds of steps that one figure takes."""
    return 0.0 if run.options.tiny else 3.0


def _rated(run: Run, job: Job, figures: Figures) -> Figures:
    """With the arithmetic that a second of useful tokens stands for."""
    operations = sum(sides.arithmetic(job.shape, step) for step in job.groups) / job.useful
    reached = operations * figures["tokens_per_second"]
    figures["mfu"] = reached / PEAK if run.device == "cuda" else None
    figures["of_gemm"] = reached / run.gemm if run.gemm and run.device == "cuda" else None
    return figures


def _forest_scores(job: Job, network: Any, trees: Any) -> int:
    from plaudit.forest import pack

    parts = [part for tree in trees for part in tree.split(job.budget)]
    for forest in pack([len(part) for part in parts], job.budget):
        with job.autocast():
            network([parts[i] for i in forest])
    return sum(len(tree.branches) for tree in trees)


def _padded_scores(job: Job, network: Any, trees: Any) -> int:
    rows = sorted((sequence for tree in trees for sequence in tree.sequences), key=len, reverse=True)
    count = len(rows)
    while rows:
        size = max(1, job.budget // len(rows[0]))
        sides.padded_rewards(job, network, rows[:size])
        rows = rows[size:]
    return count


def _drawn(shape: Any, forest: Forest, dtype: torch.dtype) -> list[torch.Tensor]:
    """Queries, keys, values and the output's gradient, the same in every precision."""
    generator, tokens, dim = torch.Generator().manual_seed(0), len(forest.order), shape.hidden // shape.heads
    row = torch.from_numpy(forest.order).to(forest.tokens.device)
    tensors = []
    for heads in (shape.heads, shape.kv_heads, shape.kv_heads, shape.heads):
        placed = torch.zeros(1, heads, forest.tokens.shape[1], dim, dtype=dtype, device=row.device)
        drawn = torch.randn(1, heads, tokens, dim, generator=generator).bfloat16()
        placed[:, :, row] = drawn.to(row.device, dtype)
        tensors.append(placed)
    return tensors


def _attended(attend: Any, forest: Forest, drawn: list[torch.Tensor]) -> list[torch.Tensor]:
    """The output and the gradients of queries, keys and values, tokens before heads."""
    query, key, value = (tensor.detach().requires_grad_() for tensor in drawn[:3])
    out = attend(query, key, value, forest, LayerOptions(query.shape[-1] ** -0.5))
    gradients = torch.autograd.grad(out, (query, key, value), drawn[3].transpose(1, 2))
    return [out.detach(), *(gradient.transpose(1, 2) for gradient in gradients)]


def _real(forest: Forest, tensor: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(forest.order).to(tensor.device)


def _gap(exact: torch.Tensor, near: torch.Tensor) -> float:
    return ((exact - near.double()).abs().max() / exact.abs().max()).item()


def _seconds(device: str, work: Callable[[], Any], repeats: int) -> float:
    """Of one call, on average, after a first."""
    work()
    sides.wait(device)
    began = time.perf_counter()
    for _ in range(repeats):
        work()
    sides.wait(device)
    return (time.perf_counter() - began) / repeats


# ---- tables -----------------------------------------------------------------------------------------------------


def tables(results: dict[str, list[Figures]]) -> str:
    """All sections as Markdown."""
    parts = []
    for section, rows in results.items():
        rivals = {
            (row["model"], row["workload"], row["side"]): row.get("tokens_per_second")
            for row in rows
            if section == "training"
        }
        if rivals:
            for row in rows:
                for name, side in (("over TRL", "TRL, tuned"), ("over padded", "padded, by length")):
                    other, ours = rivals[row["model"], row["workload"], side], row.get("tokens_per_second")
                    row[name] = ours / other if ours and other else None
        columns = list(dict.fromkeys(key for row in rows for key in row if key != "not_measured"))
        lines = [[_cell(row.get(column)) for column in columns] for row in rows]
        notes = dict.fromkeys(row["not_measured"] for row in rows if "not_measured" in row)
        parts.append(
            "\n\n".join([f"## {section}", table(columns, lines), *(f"Not measured: {note}" for note in notes)])
        )
    return "\n\n".join(parts)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return (
        f"{value:.3g}"
        if isinstance(value, float) and value < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--tiny", action="store_true", help="models of two layers: whether it runs, not how fast")
    parser.add_argument("--sections", default=",".join(SECTIONS), help=f"by comma, of {', '.join(SECTIONS)}")
    parser.add_argument("--batch-tokens", type=int, default=16384, help="of a forward pass")
    parser.add_argument("--minutes", type=float, default=8.5, help="what is not begun by then is not measured")
    parser.add_argument("--output", type=Path, help="a JSON file for all figures")
    options = parser.parse_args()
    if unknown := set(options.sections.split(",")) - set(SECTIONS):
        parser.error(f"no section {unknown.pop()}; there are {', '.join(SECTIONS)}")
    if options.device == "cpu" and not options.tiny:
        parser.error("models of these sizes are for a GPU; on a CPU, add --tiny")
    run = Run(options, time.monotonic() + 60 * options.minutes)
    for name in options.sections.split(","):
        SECTIONS[name](run)
    text = tables(run.results)
    machine = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    if options.output:
        about = {"machine": machine, "versions": versions(), "batch_tokens": options.batch_tokens, "tiny": options.tiny}
        options.output.write_text(json.dumps({**about, **run.results}, indent=2) + "\n")
    print(f"\n{machine}, {json.dumps(versions())}\n\n{text}")


if __name__ == "__main__":
    main()
