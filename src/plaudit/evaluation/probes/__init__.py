"""Probes of a reward: one thing is changed in a real answer, and the effect on its score measured (docs/probes.md)."""

from plaudit.evaluation.probes.change import (
    FAMILIES,
    PROBES,
    Case,
    Change,
    Probe,
    Spot,
    Wanted,
    chosen_probes,
    edits,
    register_probes,
)
from plaudit.evaluation.probes.results import Probed, Probes
from plaudit.evaluation.probes.running import probe

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
    "chosen_probes",
    "edits",
    "probe",
    "register_probes",
]
