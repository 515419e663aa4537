"""People compare answers in a web page, and what they say goes straight into training."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.labelling.app import create_app
    from plaudit.labelling.asking.applying import AppliedWave, apply_wave, collect_waves, deliver_wave
    from plaudit.labelling.asking.choosing import RULES, Choices, OpenQuestions, choose_questions
    from plaudit.labelling.asking.computing import Wish, completed_groups, compute_wave
    from plaudit.labelling.asking.features import FeatureSource, feature_source
    from plaudit.labelling.asking.standing import count_answers
    from plaudit.labelling.asking.wave import Wave, WaveQuestion
    from plaudit.labelling.assigning import Assignment, Nothing, take
    from plaudit.labelling.exporting import Exported, ExportOptions, export
    from plaudit.labelling.forgetting import forget
    from plaudit.labelling.gold import check_gold
    from plaudit.labelling.invitations import create_invitation, create_return_link
    from plaudit.labelling.jobs import Jobs
    from plaudit.labelling.judging import Envelope, Receipt, send
    from plaudit.labelling.people import add_person, find_person, set_password, set_role
    from plaudit.labelling.progress import project_status
    from plaudit.labelling.project import Added, Project, check_groups
    from plaudit.labelling.server import (
        Address,
        checked_origin,
        default_folder,
        owner_link,
        running_labelling_server,
        serve,
    )
    from plaudit.labelling.settings import MODES, LabellingSettings, RatedAttribute
    from plaudit.labelling.views import group_id
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "MODES",
    "RULES",
    "Added",
    "Address",
    "AppliedWave",
    "Assignment",
    "Choices",
    "Envelope",
    "ExportOptions",
    "Exported",
    "FeatureSource",
    "Jobs",
    "LabellingSettings",
    "Nothing",
    "OpenQuestions",
    "Project",
    "RatedAttribute",
    "Receipt",
    "Wave",
    "WaveQuestion",
    "Wish",
    "add_person",
    "apply_wave",
    "check_gold",
    "check_groups",
    "checked_origin",
    "choose_questions",
    "collect_waves",
    "completed_groups",
    "compute_wave",
    "count_answers",
    "create_app",
    "create_invitation",
    "create_return_link",
    "default_folder",
    "deliver_wave",
    "export",
    "feature_source",
    "find_person",
    "forget",
    "group_id",
    "owner_link",
    "project_status",
    "running_labelling_server",
    "send",
    "serve",
    "set_password",
    "set_role",
    "take",
]
