"""What the server answers, by what it is about."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.labelling.routes.entry import add_entry
    from plaudit.labelling.routes.overview import add_overview
    from plaudit.labelling.routes.questions import add_own, add_questions
    from plaudit.labelling.routes.shared import LabellingServer, page_language
    from plaudit.labelling.routes.training import add_training
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "LabellingServer",
    "add_entry",
    "add_overview",
    "add_own",
    "add_questions",
    "add_training",
    "page_language",
]
