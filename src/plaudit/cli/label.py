"""`plaudit label`: people compare answers in a web page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from plaudit.cli.flags import Verbs
from plaudit.cli.inputs import changed_settings
from plaudit.cli.label_ask import ask_command
from plaudit.cli.options import Changes, Config, InLanguage, Json, Overwrite
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.labelling import Added, Project
    from plaudit.text import Language


class LabelVerbs(Verbs):
    """`plaudit label FILES` starts at once; its other verbs are for teams."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["start", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=LabelVerbs,
    help="People compare answers in a web page: `plaudit label FILES`, or the verbs below for teams.",
    no_args_is_help=True,
)

Files = Annotated[list[str], typer.Argument(help="What is to be judged: any file of groups, folders, or `-`.")]
ProjectPlace = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's folder, or a URL of PostgreSQL.")]
Mode = Annotated[str | None, typer.Option("--mode", help="pair, rank, best-worst or rate [pair].")]
Overlap = Annotated[int | None, typer.Option("--overlap", help="People who answer each question [1].")]
Strength = Annotated[int | None, typer.Option("--strength", help="Levels of how much better: 0, 2 or 3 [0].")]
Attributes = Annotated[
    list[str] | None, typer.Option("--attribute", metavar="NAME=LOW:HIGH", help="Rate every answer on this.")
]
BothBad = Annotated[bool, typer.Option("--both-bad", help="Let people say that no answer is any good.")]
Gold = Annotated[list[str] | None, typer.Option("--gold", help="Groups of known answer, by which people are tested.")]
Guidelines = Annotated[Path | None, typer.Option("--guidelines", help="A Markdown file for those who judge.")]
Host = Annotated[str, typer.Option("--host", help="Where to listen; other addresses need an owner with a password.")]
Port = Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="0: any that is free.")]
Origin = Annotated[str | None, typer.Option("--origin", help="The address under which people come, if another.")]
Proxy = Annotated[str | None, typer.Option("--trust-proxy", help="The address of a proxy that says who asks.")]
Name = Annotated[str | None, typer.Option("--name", help="Of the project, for people [the folder's].")]


@app.command("start")
@reads_data
def start(
    context: typer.Context,
    files: Annotated[list[str] | None, typer.Argument(help="What is to be judged: any file of groups.")] = None,
    project: Annotated[Path | None, typer.Option("--project", help="Its folder [beside the first file].")] = None,
    mode: Mode = None,
    strength: Strength = None,
    attribute: Attributes = None,
    both_bad: BothBad = False,
    port: Port = 8080,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    demo: Annotated[bool, typer.Option("--demo", help="The shipped preference set, with simulated people.")] = False,
    language: InLanguage = None,
    changes: Changes = None,
    config: Config = None,
    reading: Reading = ANY,
) -> None:
    """Judge files by yourself, at once: a project is made beside them, and its page opens.

    Example: `plaudit label candidates.jsonl`
    """
    require()
    from plaudit.labelling import Address, LabellingSettings, Project, default_folder

    if demo == bool(files):
        raise InvalidInputError("give either files or --demo", remedy="plaudit label FILES")
    if demo or not files:
        _demo(project or Path("plaudit-label-demo"), port, language, open_page=open_page)
        return
    place = project or default_folder(files)
    if (place / "labels.db").exists():
        made = Project.open(place)
    else:
        changed = _attributes(attribute)
        made = Project.create(place, place.name, changed_settings(context, LabellingSettings(), **changed))
    _tell_added(_add(made, files, reading))
    _serve(made, Address(port=port), open_page=open_page)


@app.command("new")
@reads_data
def new(
    context: typer.Context,
    project: ProjectPlace,
    files: Files,
    name: Name = None,
    mode: Mode = None,
    overlap: Overlap = None,
    strength: Strength = None,
    attribute: Attributes = None,
    both_bad: BothBad = False,
    gold: Gold = None,
    guidelines: Guidelines = None,
    changes: Changes = None,
    config: Config = None,
    reading: Reading = ANY,
) -> None:
    """Make a project for several people.

    Example: `plaudit label new helpful candidates.jsonl --overlap 3 --gold gold.jsonl`
    """
    require()
    from plaudit.labelling import LabellingSettings, Project

    settings = changed_settings(context, LabellingSettings(), **_attributes(attribute))
    text = "" if guidelines is None else _text(guidelines)
    made = Project.create(project, name or Path(project).name, settings, text)
    _tell_added(_add(made, files, reading))
    if gold:
        typer.echo(f"Of known answer: {counted(_add(made, gold, reading, gold=True).new, 'groups')}.")
    made.close()


@app.command("add")
@reads_data
def add(
    project: ProjectPlace,
    files: Files,
    as_gold: Annotated[bool, typer.Option("--as-gold", help="Their judgements are known answers.")] = False,
    reading: Reading = ANY,
) -> None:
    """Add files to a project; what is there already stays as it is.

    Example: `plaudit label add helpful more.jsonl`
    """
    made = _claimed(project)
    _tell_added(_add(made, files, reading, gold=as_gold))
    made.close()


@app.command("serve")
def serve_command(
    project: ProjectPlace,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    origin: Origin = None,
    trust_proxy: Proxy = None,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve a project's page.

    Example: `plaudit label serve helpful --port 8080`
    """
    require()
    from plaudit.labelling import Address, Project

    address = Address(host=host, port=port, origin=origin, proxy=trust_proxy)
    _serve(Project.open(project), address, open_page=open_page)


@app.command("invite")
def invite(
    project: ProjectPlace,
    person: Annotated[str | None, typer.Argument(help="A name: that person comes in, back in, or by password.")] = None,
    role: Annotated[Literal["owner", "reviewer", "annotator"], typer.Option("--role", help="Of the invited.")] = (
        "annotator"
    ),
    most: Annotated[int | None, typer.Option("--most", min=1, help="People who may accept it [any number].")] = None,
    days: Annotated[float, typer.Option("--days", help="For which it holds.")] = 14,
    origin: Annotated[str, typer.Option("--origin", help="Where the page is.")] = "http://127.0.0.1:8080",
    password: Annotated[bool, typer.Option("--password", help="Ask for a password for the person named.")] = False,
) -> None:
    """Make a link by which people come in, or give somebody a password.

    Example: `plaudit label invite helpful --origin https://label.example.org`
    """
    from plaudit.labelling import add_person, create_invitation, create_return_link, find_person, set_password

    made = _claimed(project)
    if person is None:
        if password:
            raise InvalidInputError("--password is for somebody", remedy="name the person")
        typer.echo(f"{origin}/join/{create_invitation(made, role, most=most, days=days)}")
    else:
        whose = find_person(made, person)
        if whose is None:
            whose = add_person(made, person, role)
        if password:
            set_password(made, whose, typer.prompt("Password", hide_input=True, confirmation_prompt=True))
            typer.echo(f"{person} signs in with the password.")
        else:
            typer.echo(f"{origin}/join/{create_return_link(made, whose)}")
    made.close()


@app.command("export")
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
    overwrite: Overwrite = False,
) -> None:
    """Write what people said: groups.jsonl to train on, and judgements.jsonl with one judgement a line.

    Example: `plaudit label export helpful -o judged && plaudit train judged/groups.jsonl -o my-model`
    """
    require()
    from plaudit.labelling import ExportOptions, Project, export

    made = Project.open(project)
    wanted = ExportOptions(names=names, both_bad=both_bad, best_worst=best_worst, **_included(include or []))
    told = export(made, output, wanted, overwrite=overwrite)
    made.close()
    typer.echo(
        f"{counted(told.groups, 'groups')} and {counted(told.judgements, 'judgements')} "
        f"({counted(told.skips, 'skips')}, {told.surplus:,} surplus) in {output}"
    )


@app.command("status")
def status(project: ProjectPlace, as_json: Json = False) -> None:
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


app.command("ask")(ask_command)


def require() -> None:
    """Raise unless what a labelling server stands on is installed."""
    from plaudit.errors import import_extra

    for library in ("fastapi", "uvicorn", "sqlalchemy", "alembic", "nh3", "markdown_it", "latex2mathml", "argon2"):
        import_extra(library, "label", "labelling")


def _add(project: Project, files: list[str], reading: Reading, *, gold: bool = False) -> Added:
    from plaudit.cli.progress import reading_shown
    from plaudit.data import ReadReport, SourceLines, load_groups
    from plaudit.groups import stable_id

    report = ReadReport(source_lines=SourceLines())
    with reading_shown():
        groups = load_groups(files, report=report, **reading.options())
    known = report.source_lines
    lines = {group.id: known.of(stable_id(group)) or "" for group in groups} if known is not None else {}
    return project.add(groups, gold=gold, source=files[0], lines=lines)


def _tell_added(added: Added) -> None:
    """What became of the files."""
    typer.echo(f"{counted(added.new, 'groups')} with {counted(added.questions, 'questions')}.", err=True)
    if added.known:
        typer.echo(f"{counted(added.known, 'groups')} were there already.", err=True)
    if added.nothing_to_ask:
        typer.echo(f"{counted(added.nothing_to_ask, 'groups')} have nothing to ask: their answers are alike.", err=True)


def _claimed(place: str) -> Project:
    """A project that no server writes to at the moment."""
    require()
    from plaudit.labelling import Project

    project = Project.open(place)
    project.database.claim()
    return project


def _serve(project: Project, address: Any, *, open_page: bool) -> None:
    from plaudit.labelling import owner_link, serve

    def tell(line: str) -> None:
        typer.echo(f"plaudit: {line}", err=True)

    def ready(url: str) -> None:
        link = owner_link(project, url)
        typer.echo(f"plaudit: the page is on {link} (the link works once; Ctrl+C stops the server)", err=True)
        if open_page:
            typer.launch(link)

    serve(project, address, tell=tell, ready=ready)


def _demo(folder: Path, port: int, language: Language | None, *, open_page: bool) -> None:
    from plaudit.demo import Crowd, label_demo, project_groups, true_quality_of
    from plaudit.labelling import Address
    from plaudit.text import preferred_language

    language = language or preferred_language()
    project = label_demo(folder, language=language)
    crowd = Crowd(project, true_quality_of(project_groups(language=language)))
    if crowd.new:
        crowd.judge_at_once()
    crowd.start()
    _serve(project, Address(port=port), open_page=open_page)


def _attributes(texts: list[str] | None) -> dict[str, str]:
    return {"attributes": ",".join(texts)} if texts else {}


def _included(names: list[str]) -> dict[str, Any]:
    kinds = {"gold": "gold", "repeats": "repeat", "training": "training"}
    if unknown := [name for name in names if name not in (*kinds, "prior")]:
        raise InvalidInputError(f"--with {unknown[0]!r}", remedy=f"it takes {', '.join(kinds)} and prior")
    return {"kinds": frozenset(kinds[name] for name in names if name in kinds), "prior": "prior" in names}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file}: the guidelines cannot be read ({error})") from None
