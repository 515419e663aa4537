"""How much memory a training run of many pairs takes, all processes of the machine together, and how soon it steps.

Pairs of about 400 tokens are made, every prompt another, and `plaudit train` is started on them: alone and in several
processes, with an empty cache and with a filled one. What counts is the proportional set size (PSS) of the whole tree
of processes, in which a page that several share counts once; its two parts are anonymous memory, and mapped files (of
which the libraries are some, and which the kernel takes back when it needs room). Printed are the peak, the time to the
first step, and what the cache takes on disk. Then an epoch's steps are read without computing them, so that every page
of the tokens was looked at. The model is tiny, so that what is measured is the data.

    python benchmarks/million_pairs.py                                # 20,000, 100,000, 200,000 pairs; 1, 2 processes
    python benchmarks/million_pairs.py --pairs 2000 --processes 1
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import Job, in_own_process, table

WORDS = 8_000
"""Different words, each a token."""

SECONDS = 5
"""After its first step, a run goes on for so long, and then it is ended."""


def make_pairs(path: Path, pairs: int, seed: int = 0) -> None:
    """TRL rows of about 400 tokens: a prompt of 100 words that both answers share, and answers of 100 each."""
    numbers = random.Random(seed)

    def text(words: int) -> str:
        return " ".join(f"w{number}" for number in numbers.choices(range(WORDS), k=words))

    with path.open("w", encoding="utf-8") as file:
        for pair in range(pairs):
            answers = {side: text(numbers.randint(50, 150)) for side in ("chosen", "rejected")}
            file.write(json.dumps({"prompt": f"p{pair} {text(98)}", **answers}) + "\n")


def make_backbone(folder: Path) -> None:
    """A random Llama of 16 dimensions over whole words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    names = ["<pad>", "<eos>", "<unk>", *(f"w{number}" for number in range(WORDS))]
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(names)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=512, **special).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(names), pad_token_id=0, eos_token_id=1, **sizes)).save_pretrained(
        folder
    )


def tree_of(pid: int) -> list[int]:
    """A process and all that it started, directly or not."""
    try:
        tasks = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [pid, *(one for text in tasks for child in text.split() for one in tree_of(int(child)))]


def memory_of(pid: int) -> dict[str, float]:
    """PSS of a tree of processes in MiB: all, anonymous, of files."""
    total = {"Pss": 0.0, "Pss_Anon": 0.0, "Pss_File": 0.0}
    for one in tree_of(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE):
            if name in total:
                total[name] += int(kilobytes) / 1024
    return total


def train(file: Path, backbone: Path, folder: Path, processes: int) -> dict[str, Any]:
    """Start a run, and look at it twice a second until it steps: its peak, and the seconds to its first step."""
    plaudit = ["-m", "plaudit.cli"]
    if processes > 1:
        plaudit = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", *plaudit]
    settings = {
        "epochs": 1,
        "trainer.logging_steps": 1,
        "groups_per_step": 32,
        "precision": "fp32",
        "validation_share": 0.002,
        "baselines": "none",
        "report_to": "none",
    }
    command = [sys.executable, *plaudit, "train", str(file), "-o", str(folder / "model"), "-b", str(backbone)]
    command += ["--overwrite", *(f"--set={name}={value}" for name, value in settings.items())]
    log = folder / "log.txt"
    environment = {**os.environ, "PLAUDIT_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    started, first, peak = time.perf_counter(), 0.0, {"Pss": 0.0}
    with log.open("w") as out:
        run = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        while run.poll() is None and (not first or time.perf_counter() - started < first + SECONDS):
            time.sleep(0.5)
            if not first and "step 1/" in log.read_text():
                first = time.perf_counter() - started
            peak = max(peak, memory_of(run.pid), key=lambda one: one["Pss"])
    if not first:
        raise SystemExit(log.read_text())
    for pid in tree_of(run.pid):
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.kill(pid, signal.SIGKILL)
    run.wait()
    return {**peak, "first": first}


def read_epoch(job: Job) -> dict[str, float]:
    """Read every step of an epoch, and compute none: memory at the end, and milliseconds a step."""
    from plaudit.data import judgements_of, open_groups
    from plaudit.model import RewardModel
    from plaudit.training import TrainingSettings
    from plaudit.training.group_targets import read_targets
    from plaudit.training.reader import target_reader
    from plaudit.training.run.rendering import groups_of_items, render_groups
    from plaudit.training.run.split import split_validation
    from plaudit.training.steps import Steps

    groups, settings = open_groups(job["file"]), TrainingSettings(validation_share=0.002, groups_per_step=32)
    reader = target_reader(judgements_of(groups), settings)
    model = RewardModel.from_backbone(job["backbone"])
    items, _ = render_groups(model, settings, *split_validation(groups, None, settings, reader))
    steps = Steps(items, read_targets(groups_of_items(items), reader, numbered=True), model.network, settings)
    started = time.perf_counter()
    for step in range(steps.steps_per_epoch):
        steps[step]
    spent = time.perf_counter() - started
    return {**memory_of(os.getpid()), "step": 1000 * spent / steps.steps_per_epoch}


def size_of(folder: Path) -> float:
    """MiB of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, nargs="+", default=[20_000, 100_000, 200_000])
    options.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    options.add_argument("--job", type=json.loads, help=argparse.SUPPRESS)
    wanted = options.parse_args()
    if wanted.job:
        print(json.dumps(read_epoch(wanted.job)))
        return
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        backbone = Path(temporary, "backbone")
        make_backbone(backbone)
        for pairs in wanted.pairs:
            folder = Path(temporary, f"{pairs}")
            folder.mkdir()
            make_pairs(folder / "pairs.jsonl", pairs)
            for processes in wanted.processes:
                subprocess.run(["rm", "-rf", str(folder / "cache")], check=True)
                for cache in ("empty", "filled"):
                    run = train(folder / "pairs.jsonl", backbone, folder, processes)
                    figures = [f"{run[name]:,.0f}" for name in ("Pss", "Pss_Anon", "Pss_File", "first")]
                    disk = f"{size_of(folder / 'cache'):,.0f}"
                    lines.append([f"{pairs:,}", str(processes), cache, *figures, disk])
            os.environ["PLAUDIT_CACHE"] = str(folder / "cache")
            job = {"file": str(folder / "pairs.jsonl"), "backbone": str(backbone)}
            # The first of two writes the groups: the command line sets rows aside, and its groups are others.
            _, read = (in_own_process(__file__, job) for _ in range(2))
            figures = [f"{read[name]:,.0f}" for name in ("Pss", "Pss_Anon", "Pss_File")]
            lines.append([f"{pairs:,}", "1", f"an epoch read, {read['step']:.1f} ms a step", *figures, "", ""])
    columns = ["pairs", "processes", "cache", "PSS MiB", "anonymous", "of files", "first step s", "on disk MiB"]
    print(table(columns, lines))


if __name__ == "__main__":
    main()
