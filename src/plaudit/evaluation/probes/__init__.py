"""Probes: one thing changed in a real answer, and what the reward makes of it."""

from plaudit.evaluation.probes.change import Case, Change, Probe, Spot, Wanted
from plaudit.evaluation.probes.results import Probed, Probes
from plaudit.evaluation.probes.running import probe
from plaudit.evaluation.probes.table import FAMILIES, PROBES
from plaudit.evaluation.probes.verdict import probes_verdict

__all__ = [
    "FAMILIES",
    "PROBES",
    "Case",
    "Change",
    "Probe",
    "Probed",
    "Probes",
    "Spot",
    "Wanted",
    "probe",
    "probes_verdict",
]
