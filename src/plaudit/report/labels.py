"""Labels of probes, families, checks and baselines: a translation where there is one, else their name in the data."""

from __future__ import annotations

import re

from markupsafe import Markup

from plaudit.evaluation import METRICS, Probe
from plaudit.report.i18n import Sentence, bilingual, say, templates
from plaudit.text import page_name


def known_label(kind: str, name: str, otherwise: str | None = None, limit: int = 80) -> Sentence | Markup:
    """The sentence `kind.name`, with `_` for what TOML keys do not like; or the name (or `otherwise`) as data."""
    key = f"{kind}.{re.sub('[^a-z0-9]+', '_', name.lower())}"
    return say(key) if key in templates() else page_name(otherwise or name, limit)


def reason_label(text: str | None) -> Sentence | Markup:
    """Why something is undefined."""
    return known_label("reason", text or "", limit=200)


def baseline_label(name: str) -> Sentence | Markup:
    """A plain model."""
    return known_label("baseline", name)


def probe_label(probe: Probe) -> Sentence | Markup:
    """A probe, by what it changes."""
    return known_label("probe", probe.name, probe.says or probe.name)


def metric_label(name: str) -> Sentence | Markup:
    """A figure of comparisons and rankings, with its key in `metrics.json`."""
    key = page_name(name, 60)
    metric = METRICS.get(name)
    return key if metric is None else say("record.metric", label=bilingual(metric.en, metric.zh), name=key)
