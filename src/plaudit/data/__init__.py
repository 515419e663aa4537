"""Files and hub sets -> groups, checks and splits, and groups -> other tools' formats."""

from plaudit.data.judgements import majority, rankings_from_ratings
from plaudit.data.read import Reading, load_groups, read_groups

__all__ = ["Reading", "load_groups", "majority", "rankings_from_ratings", "read_groups"]
