"""Groups rendered for a run, and what they lose on the way to tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from plaudit.groups import Group
from plaudit.model import Rendered, RewardModel, TokenCheck, settle_template
from plaudit.training.settings import TrainingSettings


def render_groups(model: RewardModel, settings: TrainingSettings, *sets: Sequence[Group]) -> list[list[Rendered]]:
    """Render sets of groups as the model reads them, with warnings of what is cut, unknown or made the same.

    Raises:
        PlauditError: if a response does not fit and may not be cut, or all answers that are compared became the same
            tokens.
    """
    settle_template(model.tokenizer, chain.from_iterable(sets))
    check = TokenCheck()
    rendered = []
    for groups in sets:
        items = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
        for item in items:
            check.add(model.renderer, item)
        rendered.append(items)
    check.finish()
    return rendered
