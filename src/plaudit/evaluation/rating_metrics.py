"""The metrics of one attribute's ratings, a row each, made together by `measures/ratings.py`.

A name that begins with `constant_`, `length_` or `human_` is the same figure for what the model must beat, or can
hardly beat; its row stands under the model's.
"""

from __future__ import annotations

from plaudit.evaluation.registry import RATING_METRICS, RatingMetric
from plaudit.statistics import Form, percent, plain, signed, signed_plain, signed_three

_ERRORS = {"mae": ("mean absolute error", "平均绝对误差"), "rmse": ("root mean squared error", "均方根误差")}
_CORRELATIONS = {
    "pearson": ("Pearson", "Pearson"),
    "spearman": ("Spearman", "Spearman"),
    "kendall": ("Kendall", "Kendall"),
    "kendall_within": ("Kendall within groups", "组内 Kendall"),
}
_AGREEMENT = ("people's agreement (alpha)", "人与人的一致程度（α）")
_RATED_EQUAL = ("groups rated all the same (left out)", "人打分全同的组（不计）")
_SCORED_EQUAL = ("groups scored all the same (0 each)", "得分全同的组（各计 0）")


def _register(
    name: str, labels: tuple[str, str], form: Form, *, under: str | None = None, headline: int | None = None
) -> None:
    en, zh = labels
    RATING_METRICS.register(name, RatingMetric(name=name, en=en, zh=zh, form=form, under=under, headline=headline))


for _error, _labels in _ERRORS.items():
    _register(_error, _labels, plain)
    _register(f"constant_{_error}", ("of the best constant", "最好的常数"), plain, under=_error)
    if _error == "mae":
        _register("lead_over_constant", ("closer than that by", "比它近"), signed_plain, under=_error)
    _register(f"human_{_error}", ("of one person against the others", "一个人与其他人"), plain, under=_error)
for _name, _labels in _CORRELATIONS.items():
    _register(_name, _labels, signed, headline=1 if _name == "spearman" else None)
    _register(f"length_{_name}", ("length", "长度"), signed, under=_name)
    if _name == "spearman":
        _register("lead_over_length", ("lead over length", "比长度领先"), signed, under=_name)
    _register(f"human_{_name}", ("one person and the others", "一个人与其他人"), signed, under=_name)
_register("human_alpha", _AGREEMENT, signed_three)
_register("groups_rated_equal", _RATED_EQUAL, percent, under="human_alpha")
_register("groups_scored_equal", _SCORED_EQUAL, percent, under="human_alpha")
