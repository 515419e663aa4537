"""Groups rendered for a run, and what they lose on the way to tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from plaudit.data import GroupStore
from plaudit.groups import Group
from plaudit.model import (
    Rendered,
    RenderedStore,
    RewardModel,
    Skeleton,
    TokenCheck,
    part_of,
    rendered_on_disk,
    settle_template,
)
from plaudit.training.run.progress import rendering_shown
from plaudit.training.settings import TrainingSettings


def render_groups(
    model: RewardModel | Skeleton, settings: TrainingSettings, *sets: Sequence[Group]
) -> list[Sequence[Rendered]]:
    """Render sets of groups as the model reads them, with warnings of what is cut, unknown or made the same. The tokens
    of groups that are on disk stay there, too.

    Raises:
        PlauditError: if a response does not fit and may not be cut, or all answers that are compared became the same
            tokens.
    """
    for groups in sets:
        settle_template(model.tokenizer, _conversations(groups))
    check = TokenCheck()
    stored = dict(_stored(model, settings, check, sets))
    rendered: list[Sequence[Rendered]] = []
    for groups in sets:
        if isinstance(groups, GroupStore):
            whole, items = stored[groups.folder]
            rendered.append(part_of(items, whole, groups))
            continue
        in_memory = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
        for item in in_memory:
            check.add(model.renderer, item)
        rendered.append(in_memory)
    check.finish()
    return rendered


def groups_of_items(items: Sequence[Rendered]) -> Sequence[Group]:
    """The groups of rendered ones, as whoever reads their judgements wants them."""
    return items.groups if isinstance(items, RenderedStore) else [item.group for item in items]


def _conversations(groups: Sequence[Group]) -> Iterable[Group]:
    """Groups among which there is a conversation, if there is one in these."""
    if not isinstance(groups, GroupStore):
        return groups
    first = groups.first_conversation()
    return () if first is None else (first,)


def _stored(
    model: RewardModel | Skeleton, settings: TrainingSettings, check: TokenCheck, sets: Sequence[Sequence[Group]]
) -> Iterator[tuple[Path, tuple[GroupStore, RenderedStore]]]:
    """The tokens of each store that one of the sets is a part of: of all its parts together, so that every division of
    the same data into sets reads the same tokens."""
    wholes: dict[Path, GroupStore] = {}
    for groups in sets:
        if isinstance(groups, GroupStore):
            whole = wholes.get(groups.folder)
            wholes[groups.folder] = groups if whole is None else whole.together(groups)
    for folder, whole in wholes.items():
        items = rendered_on_disk(
            model.renderer, whole, truncate_responses=settings.truncate_responses, watch=rendering_shown
        )
        check.add_counts(items.counts)
        yield folder, (whole, items)
