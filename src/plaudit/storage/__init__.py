"""Files that are whole or absent, and JSON lines."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.storage.atomic import check_place, replacing
    from plaudit.storage.jsonl import json_line

__all__ = [
    "check_place",
    "json_line",
    "replacing",
]

__getattr__, __dir__ = face(__name__, __file__)
