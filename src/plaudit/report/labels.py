"""What probes, families, checks and plain models are called: a translation where we have one, else their own name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from plaudit.report.i18n import Said, say, templates
from plaudit.text import page_name


def known(kind: str, name: str, otherwise: str | None = None, most: int = 80) -> Said | Markup:
    """The sentence `kind.name`, with `_` for what TOML keys do not like; or the name (or `otherwise`) as data."""
    key = f"{kind}.{re.sub('[^a-z0-9]+', '_', name.lower())}"
    return say(key) if key in templates() else page_name(otherwise or name, most)


def reason(text: str | None) -> Said | Markup:
    """Why something is undefined."""
    return known("reason", text or "", most=200)


def baseline(name: str) -> Said | Markup:
    """A plain model."""
    return known("baseline", name)


def probe(row: Mapping[str, Any]) -> Said | Markup:
    """A probe, by what it changes."""
    return known("probe", str(row.get("name") or ""), str(row.get("says") or row.get("name") or ""))
