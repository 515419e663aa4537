"""The data doctor: what in a set of judgements is probably wrong, as a work list for people, and the set without it."""

from plaudit.doctor.cleaning import Cleaned, clean
from plaudit.doctor.examine import Diagnosis, examine
from plaudit.doctor.items import Item, Target
from plaudit.doctor.worklist import read_orders, write_worklist

__all__ = ["Cleaned", "Diagnosis", "Item", "Target", "clean", "examine", "read_orders", "write_worklist"]
