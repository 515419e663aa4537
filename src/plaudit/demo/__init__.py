"""A preference set of known quality, and a run from it to a trained and measured reward model."""

from plaudit.demo.candidates import candidate_set
from plaudit.demo.preferences import noise_ceiling, preference_set, with_truth
from plaudit.demo.run import Demo, Findings, run_demo, write_candidates

__all__ = [
    "Demo",
    "Findings",
    "candidate_set",
    "noise_ceiling",
    "preference_set",
    "run_demo",
    "with_truth",
    "write_candidates",
]
