"""The metrics of comparisons and rankings, a row each, in the order of `metrics.json`."""

from __future__ import annotations

import math

from plaudit.evaluation.measures.calibration import brier, ece, ece_chance
from plaudit.evaluation.measures.preferences import (
    accuracy,
    accuracy_with_ties,
    chance,
    human_accuracy,
    lead_over_length,
    length_accuracy,
    log_loss,
    margin,
    margin_sd,
)
from plaudit.evaluation.registry import (
    METRICS,
    PreferenceMetric,
    of_comparisons,
    of_ranked_lists,
    of_rankings,
    of_scores,
    of_votes,
)
from plaudit.judgements import PerResponse, RankedLists, alpha_of_rankings, ndcg, ndcg_chance, top1, top1_chance
from plaudit.statistics import (
    Intervals,
    Measurement,
    percent,
    plain,
    signed,
    signed_percent,
    signed_three,
    three,
)


def _ndcg(rankings: RankedLists, scores: PerResponse, intervals: Intervals) -> Measurement:
    return ndcg(rankings, scores, intervals=intervals)


_OF_SCORES = (
    PreferenceMetric(
        name="accuracy",
        en="accuracy",
        zh="准确率",
        form=percent,
        measure=of_scores(accuracy),
        place=1,
        headline=1,
    ),
    PreferenceMetric(
        name="accuracy_with_ties",
        en="accuracy, ties as half",
        zh="准确率，平局算一半",
        form=percent,
        measure=of_scores(accuracy_with_ties),
        place=7,
    ),
    PreferenceMetric(
        name="log_loss",
        en="log loss",
        zh="对数损失",
        form=three,
        measure=of_scores(log_loss),
        chance=math.log(2),
        place=12,
    ),
    PreferenceMetric(name="margin", en="margin", zh="分差", form=signed_three, measure=of_scores(margin), place=23),
    PreferenceMetric(
        name="margin_sd",
        en="margin, in sd of scores",
        zh="分差，以分数标准差计",
        form=signed,
        measure=of_scores(margin_sd),
        place=24,
    ),
    PreferenceMetric(
        name="brier",
        en="Brier score",
        zh="Brier 分数",
        form=three,
        measure=of_scores(brier),
        chance=0.25,
        place=15,
    ),
    PreferenceMetric(name="ece", en="calibration error", zh="校准误差", form=three, measure=of_scores(ece), place=16),
    PreferenceMetric(
        name="ece_chance",
        en="of a calibrated model, by luck",
        zh="校准良好的模型仅凭运气",
        form=three,
        measure=of_scores(ece_chance),
        under="ece",
        place=17,
    ),
    PreferenceMetric(
        name="lead_over_length",
        en="lead over that rule",
        zh="比这条规则领先",
        form=signed_percent,
        measure=of_scores(lead_over_length),
        under="accuracy",
        place=4,
    ),
)

# Made together by `measures/temperature.py` and `measures/selective.py`.
_TOGETHER = (
    PreferenceMetric(name="temperature", en="the temperature", zh="温度", form=plain, under="log_loss", place=14),
    PreferenceMetric(
        name="log_loss_at_temperature",
        en="with gaps over a fitted temperature",
        zh="差距除以拟合的温度后",
        form=three,
        under="log_loss",
        place=13,
    ),
    PreferenceMetric(
        name="ece_at_temperature",
        en="with gaps over a fitted temperature",
        zh="差距除以拟合的温度后",
        form=three,
        under="ece",
        place=18,
    ),
    PreferenceMetric(
        name="selective_accuracy",
        en="selective accuracy (coverage one half)",
        zh="选择性准确率（覆盖一半）",
        form=percent,
        place=19,
    ),
    PreferenceMetric(
        name="selective_lead",
        en="lead over the other half",
        zh="比另一半领先",
        form=signed_percent,
        under="selective_accuracy",
        place=20,
    ),
    PreferenceMetric(
        name="selective_accuracy_by_gap",
        en="on the half of the largest gaps",
        zh="差距最大的一半",
        form=percent,
        under="selective_accuracy",
        place=21,
    ),
    PreferenceMetric(
        name="selective_lead_over_gap",
        en="lead over that",
        zh="比它领先",
        form=signed_percent,
        under="selective_accuracy",
        place=22,
    ),
)

_OF_JUDGEMENTS = (
    PreferenceMetric(
        name="chance", en="chance", zh="随机", form=percent, measure=of_comparisons(chance), under="accuracy", place=2
    ),
    PreferenceMetric(
        name="length_accuracy",
        en="the longer response wins",
        zh="选更长的回答",
        form=percent,
        measure=of_comparisons(length_accuracy),
        under="accuracy",
        place=3,
        headline=3,
    ),
    PreferenceMetric(
        name="human_accuracy",
        en="one person against the others",
        zh="一个人与其他人",
        form=percent,
        measure=of_votes(human_accuracy),
        under="accuracy",
        place=5,
        headline=2,
    ),
    PreferenceMetric(
        name="human_alpha",
        en="people's agreement (alpha)",
        zh="人与人的一致程度（α）",
        form=three,
        measure=of_votes(alpha_of_rankings),
        under="accuracy",
        place=6,
    ),
)

_OF_RANKINGS = (
    PreferenceMetric(name="top1", en="best of K", zh="K 选一", form=percent, measure=of_rankings(top1), place=8),
    PreferenceMetric(
        name="top1_chance",
        en="chance",
        zh="随机",
        form=percent,
        measure=of_ranked_lists(top1_chance),
        under="top1",
        place=9,
    ),
    PreferenceMetric(name="ndcg", en="NDCG", zh="NDCG", form=three, measure=of_rankings(_ndcg), place=10),
    PreferenceMetric(
        name="ndcg_chance",
        en="chance",
        zh="随机",
        form=three,
        measure=of_ranked_lists(ndcg_chance),
        under="ndcg",
        place=11,
    ),
)

for _metric in (*_OF_SCORES, *_TOGETHER, *_OF_JUDGEMENTS, *_OF_RANKINGS):
    METRICS.register(_metric.name, _metric)
