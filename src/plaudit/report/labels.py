"""Labels of probes, families, checks and baselines: a translation where there is one, else their name in the data."""

from __future__ import annotations

import re

from markupsafe import Markup

from plaudit.evaluation import Probe
from plaudit.report.i18n import Sentence, say, templates
from plaudit.text import page_name


def known(kind: str, name: str, otherwise: str | None = None, limit: int = 80) -> Sentence | Markup:
    """The sentence `kind.name`, with `_` for what TOML keys do not like; or the name (or `otherwise`) as data."""
    key = f"{kind}.{re.sub('[^a-z0-9]+', '_', name.lower())}"
    return say(key) if key in templates() else page_name(otherwise or name, limit)


def reason(text: str | None) -> Sentence | Markup:
    """Why something is undefined."""
    return known("reason", text or "", limit=200)


def baseline(name: str) -> Sentence | Markup:
    """A plain model."""
    return known("baseline", name)


def probe_label(probe: Probe) -> Sentence | Markup:
    """A probe, by what it changes."""
    return known("probe", probe.name, probe.says or probe.name)
