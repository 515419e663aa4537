"""Figures with intervals, from arrays: nothing of models or judgements."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.statistics.bootstrap import bootstrapping
    from plaudit.statistics.correlations import CORRELATIONS, correlation, difference, kendall_by_group
    from plaudit.statistics.forms import (
        MINUS,
        Form,
        percent,
        percent_tick,
        plain,
        plain_tick,
        points,
        points_ahead,
        signed,
        small,
        three,
        two,
    )
    from plaudit.statistics.intervals import (
        LEVEL,
        NO_VARIATION,
        NOTHING,
        ONE_CLUSTER,
        PRIOR_CLUSTERS,
        UNMEASURED,
        Floats,
        Ints,
        Measurement,
        Measurements,
        by_cluster,
        half_width,
        jackknife,
        jackknife_variance,
        mean,
        measurement_of,
        of_sums,
        proportion,
        ratio,
        relative,
        too_few,
        undefined,
        wilson,
        without_each,
    )
    from plaudit.statistics.significance import McNemar, benjamini_hochberg, mcnemar, sign_flip
    from plaudit.statistics.within_prompt import centred, pooled_sd

__all__ = [
    "CORRELATIONS",
    "LEVEL",
    "MINUS",
    "NOTHING",
    "NO_VARIATION",
    "ONE_CLUSTER",
    "PRIOR_CLUSTERS",
    "UNMEASURED",
    "Floats",
    "Form",
    "Ints",
    "McNemar",
    "Measurement",
    "Measurements",
    "benjamini_hochberg",
    "bootstrapping",
    "by_cluster",
    "centred",
    "correlation",
    "difference",
    "half_width",
    "jackknife",
    "jackknife_variance",
    "kendall_by_group",
    "mcnemar",
    "mean",
    "measurement_of",
    "of_sums",
    "percent",
    "percent_tick",
    "plain",
    "plain_tick",
    "points",
    "points_ahead",
    "pooled_sd",
    "proportion",
    "ratio",
    "relative",
    "sign_flip",
    "signed",
    "small",
    "three",
    "too_few",
    "two",
    "undefined",
    "wilson",
    "without_each",
]

__getattr__, __dir__ = face(__name__, __file__)
