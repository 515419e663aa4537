"""Best of 16: scoring sixteen answers to each of many prompts with one trained model.

Plaudit's forests beside plain `transformers` in length-sorted padded batches and beside sentence-transformers'
`CrossEncoder`, all on one exported folder, in float32, each at the best of several batch sizes. Every run is a process
of its own and the sides take turns; loading is left out, tokenising is in. The scores must agree, or the run stops.

Useful operations are those no method can avoid without changing the model: for each *distinct* token of a prompt's
tree, 2 a weight of every linear layer it passes; for each query and each key it may attend to, 4 a unit and layer
(two products of 2). An encoder's responses share nothing. The rate is useful operations over seconds, and its fraction
is of the rate of one large square float32 matrix product, measured between the runs.

    python benchmarks/scoring.py                          # smollm2-135m, about five minutes on 2 cores
    python benchmarks/scoring.py --backbone minilm-l6
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import Job, in_own_process, peak_rss, table, tokens_of, versions
from workloads import shared_tokens, synthetic

from plaudit.groups import Group, as_messages, plain_text

RESPONSES = 16

Scorer = Callable[[list[Group], int], list[float]]
"""(groups, batch) -> scores of all responses in order."""


def questions(count: int) -> list[Group]:
    """`count` prompts of about 120 words with 16 answers of about 60."""
    numbers = random.Random(0)
    return [synthetic(RESPONSES, numbers, prompt=120, response=60) for _ in range(count)]


# ---- the three ways; each loads its model and returns a scorer ------------------------------------------------------


def forest(folder: str) -> Scorer:
    """Plaudit; a batch is tokens of one forward pass."""
    from plaudit.model import RewardModel

    model = RewardModel.from_pretrained(folder)
    return lambda groups, batch: [s.score for row in model.score(groups, batch_tokens=batch) for s in row]


def padded(folder: str) -> Scorer:
    """Plain transformers: tokenise, sort by length, pad each batch to its longest."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()

    def score(groups: list[Group], batch: int) -> list[float]:
        if tokenizer.chat_template:
            texts = tokenizer.apply_chat_template(_chats(groups), tokenize=False)
            encoded = tokenizer(texts, add_special_tokens=False)
        else:
            encoded = tokenizer(*zip(*_pairs(groups), strict=True))
        order = sorted(range(len(encoded["input_ids"])), key=lambda i: -len(encoded["input_ids"][i]))
        scores = [0.0] * len(order)
        with torch.inference_mode():
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                rows = {name: [values[i] for i in chosen] for name, values in encoded.items()}
                inputs = tokenizer.pad(rows, return_tensors="pt", padding_side="right")
                for i, value in zip(chosen, model(**inputs).logits[:, 0].tolist(), strict=True):
                    scores[i] = value
        return scores

    return score


def cross_encoder(folder: str) -> Scorer:
    """sentence-transformers; conversations for a model with a chat template, sentence pairs for one without."""
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(folder, activation_fn=torch.nn.Identity(), device="cpu")
    inputs = _chats if model.tokenizer.chat_template else _pairs
    return lambda groups, batch: model.predict(inputs(groups), batch_size=batch, show_progress_bar=False).tolist()


def _chats(groups: list[Group]) -> Any:
    return [as_messages(g.prompt, "user") + as_messages(r, "assistant") for g in groups for r in g.responses]


def _pairs(groups: list[Group]) -> Any:
    return [(plain_text(g.prompt), plain_text(r)) for g in groups for r in g.responses]


WAYS: dict[str, tuple[Callable[[str], Scorer], tuple[int, ...]]] = {
    "Plaudit": (forest, (2048, 4096, 8192)),
    "padded": (padded, (8, 16, 32)),
    "CrossEncoder": (cross_encoder, (8, 16, 32)),
}
"""Name -> how it is loaded, and the batches it chooses from (tokens for Plaudit, responses for the others)."""


# ---- measuring ------------------------------------------------------------------------------------------------------


def run(job: Job) -> dict[str, Any]:
    """Score `prompts` questions with each of `batches`, after a warm-up on one."""
    import torch

    torch.set_grad_enabled(False)
    score = WAYS[job["way"]][0](job["folder"])
    groups = questions(job["prompts"])
    score(groups[:1], job["batches"][0])
    seconds = {}
    scores: list[float] = []
    for batch in job["batches"]:
        began = time.perf_counter()
        scores = score(groups, batch)
        seconds[batch] = time.perf_counter() - began
    return {"seconds": seconds, "scores": scores, "peak": peak_rss()}


def useful_operations(job: Job) -> dict[str, Any]:
    """Useful floating-point operations of scoring the questions, and the tokens they are about."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(job["folder"])
    model = AutoModelForSequenceClassification.from_pretrained(job["folder"])
    config, causal = model.config, hasattr(model, "score")
    heads = ("score", "classifier", "pooler")  # read one token of each response; left out, as are embeddings
    weights = sum(
        module.weight.numel()
        for name, module in model.named_modules()
        if type(module).__name__ == "Linear" and not set(name.split(".")) & set(heads)
    )
    tokens = attended = whole = 0
    for group in questions(job["prompts"]):
        rows = [len(tokens_of(tokenizer, group.prompt, response)) for response in group.responses]
        whole += sum(rows)
        if causal:
            trunk = shared_tokens([tokens_of(tokenizer, group.prompt, response) for response in group.responses])
            branches = [n - trunk for n in rows]
            tokens += trunk + sum(branches)
            attended += trunk * (trunk + 1) // 2 + sum(b * trunk + b * (b + 1) // 2 for b in branches)
        else:
            tokens += sum(rows)
            attended += sum(n * n for n in rows)
    width = config.num_attention_heads * getattr(config, "head_dim", config.hidden_size // config.num_attention_heads)
    operations = 2 * weights * tokens + 4 * width * config.num_hidden_layers * attended
    return {"operations": operations, "tokens": tokens, "whole": whole}


def matmul_rate(job: Job) -> float:
    """This machine's float32 operations a second in a 2048 x 2048 x 2048 matrix product, the best of 20."""
    import torch

    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    best = float("inf")
    for _ in range(20):
        began = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - began)
    return 2 * 2048**3 / best


JOBS: dict[str, Callable[[Job], Any]] = {"run": run, "useful": useful_operations, "matmul": matmul_rate}


def print_table(options: argparse.Namespace) -> None:
    from plaudit.model import RewardModel

    with tempfile.TemporaryDirectory() as scratch:
        folder = str(Path(scratch) / "model")
        RewardModel.from_backbone(options.backbone).save(folder)
        job = {"folder": folder, "prompts": options.prompts}
        useful = in_own_process(__file__, {"do": "useful", **job})
        trial = {"do": "run", **job, "prompts": max(1, options.prompts // 4)}
        batch = {}
        for way, (_, batches) in WAYS.items():
            tried = in_own_process(__file__, {**trial, "way": way, "batches": batches})["seconds"]
            batch[way] = min(batches, key=lambda b: tried[str(b)])
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        peaks = []
        for _ in range(options.rounds):
            peaks.append(in_own_process(__file__, {"do": "matmul"}))
            for way in WAYS:
                runs[way].append(in_own_process(__file__, {"do": "run", **job, "way": way, "batches": [batch[way]]}))
    reference = runs["padded"][0]["scores"]
    size = max(map(abs, reference))
    seconds = {way: [float(r["seconds"][str(batch[way])]) for r in rows] for way, rows in runs.items()}
    peak = max(peaks)
    lines = []
    for way, rows in runs.items():
        gap = max(abs(a - b) for a, b in zip(rows[0]["scores"], reference, strict=True)) / size
        if gap > 1e-4:
            raise SystemExit(f"{way}'s scores differ from the padded ones by {gap:.1e} of their size")
        mean = sum(seconds[way]) / options.rounds
        turns = [a / b for a, b in zip(seconds[way], seconds["Plaudit"], strict=True)]
        rate = useful["operations"] / mean
        lines.append(
            [
                way,
                str(batch[way]),
                f"{options.prompts * RESPONSES / mean:.1f}",
                f"{sum(turns) / len(turns):.1f} ({min(turns):.1f} to {max(turns):.1f})",
                f"{rate / 1e9:.0f}",
                f"{rate / peak:.2f}",
                f"{max(row['peak'] for row in rows):.0f}",
                f"{gap:.0e}",
            ]
        )
    print(f"{options.prompts} prompts x {RESPONSES} answers, {options.backbone}, float32, {json.dumps(versions())}")
    print(f"{useful['whole']} tokens as whole sequences, {useful['tokens']} useful; ", end="")
    print(f"matrix product {peak / 1e9:.0f} GFLOP/s")
    head = ["way", "batch", "answers/s", "time / Plaudit's", "useful GFLOP/s", "of matmul", "peak MiB", "score gap"]
    print(table(head, lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="smollm2-135m", help="a packaged name or a local folder")
    parser.add_argument("--prompts", type=int, default=8, help="how many prompts, each with 16 answers")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        job = json.loads(options.job)
        return print(json.dumps(JOBS[job["do"]](job)))
    return print_table(options)


if __name__ == "__main__":
    main()
