"""Hand-made figures in the shapes of metrics.json, evaluations of them, and groups with mistakes in them."""

from __future__ import annotations

from typing import Any

from plaudit.evaluation import Evaluation, Probed, Probes
from plaudit.groups import Group, Ranking
from plaudit.report import judge, judge_probes
from plaudit.statistics import Measurement
from plaudit.storage import Fields

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% raw %} {0.__class__} %s",
    "safe\u202etxt.exe\u2066",
    "null\x00byte \x1b[31m \x7f",
    "half \ud800 pair",
    "]]> --> <!-- &amp; &lt;",
    "https://example.org/<b>",
)


def found(value: float | None, half: float = 0.05, n: int = 200, **more: Any) -> dict[str, Any]:
    """A measurement with a symmetric interval, or one that is undefined."""
    if value is None:
        return {"value": None, "low": None, "high": None, "n": 0, "reason": "there is nothing to measure"}
    return {"value": value, "low": value - half, "high": value + half, "n": n, **more}


def no_interval(value: float) -> dict[str, Any]:
    return {"value": value, "low": None, "high": None, "n": 3, "reason": "one cluster cannot show how much"}


def exactly(value: float, n: int = 200) -> dict[str, Any]:
    return {"value": value, "low": value, "high": value, "n": n}


def probe(name: str, family: str, effect: float, finding: str) -> dict[str, Any]:
    return {
        "name": name,
        "family": family,
        "says": f"doing {name}",
        "wanted": "not higher",
        "effect": found(effect),
        "p": 0.01,
        "q": 0.0004,
        "raised": found(0.6),
        "finding": finding,
        "left_out": {},
    }


def evaluation(row: dict[str, Any] | None = None) -> Evaluation:
    """What `metrics.json` with these fields is read as; what they lack is empty, here and further inside."""
    part = {"ratings": {}, "baselines": {}, "reliability": [], "lengths": [], "rewards": None}
    whole = Evaluation(overall={}).to_json() | (row or {})
    whole["baselines"] = {name: {"ratings": {}} | one for name, one in whole["baselines"].items()}
    whole["subsets"] = {name: part | one for name, one in whole["subsets"].items()}
    if whole["rewards"] is not None:
        whole["rewards"] = REWARDS | whole["rewards"]
    if "probes" in whole:
        probes = [probe_row(one) for one in whole["probes"]["probes"]]
        whole["probes"] = PROBES | whole["probes"] | {"probes": probes}
    if "invariance" in whole:
        checks = [CHECK | check for check in whole["invariance"]["checks"]]
        whole["invariance"] = {"sd": 1.0, "groups": 1} | whole["invariance"] | {"checks": checks}
    return Evaluation.from_json(whole)


def claims(one: Evaluation) -> str:
    """The headline and all that is claimed of an evaluation, in English, with ordinary spaces."""
    verdict = judge(one)
    return "\n".join(
        sentence.plain("en").replace("\u00a0", " ")
        for sentence in (verdict.headline, *(finding.sentence for finding in verdict.findings))
    )


def probe_claims(probes: Probes) -> str:
    """All that is claimed of probes."""
    return "\n".join(finding.sentence.plain("en").replace("\u00a0", " ") for finding in judge_probes(probes))


def probe_row(row: dict[str, Any]) -> dict[str, Any]:
    return probe("x", "y", 0.0, "unsure") | row


def probed(row: dict[str, Any]) -> Probed:
    """One probe's result from its row, which may be incomplete."""
    return Probed.from_json(Fields(probe_row(row)))


def measured(row: dict[str, Any]) -> Measurement:
    return Measurement.from_json(row)


NOTHING_MEASURED = {"value": None, "low": None, "high": None, "n": 0, "reason": "there is nothing to measure"}
REWARDS = {
    "n": 0,
    "not_finite": 0,
    "mean": NOTHING_MEASURED,
    "sd": None,
    "quantiles": {},
    "histogram": {"edges": [], "counts": []},
    "within_prompt_sd": NOTHING_MEASURED,
    "within_prompt_share": NOTHING_MEASURED,
    "prompts_without_spread": NOTHING_MEASURED,
}
PROBES = {
    "sd": 1.0,
    "sd_of": "within prompts",
    "groups": 8,
    "answers": 8,
    "clusters": "prompt",
    "cluster_count": 8,
    "level": 0.05,
}
CHECK = {"largest": None, "in_sd": None, "tolerance": 0.01, "flips": 0, "pairs": 0, "n": 0, "ok": None}


def metrics(name: str = "chat") -> dict[str, Any]:
    """Everything a page can show, with `name` wherever data may bring a name of their own; for `evaluation`."""
    correlations = ("pearson", "spearman", "kendall", "kendall_within")
    rated = {
        **{f"{who}{which}": found(0.4) for who in ("", "length_", "human_") for which in correlations},
        **{key: found(0.8) for key in ("mae", "rmse", "constant_mae", "constant_rmse", "human_mae", "human_rmse")},
        "lead_over_length": found(0.2),
        "lead_over_constant": found(0.3),
    }
    return {
        "accuracy": found(0.7),
        "chance": exactly(0.5),
        "length_accuracy": found(0.55),
        "lead_over_length": found(0.15),
        "human_accuracy": found(0.8),
        "log_loss": found(0.6),
        "brier": found(0.2),
        "ece": found(0.04, 0.03),
        "ece_chance": exactly(0.03),
        "temperature": found(1.4, 0.2),
        "log_loss_at_temperature": found(0.58),
        "ece_at_temperature": found(0.02, 0.02),
        "top1": found(0.5),
        "top1_chance": exactly(0.25),
        "ndcg": found(0.8),
        "ndcg_chance": exactly(0.6),
        "selective_accuracy": found(0.8),
        "selective_accuracy_by_gap": found(0.78),
        "selective_lead": found(0.2),
        "human_alpha": found(0.4),
        "reliability": [
            {"low": 0.5, "high": 0.75, "confidence": 0.6, "right": found(0.58)},
            {"low": 0.75, "high": 1.0, "confidence": 0.9, "right": found(0.8)},
        ],
        "rewards": {
            "n": 6,
            "mean": found(0.1),
            "sd": 1.0,
            "quantiles": {"0.05": -1.5, "0.5": 0.0, "0.95": 1.5},
            "histogram": {"edges": [-2.0, 0.0, 2.0], "counts": [2, 4]},
            "within_prompt_sd": found(0.8),
            "within_prompt_share": found(0.7),
            "prompts_without_spread": found(0.02, 0.02),
        },
        "lengths": [
            {"low": -200, "high": -20, "accuracy": found(0.6)},
            {"low": 0, "high": 0, "accuracy": found(0.6)},
            {"low": 20, "high": 200, "accuracy": found(0.65)},
        ],
        "subsets": {
            name: {"accuracy": found(0.6), "length_accuracy": found(0.5), "human_accuracy": found(0.7)},
            "empty": {"accuracy": found(None)},
        },
        "ratings": {name: rated},
        "baselines": {name: {"accuracy": found(0.6), "lead": found(0.1), "ratings": {name: {"spearman": found(0.3)}}}},
        "counts": {"groups": 10, "responses": 20, "comparisons": 200, "ratings": 30, "clusters": 50, "truncated": 2},
        "clusters": name,
        "level": 0.95,
        "record": {"model": f"folder/{name}", "data": name, "seed": 0, "truncate_responses": False},
        "probes": {
            "sd": 1.0,
            "groups": 8,
            "level": 0.05,
            "probes": [probe("padding", "length", 0.3, "misled"), probe(name, name, -0.2, "sound")],
        },
        "invariance": {
            "sd": 1.0,
            "checks": [
                {"name": "again", "largest": 1e-7, "in_sd": 1e-7, "flips": 0, "n": 20, "ok": True},
                {"name": name, "largest": 0.2, "in_sd": 0.2, "flips": 1, "n": 20, "ok": False},
                {"name": "other", "largest": None, "in_sd": None, "flips": 0, "n": 0, "ok": None, "reason": name},
            ],
        },
    }


def sound_metrics() -> dict[str, Any]:
    """A model that nothing speaks against."""
    row = metrics()
    row |= {"human_accuracy": found(0.6), "temperature": found(1.0, 0.2), "ece": found(0.03, 0.02)}
    row["probes"]["probes"] = row["probes"]["probes"][1:]
    row["invariance"]["checks"] = row["invariance"]["checks"][:1]
    return row


def voted(group: str, votes: list[tuple[int, int, str | None]], responses: tuple[str, ...], prompt: str = "p") -> Group:
    """A group with one vote (better, worse, who) after another."""
    return Group(group, prompt, responses, tuple(Ranking(((i,), (j,)), annotator=who) for i, j, who in votes))


def explanation(group: str, response: int, text: str = "good") -> dict[str, Any]:
    return {
        "group": group,
        "response": response,
        "score": 1.0,
        "tokens": [
            {"text": text, "reward": 0.1, "attribution": 0.5},
            {"text": " plain", "reward": 0.1, "attribution": 0.0},
            {"text": " bad", "reward": -0.5, "attribution": -1.0},
        ],
        "sentences": [{"text": text, "effect": 0.4}, {"text": "bad", "effect": -0.8}],
        "completeness": 0.02,
    }
