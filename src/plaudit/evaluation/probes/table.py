"""Every probe, in the order they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plaudit.errors import NotFoundError
from plaudit.evaluation.probes import content, length, markdown, opinion, order, phrases, surface
from plaudit.evaluation.probes.change import Probe

_ALL = [probe for room in (length, order, markdown, phrases, opinion, surface, content) for probe in room.PROBES]

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(probe.family for probe in _ALL))

PROBES: Mapping[str, Probe] = {probe.name: probe for family in FAMILIES for probe in _ALL if probe.family == family}
"""By name, family by family."""


def chosen_probes(names: Iterable[str]) -> list[Probe]:
    """The probes of these names or families, in the table's order; all of them for no names.

    Raises:
        PlauditError: if a name is neither.
    """
    wanted = set(names)
    if unknown := sorted(wanted - set(PROBES) - set(FAMILIES)):
        raise NotFoundError(
            f"no probe or family is called {unknown[0]!r}",
            remedy=f"families: {', '.join(FAMILIES)}; probes: {', '.join(PROBES)}",
        )
    return [probe for probe in PROBES.values() if not wanted or {probe.name, probe.family} & wanted]
