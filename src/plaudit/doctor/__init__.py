"""The data doctor: what in a set of judgements is probably wrong, as a work list for people, and the set without it."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.doctor.cleaning import Cleaned, clean
    from plaudit.doctor.examination import Diagnosis, diagnose
    from plaudit.doctor.findings import Item, Target
    from plaudit.doctor.worklist import read_orders, write_worklist

__all__ = [
    "Cleaned",
    "Diagnosis",
    "Item",
    "Target",
    "clean",
    "diagnose",
    "read_orders",
    "write_worklist",
]

__getattr__, __dir__ = face(__name__, __file__)
