"""Which questions are worth asking: waves of them, chosen by what is believed of every answer. Needs no torch."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.labelling.asking.applying import AppliedWave, apply_wave, collect_waves, deliver_wave
    from plaudit.labelling.asking.choosing import RULES, Choices, OpenQuestions, choose_questions
    from plaudit.labelling.asking.computing import Wish, completed_groups, compute_wave
    from plaudit.labelling.asking.features import FeatureSource, feature_source
    from plaudit.labelling.asking.standing import count_answers
    from plaudit.labelling.asking.wave import Wave, WaveQuestion
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "RULES",
    "AppliedWave",
    "Choices",
    "FeatureSource",
    "OpenQuestions",
    "Wave",
    "WaveQuestion",
    "Wish",
    "apply_wave",
    "choose_questions",
    "collect_waves",
    "completed_groups",
    "compute_wave",
    "count_answers",
    "deliver_wave",
    "feature_source",
]
