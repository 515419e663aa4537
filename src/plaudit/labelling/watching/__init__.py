"""What the owner sees of a project: how far it is, how far people agree, who has a habit, which questions are hard."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.labelling.watching.watch import ProjectWatch, Seen, figures
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = ["ProjectWatch", "Seen", "figures"]
