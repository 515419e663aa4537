"""A preference set of known quality, and a run from it to a trained and measured reward model."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.demo.candidates import candidate_set
    from plaudit.demo.preferences import noise_ceiling, preference_set, with_truth
    from plaudit.demo.run import Demo, Recovery, run_demo, write_candidates
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "Demo",
    "Recovery",
    "candidate_set",
    "noise_ceiling",
    "preference_set",
    "run_demo",
    "with_truth",
    "write_candidates",
]
