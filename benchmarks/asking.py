"""What asking saves: votes needed for the accuracy that random asking reaches, replayed on UKPConvArg1.

On each of its 24 sides of 12 debates five people judged every pair of about 32 arguments, so that whatever a rule asks,
somebody's recorded vote answers; no vote is drawn twice. Rules choose waves of 200 after the same first 200 votes.
Two aims: to label the given set (accuracy over all pairs of which more than half of the people say one thing, asked or
not), and a model for new answers (the same, of debates that were held out, four folds of three).
Rules are those of `plaudit label ask`, taken from it, and D-optimal and BALD, which it does not have.

    python benchmarks/asking.py --aim set --seeds 4 -o runs       # some minutes
    python benchmarks/asking.py --aim model --seeds 3 -o runs
    python benchmarks/asking.py --table runs

The table has the ratio of votes needed, below 1 where a rule saves, at 25, 50 and 100% of random's budget. Its 95%
intervals draw debates and seeds again; there are 12 debates, so they are wide. `>` marks a target that was not reached
within the budget. What the replay cannot say: what a judgement costs in seconds (times are known for batches only), and
what weighing people would save (of 3,784 most gave a handful of votes).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import SHARED, table, ukp_groups, versions
from scipy.special import expit
from ukp import FOLDS

from plaudit.groups import Group, Ranking, plain_text
from plaudit.judgements import Evidence, FittedStrengths, Strengths, fit_strengths
from plaudit.labelling.asking import OpenQuestions, choose_questions

WAVE = 200
BUDGET = {"set": 6400, "model": 3200}
SHARES = (0.25, 0.5, 1.0)
COMPONENTS = {"set": 16, "model": 32}
TUNED_EVERY = 8
"""Waves after which the variances are estimated anew."""

Row = Any
"""A numpy array, of a shape its comment says."""


# ---- the votes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pool:
    """All that can be asked: P pairs with their recorded votes.

    Attributes:
        groups: one a side.
        debate: [G], number of its debate.
        group, first, second: [P].
        votes: of each pair, 1 for the first, -1 for the second, 0 for a tie.
        truth: [P], what more than half of its votes say; 0: that it is a tie, or no one thing.
        agreed: [P], the share of the votes that say so.
    """

    groups: list[Group]
    debate: Row
    group: Row
    first: Row
    second: Row
    votes: list[list[int]]
    truth: Row
    agreed: Row

    def among(self, groups: Sequence[int]) -> Row:
        """[P], pairs of these groups."""
        return np.isin(self.group, groups)


def read_pool() -> Pool:
    """UKP's votes by pair."""
    groups = ukp_groups("votes")
    names = sorted({str(group.subset) for group in groups})
    votes: dict[tuple[int, int, int], list[int]] = {}
    for number, group in enumerate(groups):
        for ranking in group.rankings:
            for a, b, tied in ranking.comparisons():
                vote = 0 if tied else 1 if a < b else -1
                votes.setdefault((number, min(a, b), max(a, b)), []).append(vote)
    keys = np.array(sorted(votes))
    lists = [votes[g, a, b] for g, a, b in keys.tolist()]
    shares = np.array([[one.count(vote) / len(one) for vote in (1, -1)] for one in lists])
    truth = np.select([shares[:, 0] > 0.5, shares[:, 1] > 0.5], [1, -1], 0)
    agreed = shares.max(1)
    debate = np.array([names.index(str(group.subset)) for group in groups])
    group, first, second = keys.T
    return Pool(groups, debate, group, first, second, lists, truth, agreed)


def read_features(groups: Sequence[Group]) -> list[Row]:
    """[K, H] of each group, frozen MiniLM's and nothing fitted yet."""
    from plaudit.training import TrainingSettings, frozen_features

    rows, _, _ = frozen_features(groups, "minilm-l6", TrainingSettings(truncate_responses=True))
    return np.split(rows, np.cumsum([len(group.responses) for group in groups])[:-1])


def reduced(rows: Sequence[Row], groups: Sequence[Group], train: Sequence[int], count: int) -> list[Row]:
    """Components of the differences within groups, and log length. What centres, turns and scales is learnt from the
    training groups alone."""
    lengths = [np.log1p([[len(plain_text(one))] for one in group.responses]) for group in groups]
    parts = []
    for column, most in ((rows, count), (lengths, 1)):
        centred = [one - one.mean(0) for one in column]
        every = np.concatenate([centred[number] for number in train])
        _, vectors = np.linalg.eigh(every.T @ every)
        basis = vectors[:, : -most - 1 : -1]
        spread = np.sqrt(((every @ basis) ** 2).sum(1).mean())
        parts.append([one @ basis / spread for one in centred])
    return [np.hstack(pair) for pair in zip(*parts, strict=True)]


class Bought:
    """The votes that were bought so far; each pair's come in an order of the seed.

    Attributes:
        count: [P], of each pair.
    """

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        draw = np.random.default_rng([seed, 1])
        self._order = [draw.permutation(len(votes)) for votes in pool.votes]
        self.count = np.zeros(len(pool.votes), dtype=int)
        self._rows: list[tuple[int, int]] = []

    def buy(self, pairs: Sequence[int]) -> None:
        for pair in pairs:
            vote = self.pool.votes[pair][self._order[pair][self.count[pair]]]
            self.count[pair] += 1
            self._rows.append((pair, vote))

    def __len__(self) -> int:
        return len(self._rows)

    def evidence(self, groups: Sequence[int]) -> list[Evidence]:
        """Of these groups."""
        pair, vote = np.array(self._rows).T
        better = np.where(vote >= 0, self.pool.first[pair], self.pool.second[pair])
        worse = np.where(vote >= 0, self.pool.second[pair], self.pool.first[pair])
        made = []
        for number in groups:
            mine = self.pool.group[pair] == number
            count = int(mine.sum())
            made.append(
                Evidence(
                    better=better[mine],
                    worse=worse[mine],
                    tie=vote[mine] == 0,
                    ranking=np.arange(count),
                    weight=np.ones(count),
                    block=np.arange(count),
                    sharpness=np.ones(count),
                    n_responses=len(self.pool.groups[number].responses),
                )
            )
        return made

    def as_groups(self, groups: Sequence[int]) -> list[Group]:
        """The same as judgements to train on."""
        from dataclasses import replace

        rankings: dict[int, list[Ranking]] = {number: [] for number in groups}
        for pair, vote in self._rows:
            a, b = int(self.pool.first[pair]), int(self.pool.second[pair])
            tiers = ((a, b),) if vote == 0 else ((a,), (b,)) if vote > 0 else ((b,), (a,))
            rankings[int(self.pool.group[pair])].append(Ranking(tiers))
        return [replace(self.pool.groups[n], rankings=tuple(several)) for n, several in rankings.items()]


# ---- the rules ------------------------------------------------------------------------------------------------------

Choose = Callable[["Moment"], list[int]]


@dataclass(frozen=True)
class Moment:
    """What a rule chooses by.

    Attributes:
        pool, bought, train: as they are.
        open: [N], pairs that have a vote left.
        fit: what is believed of the training groups, in their order.
        features: of all groups.
        draw: seed of this wave.
        new_answers: whether the aim is a model for others.
    """

    pool: Pool
    bought: Bought
    train: list[int]
    open: Row
    fit: FittedStrengths
    features: list[Row]
    draw: int
    new_answers: bool

    def by(self, rule: str, gamma: float, count: int = WAVE) -> list[int]:
        """As `plaudit label ask` chooses."""
        place = {number: index for index, number in enumerate(self.train)}
        rows = zip(self.pool.group[self.open], self.pool.first[self.open], self.pool.second[self.open], strict=True)
        asked = self.bought.count[self.open] > 0
        among = self.pool.among(self.train)
        questions = OpenQuestions.of_pairs(
            [(place[int(g)], int(a), int(b)) for g, a, b in rows],
            asked.tolist(),
            share_asked=float((self.bought.count[among] > 0).mean()),
        )
        choices = choose_questions(self.fit.groups, questions, rule, count, gamma=gamma, seed=self.draw)
        return list(map(int, self.open[choices.chosen]))

    def gaps(self, fresh: Row) -> tuple[Row, Row]:
        """Means and variances of the gaps; for new answers, of what the model has a share in."""
        mean, variance = np.zeros(len(fresh)), np.zeros(len(fresh))
        for index, number in enumerate(self.train):
            rows = np.flatnonzero(self.pool.group[fresh] == number)
            belief = self.fit.groups[index]
            pairs = self.pool.first[fresh[rows]], self.pool.second[fresh[rows]]
            mean[rows], variance[rows] = belief.gaps(*pairs)
            if self.new_answers:
                variance[rows] = self.fit.of_new(self.features[number], with_residual=False).gaps(*pairs)[1]
        return mean, variance

    @property
    def fresh(self) -> Row:
        """Open pairs that nobody was asked."""
        return self.open[self.bought.count[self.open] == 0]


def bald(moment: Moment) -> list[int]:
    """The largest mutual information between the vote and the gap, each pair once."""
    fresh = moment.fresh
    mean, variance = moment.gaps(fresh)
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    p = expit(mean[:, None] + np.sqrt(variance)[:, None] * nodes)
    weights = weights / weights.sum()
    information = _entropy(p @ weights) - _entropy(p) @ weights
    return list(map(int, fresh[np.argsort(-information)[:WAVE]]))


def d_optimal(moment: Moment) -> list[int]:
    """Greedily the largest gain of log det of what is known, after those of the wave that were chosen before."""
    fresh = moment.fresh
    mean, variance = moment.gaps(fresh)
    win = expit(mean / np.sqrt(1 + np.pi / 8 * variance))
    weight = win * (1 - win)
    differences, covariances, part = _designs(moment, fresh)
    chosen: list[int] = []
    left = variance.copy()
    for _ in range(min(WAVE, len(fresh))):
        gain = weight * left
        gain[chosen] = -1
        best = int(np.argmax(gain))
        chosen.append(best)
        same = part == part[best]
        covariance = covariances[part[best]]
        direction = covariance @ differences[best]
        shrunk = weight[best] / (1 + weight[best] * left[best])
        covariances[part[best]] = covariance - shrunk * np.outer(direction, direction)
        left[same] -= shrunk * (differences[same] @ direction) ** 2
    return list(map(int, fresh[chosen]))


def _designs(moment: Moment, fresh: Row) -> tuple[Row, list[Row], Row]:
    """[N, D] differences, the covariances that they go with, and [N], which of these: the model's weights for new
    answers, else each group's strengths."""
    pool, group = moment.pool, moment.pool.group[fresh]
    if moment.new_answers:
        rows = [
            moment.features[g][a] - moment.features[g][b]
            for g, a, b in zip(group, pool.first[fresh], pool.second[fresh], strict=True)
        ]
        return np.array(rows), [moment.fit.weight_covariance.copy()], np.zeros(len(fresh), dtype=int)
    place = {number: index for index, number in enumerate(moment.train)}
    differences = np.zeros((len(fresh), max(len(one.responses) for one in pool.groups)))
    differences[np.arange(len(fresh)), pool.first[fresh]] = 1
    differences[np.arange(len(fresh)), pool.second[fresh]] = -1
    width = differences.shape[1]
    covariances = []
    for belief in moment.fit.groups:
        padded = np.zeros((width, width))
        padded[: len(belief.mean), : len(belief.mean)] = belief.covariance
        covariances.append(padded)
    return differences, covariances, np.array([place[int(one)] for one in group])


def _entropy(p: Row) -> Row:
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


def _mixed(moment: Moment) -> list[int]:
    """Half by each, as the page does it for a random share of one half."""
    informed = moment.by("informed", 16.0, WAVE // 2)
    rest = [one for one in moment.by("random", 0.0, WAVE) if one not in {*informed}]
    return [*informed, *rest[: WAVE // 2]]


RULES: dict[str, Choose] = {
    "random": lambda moment: moment.by("random", 0.0),
    "gap": lambda moment: moment.by("gap", 4.0),
    "informed, gamma 1": lambda moment: moment.by("informed", 1.0),
    "informed, gamma 4": lambda moment: moment.by("informed", 4.0),
    "informed, gamma 16": lambda moment: moment.by("informed", 16.0),
    "informed, the best": lambda moment: moment.by("informed", 100.0),
    "informed, half random": _mixed,
    "D-optimal": d_optimal,
    "BALD": bald,
}


# ---- the replay -----------------------------------------------------------------------------------------------------


def replay(
    pool: Pool, features: list[Row] | None, train: list[int], test: list[int], rule: str, seed: int, aim: str
) -> tuple[dict[str, Any], Bought]:
    """Buy the budget by a rule; what was right after each wave, by debate.

    Args:
        pool: of all votes.
        features: of all groups; None: judgements alone.
        train: groups that are asked about.
        test: groups that are predicted; the same, where a given set is labelled.
        rule: of `RULES`.
        seed: of the first votes, of every draw, and of the order of votes: the same for every rule.
        aim: set or model.
    """
    bought = Bought(pool, seed)
    inside = np.flatnonzero(pool.among(train))
    bought.buy(np.random.default_rng([seed, 2]).permutation(inside)[:WAVE].tolist())
    mine = None if features is None else [features[number] for number in train]
    variances = (1.0, 1.0)
    curve: dict[str, list[Any]] = {"votes": [], "right": [], "right_where_four_agree": []}
    for wave in range(10**6):
        evidence = bought.evidence(train)
        if wave % TUNED_EVERY == 0:
            fit = fit_strengths(evidence, mine, start=variances)
            variances = (fit.shared_variance, fit.residual_variance)
        else:
            fit = fit_strengths(evidence, mine, variances=variances)
        beliefs = dict(zip(train, fit.groups, strict=True))
        if train != test:
            beliefs = {number: fit.of_new(features[number]) for number in test}  # type: ignore[index]
        curve["votes"].append(len(bought))
        for name, least in (("right", 0.5), ("right_where_four_agree", 0.75)):
            curve[name].append(_right(pool, beliefs, least))
        if len(bought) >= BUDGET[aim]:
            break
        votes_left = np.array([len(pool.votes[one]) for one in inside]) - bought.count[inside]
        moment = Moment(
            pool,
            bought,
            train,
            inside[votes_left > 0],
            fit,
            features or [],
            seed * 1000 + wave,
            new_answers=train != test,
        )
        bought.buy(RULES[rule](moment)[: BUDGET[aim] - len(bought)])
    curve["variances"] = [*variances]
    curve["pairs"] = [int((bought.count > 0).sum())]
    return curve, bought


def _right(pool: Pool, beliefs: dict[int, Strengths], least: float) -> list[float]:
    """For each debate, how many of its decided pairs are predicted right; an equal prediction is half right."""
    right = np.zeros(pool.debate.max() + 1)
    for number, belief in beliefs.items():
        rows = (pool.group == number) & (pool.truth != 0) & (pool.agreed >= least)
        gap = belief.mean[pool.first[rows]] - belief.mean[pool.second[rows]]
        right[pool.debate[number]] += ((np.sign(gap) * pool.truth[rows] + 1) / 2).sum()
    return list(map(float, right.round(1)))


def run_set(pool: Pool, rows: list[Row], seeds: int, rules: Sequence[str], output: Path) -> None:
    """Label the given set: with MiniLM's features as a prior, and by judgements alone."""
    everything = list(range(len(pool.groups)))
    features = reduced(rows, pool.groups, everything, COMPONENTS["set"])
    for seed in range(seeds):
        for rule in rules:
            for prior in ("model", "nothing"):
                if prior == "nothing" and rule not in ("random", "gap", "informed, gamma 16"):
                    continue
                began = time.monotonic()
                curve, _ = replay(
                    pool, features if prior == "model" else None, everything, everything, rule, seed, "set"
                )
                _save(output, {"aim": "set", "prior": prior, "rule": rule, "seed": seed, **curve}, began)


def run_model(pool: Pool, rows: list[Row], seeds: int, rules: Sequence[str], output: Path) -> None:
    """A model for new debates; its bought votes then train a bag of words, the successor."""
    for seed in range(seeds):
        for rule in rules:
            began = time.monotonic()
            folds, successors = [], []
            for fold in range(FOLDS):
                # Debates sorted by name, the i-th in fold i mod 4, as benchmarks/ukp.py has them.
                held_out = pool.debate % FOLDS == fold
                train, test = np.flatnonzero(~held_out).tolist(), np.flatnonzero(held_out).tolist()
                features = reduced(rows, pool.groups, train, COMPONENTS["model"])
                curve, bought = replay(pool, features, train, test, rule, seed, "model")
                folds.append(curve)
                if seed == 0 and rule in ("random", "informed, gamma 16", "gap"):
                    successors.append(_successor(pool, bought, train, test))
            merged = {"votes": folds[0]["votes"], "successor": np.sum(successors, axis=0).tolist()}
            for name in ("right", "right_where_four_agree"):
                merged[name] = np.sum([one[name] for one in folds], axis=0).tolist()
            _save(output, {"aim": "model", "prior": "model", "rule": rule, "seed": seed, **merged}, began)


def _successor(pool: Pool, bought: Bought, train: list[int], test: list[int]) -> list[float]:
    from plaudit.training import TrainingSettings, fit_linear

    model = fit_linear(bought.as_groups(train), "bow", TrainingSettings())
    scored = model.score([pool.groups[number] for number in test])
    beliefs = {}
    for number, row in zip(test, scored, strict=True):
        beliefs[number] = Strengths(np.array([one.score for one in row]), np.zeros((len(row), len(row))))
    return _right(pool, beliefs, 0.5)


def _save(output: Path, row: dict[str, Any], began: float) -> None:
    output.mkdir(parents=True, exist_ok=True)
    row["seconds"] = round(time.monotonic() - began, 1)
    name = f"{row['aim']}-{row['prior']}-{row['rule'].replace(' ', '_').replace(',', '')}-{row['seed']}.json"
    (output / name).write_text(json.dumps(row), encoding="utf-8")
    print(name, row["seconds"], "s", flush=True)


# ---- what came out --------------------------------------------------------------------------------------------------


def print_table(folder: Path, pool: Pool, draws: int = 500) -> None:
    """Accuracies and ratios of votes needed, by aim and prior, against random of the same prior."""
    runs: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = {}
    for file in sorted(folder.glob("*.json")):
        row = json.loads(file.read_text(encoding="utf-8"))
        runs.setdefault((row["aim"], row["prior"], row["rule"]), {})[row["seed"]] = row
    for name, least in (("right", 0.5), ("right_where_four_agree", 0.75)):
        decided = (pool.truth != 0) & (pool.agreed >= least)
        sizes = np.bincount(pool.debate[pool.group[decided]], minlength=pool.debate.max() + 1)
        lines = []
        for (aim, prior, rule), by_seed in sorted(runs.items()):
            random = runs[aim, prior, "random"]
            seeds = sorted({*by_seed} & {*random})
            mine, other = (np.array([one[seed][name] for seed in seeds]) for one in (by_seed, random))
            votes = np.array(by_seed[seeds[0]]["votes"])
            places = [int(np.argmin(np.abs(votes - share * BUDGET[aim]))) for share in SHARES]
            accuracy = mine.mean(0).sum(1) / sizes.sum()
            ratios = [_ratio(votes, mine, other, sizes, share * BUDGET[aim], draws) for share in SHARES]
            shown = [f"{accuracy[place]:.3f}" for place in places]
            lines.append([aim, prior, rule, str(len(seeds)), *shown, *([""] * 3 if rule == "random" else ratios)])
        heads = [f"{100 * share:.0f}%" for share in SHARES]
        print(f"\n{name}: {decided.sum():,} pairs")
        print(table(["aim", "prior", "rule", "seeds", *heads, *(f"votes at {one}" for one in heads)], lines))
    for (_, _, rule), by_seed in sorted(runs.items()):
        if by_seed[0].get("successor"):
            sizes = np.bincount(pool.debate[pool.group[pool.truth != 0]])
            print(f"successor (bag of words), {rule}: {sum(by_seed[0]['successor']) / sizes.sum():.3f}")


def _ratio(votes: Row, mine: Row, other: Row, sizes: Row, at: float, draws: int) -> str:
    """Votes needed for random's accuracy at so many, as a share of these, with its 95% interval."""
    draw = np.random.default_rng(0)
    debates, seeds = len(sizes), len(mine)
    every = [_needed(votes, mine.mean(0), other.mean(0), sizes, at)]
    for _ in range(draws):
        chosen, repeats = draw.integers(debates, size=debates), draw.integers(seeds, size=seeds)
        every.append(
            _needed(votes, mine[repeats].mean(0)[:, chosen], other[repeats].mean(0)[:, chosen], sizes[chosen], at)
        )
    ends = np.quantile(every[1:], [0.025, 0.975])
    limit = votes[-1] / at
    marked = [f"{'>' if one >= limit - 1e-9 else ''}{one:.2f}" for one in (every[0], *ends)]
    return f"{marked[0]} [{marked[1]}, {marked[2]}]"


def _needed(votes: Row, mine: Row, other: Row, sizes: Row, at: float) -> float:
    """Both curves are made to rise first, or the first lucky wave would count."""
    from sklearn.isotonic import isotonic_regression

    rising = [isotonic_regression(one.sum(1) / sizes.sum()) for one in (mine, other)]
    target = np.interp(at, votes, rising[1])
    reached = np.flatnonzero(rising[0] >= target - 1e-12)
    if not len(reached):
        return float(votes[-1] / at)
    place = reached[0]
    if place == 0:
        return float(votes[0] / at)
    low, high = rising[0][place - 1], rising[0][place]
    return float((votes[place - 1] + (target - low) / (high - low) * (votes[place] - votes[place - 1])) / at)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--aim", choices=("set", "model"), default="set")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES))
    parser.add_argument("--table", type=Path, metavar="DIR", help="print the runs under DIR and stop")
    parser.add_argument("-o", "--output", type=Path, default=Path("asking-runs"))
    options = parser.parse_args()
    if not (SHARED / "ukp-convarg" / "judgements").is_dir():
        print(f"skipped: UKPConvArg1 is not in {SHARED}")
        return
    pool = read_pool()
    if options.table:
        print_table(options.table, pool)
        return
    os.environ.setdefault("PLAUDIT_CACHE", str(Path(tempfile.gettempdir()) / "plaudit-asking"))
    rows = read_features(pool.groups)
    {"set": run_set, "model": run_model}[options.aim](pool, rows, options.seeds, options.rules, options.output)
    print(versions())


if __name__ == "__main__":
    main()
