"""What people said, as files that every verb reads.

`groups.jsonl` has each group once with all that was said of it, to be trained on. `judgements.jsonl` has one judgement
a line, its responses in the order in which they were shown: so a test for people who always take the first in the row,
which `plaudit data check` and the doctor make of any set, is one for real positions. Both are of one moment, and byte
for byte the same as long as nobody judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from plaudit.data import lost_in_words, write_groups
from plaudit.groups import Group, Ranking, Rating
from plaudit.labelling.answers import NOT_COMPARABLE, Answer, judgements_of
from plaudit.labelling.database.tables import items, judgements, leases, persons, questions, responses
from plaudit.labelling.project import Project, text_of_json
from plaudit.storage import check_folder

GROUPS, JUDGEMENTS = "groups.jsonl", "judgements.jsonl"
FILES = {"label-studio": "tasks.json", "argilla": "records.json", "trl": "pairs.jsonl"}
"""Tool -> the file in its shape."""

_BATCH = 500


class Exported(NamedTuple):
    """What an export holds.

    Attributes:
        groups: with at least one judgement.
        judgements: lines of `judgements.jsonl`, skips among them.
        skips: of those.
        surplus: judgements that came when a question had all its answers; they are in both files.
        lost: what the other tool's shape has no place for.

    Example:
        >>> Exported(groups=5, judgements=7, skips=1, surplus=0).skips
        1
    """

    groups: int
    judgements: int
    skips: int
    surplus: int
    lost: str = ""


class ExportOptions(NamedTuple):
    """What goes into an export.

    Attributes:
        names: people's names instead of ids that mean nothing elsewhere.
        kinds: of questions whose answers go into `groups.jsonl` as well: "gold", "repeat", "training".
        arms: of the questions whose answers go there, and the moment up to which those of each are taken, in seconds
            since 1970; None: all.
        prior: whether judgements that came with the groups go there, too.
        both_bad: "tie" or "drop", what becomes of "both bad".
        best_worst: "pairs" or "tiers", what becomes of a best and a worst.
        since: seconds since 1970 from which judgements are taken.

    Example:
        >>> ExportOptions(names=True).both_bad
        'tie'
    """

    names: bool = False
    kinds: frozenset[str] = frozenset()
    arms: Mapping[str, float] | None = None
    prior: bool = False
    both_bad: str = "tie"
    best_worst: str = "pairs"
    since: float = 0.0


EVERYTHING = ExportOptions()
"""What an export holds where nothing else is asked for."""


def export(
    project: Project,
    output_dir: str | Path,
    wanted: ExportOptions = EVERYTHING,
    *,
    to: str | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write a project's judgements to a folder.

    Args:
        project: to export.
        output_dir: gets `groups.jsonl` and `judgements.jsonl`.
        wanted: what goes into it.
        to: "label-studio", "argilla" or "trl": the groups in that tool's shape as well.
        overwrite: replace an earlier export there.

    Raises:
        DataError: if the folder is taken, or cannot be written.

    Example:
        >>> project = Project.open("my-project")
        >>> export(project, "judged").judgements
        0
    """
    folder = Path(output_dir)
    check_folder(folder, overwrite=overwrite)
    skips = surplus = 0
    with project.database.reading() as connection:

        def lines() -> Iterator[Group]:
            nonlocal skips, surplus
            for line in judged_lines(project, connection, wanted):
                skips += line.meta["judgement"]["kind"] == "skip"
                surplus += line.meta["judgement"]["surplus"]
                yield line

        groups = write_groups(judged_groups(project, connection, wanted), folder / GROUPS, overwrite=True)
        written = write_groups(lines(), folder / JUDGEMENTS, overwrite=True)
        lost: Counter[str] = Counter()
        if to is not None:
            write_groups(judged_groups(project, connection, wanted), folder / FILES[to], to, lost=lost, overwrite=True)
    return Exported(groups, written, skips, surplus, lost_in_words(lost) if lost else "")


def judged_groups(project: Project, connection: Connection, wanted: ExportOptions = EVERYTHING) -> Iterator[Group]:
    """Groups with what was judged of each, in the order in which they were added; none that was withdrawn."""
    for row, group, judged in _items(project, connection, wanted):
        if row.withdrawn:
            continue
        rankings, ratings = _prior(row, group) if wanted.prior else ([], [])
        for one in _opinions(judged):
            if one.asked in {"ask", *wanted.kinds} and _of_arm(one, wanted):
                more = _judgements(project, one, wanted)
                rankings += more[0]
                ratings += more[1]
        if rankings or ratings:
            yield replace(group, rankings=tuple(rankings), ratings=tuple(ratings))


class Opinion(NamedTuple):
    """An answer that goes into `groups.jsonl`.

    Attributes:
        group: the group's id.
        arm: of the question.
        sent: when it was said last.

    Example:
        >>> Opinion("q1", "random", 1_800_000_000.0).arm
        'random'
    """

    group: str
    arm: str
    sent: float


def opinions(project: Project, connection: Connection) -> Iterator[Opinion]:
    """Every answer to a question that asks for an opinion, of groups that are not withdrawn."""
    for row, group, judged in _items(project, connection, EVERYTHING):
        if not row.withdrawn:
            yield from (Opinion(group.id, one.arm, one.sent) for one in _opinions(judged) if one.asked == "ask")


def _opinions(judged: Sequence[Any]) -> list[Any]:
    """Answers, one of each person on each question: who sent a late one as well has one opinion all the same."""
    answers = [one for one in judged if one.kind == "answer"]
    chosen = {(one.question, one.person): one for one in answers}
    chosen |= {(one.question, one.person): one for one in answers if one.lease_state == "answered"}
    return [one for one in answers if chosen[one.question, one.person] is one]


def judged_lines(project: Project, connection: Connection, wanted: ExportOptions = EVERYTHING) -> Iterator[Group]:
    """A group for each judgement, skips included, with the responses that were shown, in that order."""
    for _, group, judged in _items(project, connection, wanted):
        for one in judged:
            place = {number: index for index, number in enumerate(one.shown)}
            rankings: Sequence[Ranking] = ()
            ratings: Sequence[Rating] = ()
            if one.kind == "answer":
                rankings, ratings = _judgements(project, one, wanted)
            renumbered = [ranking.among(place) for ranking in rankings]
            yield replace(
                group,
                responses=tuple(group.responses[number] for number in one.shown),
                rankings=tuple(ranking for ranking in renumbered if ranking is not None),
                ratings=tuple(replace(rating, response=place[rating.response]) for rating in ratings),
                meta={"judgement": _details(one, wanted)},
            )


def _judgements(project: Project, row: Any, wanted: ExportOptions) -> tuple[list[Ranking], list[Rating]]:
    answer: Answer = row.answer
    return judgements_of(
        answer,
        project.settings,
        _annotator(row, wanted),
        row.shown,
        both_bad=wanted.both_bad,
        best_worst=wanted.best_worst,
    )


def _annotator(row: Any, wanted: ExportOptions) -> str:
    return str(row.name if wanted.names else row.public_id[:8])


def _details(row: Any, wanted: ExportOptions) -> dict[str, Any]:
    """All that is known of a judgement, beside what it says."""
    return {
        "id": row.lease_id,
        "revision": row.revision,
        "person": _annotator(row, wanted),
        "kind": row.kind,
        "question": row.question,
        "asked": row.asked,
        "arm": row.arm,
        "wave": row.wave,
        "probability": row.probability,
        "order": list(row.shown),
        "answer": row.answer,
        "reasons": row.reasons,
        "comment": row.comment,
        "seconds_active": row.seconds_active,
        "seconds_open": row.seconds_open,
        # Of an answer that was known otherwise then, nothing can be told.
        "gold": row.gold_result if row.gold_revision == row.gold_now else row.gold_result and NOT_COMPARABLE,
        "surplus": row.surplus,
        "guidelines_revision": row.guidelines_revision,
        "sent": round(row.sent, 3),
        **({"how": row.how} if row.how else {}),
    }


def _items(
    project: Project, connection: Connection, wanted: ExportOptions
) -> Iterator[tuple[Any, Group, Sequence[Any]]]:
    """Each item's row, its group without judgements, and the last revision of each judgement of it, in order."""
    # What nobody was asked about has nothing to tell, and may be most of it.
    asked = items.c.id.in_(select(questions.c.item))
    some = select(items).order_by(items.c.id).limit(_BATCH)
    after = 0
    while batch := connection.execute(some.where(items.c.id > after, *(() if wanted.prior else (asked,)))).all():
        after = batch[-1].id
        judged = _judged(connection, [row.id for row in batch], wanted.since)
        rows = [row for row in batch if row.id in judged or (wanted.prior and row.prior)]
        texts: dict[int, list[Any]] = defaultdict(list)
        these = responses.c.item.in_([row.id for row in rows])
        for row in connection.execute(select(responses).where(these).order_by(responses.c.item, responses.c.number)):
            texts[row.item].append(text_of_json(row.text))
        for row in rows:
            group = Group(
                row.group_id,
                text_of_json(row.prompt),
                tuple(texts[row.id]),
                subset=row.subset,
                meta=row.meta,
                tools=tuple(row.tools),
            )
            yield row, group, judged.get(row.id, ())


def _judged(connection: Connection, items: Collection[int], since: float) -> Mapping[int, Sequence[Any]]:
    later = judgements.alias()
    superseded = select(later.c.id).where(later.c.lease == judgements.c.lease, later.c.revision > judgements.c.revision)
    rows = connection.execute(
        select(
            judgements,
            leases.c.public_id.label("lease_id"),
            leases.c.shown,
            leases.c.question,
            persons.c.public_id,
            persons.c.name,
            questions.c.item,
            questions.c.kind.label("asked"),
            questions.c.arm,
            questions.c.wave,
            questions.c.probability,
            questions.c.gold_revision.label("gold_now"),
            leases.c.person,
            leases.c.state.label("lease_state"),
        )
        .join(leases, leases.c.id == judgements.c.lease)
        .join(persons, persons.c.id == leases.c.person)
        .join(questions, questions.c.id == leases.c.question)
        .where(questions.c.item.in_(items), judgements.c.sent >= since, ~superseded.exists())
        .order_by(leases.c.id)
    )
    by_item: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_item[row.item].append(row)
    return by_item


def _of_arm(row: Any, wanted: ExportOptions) -> bool:
    return wanted.arms is None or (row.arm in wanted.arms and row.sent < wanted.arms[row.arm])


def _prior(row: Any, group: Group) -> tuple[list[Ranking], list[Rating]]:
    """The judgements that came with a group."""
    known = Group.from_dict(group.to_dict() | row.prior)
    return [*known.rankings], [*known.ratings]
