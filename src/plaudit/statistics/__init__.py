"""Figures with intervals, from arrays: nothing of models or judgements."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.statistics.arrays import PerCluster, Sums
    from plaudit.statistics.bootstrap import (
        JACKKNIFE,
        Bootstrap,
        Intervals,
        intervals_by,
    )
    from plaudit.statistics.correlations import CORRELATIONS, correlation, difference, kendall_by_group
    from plaudit.statistics.forms import (
        Form,
        percent,
        percent_tick,
        plain,
        plain_tick,
        points,
        points_ahead,
        signed,
        signed_percent,
        signed_plain,
        signed_three,
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
        by_cluster,
        half_width,
        jackknife,
        jackknife_variance,
        mean,
        of_sums,
        proportion,
        ratio,
        relative,
        too_few,
        wilson,
        without_each,
    )
    from plaudit.statistics.measurement import UNMEASURED, Measurement, Measurements, measurement_of, undefined
    from plaudit.statistics.significance import McNemar, benjamini_hochberg, mcnemar, sign_flip
    from plaudit.statistics.within_prompt import centred, pooled_sd
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "CORRELATIONS",
    "JACKKNIFE",
    "LEVEL",
    "NOTHING",
    "NO_VARIATION",
    "ONE_CLUSTER",
    "PRIOR_CLUSTERS",
    "UNMEASURED",
    "Bootstrap",
    "Form",
    "Intervals",
    "McNemar",
    "Measurement",
    "Measurements",
    "PerCluster",
    "Sums",
    "benjamini_hochberg",
    "by_cluster",
    "centred",
    "correlation",
    "difference",
    "half_width",
    "intervals_by",
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
    "signed_percent",
    "signed_plain",
    "signed_three",
    "small",
    "three",
    "too_few",
    "two",
    "undefined",
    "wilson",
    "without_each",
]
