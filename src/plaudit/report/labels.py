"""Labels of probes, families, checks, baselines and curves: a translation, or else their name in the data."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup

from plaudit.evaluation import METRICS, Probe
from plaudit.report.i18n import Sentence, bilingual, say, templates
from plaudit.text import page_name


def known_label(kind: str, name: str, otherwise: str | None = None, limit: int = 80) -> Sentence | Markup:
    """The sentence `kind.name`, with `_` for what TOML keys do not like; or the name (or `otherwise`) as data.

    Example:
        >>> known_label("baseline", "length").plain("en"), str(known_label("baseline", "<ours>"))
        ('a model of length alone', '<bdi>&lt;ours&gt;</bdi>')
    """
    key = f"{kind}.{re.sub('[^a-z0-9]+', '_', name.lower())}"
    return say(key) if key in templates() else page_name(otherwise or name, limit)


def reason_label(text: str | None) -> Sentence | Markup:
    """Why something is undefined; of two models, for which of them.

    Example:
        >>> reason_label("every reward is the same").plain("zh")
        '所有奖励都相同'
    """
    if side := re.fullmatch("([AB]): (.+)", text or ""):
        return say("compare.of_side", side=side[1], reason=reason_label(side[2]))
    for pattern, key in _reason_patterns():
        if names := pattern.fullmatch(text or ""):
            return say(key, **{field: page_name(name, 60) for field, name in names.groupdict().items()})
    return known_label("reason", text or "", limit=200)


@cache
def _reason_patterns() -> list[tuple[re.Pattern[str], str]]:
    """Reasons that name something, as what their English looks like, and their keys."""
    english = {key: sentence["en"] for key, sentence in templates().items() if key.startswith("reason.")}
    return [
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(text))), key)
        for key, text in english.items()
        if "{" in text
    ]


def baseline_label(name: str) -> Sentence | Markup:
    """A plain model.

    Example:
        >>> baseline_label("bow").plain("en"), baseline_label("bow").plain("zh")
        ('a bag of words', '词袋模型')
    """
    return known_label("baseline", name)


def probe_label(probe: Probe) -> Sentence | Markup:
    """A probe, by what it changes."""
    return known_label("probe", probe.name, probe.says or probe.name)


def curve_label(name: str) -> Sentence | Markup:
    """A way to choose the best of n, by the name of its curve.

    Example:
        >>> curve_label("mean - 0.5 variance").plain("zh")
        '平均 - 0.5 方差'
    """
    if penalty := re.fullmatch("mean - (.+) variance", name):
        return say("curve.penalised", penalty=penalty[1])
    return known_label("curve", name)


def metric_label(name: str) -> Sentence | Markup:
    """A figure of comparisons and rankings, with its key in `metrics.json`."""
    key = page_name(name, 60)
    metric = METRICS.get(name)
    return key if metric is None else say("record.metric", label=bilingual(metric.en, metric.zh), name=key)
