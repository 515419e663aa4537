"""`plaudit label` for teams: invite, status, export, forget."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from plaudit.cli.options import Json, Overwrite
from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.storage import check_folder
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.labelling import Project

ProjectPlace = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's folder, or a URL of PostgreSQL.")]


_DAYS = 14.0


def _positive(days: float | None) -> float | None:
    if days is not None and not days > 0:
        raise InvalidInputError(f"--days is {days:g}", remedy="an invitation holds for more than 0 days")
    return days


def invite_command(
    project: ProjectPlace,
    person: Annotated[str | None, typer.Argument(help="A name: that person comes in, back in, or by password.")] = None,
    role: Annotated[
        Literal["owner", "reviewer", "annotator"] | None, typer.Option("--role", help="Of the invited [annotator].")
    ] = None,
    most: Annotated[int | None, typer.Option("--most", min=1, help="People who may accept it [any number].")] = None,
    days: Annotated[float | None, typer.Option("--days", callback=_positive, help="For which it holds [14].")] = None,
    origin: Annotated[str, typer.Option("--origin", help="Where the page is.")] = "http://127.0.0.1:8080",
    password: Annotated[bool, typer.Option("--password", help="Ask for a password for the person named.")] = False,
) -> None:
    """Make a link by which people come in, or give somebody a password.

    Example: `plaudit label invite helpful --origin https://label.example.org`
    """
    require()
    from plaudit.labelling import checked_origin, create_invitation, create_return_link

    if password and person is None:
        raise InvalidInputError("--password is for somebody", remedy="name the person")
    if person is not None and not (most is None and days is None):
        raise InvalidInputError(
            "--most and --days are for invitations of anybody",
            remedy="leave them out: a link for one person works once, until there is another",
        )
    origin = checked_origin(origin)
    made = claimed(project)
    if person is None:
        token = create_invitation(made, role or "annotator", most=most, days=days or _DAYS)
        typer.echo(f"{origin}/join/{token}")
    else:
        secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
        whose = _person(made, person, role, secret)
        if password:
            typer.echo(f"{person} signs in with the password.")
        else:
            typer.echo(f"{origin}/join/{create_return_link(made, whose)}")
    made.close()


def _person(project: Project, name: str, role: str | None, secret: str | None) -> int:
    """The id of a person, who gets what was asked for."""
    from plaudit.labelling import add_person, find_person, set_password, set_role

    whose = find_person(project, name)
    if whose is None:
        return add_person(project, name, role or "annotator", secret)
    if secret is not None:
        set_password(project, whose, secret)
    if role is not None and set_role(project, whose, role):
        typer.echo(f"{name} has the role {role} from now on.", err=True)
    return whose


def export_command(
    project: ProjectPlace,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    names: Annotated[bool, typer.Option("--names", help="People's names instead of ids.")] = False,
    include: Annotated[
        list[str] | None, typer.Option("--with", help="gold, repeats, training, prior: into groups.jsonl, too.")
    ] = None,
    both_bad: Annotated[Literal["tie", "drop"], typer.Option("--both-bad", help="What it counts as.")] = "tie",
    best_worst: Annotated[
        Literal["pairs", "tiers"], typer.Option("--best-worst", help="As pairs, or as three tiers.")
    ] = "pairs",
    to: Annotated[
        Literal["label-studio", "argilla", "trl"] | None, typer.Option("--to", help="Write that tool's file as well.")
    ] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Judgements from this moment on, in UTC.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write what people said: groups.jsonl to train on, and judgements.jsonl with one judgement a line.

    Example: `plaudit label export helpful -o judged && plaudit train judged/groups.jsonl -o my-model`
    """
    require()
    from plaudit.labelling import ExportOptions, Project, export

    # Before the project is opened, which leaves files of SQLite's beside it.
    check_folder(output, overwrite=overwrite)
    made = Project.open(project)
    start = 0.0 if since is None else since.replace(tzinfo=UTC).timestamp()
    kinds = _included(include or [])
    wanted = ExportOptions(names=names, both_bad=both_bad, best_worst=best_worst, since=start, **kinds)
    told = export(made, output, wanted, to=to, overwrite=overwrite)
    made.close()
    typer.echo(
        f"{counted(told.groups, 'groups')} and {counted(told.judgements, 'judgements')} "
        f"({counted(told.skips, 'skips')}, {told.surplus:,} surplus) in {output}"
    )
    if told.lost:
        typer.echo(f"{to} has no place for {told.lost}", err=True)


def status_command(project: ProjectPlace, as_json: Json = False) -> None:
    """How far a project is.

    Example: `plaudit label status helpful`
    """
    require()
    from plaudit.labelling import Project, project_status
    from plaudit.storage import json_line

    made = Project.open(project)
    told = project_status(made)
    made.close()
    if as_json:
        typer.echo(json_line(told), nl=False)
        return
    for name, value in told.items():
        typer.echo(f"{name.replace('_', ' ')}: {value:,}")


def forget_command(
    project: ProjectPlace,
    person: Annotated[str, typer.Argument(help="The name.")],
) -> None:
    """Replace a person's name by a number and delete the comments; the judgements stay.

    Example: `plaudit label forget helpful Ann`
    """
    require()
    from plaudit.labelling import find_person, forget

    made = claimed(project)
    whose = find_person(made, person)
    if whose is None:
        raise NotFoundError(f"there is nobody called {person!r} in {project}")
    typer.echo(f"{person} is {forget(made, whose)} from now on.")
    made.close()


def require() -> None:
    """Raise unless what a labelling server stands on is installed."""
    from plaudit.errors import import_extra

    for library in ("fastapi", "uvicorn", "sqlalchemy", "alembic", "nh3", "markdown_it", "latex2mathml", "argon2"):
        import_extra(library, "label", "labelling")


def claimed(place: str) -> Project:
    """A project that no server writes to at the moment."""
    require()
    from plaudit.labelling import Project

    project = Project.open(place)
    project.database.claim()
    return project


def _included(names: list[str]) -> dict[str, Any]:
    kinds = {"gold": "gold", "repeats": "repeat", "training": "training"}
    if unknown := [name for name in names if name not in (*kinds, "prior")]:
        raise InvalidInputError(f"--with {unknown[0]!r}", remedy=f"it takes {', '.join(kinds)} and prior")
    return {"kinds": frozenset(kinds[name] for name in names if name in kinds), "prior": "prior" in names}
