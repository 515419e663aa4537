"""What `plaudit eval` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from plaudit.cli.tables import INTERVAL, FigureTable, figure_cells, print_notes, value_cell
from plaudit.cli.verdicts import print_verdict
from plaudit.evaluation import Evaluation, Rewards
from plaudit.report import judge
from plaudit.statistics import Measurement
from plaudit.text import Language, terminal_text

Row = tuple[str, Measurement, str]
"""A label, what was measured, and the format of its values."""

_SHARE = "{:.1%}"

_LONGEST_LABEL = 40
"""Terminal cells: labels are whole, whatever the width."""

_SPARKS = 24

# name of the measurement -> how it is called in the table, and how its values are printed.
_RANKINGS = {
    "accuracy": ("accuracy", "{:.1%}"),
    "chance": ("  chance", "{:.1%}"),
    "length_accuracy": ("  the longer response wins", "{:.1%}"),
    "lead_over_length": ("  lead over that rule", "{:+.1%}"),
    "human_accuracy": ("  one person against the others", "{:.1%}"),
    "human_alpha": ("  people's agreement (alpha)", "{:.3f}"),
    "accuracy_with_ties": ("accuracy, ties as half", "{:.1%}"),
    "top1": ("best of K", "{:.1%}"),
    "top1_chance": ("  chance", "{:.1%}"),
    "ndcg": ("NDCG", "{:.3f}"),
    "ndcg_chance": ("  chance", "{:.3f}"),
    "log_loss": ("log loss (chance 0.693)", "{:.3f}"),
    "log_loss_at_temperature": ("  with gaps over a fitted temperature", "{:.3f}"),
    "temperature": ("  the temperature", "{:.3g}"),
    "brier": ("Brier score (chance 0.25)", "{:.3f}"),
    "ece": ("calibration error", "{:.3f}"),
    "ece_chance": ("  of a calibrated model, by luck", "{:.3f}"),
    "ece_at_temperature": ("  with gaps over a fitted temperature", "{:.3f}"),
    "selective_accuracy": ("selective accuracy (coverage 0.5)", "{:.1%}"),
    "selective_lead": ("  lead over the other half", "{:+.1%}"),
    "selective_accuracy_by_gap": ("  on the half of the largest gaps", "{:.1%}"),
    "selective_lead_over_gap": ("  lead over that", "{:+.1%}"),
    "margin": ("margin", "{:+.3f}"),
    "margin_sd": ("margin, in sd of scores", "{:+.2f}"),
}
_RATINGS = {
    "mae": ("mean absolute error", "{:.3g}"),
    "constant_mae": ("  of the best constant", "{:.3g}"),
    "lead_over_constant": ("  closer than that by", "{:+.3g}"),
    "human_mae": ("  of one person against the others", "{:.3g}"),
    "rmse": ("root mean squared error", "{:.3g}"),
    "constant_rmse": ("  of the best constant", "{:.3g}"),
    "human_rmse": ("  of one person against the others", "{:.3g}"),
    "pearson": ("Pearson", "{:+.3f}"),
    "length_pearson": ("  length", "{:+.3f}"),
    "human_pearson": ("  one person and the others", "{:+.3f}"),
    "spearman": ("Spearman", "{:+.3f}"),
    "length_spearman": ("  length", "{:+.3f}"),
    "lead_over_length": ("  lead over length", "{:+.3f}"),
    "human_spearman": ("  one person and the others", "{:+.3f}"),
    "kendall": ("Kendall", "{:+.3f}"),
    "length_kendall": ("  length", "{:+.3f}"),
    "human_kendall": ("  one person and the others", "{:+.3f}"),
    "kendall_within": ("Kendall within groups", "{:+.3f}"),
    "length_kendall_within": ("  length", "{:+.3f}"),
    "human_kendall_within": ("  one person and the others", "{:+.3f}"),
    "human_alpha": ("people's agreement (alpha)", "{:+.3f}"),
    "groups_rated_equal": ("  groups rated all the same (left out)", "{:.1%}"),
    "groups_scored_equal": ("  groups scored all the same (0 each)", "{:.1%}"),
}
# measurements of a baseline -> how they are called after its name, and how they are printed.
_BASELINE = {"accuracy": ("  {}", "{:.1%}"), "lead": ("  lead over {}", "{:+.1%}")}
_BASELINE_RATING = {"spearman": ("  {}", "{:+.3f}"), "lead": ("  lead over {}", "{:+.3f}")}


def show(evaluation: Evaluation, page: Path | None = None, language: Language = "en") -> None:
    """Print the tables, the counts, what the figures allow to say, and where the page is that says more."""
    console = Console(highlight=False)
    if evaluation.counts["comparisons"]:
        baselines = {name: baseline.overall for name, baseline in evaluation.baselines.items()}
        rows = dict(_RANKINGS)
        if not evaluation.counts["ties"]:
            del rows["accuracy_with_ties"]
        _table("", _rows(rows, evaluation.overall, "lead_over_length", _BASELINE, baselines)).show(console)
    for attribute, measured in evaluation.ratings.items():
        baselines = {name: baseline.ratings[attribute] for name, baseline in evaluation.baselines.items()}
        console.print(f"ratings: {terminal_text(attribute)}", style="bold", markup=False)
        _table("", _rows(_RATINGS, measured, "lead_over_length", _BASELINE_RATING, baselines)).show(console)
    if evaluation.subsets and evaluation.counts["comparisons"]:
        _subset_table(evaluation).show(console)
    if evaluation.rewards is not None and evaluation.rewards.n:
        _table("rewards", _rewards(evaluation.rewards)).show(console)
    print_notes(console, [_counts_line(evaluation)])
    print_verdict(console, judge(evaluation), language)
    if page is not None:
        where = f"More, with pictures, probes and the worst mistakes: open {page} in a browser"
        console.print(where, markup=False, soft_wrap=True)


def _rows(
    rows: Mapping[str, tuple[str, str]],
    measured: Mapping[str, Measurement],
    after: str,
    of_baseline: Mapping[str, tuple[str, str]],
    baselines: Mapping[str, Mapping[str, Measurement]],
) -> Iterator[Row]:
    """The rows of one table; those of the baselines stand behind the measurement `after`. Of all that is undefined for
    one reason, the first is shown, and what has a defined row standing under it."""
    reasons = set()
    below = _below(rows)
    for name, (label, style) in rows.items():
        if name in measured and (
            measured[name].reason not in reasons
            or any(measured[one].value is not None for one in [name, *below.get(name, ())] if one in measured)
        ):
            reasons.add(measured[name].reason)
            yield label, measured[name], style
        for baseline, figures in baselines.items() if name == after else ():
            for figure, (baseline_label, baseline_style) in of_baseline.items():
                yield baseline_label.format(terminal_text(baseline)), figures[figure], baseline_style


def _below(rows: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Measurement -> those whose rows stand below its row, indented."""
    below: dict[str, list[str]] = {}
    for name, (label, _) in rows.items():
        if label.startswith(" "):
            below[next(reversed(below))].append(name)
        else:
            below[name] = []
    return below


def _table(title: str, rows: Iterator[Row]) -> FigureTable:
    table = FigureTable(title, ("value", INTERVAL, "n"), shortest_name=_LONGEST_LABEL)
    for label, measured, style in rows:
        table.figure(label, measured, style)
    return table


def _subset_table(evaluation: Evaluation) -> FigureTable:
    table = FigureTable("subset", ("accuracy", INTERVAL, "length rule", "n"), gives_way=("length rule",))
    for name, measured in evaluation.subsets.items():
        accuracy, length = measured.overall["accuracy"], measured.overall["length_accuracy"]
        value, interval, n = figure_cells(accuracy, _SHARE)
        table.row(terminal_text(name), value, interval, value_cell(length, _SHARE), n, gaps=(accuracy, length))
    return table


def _rewards(rewards: Rewards) -> Iterator[Row]:
    """How rewards lie, and what there is in them for a policy to learn from."""
    spread = "" if rewards.sd is None else f", sd {rewards.sd:.3g}"
    yield f"mean{spread} {_sparks(rewards.counts)}", rewards.mean, "{:+.3g}"
    yield "share of their variance within prompts", rewards.within_prompt_share, _SHARE
    yield "prompts with one reward for all", rewards.prompts_without_spread, _SHARE


def _sparks(counts: Sequence[int]) -> str:
    """A histogram in one line, of `_SPARKS` characters at most."""
    bars = [sum(part.tolist()) for part in np.array_split(counts, min(_SPARKS, len(counts)))]
    return "".join("▁▂▃▄▅▆▇█"[round(7 * bar / max(bars))] for bar in bars)


def _counts_line(evaluation: Evaluation) -> str:
    counts = evaluation.counts
    judged = [f"{counts[name]:,} {name}" for name in ("comparisons", "ratings") if counts[name]]
    always = f"{' and '.join(judged) or 'no comparisons'} in {counts['groups']:,} groups; "
    clustered = f"intervals clustered by {evaluation.clusters} ({counts['clusters']:,})"
    shown = ("comparisons", "ratings", "groups", "responses", "clusters")
    rest = [f"{name.replace('_', ' ')}: {count:,}" for name, count in counts.items() if count and name not in shown]
    return "; ".join([always + clustered, *rest])
