"""One JSON object a line, fit for a file in UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def json_line(row: Mapping[str, Any], *, allow_nan: bool = False) -> str:
    """The object on a line of its own, readable in every script.

    Half a surrogate pair, which JSON can hold, has no UTF-8 and stays escaped. A number that is not finite is refused,
    unless it comes out of somebody's data (`allow_nan`) and goes back as it was.
    """
    text = json.dumps(row, ensure_ascii=False, allow_nan=allow_nan)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text) + "\n"
