"""The data doctor: which judgements of a set are probably wrong, a work list for people, and the set without them."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.doctor.cleaning import Cleaned, Removal, clean
    from plaudit.doctor.examination import Diagnosis, diagnose
    from plaudit.doctor.findings import Item, Target
    from plaudit.doctor.settings import DoctorSettings
    from plaudit.doctor.worklist import read_removals, write_worklist
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "Cleaned",
    "Diagnosis",
    "DoctorSettings",
    "Item",
    "Removal",
    "Target",
    "clean",
    "diagnose",
    "read_removals",
    "write_worklist",
]
