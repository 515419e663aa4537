"""A preference set of known quality, and a run from it to a trained and measured reward model."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.demo.aligning import AlignedPolicy, AlignmentDemo, run_alignment_demo
    from plaudit.demo.labelling import Crowd, label_demo, project_groups
    from plaudit.demo.policy import policy_topics, pretrain_policy, pretraining_answers
    from plaudit.demo.preferences import preference_set
    from plaudit.demo.run import Demo, run_demo, write_candidates
    from plaudit.demo.samples import SampleFigures, judge_samples, policy_prompts, sample_figures
    from plaudit.demo.serving import ServedDemo, serve_demo
    from plaudit.demo.truth import TrueQuality, true_qualities, true_quality
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "AlignedPolicy",
    "AlignmentDemo",
    "Crowd",
    "Demo",
    "SampleFigures",
    "ServedDemo",
    "TrueQuality",
    "judge_samples",
    "label_demo",
    "policy_prompts",
    "policy_topics",
    "preference_set",
    "pretrain_policy",
    "pretraining_answers",
    "project_groups",
    "run_alignment_demo",
    "run_demo",
    "sample_figures",
    "serve_demo",
    "true_qualities",
    "true_quality",
    "write_candidates",
]
