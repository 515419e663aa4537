"""The format of click logs: one session a row, the responses as they were shown, which were clicked, and how long.

Read as judgements, a row is what its clicks say by themselves, uncorrected (`plaudit data clicks` corrects them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.clicks import Session, click_comparison, skipped_above
from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, name_of, need, number_of, prompt_of, take
from plaudit.data.formats.texts import response_of
from plaudit.groups import Group, GroupError, text_key
from plaudit.text import counted

_NAMES = ("session", "session_id", *ANNOTATORS)


def knows(row: Mapping[str, Any]) -> bool:
    return {"shown", "clicked"} <= row.keys()


def read(row: dict[str, Any], file: FileReading) -> Group:
    identity, subset = name_of(row, *IDS), name_of(row, "subset")
    session = session_of(row)
    return Group(
        id=identity or "",
        prompt=session.prompt,
        responses=session.shown,
        rankings=tuple(
            click_comparison(clicked, above, session.name) for clicked, above in skipped_above(session.clicked)
        ),
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
    responses = tuple(response_of(response, f"response {i}") for i, response in enumerate(shown))
    places: dict[str, int] = {}
    for place, response in enumerate(responses):
        first = places.setdefault(text_key(response), place)
        if first != place:
            raise GroupError(f"responses {first} and {place} are the same text, shown twice", remedy="keep one")
    clicked = _clicked(row.pop("clicked", None), len(shown))
    return Session(
        prompt=prompt,
        shown=responses,
        clicked=clicked,
        name=name_of(row, *_NAMES),
        seconds=_seconds(take(row, "seconds"), clicked),
    )


def _clicked(value: Any, count: int) -> tuple[bool, ...]:
    """For each response whether it was clicked, from booleans, indices from 0, one index, or null for none."""
    if isinstance(value, list) and value and all(isinstance(flag, bool) for flag in value):
        if len(value) != count:
            raise GroupError(
                f"{counted(count, 'responses')} shown but {len(value)} clicked or not", remedy="give one for each"
            )
        return tuple(value)
    indices = [] if value is None else value if isinstance(value, list) else [value]
    for index in indices:
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
            raise GroupError(
                f"the clicked response is {index!r:.40}", remedy=f"it must be an index from 0 to {count - 1}"
            )
    return tuple(place in indices for place in range(count))


def _seconds(value: Any, clicked: tuple[bool, ...]) -> tuple[float | None, ...]:
    """For each response how long it was read, None where that is not known. One number is for the only click."""
    if value is None:
        return (None,) * len(clicked)
    if not isinstance(value, list):
        if sum(clicked) != 1:
            raise GroupError(
                '"seconds" is one number, but not one response was clicked', remedy="give a list, null where unknown"
            )
        value = [value if was_clicked else None for was_clicked in clicked]
    if len(value) != len(clicked):
        raise GroupError(
            f"{counted(len(clicked), 'responses')} shown but {len(value)} with seconds",
            remedy="give one for each, or null",
        )
    seconds = tuple(None if entry is None else number_of(entry, "the seconds") for entry in value)
    if not all(time is None or time >= 0 for time in seconds):
        raise GroupError('"seconds" must be numbers >= 0')
    return seconds


register_format(
    Format(name="clicks", priority=40, columns="session, prompt, shown, clicked, seconds", knows=knows, read=read)
)
