"""Reward models of dialogue, summaries and generated sentences, learnt from people's ratings of several attributes.

Folds keep a prompt and its near-duplicates whole, so a response is scored by a model that never met its prompt.
Each run writes one JSON with those scores; `--table` measures them, with 95% intervals that treat a prompt as the unit
that repeats, and takes each model's lead over the others on the same responses.

    python benchmarks/rated.py dialogue --trainer bow -o runs            # or length, frozen:minilm-l6, minilm-l6
    python benchmarks/rated.py --table runs
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import SHARED, table

from plaudit.data import load_groups
from plaudit.evaluation import evaluate
from plaudit.groups import Group, Rating
from plaudit.laboratory.splits import cross_validation_splits
from plaudit.scoring import ScoredGroups
from plaudit.statistics import Measurement

SETS: dict[str, dict[str, dict[str, tuple[float, float]]]] = {
    "dialogue": {
        "topical-chat": {
            **dict.fromkeys(("naturalness", "coherence", "engagingness"), (1, 3)),
            **dict.fromkeys(("understandability", "groundedness"), (0, 1)),
            "overall": (1, 5),
        }
    },
    "summaries": {"qags-cnndm": {"consistency": (0, 1)}, "qags-xsum": {"consistency": (0, 1)}},
    "sentences": {"sfres": dict.fromkeys(("informativeness", "naturalness", "overall"), (1, 6))},
}
"""What one model learns from: files of `rated-text/`, each a subset that is measured on its own, and the published
scales of their attributes, which differ between files."""

FOLDS = 4
BASELINES = ("length", "bow", "frozen:minilm-l6")
FIGURES = ("spearman", "pearson", "kendall_within", "mae")


def rated_groups(name: str, shared: Path) -> list[Group]:
    """The groups of a set, each file a subset, with the published scale on each rating."""
    groups: list[Group] = []
    for file, scales in SETS[name].items():
        for group in load_groups(shared / "rated-text" / f"{file}.jsonl.gz"):
            ratings = tuple(replace(rating, scale=scales[rating.attribute]) for rating in group.ratings)
            groups.append(replace(group, id=f"{file}-{group.id}", ratings=ratings, subset=file))
    return groups


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Scores of every response by the model that was not trained on its prompt: attribute -> one list a group."""
    from plaudit.training import train

    groups = rated_groups(options.name, options.shared)
    place = {id(group): i for i, group in enumerate(groups)}
    scores: dict[str, list[list[float]]] = defaultdict(lambda: [[] for _ in groups])
    changed = dict(pair.split("=", 1) for pair in options.set)
    settings: dict[str, Any] = {"seed": options.seed, "report_to": "none", "baselines": "none", **changed}
    total = 0.0
    for split in cross_validation_splits(groups, FOLDS, options.seed, "prompt"):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            if options.trainer in BASELINES:  # they need no validation set, and learn from all there is
                model = train([*split.train, *split.validation], folder, options.trainer, **settings)
            else:
                model = train(split.train, folder, options.trainer, validation_groups=split.validation, **settings)
            total += time.perf_counter() - began
            for group, row in zip(split.test, model.score(split.test), strict=True):
                for attribute in row[0].scores or {}:
                    scores[attribute][place[id(group)]] = [(one.scores or {})[attribute] for one in row]
    return {
        "set": options.name,
        "trainer": " ".join([options.trainer, *options.set]),
        "seed": options.seed,
        "seconds_a_fold": round(total / FOLDS, 1),
        "scores": scores,
    }


Runs = dict[str, dict[str, Any]]
"""Of one set: trainer -> what `run` gave."""


def print_table(folder: Path, shared: Path) -> None:
    """For each set under `folder`, its attributes by file: each trainer's figures, and its leads in Spearman's."""
    sets: dict[str, Runs] = defaultdict(dict)
    for file in sorted(folder.rglob("*.json")):
        row = json.loads(file.read_text(encoding="utf-8"))
        sets[row["set"]][row["trainer"]] = row
    for name, runs in sets.items():
        groups = rated_groups(name, shared)
        seconds = ", ".join(f"{trainer} {row['seconds_a_fold']:.0f}" for trainer, row in runs.items())
        print(f"\n## {name}: {len(groups)} prompts; seconds a fold: {seconds}\n")
        others = [trainer for trainer in BASELINES if trainer in runs]
        header = ["file", "attribute", "trainer", *FIGURES, *(f"lead over {other}" for other in others)]
        print(table(header, sorted(_lines(groups, runs, others))))
        print("\n" + _judged_twice(groups))


def _lines(groups: Sequence[Group], runs: Runs, others: Sequence[str]) -> Iterator[list[str]]:
    scored = {trainer: _scored(row["scores"]) for trainer, row in runs.items()}
    for trainer, mine in scored.items():
        measured = evaluate(groups, replace(mine, baselines={other: scored[other] for other in others}))
        for part, metrics in measured.subsets.items():
            for attribute, figures in metrics.ratings.items():
                leads = [metrics.baselines[other].ratings[attribute]["lead"] for other in others]
                told = [_figure(one, "+") if other != trainer else "" for other, one in zip(others, leads, strict=True)]
                yield [part, attribute, trainer, *(_figure(figures[name]) for name in FIGURES), *told]


def _judged_twice(groups: Sequence[Group]) -> str:
    """How far two judgements of one response agree, where there are such: the first is measured against the last."""
    lines = []
    for attribute in dict.fromkeys(rating.attribute for group in groups for rating in group.ratings):
        last, first = [], []
        for group in groups:
            given: dict[int, list[Rating]] = defaultdict(list)
            for rating in group.ratings:
                if rating.attribute == attribute:
                    given[rating.response].append(rating)
            twice = {response: ratings for response, ratings in given.items() if len(ratings) > 1}
            if twice:
                last.append(replace(group, ratings=tuple(ratings[-1] for ratings in twice.values())))
                values = {response: ratings[0].value for response, ratings in twice.items()}
                first.append([values.get(response, 0.0) for response in range(len(group.responses))])
        if last:
            scored = ScoredGroups.of(first, attributes={attribute: first})
            figures = evaluate(last, scored).ratings[attribute]
            told = "; ".join(f"{name} {_figure(figures[name])}" for name in ("spearman", "pearson", "mae"))
            lines.append(f"{attribute}, judged twice ({figures['spearman'].n}): {told}")
    return "\n".join(lines) or "No response was judged twice: how far people agree cannot be said."


def _scored(scores: dict[str, list[list[float]]]) -> ScoredGroups:
    return ScoredGroups.of(next(iter(scores.values())), attributes=scores)


def _figure(measured: Measurement, sign: str = "") -> str:
    if measured.value is None:
        return "–"
    low, high = (f"{end:{sign}.2f}" if end is not None else "?" for end in (measured.low, measured.high))
    return f"{measured.value:{sign}.2f} [{low}, {high}]"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="set", nargs="?", choices=SETS)
    parser.add_argument("--table", type=Path, metavar="DIR", help="measure the runs under DIR and stop")
    parser.add_argument("--trainer", default="minilm-l6", help="what `plaudit train --backbone` takes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a training setting")
    parser.add_argument("--shared", type=Path, default=SHARED, help="where `rated-text/` is")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs"))
    options = parser.parse_args(arguments)
    if options.table:
        print_table(options.table, options.shared)
        return
    if not options.name:
        parser.error("name a set, or --table DIR")
    result = run(options)
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / (re.sub(r"[^a-z0-9]+", "-", f"{options.name} {result['trainer']}") + ".json")
    file.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
