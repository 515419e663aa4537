"""A click log: one session a row, the responses in the order they were shown, which were clicked and for how long.

Read as judgements, a row is what its clicks say by themselves, uncorrected (`plaudit data clicks` corrects them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.clicks import Session, comparison, skipped_above
from plaudit.data.formats import Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, name_of, need, number_of, prompt_of, response_of, take
from plaudit.groups import Group, GroupError, text_key

_NAMES = ("session", "session_id", *ANNOTATORS)


def knows(row: Mapping[str, Any]) -> bool:
    return {"shown", "clicked"} <= row.keys()


def read(row: dict[str, Any], stem: str) -> Group:
    identity, subset = name_of(row, *IDS), name_of(row, "subset")
    session = session_of(row)
    return Group(
        identity or "",
        session.prompt,
        session.shown,
        tuple(comparison(clicked, above, session.name) for clicked, above in skipped_above(session.clicked)),
        subset=subset,
    )


def session_of(row: dict[str, Any]) -> Session:
    """The session in a row, taking its columns out of it.

    Raises:
        GroupError: for a row that does not say what was shown and clicked.
    """
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    shown = need(row, "shown")
    if not isinstance(shown, list) or not shown:
        raise GroupError('"shown" must list the responses in the order they were shown')
    responses = tuple(response_of(one, f"response {i}") for i, one in enumerate(shown))
    places: dict[str, int] = {}
    for place, response in enumerate(responses):
        first = places.setdefault(text_key(response), place)
        if first != place:
            raise GroupError(f"responses {first} and {place} are the same text, shown twice", remedy="keep one")
    clicked = _clicked(row.pop("clicked", None), len(shown))
    return Session(prompt, responses, clicked, name_of(row, *_NAMES), _seconds(take(row, "seconds"), clicked))


def _clicked(said: Any, count: int) -> tuple[bool, ...]:
    """Of each response whether it was clicked, from booleans, indices from 0, one index, or null for none."""
    if isinstance(said, list) and said and all(isinstance(one, bool) for one in said):
        if len(said) != count:
            raise GroupError(
                f"{count} responses were shown but {len(said)} are clicked or not", remedy="give one for each"
            )
        return tuple(said)
    indices = [] if said is None else said if isinstance(said, list) else [said]
    for index in indices:
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
            raise GroupError(
                f"the clicked response is {index!r:.40}", remedy=f"it must be an index from 0 to {count - 1}"
            )
    return tuple(place in indices for place in range(count))


def _seconds(said: Any, clicked: tuple[bool, ...]) -> tuple[float | None, ...]:
    """Of each response how long it was read, None where that is not known. One number is for the only click."""
    if said is None:
        return (None,) * len(clicked)
    if not isinstance(said, list):
        if sum(clicked) != 1:
            raise GroupError(
                '"seconds" is one number, but not one response was clicked', remedy="give a list, null where unknown"
            )
        said = [said if one else None for one in clicked]
    if len(said) != len(clicked):
        raise GroupError(
            f"{len(clicked)} responses were shown but {len(said)} have seconds", remedy="give one for each, or null"
        )
    seconds = tuple(None if one is None else number_of(one, "the seconds") for one in said)
    if not all(one is None or one >= 0 for one in seconds):
        raise GroupError('"seconds" must be numbers >= 0')
    return seconds


register_format(
    Format(name="clicks", priority=40, columns="session, prompt, shown, clicked, seconds", knows=knows, read=read)
)
