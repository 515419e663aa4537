"""Does the data doctor find judgements that were turned round, and does training without them help?

UKPConvArg1's agreed pairs; in a share of the training pairs the preferred argument is swapped, by a seed. Four folds of
three debates as in ukp.py: the doctor sees the nine training debates, holds out whole debates, and ranks their pairs by
suspicion. Two baselines: chance, and the length rule (a pair is the more suspicious the longer the argument that lost).
A linear model on frozen MiniLM is then trained on the clean, the noisy, the cleaned and the oracle-cleaned pairs (every
flip gone and nothing else) and tested on the clean pairs of the other three debates. Intervals are 95% with a
debate as the unit that repeats.

    python benchmarks/doctor.py find -o runs                                 # every rate, fold and seed: minutes
    python benchmarks/doctor.py find -o runs --backbones minilm-l6 --rates 0.1 --folds 0 --seeds 0     # fine-tuned
    python benchmarks/doctor.py train -o runs                                # does cleaning help?
    python benchmarks/doctor.py table runs
    python benchmarks/doctor.py demo                                         # the shipped set, whose noise is known
    python benchmarks/doctor.py order                                        # how nearly UKP's pairs follow one order
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from common import SHARED, table, timed, ukp_groups, versions
from ukp import FOLDS, split

from plaudit.groups import Group, Ranking, plain_text
from plaudit.statistics import Measurement, jackknife, mean, proportion, sign_flip, undefined

FROZEN = "frozen:minilm-l6"
MODELS = ("bow,length", f"{FROZEN},length", "none")
BASELINES = ("random", "length rule")
CONDITIONS = ("clean", "noisy", "cleaned", "oracle")

Row = dict[str, Any]


# ---- flips ----------------------------------------------------------------------------------------------------------


def flipped(groups: Sequence[Group], rate: float, seed: int) -> tuple[list[Group], np.ndarray]:
    """The groups with a share of their pairs turned round, and which [pairs]. A debate's flips depend on it alone."""
    turned, which = [], []
    for group in groups:
        draw = random.Random(f"{seed}/{rate}/{group.prompt}")
        mine = [draw.random() < rate for _ in group.rankings]
        said = tuple(Ranking(r.tiers[::-1]) if f else r for r, f in zip(group.rankings, mine, strict=True))
        turned.append(replace(group, rankings=said))
        which += mine
    return turned, np.array(which)


def without(groups: Sequence[Group], gone: np.ndarray) -> list[Group]:
    """The groups without the pairs of a mask [pairs]."""
    marks = iter(gone)
    return [replace(group, rankings=tuple(r for r in group.rankings if not next(marks))) for group in groups]


# ---- suspicion [pairs], by each way of having any -------------------------------------------------------------------


class Reader:
    """Features of all arguments, read once; rows of a part of the groups on demand."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = list(groups)
        self.known: dict[str, Any] = {}

    def rows(self, groups: Sequence[Group], name: str) -> Any:
        from plaudit.doctor.crossfit import read_features
        from plaudit.training import TrainingSettings

        if name not in self.known:
            self.known[name] = read_features(self.groups, name, TrainingSettings())
        wanted = {group.prompt for group in groups}
        return self.known[name][np.concatenate([np.full(len(g.responses), g.prompt in wanted) for g in self.groups])]


def by_doctor(reader: Reader, models: str, groups: Sequence[Group], seed: int) -> dict[bool, np.ndarray]:
    """Given the other judgements of a group (True), and by the models alone (False)."""
    from plaudit.doctor.crossfit import crossfit
    from plaudit.doctor.folds import assign_folds, hold_out_units
    from plaudit.doctor.label_errors import find_label_errors
    from plaudit.model.baselines import baseline_names, is_baseline
    from plaudit.training import TrainingSettings

    unit = hold_out_units(groups, "subset")
    fold = assign_folds(unit, np.array([float(len(group.rankings)) for group in groups]), 5, seed)
    settings = TrainingSettings(folds_by="subset", seed=seed)
    out_of_fold = {
        name: crossfit(groups, name, [fold], settings, reader.rows(groups, name) if is_baseline(name) else None)
        for name in baseline_names(models)
    }
    errors = {
        others: find_label_errors(groups, out_of_fold, fold, unit, others)
        for others in ([False, True] if out_of_fold else [True])
    }
    return {others: one.p_wrong for others, one in errors.items() if one is not None}


def by_baseline(name: str, groups: Sequence[Group], seed: int) -> dict[bool, np.ndarray]:
    if name == "random":
        return {False: np.random.default_rng(seed).random(sum(len(group.rankings) for group in groups))}
    longer = []
    for group in groups:
        size = [np.log1p(len(plain_text(response))) for response in group.responses]
        longer += [size[worse] - size[better] for r in group.rankings for better, worse, _ in r.comparisons()]
    return {False: np.array(longer)}


def find(options: argparse.Namespace) -> None:
    """Suspicion of every pair, for every rate, seed, fold and way."""
    from plaudit.doctor.rankings import REMOVED

    groups = ukp_groups(shared=options.data)
    reader = Reader(groups)
    for rate, seed, fold in product(options.rates, options.seeds, options.folds):
        noisy, flips = flipped(split(groups, fold)[0], rate, seed)
        debate = np.repeat([group.subset for group in noisy], [len(group.rankings) for group in noisy])
        here = {"rate": rate, "seed": seed, "fold": fold, "flips": flips.tolist(), "debate": debate.tolist()}
        for models in [*options.backbones, *(BASELINES if options.baselines else ())]:
            way = partial(by_baseline, models) if models in BASELINES else partial(by_doctor, reader, models)
            by_way, seconds, _ = timed(partial(way, noisy, seed))
            for others, wrong in by_way.items():
                row = here | {"models": models, "others": others, "wrong": wrong.tolist(), "seconds": seconds}
                row |= {"threshold": None if models in BASELINES else REMOVED, "versions": versions()}
                _write(options.output, f"find-{models}-{others}-{rate}-{fold}-{seed}", row)
            print(models, rate, seed, fold, f"{seconds:.0f} s", flush=True)


# ---- training without what was found --------------------------------------------------------------------------------


def train(options: argparse.Namespace) -> None:
    """Train on the clean, noisy, cleaned and oracle-cleaned pairs of each fold, and test on the rest."""
    from plaudit.doctor.rankings import REMOVED

    groups = ukp_groups(shared=options.data)
    reader = Reader(groups)
    for rate, seed, fold in product(options.rates, options.seeds, options.folds):
        clean, test = split(groups, fold)
        noisy, flips = flipped(clean, rate, seed)
        wrong = by_doctor(reader, options.doctor, noisy, seed)[True]
        gone = wrong >= REMOVED
        sets = {"clean": clean, "noisy": noisy, "cleaned": without(noisy, gone), "oracle": without(noisy, flips)}
        for name in options.conditions:
            right, seconds, _ = timed(partial(trained, reader, sets[name], test, options.learner, seed))
            row = {"condition": name, "learner": options.learner, "rate": rate, "seed": seed, "fold": fold}
            row |= {"doctor": options.doctor, "removed": int(gone.sum()), "seconds": seconds, "versions": versions()}
            _write(options.output, f"train-{options.learner}-{name}-{rate}-{fold}-{seed}", row | {"correct": right})
            every = [value for values in right.values() for value in values]
            print(options.learner, name, rate, seed, fold, f"{np.mean(every):.4f}", f"{seconds:.0f} s", flush=True)


def trained(
    reader: Reader, groups: Sequence[Group], test: Sequence[Group], learner: str, seed: int
) -> dict[str, list[float]]:
    """For each test debate, 1 for each pair whose better argument scores higher, else 0 (0.5 for equal scores)."""
    import tempfile

    from plaudit.model.baselines import is_baseline
    from plaudit.training import TrainingSettings
    from plaudit.training import train as train_model
    from plaudit.training.linear import learn

    if is_baseline(learner):
        settings = TrainingSettings(folds_by="subset")
        weights = learn(reader.rows(groups, learner), groups, settings).reward
        scores = reader.rows(test, learner) @ weights
    else:
        quiet: dict[str, Any] = {"validation_share": 0.0, "report_to": "none", "baselines": "none", "seed": seed}
        with tempfile.TemporaryDirectory() as folder:
            model = train_model(groups, folder, backbone=learner, **quiet)
            scores = np.array([score.score for row in model.score(test) for score in row])
    right: dict[str, list[float]] = defaultdict(list)
    start = 0
    for group in test:
        for ranking in group.rankings:
            for a, b, _ in ranking.comparisons():
                gap = scores[start + a] - scores[start + b]
                right[str(group.subset)].append(float((np.sign(gap) + 1) / 2))
        start += len(group.responses)
    return right


# ---- tables ---------------------------------------------------------------------------------------------------------


def tables(options: argparse.Namespace) -> None:
    """What the runs of a folder found, and what training without it gave."""
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(options.folder.glob("*.json"))]
    found: dict[tuple[float, str, bool], list[Row]] = defaultdict(list)
    for row in rows:
        if "flips" in row:
            found[row["rate"], row["models"], row["others"]].append(row)
    lines = [[*_named(key), f"{len(runs)}", *map(_figure, _found(runs))] for key, runs in sorted(found.items())]
    head = ["flipped", "suspicion by", "runs", "AUC", "precision at k", "taken", "precision", "share found"]
    if lines:
        print(table(head, lines), end="\n\n")
    learned: dict[tuple[str, float], dict[str, dict[tuple[int, int], Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        if "condition" in row:
            learned[row["learner"], row["rate"]][row["condition"]][row["fold"], row["seed"]] = row
    lines = []
    for (learner, rate), conditions in sorted(learned.items()):
        for name in filter(conditions.__contains__, CONDITIONS):
            accuracy = _pooled(conditions[name].values(), proportion)
            gain = _gain(conditions[name], conditions["noisy"]) if name != "noisy" else ["", ""]
            lines.append([learner, f"{rate:.0%}", name, f"{len(conditions[name])}", _figure(accuracy), *gain])
    if lines:
        print(table(["learner", "flipped", "trained on", "runs", "accuracy", "gain on noisy", "p"], lines))


def _named(key: tuple[float, str, bool]) -> list[str]:
    rate, models, others = key
    if models in BASELINES:
        return [f"{rate:.0%}", models]
    parts = [*([] if models == "none" else [models]), *(["others"] if others else [])]
    return [f"{rate:.0%}", " + ".join(parts)]


def _found(runs: Sequence[Row]) -> list[Measurement]:
    """AUC, precision at k (the number of flips), share taken, precision and share found at the threshold; over all
    runs, with debates as clusters."""
    flips, wrong, debate, top, taken = (
        np.concatenate(column)
        for column in zip(
            *[(*map(np.array, (r["flips"], r["wrong"], r["debate"])), *_marks(r)) for r in runs], strict=True
        )
    )
    cluster = np.unique(debate, return_inverse=True)[1]
    run = np.repeat(np.arange(len(runs)), [len(r["flips"]) for r in runs])

    def among(keep: np.ndarray, outcome: np.ndarray) -> Measurement:
        return proportion(outcome[keep].astype(float), np.ones(int(keep.sum())), cluster[keep])

    if runs[0]["threshold"] is None:
        at_threshold = [undefined("it has no threshold")] * 3
    else:
        at_threshold = [among(np.ones_like(taken), taken), among(taken, flips), among(flips, taken)]
    return [_auc(wrong, flips, run, cluster), among(top, flips), *at_threshold]


def _marks(row: Row) -> tuple[np.ndarray, np.ndarray]:
    """The k most suspicious pairs of a run, k being its flips, and those beyond the threshold."""
    wrong, k = np.array(row["wrong"]), int(sum(row["flips"]))
    top = np.zeros(len(wrong), dtype=bool)
    top[np.argsort(-wrong, kind="stable")[:k]] = True
    return top, wrong >= (np.inf if row["threshold"] is None else row["threshold"])


def _auc(wrong: np.ndarray, flips: np.ndarray, run: np.ndarray, cluster: np.ndarray) -> Measurement:
    """The mean over runs, its interval by leaving out a debate at a time."""
    from sklearn.metrics import roc_auc_score

    def value(keep: np.ndarray) -> float:
        parts = [keep & (run == number) for number in np.unique(run)]
        return float(np.mean([roc_auc_score(flips[part], wrong[part]) for part in parts]))

    if not flips.any():
        return undefined("nothing was flipped")
    everything = np.ones(len(flips), dtype=bool)
    each = np.array([value(cluster != number) for number in np.unique(cluster)])
    return jackknife(value(everything), each, np.bincount(cluster).astype(float), len(flips), (0.0, 1.0))


def _pooled(rows: Any, statistic: Callable[..., Measurement]) -> Measurement:
    values, debates = _flat(rows)
    return statistic(values, np.ones(len(values)), np.unique(debates, return_inverse=True)[1])


def _gain(mine: dict[tuple[int, int], Row], noisy: dict[tuple[int, int], Row]) -> list[str]:
    shared = sorted(set(mine) & set(noisy))
    if not shared:
        return ["", ""]
    (a, debates), (b, _) = _flat([mine[key] for key in shared]), _flat([noisy[key] for key in shared])
    cluster = np.unique(debates, return_inverse=True)[1]
    p = sign_flip(a - b, np.ones(len(a)), cluster)
    return [_figure(mean(a - b, np.ones(len(a)), cluster), "+"), "" if p is None else f"{p:.3f}"]


def _flat(rows: Any) -> tuple[np.ndarray, np.ndarray]:
    parts = [(value, name) for row in rows for name, values in sorted(row["correct"].items()) for value in values]
    values, names = zip(*parts, strict=True)
    return np.array(values), np.array(names)


def _figure(one: Measurement, sign: str = "") -> str:
    if one.value is None:
        return "-"
    low, high = (f"{end:{sign}.3f}" if end is not None else "?" for end in (one.low, one.high))
    return f"{one.value:{sign}.3f} [{low}, {high}]"


# ---- the shipped set ------------------------------------------------------------------------------------------------


def demo(options: argparse.Namespace) -> None:
    """The shipped set as its annotators judged it, as the careful ones among them did, and as the truth has it."""
    from plaudit.demo.annotators import ANNOTATORS
    from plaudit.demo.preferences import preference_set, with_truth
    from plaudit.doctor import diagnose
    from plaudit.doctor.findings import key_of

    groups = preference_set()
    careful = {annotator.name for annotator in ANNOTATORS if annotator.lapse < 0.1}
    sets = {
        "all annotators": groups,
        "without the two who lapse": [
            replace(g, rankings=tuple(r for r in g.rankings if r.annotator in careful)) for g in groups
        ],
        "the truth": [with_truth(group) for group in groups],
    }
    lines = []
    for name, judged in sets.items():
        diagnosis = diagnose(judged)
        known = {key_of(group): group for group in judged}
        taken: Counter[str] = Counter()
        for item in diagnosis.items:
            if item.kind == "suspicious-ranking" and not item.keep and item.target is not None:
                group, worst = known[str(item.target.group)], item.evidence["contradicted"][0]
                quality = group.meta["quality"]
                taken["false"] += quality[worst["better"]] < quality[worst["worse"]]
                taken["all"] += 1
                taken[f"by {group.rankings[item.target.ranking or 0].annotator}"] += 1
        against = [
            group.meta["quality"][a] < group.meta["quality"][b]
            for group in judged
            for r in group.rankings
            for a, b, tied in r.comparisons()
            if not tied
        ]
        named = [
            item.target.annotator for item in diagnosis.items if item.kind == "annotator-disagrees" and item.target
        ]
        share = diagnosis.figures.get("flipped", undefined("nobody else is heard"))
        lines.append(
            [
                name,
                f"{sum(len(group.rankings) for group in judged):,}",
                f"{np.mean(against):.3f} of {len(against):,}",
                _figure(share),
                f"{taken['all']}",
                f"{taken['false']}",
                ", ".join(f"{who[3:]} {count}" for who, count in taken.items() if who.startswith("by ")) or "-",
                ", ".join(map(str, named)) or "-",
            ]
        )
    head = ["judged by", "rankings", "against the truth", "estimated flips", "touched", "rightly", "whose", "named"]
    print(table(head, lines))


# ---- how kind UKP is ------------------------------------------------------------------------------------------------


def order(options: argparse.Namespace) -> None:
    """How many agreed pairs lie in a cycle (no order has all of these right), and in how many an argument stands."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = cyclic = arguments = 0
    for group in ukp_groups(shared=options.data):
        better, worse = np.array([ranking.tiers for ranking in group.rankings])[:, :, 0].T
        graph = coo_array((np.ones(len(better)), (better, worse)), shape=2 * (len(group.responses),))
        part = connected_components(graph, connection="strong")[1]
        pairs += len(better)
        cyclic += int((part[better] == part[worse]).sum())
        arguments += len(np.union1d(better, worse))
    print(f"{cyclic:,} of {pairs:,} pairs lie in a cycle; an argument stands in {2 * pairs / arguments:.1f} pairs")


def _write(folder: Path, name: str, row: Row) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    safe = "".join(c if c.isalnum() or c in ".-" else "_" for c in name)
    (folder / f"{safe}.json").write_text(json.dumps(row), encoding="utf-8")


def _numbers(kind: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    return lambda text: [kind(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", type=Path, default=SHARED, help="the folder that holds ukp-convarg/pairs")
    shared.add_argument("--rates", type=_numbers(float), default=[0.0, 0.05, 0.1, 0.2], help="shares flipped, by comma")
    shared.add_argument("--seeds", type=_numbers(int), default=[0], help="of the flips, by comma")
    shared.add_argument("--folds", type=_numbers(int), default=list(range(FOLDS)), help="by comma")
    shared.add_argument("-o", "--output", type=Path, required=True, help="folder for the runs' JSON files")
    finding = verbs.add_parser("find", parents=[shared])
    finding.add_argument("--backbones", nargs="+", default=MODELS, help="sets of models, each by comma, or `none`")
    finding.add_argument("--no-baselines", dest="baselines", action="store_false")
    finding.set_defaults(verb=find)
    training = verbs.add_parser("train", parents=[shared])
    training.add_argument("--doctor", default=MODELS[0], help="the models of the doctor that cleans")
    training.add_argument("--learner", default=FROZEN, help="what is trained")
    training.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=CONDITIONS)
    training.set_defaults(verb=train)
    showing = verbs.add_parser("table")
    showing.add_argument("folder", type=Path)
    showing.set_defaults(verb=tables)
    verbs.add_parser("demo").set_defaults(verb=demo)
    ordering = verbs.add_parser("order")
    ordering.add_argument("--data", type=Path, default=SHARED, help="the folder that holds ukp-convarg/pairs")
    ordering.set_defaults(verb=order)
    options = parser.parse_args()
    options.verb(options)


if __name__ == "__main__":
    main()
