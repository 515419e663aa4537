"""Which of two arguments convinces people more, on debates never trained on (UKPConvArg1).

Four folds of three debates, both sides of a debate always together; each run trains on nine debates, is tested on the
other three, and writes one small JSON. `--table` prints the runs of a folder beside each other, with 95% intervals that
treat a debate, not a pair, as the unit that repeats.

    python benchmarks/ukp.py --trainer length -o runs            # every fold, a second
    python benchmarks/ukp.py --trainer linear-length -o runs
    python benchmarks/ukp.py --trainer trl --fold 0 -o runs
    python benchmarks/ukp.py --trainer plaudit --fold 0 -o runs
    python benchmarks/ukp.py --table runs
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common import (
    TrlSettings,
    backbone_folder,
    pairs_of,
    plain_scores,
    table,
    timed,
    trl_rows,
    trl_train,
    ukp_groups,
    versions,
)

from plaudit.groups import Group, plain_text
from plaudit.statistics import Measurement, mean, proportion

FOLDS = 4

Scores = list[list[float]]
"""One list a group, one score a response."""


def split(groups: Sequence[Group], fold: int) -> tuple[list[Group], list[Group]]:
    """Training and test groups of a fold: of the debates sorted by name, the i-th is tested in fold i mod 4."""
    debates = sorted({str(group.subset) for group in groups})
    if len(debates) != 12:
        raise SystemExit(f"expected UKPConvArg1's 12 debates, found {len(debates)}")
    test = {debate for i, debate in enumerate(debates) if i % FOLDS == fold}
    return [g for g in groups if g.subset not in test], [g for g in groups if g.subset in test]


# ---- trainers: (train, test, options) -> scores of test's responses, seconds, MiB, settings -------------------------

Outcome = tuple[Scores, float, float, dict[str, Any]]


def by_length(train: list[Group], test: list[Group], options: argparse.Namespace) -> Outcome:
    """The longer argument, in characters, wins."""
    return [[float(len(plain_text(r))) for r in group.responses] for group in test], 0.0, 0.0, {}


def by_trl(train: list[Group], test: list[Group], options: argparse.Namespace) -> Outcome:
    """TRL's `RewardTrainer`, tuned: no checkpointing, batches of like length, bf16 autocast (its own default), linear
    decay after 10% warm-up."""
    from transformers import AutoTokenizer

    settings = TrlSettings(
        batch=options.batch,
        learning_rate=options.lr,
        gradient_checkpointing=False,
        sampling="group_by_length",
        warmup=0.1,
        epochs=options.epochs,
        max_steps=options.max_steps,
        max_seconds=options.max_seconds,
        seed=options.seed,
    )
    folder = backbone_folder(options.backbone)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    (model, losses), seconds, memory = timed(lambda: trl_train(trl_rows(train, tokenizer), folder, settings))
    scores = plain_scores(model.float(), tokenizer, test)
    return scores, seconds, memory, {**dataclasses.asdict(settings), "steps": len(losses), "losses": losses}


def by_plaudit(train: list[Group], test: list[Group], options: argparse.Namespace) -> Outcome:
    """`plaudit.training.reward_model` with its defaults, but for what `--set` turns."""
    import tempfile

    from plaudit.training import train as plaudit_train

    chosen = dict(pair.split("=", 1) for pair in options.set)
    settings: dict[str, Any] = {"seed": options.seed, "validation_share": 0.0, "report_to": "none", **chosen}
    with tempfile.TemporaryDirectory() as folder:
        model, seconds, memory = timed(lambda: plaudit_train(train, folder, backbone=options.backbone, **settings))
        scores = [[score.score for score in row] for row in model.score(test)]
    return scores, seconds, memory, settings


def by_linear(train: list[Group], test: list[Group], options: argparse.Namespace, with_length: bool = False) -> Outcome:
    """Bradley-Terry on frozen features: logistic regression on differences of mean-pooled embeddings."""
    import numpy as np
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.model_selection import GroupKFold

    def fit() -> Scores:
        features = _embed([*train, *test], options.backbone)
        scale = np.concatenate(features[: len(train)]).std()
        lengths = [np.log([[len(plain_text(r))] for r in group.responses]) for group in [*train, *test]]
        spread = np.concatenate(lengths[: len(train)]).std() / 20  # so large that the penalty hardly holds it back
        x = [np.concatenate([f / scale, n / spread * with_length], 1) for f, n in zip(features, lengths, strict=True)]
        wins, debates = [], []
        for group, rows in zip(train, x, strict=False):
            better, worse = np.array(pairs_of(group)).T
            wins.append(rows[better] - rows[worse])
            debates += [group.subset] * len(better)
        turn = np.where(np.arange(len(debates)) % 2, 1, -1)  # half the differences turned round: two classes are needed
        folds = list(GroupKFold(3).split(debates, groups=debates))
        model = LogisticRegressionCV(Cs=[3e-4, 1e-3, 3e-3], fit_intercept=False, cv=folds, max_iter=3000)
        model.fit(np.concatenate(wins) * turn[:, None], turn)
        return [(rows @ model.coef_[0]).tolist() for rows in x[len(train) :]]

    scores, seconds, memory = timed(fit)
    return scores, seconds, memory, {"log_length": with_length}


def _embed(groups: Sequence[Group], backbone: str) -> list[Any]:
    """One [K, H] a group: mean-pooled last hidden states of the arguments, of length 1, as the encoder's card says."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = backbone_folder(backbone)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    embedded = []
    for group in groups:
        batch = tokenizer([plain_text(r) for r in group.responses], padding=True, return_tensors="pt")
        with torch.no_grad():
            hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None]
        embedded.append(torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1).numpy())
    return embedded


TRAINERS: dict[str, Callable[[list[Group], list[Group], argparse.Namespace], Outcome]] = {
    "length": by_length,
    "linear": by_linear,
    "linear-length": lambda train, test, options: by_linear(train, test, options, with_length=True),
    "trl": by_trl,
    "plaudit": by_plaudit,
}


# ---- measuring ------------------------------------------------------------------------------------------------------


def correct(group: Group, scores: Sequence[float]) -> list[float]:
    """For each pair of the group: 1 if the better response scores higher, 0 if lower, 0.5 on equal scores."""
    return [(scores[a] > scores[b]) + 0.5 * (scores[a] == scores[b]) for a, b in pairs_of(group)]


def run(options: argparse.Namespace, fold: int) -> dict[str, Any]:
    """Train on a fold's nine debates, test on its three; see `main` for what the fields mean."""
    _, test = split(ukp_groups(), fold)
    train, _ = split(ukp_groups(options.train_on), fold)
    scores, seconds, memory, settings = TRAINERS[options.trainer](train, test, options)
    by_debate: dict[str, list[float]] = defaultdict(list)
    for group, row in zip(test, scores, strict=True):
        by_debate[str(group.subset)] += correct(group, row)
    every = [value for values in by_debate.values() for value in values]
    return {
        "trainer": options.trainer,
        "backbone": None if options.trainer == "length" else options.backbone,
        "fold": fold,
        "seed": options.seed,
        "note": options.note or (options.train_on if options.train_on != "pairs" else ""),
        "accuracy": sum(every) / len(every),
        "debates": {name: sum(values) / len(values) for name, values in by_debate.items()},
        "train_seconds": round(seconds, 1),
        "peak_rss_mib": round(memory),
        "settings": settings,
        "versions": versions(),
        "correct": by_debate,
    }


Clusters = dict[str, list[float]]


def clustered(statistic: Callable[..., Measurement], clusters: Clusters) -> Measurement:
    """A mean over all values with its 95% interval, a debate being one cluster (docs/evaluation.md says how)."""
    import numpy as np

    sizes = [len(values) for values in clusters.values()]
    outcome = np.concatenate([np.asarray(values, float) for values in clusters.values()])
    return statistic(outcome, np.ones(len(outcome)), np.repeat(np.arange(len(sizes)), sizes))


Key = tuple[str, str | None, int, str]
"""What tells one row of the table from another: trainer, backbone, seed, note."""


def print_table(folder: Path) -> None:
    """The runs under `folder`, one row for each trainer, backbone, seed and note; gains on TRL are paired by pair."""
    runs: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for file in sorted(folder.rglob("*.json")):
        row = json.loads(file.read_text(encoding="utf-8"))
        runs[row["trainer"], row["backbone"] or "", row["seed"], row["note"]].append(row)
    pooled = {key: {d: v for row in rows for d, v in row["correct"].items()} for key, rows in runs.items()}
    lines = []
    for key, rows in sorted(runs.items(), key=lambda item: clustered(proportion, pooled[item[0]]).value or 0):
        if len({row["fold"] for row in rows}) < len(rows):
            raise SystemExit(f"{folder} holds a fold of {key} twice; give runs that differ a --note of their own")
        trainer, backbone, seed, note = key
        baselines = [k for k in runs if k[:2] == ("trl", backbone)] if trainer == "plaudit" else []
        gains = [_gain(pooled[key], pooled[baseline]) for baseline in baselines]
        lines.append(
            [
                f"{trainer} {note}".strip(),
                backbone or "",
                str(seed),
                f"{len(rows)} of {FOLDS}",
                _figure(clustered(proportion, pooled[key])),
                "; ".join(gains),
                f"{sum(row['train_seconds'] for row in rows) / len(rows):.0f}",
                f"{max(row['peak_rss_mib'] for row in rows)}",
            ]
        )
    print(table(["trainer", "backbone", "seed", "folds", "accuracy", "gain on TRL", "s a fold", "peak MiB"], lines))


def _gain(mine: Clusters, baseline: Clusters) -> str:
    shared = {d: [a - b for a, b in zip(mine[d], baseline[d], strict=True)] for d in mine if d in baseline}
    return _figure(clustered(mean, shared), "+") if shared else "no fold in common"


def _figure(measured: Measurement, sign: str = "") -> str:
    low, high = (f"{end:{sign}.3f}" if end is not None else "?" for end in (measured.low, measured.high))
    return f"{measured.value:{sign}.3f} [{low}, {high}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, metavar="DIR", help="print the runs under DIR and stop")
    parser.add_argument("--trainer", choices=TRAINERS)
    parser.add_argument("--backbone", default="minilm-l6", help="a packaged name or a local folder")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="default: every fold, one after another")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--note", default="", help="a word that tells this run from others of its trainer")
    parser.add_argument("--lr", type=float, default=1e-4, help="trl: learning rate")
    parser.add_argument("--batch", type=int, default=16, help="trl: pairs a step")
    parser.add_argument("--epochs", type=float, default=1.0, help="trl: passes over the pairs")
    parser.add_argument("--max-steps", type=int, default=-1, help="trl: stop after so many steps")
    parser.add_argument(
        "--max-seconds", type=float, help="trl: stop after so long, the learning rate decaying with time"
    )
    parser.add_argument(
        "--train-on",
        choices=("pairs", "votes", "majority"),
        default="pairs",
        help="which judgements; tests are on pairs",
    )
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="plaudit: a training setting")
    parser.add_argument("-o", "--output", type=Path, help="folder for the runs' JSON files")
    options = parser.parse_args()
    if options.table:
        return print_table(options.table)
    if not options.trainer or not options.output:
        parser.error("give --trainer and -o DIR, or --table DIR")
    options.output.mkdir(parents=True, exist_ok=True)
    for fold in range(FOLDS) if options.fold is None else [options.fold]:
        row = run(options, fold)
        parts = [options.trainer, Path(options.backbone).name, options.note, f"fold{fold}", f"seed{options.seed}"]
        file = options.output / ("-".join(part for part in parts if part) + ".json")
        file.write_text(json.dumps(row), encoding="utf-8")
        shown = {name: row[name] for name in ("accuracy", "debates", "train_seconds", "peak_rss_mib")}
        print(file.name, json.dumps(shown), flush=True)
    return None


if __name__ == "__main__":
    main()
