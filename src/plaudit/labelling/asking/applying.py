"""A wave's way into the project: at once, or by a file that the server takes up, since only one process writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from plaudit.errors import InvalidInputError, OverloadedError, PlauditError
from plaudit.labelling.asking.wave import Wave, WaveQuestion
from plaudit.labelling.clock import now, number
from plaudit.labelling.database.tables import items, questions, utilities, waves
from plaudit.labelling.project import Project, current_overlap, note
from plaudit.labelling.questions import question_row

logger = logging.getLogger(__name__)

FOLDER = "waves"
"""In a project's folder: waves that lie ready, those that were applied, and those that cannot be."""

_APPLIED, _REFUSED = ".applied", ".refused"
_BATCH = 500


class AppliedWave(NamedTuple):
    """What became of a wave.

    Attributes:
        asked: questions that are new.
        again: questions that want one more opinion.
        passed_over: those that somebody began, or the owner took out, since the wave was chosen.
        is_known: whether it had been applied before; then nothing was done.

    Example:
        >>> AppliedWave(asked=80, again=0, passed_over=2, is_known=False).asked
        80
    """

    asked: int
    again: int
    passed_over: int
    is_known: bool


def fingerprint(project: Project) -> str:
    """By which a project knows its waves."""
    return f"{number(project.secret, 'waves'):x}"


def apply_wave(project: Project, wave: Wave) -> AppliedWave:
    """Write a wave's questions into the project, all or none; a wave that is there already changes nothing.

    Args:
        project: it was chosen for.
        wave: to apply.

    Raises:
        InvalidInputError: if it was chosen for another project.

    Example:
        >>> from plaudit.groups import Group
        >>> from plaudit.labelling import LabellingSettings
        >>> from plaudit.labelling.asking import Wish, compute_wave
        >>> project = Project.create("few", "Few", LabellingSettings())
        >>> _ = project.add([Group("q1", "Name a colour.", ("Red.", "Seven.", "Blue."))])
        >>> wave = compute_wave(project, Wish(rule="random", count=2, anyway=True))
        >>> apply_wave(project, wave).asked, apply_wave(project, wave).is_known
        (2, True)
        >>> project.close()
    """
    if wave.project != fingerprint(project):
        raise InvalidInputError("the wave was chosen for another project", remedy="run plaudit label ask on this one")
    with project.database.writing() as connection:
        if _is_known(connection, wave):
            return AppliedWave(0, 0, 0, is_known=True)
        row = {"rule": wave.rule, "model": wave.model[:500], "model_hash": wave.model_hash, "created": now()}
        made = connection.execute(insert(waves).values(settings={**wave.settings, "id": wave.id}, **row))
        number_of_wave = int(made.inserted_primary_key[0])  # type: ignore[index]
        asked = again = 0
        for batch in _batches(wave.questions):
            # Locked, so that nobody opens a question of them at this moment (PostgreSQL).
            ids = sorted({one.item for one in batch})
            locked = select(items.c.id, items.c.answers).where(items.c.id.in_(ids), ~items.c.withdrawn)
            rows = connection.execute(locked.order_by(items.c.id).with_for_update())
            answers = {row.id: row.answers for row in rows}
            usable = [one for one in batch if {*one.responses} <= {*answers.get(one.item, ())}]
            asked += _ask(connection, wave, number_of_wave, [one for one in usable if not one.again])
            again += _ask_again(connection, number_of_wave, [one for one in usable if one.again])
        note(connection, "wave", {"wave": number_of_wave, "rule": wave.rule, "asked": asked, "again": again})
    return AppliedWave(asked, again, len(wave.questions) - asked - again, is_known=False)


def deliver_wave(project: Project, wave: Wave) -> AppliedWave | None:
    """Apply a wave; where a server has the project, leave it in a file that the server takes up.

    Returns:
        None: the server will.

    Raises:
        PlauditError: if it can be neither applied nor written.

    Example:
        >>> from plaudit.groups import Group
        >>> from plaudit.labelling import LabellingSettings, running_labelling_server
        >>> from plaudit.labelling.asking import Wish, compute_wave
        >>> project = Project.create("served", "Served", LabellingSettings())
        >>> _ = project.add([Group("q1", "Name a colour.", ("Red.", "Seven."))])
        >>> wave = compute_wave(project, Wish(rule="random", count=1, anyway=True))
        >>> with running_labelling_server(project):
        ...     print(deliver_wave(Project.open("served"), wave))
        None
        >>> collect_waves(Project.open("served"))[0].asked
        1
    """
    path = project.database.path
    if path is None:
        return apply_wave(project, wave)
    try:
        project.database.claim()
    except InvalidInputError:
        wave.write(path.parent / FOLDER / f"{wave.id}.json")
        return None
    try:
        return apply_wave(project, wave)
    finally:
        project.database.close()


def collect_waves(project: Project) -> list[AppliedWave]:
    """Apply the waves that lie ready in the project's folder, the oldest first; for the server, now and then.

    A file that was applied ends in `.applied`, and one that cannot be in `.refused`, with a warning. Where the database
    takes nothing now (a full disk), all that are left stay for the next time.

    Example:
        >>> from plaudit.labelling import LabellingSettings
        >>> collect_waves(Project.create("quiet", "Quiet", LabellingSettings()))
        []
    """
    path = project.database.path
    if path is None:
        return []
    applied = []
    for file in sorted((path.parent / FOLDER).glob("*.json"), key=_age):
        if file.name.startswith("."):
            continue
        try:
            applied.append(apply_wave(project, Wave.read(file)))
        except OverloadedError as error:
            logger.warning("the wave %s waits: %s", file.name, error)
            break
        except PlauditError as error:
            logger.warning("the wave %s was refused: %s", file.name, error)
            file.replace(file.with_suffix(_REFUSED))
        else:
            file.replace(file.with_suffix(_APPLIED))
    return applied


def _age(file: Path) -> tuple[float, str]:
    return file.stat().st_mtime, file.name


def _is_known(connection: Connection, wave: Wave) -> bool:
    return any(settings.get("id") == wave.id for settings in connection.scalars(select(waves.c.settings)))


def _batches(wave_questions: Sequence[WaveQuestion]) -> Iterator[Sequence[WaveQuestion]]:
    for start in range(0, len(wave_questions), _BATCH):
        yield wave_questions[start : start + _BATCH]


def _ask(connection: Connection, wave: Wave, number_of_wave: int, wanted: Sequence[WaveQuestion]) -> int:
    """Questions that nobody has begun."""
    # What was drawn blindly is of the random arm, whoever drew it.
    arm = "random" if wave.rule == "random" else "informed"
    overlap = current_overlap(connection)
    rows = {}
    for one in wanted:
        row = question_row(
            one.item, one.responses, "ask", arm=arm, wanted=overlap, wave=number_of_wave, probability=one.probability
        )
        rows[row["key"]] = row, one
    present = {*connection.scalars(select(questions.c.key).where(questions.c.key.in_([*rows])))}
    fresh = {key: values for key, values in rows.items() if key not in present}
    if not fresh:
        return 0
    connection.execute(insert(questions), [row for row, _ in fresh.values()])
    ids = connection.execute(select(questions.c.key, questions.c.id).where(questions.c.key.in_([*fresh])))
    _write_figures(connection, number_of_wave, [(row.id, fresh[row.key][1]) for row in ids])
    return len(fresh)


def _ask_again(connection: Connection, number_of_wave: int, wanted: Sequence[WaveQuestion]) -> int:
    """One more opinion each on questions that have all they wanted."""
    keys = {question_row(one.item, one.responses, "ask")["key"]: one for one in wanted}
    complete = select(questions.c.id, questions.c.key).where(questions.c.key.in_([*keys]), questions.c.state == "done")
    rows = connection.execute(complete.order_by(questions.c.id).with_for_update()).all()
    for row in rows:
        raised: dict[str, Any] = {"wanted": questions.c.wanted + 1, "free": questions.c.free + 1}
        connection.execute(
            update(questions).where(questions.c.id == row.id).values(**raised, refill=True, state="open")
        )
    _write_figures(connection, number_of_wave, [(row.id, keys[row.key]) for row in rows])
    return len(rows)


def _write_figures(connection: Connection, number_of_wave: int, rows: Sequence[tuple[int, WaveQuestion]]) -> None:
    if rows:
        values = [
            {
                "wave": number_of_wave,
                "question": question,
                "figures": {**one.figures, "probability": one.probability, "again": one.again},
            }
            for question, one in rows
        ]
        connection.execute(insert(utilities), values)
