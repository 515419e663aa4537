"""Training speed and memory: Plaudit beside TRL's `RewardTrainer`, on the same comparisons, backbone and machine.

Four kinds of data: pairs with long shared prompts (HH), rankings of 4 and of 9 (TRL gets every pair they imply), and
hands of 16 from a graph in which each argument is compared with many (UKP). TRL runs at its defaults and tuned:
activations not recomputed, batches of like length, the best of several batch sizes. Every run is a process of its own,
the sides take turns, and a figure is comparisons a second over all a side's runs, from the start of training to the end
of the last step (loading, tokenising and saving left out on both sides).

    python benchmarks/training.py                         # the speed table; about fifteen minutes on 2 cores
    python benchmarks/training.py --losses                # the same pairs in the same batches: are the losses the same?
    python benchmarks/training.py --graph                 # time to one accuracy on debates never trained on
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import (
    Clock,
    Job,
    TrlSettings,
    backbone_folder,
    in_own_process,
    pairs_of,
    peak_rss,
    plain_scores,
    table,
    tokens_of,
    trl_row,
    trl_rows,
    trl_train,
    ukp_groups,
    versions,
)
from ukp import correct, split
from workloads import shared_tokens, workload

from plaudit.groups import Group

BATCHES = (4, 8, 16)
"""Pairs a step that tuned TRL chooses from."""

STEPS = {"pairs": 32, "K=4": 16, "K=9": 7, "graph": 4}
"""Name -> Plaudit's groups a step: about 64 responses, its own choice for a data set of some thousands of groups."""

SHARES = {"pairs": 2.0, "K=4": 4.0, "K=9": 12.0, "graph": 12.0}
"""Name -> how many times TRL's comparisons Plaudit is given, so that the two sides' runs last about as long."""


# ---- one run, in a process of its own -------------------------------------------------------------------------------


def run_trl(job: Job) -> dict[str, Any]:
    """TRL over a random sample of `comparisons` pairs of the workload's."""
    from transformers import AutoTokenizer

    folder = backbone_folder(job["backbone"])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = trl_rows(workload(job["workload"], job["comparisons"], tokenizer), tokenizer)
    if len(rows) > job["comparisons"]:
        rows = random.Random(0).sample(rows, job["comparisons"])
    settings = TrlSettings(batch=job["batch"], bf16=job["bf16"])
    if job["side"] == "tuned":
        settings = replace(settings, gradient_checkpointing=False, sampling="group_by_length")
    with Clock().on_every_trainer() as clock:
        trl_train(rows, folder, settings)
    return {"comparisons": len(rows), "seconds": clock.seconds[-1], "peak": peak_rss()}


def run_plaudit(job: Job) -> dict[str, Any]:
    """`plaudit.train`, one pass over the workload's groups in steps of the size it chooses on larger sets."""
    from transformers import AutoTokenizer

    from plaudit.training import train

    tokenizer = AutoTokenizer.from_pretrained(backbone_folder(job["backbone"]))
    groups = workload(job["workload"], job["comparisons"], tokenizer)
    with tempfile.TemporaryDirectory() as output, Clock().on_every_trainer() as clock:
        train(groups, output, job["backbone"], **_once(job["bf16"], groups_per_step=STEPS[job["workload"]]))
    lengths, shared = [], []
    for group in groups:
        sides = [tokens_of(tokenizer, group.prompt, response) for response in group.responses]
        lengths += [len(side) for side in sides]
        shared.append(shared_tokens(sides))
    text = {"tokens": sum(lengths) / len(lengths), "shared": sum(shared) / len(shared)}
    compared = sum(len(pairs_of(group)) for group in groups)
    return {"comparisons": compared, "seconds": clock.seconds[-1], "peak": peak_rss(), **text}


def _once(bf16: bool, **more: Any) -> dict[str, Any]:
    """Plaudit's settings for one pass: nothing held out, no curves written, every parameter trained, as TRL does."""
    precision = "bf16" if bf16 else "fp32"
    fixed = {"epochs": 1, "validation_share": 0.0, "report_to": "none", "trainable": "all"}
    return {**fixed, "precision": precision, **more}


def run_losses(job: Job) -> dict[str, Any]:
    """Both sides in float32 from one checkpoint, over the same pairs in the same batches at one learning rate."""
    from plaudit.model import RewardModel
    from plaudit.training import TrainingSettings, train
    from plaudit.training.reader import target_reader
    from plaudit.training.steps import Steps

    with tempfile.TemporaryDirectory() as scratch:
        start = Path(scratch) / "start"
        model = RewardModel.from_backbone(job["backbone"])
        model.save(start)
        groups = workload("pairs", job["steps"] * job["batch"], model.tokenizer)[: job["steps"] * job["batch"]]
        options = {"hand": 16, "groups_per_step": job["batch"], "batch_tokens": 4096, "seed": 0}
        judged = list(map(target_reader(groups, TrainingSettings()), groups))
        steps = Steps(list(model.renderer.render(groups)), judged, model.network, TrainingSettings(epochs=1, **options))
        rows = []
        for number in range(len(steps)):
            for part in steps[number].micro_batches:
                tokens = [tree.sequences[i].tolist() for tree in part.trees for i in range(len(tree.sequences))]
                rows += [
                    trl_row(tokens[a], tokens[b])
                    for a, b in zip(part.targets.comparisons.better, part.targets.comparisons.worse, strict=True)
                ]
        del model, steps
        settings = TrlSettings(
            job["batch"], learning_rate=5e-5, gradient_checkpointing=False, sampling="sequential", bf16=False
        )
        _, theirs = trl_train(rows, start, settings)
        plain = {
            "centering": 0.0,
            "head_learning_rate_factor": 1.0,
            "weight_decay": 0.0,
            "warmup": 0.0,
            "learning_rate": 5e-5,
        }
        with Clock().on_every_trainer() as clock:
            train(groups, Path(scratch) / "out", start, **_once(False, **plain, **options))
    return {"trl": theirs, "plaudit": clock.losses}


def run_graph(job: Job) -> dict[str, Any]:
    """Accuracy on the fold's three debates as training on the other nine goes on."""
    from transformers import AutoTokenizer

    from plaudit.model import RewardModel
    from plaudit.training import TrainingSettings, train

    learn, test = split(ukp_groups(), job["fold"])
    folder = backbone_folder(job["backbone"])
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def accuracy(scores: Sequence[Sequence[float]]) -> float:
        every = [value for group, row in zip(test, scores, strict=True) for value in correct(group, row)]
        return sum(every) / len(every)

    if job["side"] == "plaudit":
        clock = Clock(lambda network: accuracy(_scores(RewardModel(network, tokenizer), test)), job["every"])
        own = TrainingSettings()
        settings = {**_once(job["bf16"]), "trainable": own.trainable, "epochs": job["epochs"] or own.epochs}
        with tempfile.TemporaryDirectory() as output, clock.on_every_trainer():
            train(learn, output, job["backbone"], **settings)
    else:
        clock = Clock(lambda model: accuracy(plain_scores(model, tokenizer, test)), job["every"])
        tuned = TrlSettings(
            batch=16,
            gradient_checkpointing=False,
            sampling="group_by_length",
            bf16=job["bf16"],
            warmup=0.1,
            max_steps=job["steps"],
        )
        with clock.on_every_trainer():
            trl_train(trl_rows(learn, tokenizer), folder, tuned)
    return {"curve": clock.curve, "seconds": clock.seconds[-1], "peak": peak_rss()}


def _scores(model: Any, groups: Sequence[Group]) -> list[list[float]]:
    return [[score.score for score in row] for row in model.score(groups)]


RUNS = {"default": run_trl, "tuned": run_trl, "plaudit": run_plaudit, "losses": run_losses, "graph": run_graph}


# ---- the tables -----------------------------------------------------------------------------------------------------


def speed_table(options: argparse.Namespace) -> None:
    """Choose TRL's batch on short runs, then let the sides take turns until the time is spent."""
    began = time.monotonic()
    common = {"backbone": options.backbone, "bf16": options.precision == "bf16"}
    run = lambda **job: in_own_process(__file__, {**common, **job})  # noqa: E731
    trial = {"side": "tuned", "workload": "pairs", "comparisons": options.trial}
    tried = {batch: run(**trial, batch=batch) for batch in BATCHES}
    rates = {batch: result["comparisons"] / result["seconds"] for batch, result in tried.items()}
    batch = max(BATCHES, key=lambda b: rates[b])
    print("tuned TRL, pairs/s by batch:", ", ".join(f"{b}: {rate:.2f}" for b, rate in rates.items()), flush=True)
    # 5 runs a workload (TRL's defaults once, the others twice), each with about 12 s of starting up.
    left = options.budget_seconds - (time.monotonic() - began)
    seconds = max(5.0, left / (5 * len(options.workloads)) - 12)
    count = max(2 * batch, round(rates[batch] * seconds / batch) * batch)
    lines = []
    for name in options.workloads:
        sides: dict[str, list[dict[str, Any]]] = {"default": [], "tuned": [], "plaudit": []}
        for side in ["tuned", "plaudit", "default", "plaudit", "tuned"]:
            wanted = round(count * SHARES[name]) if side == "plaudit" else count
            job = {"side": side, "workload": name, "comparisons": wanted}
            sides[side].append(run(**job, batch=8 if side == "default" else batch))
        lines.append(_speed_line(name, sides))
        print(lines[-1], flush=True)
    header = ["data", "tokens (shared)", "TRL default", "TRL tuned", "Plaudit", "x default", "x tuned", "peak MiB"]
    print(f"\nComparisons a second, {options.backbone}, {options.precision}, {json.dumps(versions())}")
    print(table(header, lines))


def _speed_line(name: str, sides: dict[str, list[dict[str, Any]]]) -> list[str]:
    rate = {s: sum(r["comparisons"] for r in runs) / sum(r["seconds"] for r in runs) for s, runs in sides.items()}
    each = {s: [r["comparisons"] / r["seconds"] for r in runs] for s, runs in sides.items()}
    turns = [ours / theirs for ours, theirs in zip(each["plaudit"], each["tuned"], strict=True)]
    text = sides["plaudit"][0]
    return [
        name,
        f"{text['tokens']:.0f} ({text['shared']:.0f})",
        *(f"{rate[side]:.2f}" for side in ("default", "tuned", "plaudit")),
        f"{rate['plaudit'] / rate['default']:.1f}",
        f"{rate['plaudit'] / rate['tuned']:.1f} ({min(turns):.1f} to {max(turns):.1f})",
        " / ".join(f"{max(r['peak'] for r in sides[side]):.0f}" for side in ("default", "tuned", "plaudit")),
    ]


def loss_table(options: argparse.Namespace) -> None:
    """The losses of both sides, step by step, and their largest difference."""
    result = in_own_process(__file__, {"run": "losses", "backbone": options.backbone, "steps": 8, "batch": 4})
    gaps = [abs(a - b) for a, b in zip(result["trl"], result["plaudit"], strict=True)]
    rows = [[str(i + 1), f"{a:.6f}", f"{b:.6f}"] for i, (a, b) in enumerate(zip(*result.values(), strict=True))]
    print(table(["step", "TRL", "Plaudit"], rows))
    print(f"largest difference: {max(gaps):.1e}")


def graph_table(options: argparse.Namespace) -> None:
    """Both curves of held-out accuracy, and the times at which each reached TRL's best."""
    job = {"run": "graph", "backbone": options.backbone, "fold": options.fold, "bf16": options.precision == "bf16"}
    ours = in_own_process(__file__, {**job, "side": "plaudit", "every": 5.0, "epochs": options.epochs})
    theirs = in_own_process(__file__, {**job, "side": "trl", "every": 30.0, "steps": options.steps})
    for name, result in (("Plaudit", ours), ("TRL tuned", theirs)):
        points = ", ".join(f"{seconds:.0f} s {accuracy:.3f}" for seconds, accuracy in result["curve"])
        print(f"{name} (peak {result['peak']:.0f} MiB): {points}")
    best_at, best = max(theirs["curve"], key=lambda point: (point[1], -point[0]))
    reached = next((seconds for seconds, accuracy in ours["curve"] if accuracy >= best), None)
    print(f"TRL's best, {best:.3f}, took it {best_at:.0f} s; ", end="")
    print(f"Plaudit {reached:.0f} s, {best_at / reached:.1f} times less" if reached else "Plaudit did not reach it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--losses", action="store_true", help="compare losses instead of speed")
    parser.add_argument("--graph", action="store_true", help="compare times to one accuracy instead of speed")
    parser.add_argument("--backbone", help="a packaged name or a folder; default smollm2-135m, for --graph minilm-l6")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16", help="of both sides' matrix products")
    parser.add_argument("--budget-seconds", type=float, default=900.0, help="about how long the speed table may take")
    parser.add_argument("--trial", type=int, default=32, help="pairs of each run that chooses TRL's batch")
    parser.add_argument("--workloads", nargs="+", choices=SHARES, default=list(SHARES))
    parser.add_argument("--fold", type=int, default=0, help="--graph: which of benchmarks/ukp.py's folds")
    parser.add_argument("--steps", type=int, default=-1, help="--graph: TRL's steps of 16 pairs; default one epoch")
    parser.add_argument("--epochs", type=int, help="--graph: Plaudit's passes; default its own")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        job = json.loads(options.job)
        return print(json.dumps(RUNS[job.get("run") or job["side"]](job)))
    options.backbone = options.backbone or ("minilm-l6" if options.graph else "smollm2-135m")
    return (loss_table if options.losses else graph_table if options.graph else speed_table)(options)


if __name__ == "__main__":
    main()
