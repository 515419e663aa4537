"""`plaudit label`: people compare answers in a web page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from plaudit.cli.flags import Verbs
from plaudit.cli.inputs import changed_settings
from plaudit.cli.label_ask import ask_command
from plaudit.cli.label_team import (
    claimed,
    export_command,
    forget_command,
    invite_command,
    require,
    status_command,
)
from plaudit.cli.options import Config, InLanguage
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.groups import Group
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
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting (docs/reference/labelling.md)."),
]
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
    from plaudit.labelling import Address, LabellingSettings, Project, check_groups, default_folder

    if demo == bool(files):
        raise InvalidInputError("give either files or --demo", remedy="plaudit label FILES")
    if demo or not files:
        if changed_settings(context, LabellingSettings(), **_attributes(attribute)) != LabellingSettings():
            raise InvalidInputError("--demo has settings of its own", remedy="leave yours out, or give files")
        _demo(project, port, language, open_page=open_page)
        return
    if language is not None:
        raise InvalidInputError("--language is the demo's", remedy="leave it out; everybody chooses on the page")
    place = project or default_folder(files)
    material = _read(files, reading)
    if (place / "labels.db").exists():
        made = claimed(str(place))
        _check_same(made, changed_settings(context, made.settings, **_attributes(attribute)))
    else:
        settings = changed_settings(context, LabellingSettings(), **_attributes(attribute))
        check_groups(material.groups, source=material.source, lines=material.lines)
        made = Project.create(place, place.name, settings)
    added = _add(made, material)
    _tell_added(added)
    if not added.known and added.new == added.nothing_to_ask:
        made.close()
        raise InvalidInputError("there is nothing to judge", remedy="give groups of two or more different answers")
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
    from plaudit.labelling import LabellingSettings, Project, check_gold, check_groups

    settings = changed_settings(context, LabellingSettings(), **_attributes(attribute))
    text = "" if guidelines is None else _text(guidelines)
    material = _read(files, reading)
    known = None if gold is None else _read(gold, reading)
    if known is not None:
        check_gold(known.groups, settings, known.source, known.lines)
        check_groups(known.groups, source=known.source, lines=known.lines)
    others = [] if known is None else known.groups
    check_groups(material.groups, others, source=material.source, lines=material.lines)
    made = Project.create(project, name or Path(project).name, settings, text)
    # Known answers come first: a group of theirs that stands among the others, too, would be an ordinary one otherwise.
    if known is not None:
        _tell_added(_add(made, known, gold=True), gold=True)
    _tell_added(_add(made, material))
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
    require()
    material = _read(files, reading)
    made = claimed(project)
    _tell_added(_add(made, material, gold=as_gold), gold=as_gold)
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
    from plaudit.labelling import Address

    address = Address(host=host, port=port, origin=origin, proxy=trust_proxy)
    _serve(claimed(project), address, open_page=open_page)


app.command("invite")(invite_command)
app.command("ask")(ask_command)
app.command("status")(status_command)
app.command("export")(export_command)
app.command("forget")(forget_command)


class _Material(NamedTuple):
    """Groups that were read, and the line of each."""

    groups: list[Group]
    lines: dict[str, str]
    source: str


def _read(files: list[str], reading: Reading) -> _Material:
    """Read files, before anything is made of them."""
    from plaudit.cli.inputs import tell_rejected
    from plaudit.cli.progress import reading_shown
    from plaudit.data import ReadReport, SourceLines, load_groups
    from plaudit.groups import stable_id

    known = SourceLines()
    report = ReadReport(source_lines=known)
    with reading_shown():
        groups = load_groups(files, report=report, **reading.options())
    tell_rejected(len(report.rejected), reading.rejects)
    return _Material(groups, {group.id: known.of(stable_id(group)) or "" for group in groups}, files[0])


def _add(project: Project, material: _Material, *, gold: bool = False) -> Added:
    return project.add(material.groups, gold=gold, source=material.source, lines=material.lines)


def _tell_added(added: Added, *, gold: bool = False) -> None:
    """What became of the files."""
    if gold:
        typer.echo(f"Of known answer: {counted(added.new, 'groups')}.", err=True)
    else:
        typer.echo(f"{counted(added.new, 'groups')} with {counted(added.questions, 'questions')}.", err=True)
    if added.known:
        typer.echo(f"There already, and left as it was: {counted(added.known, 'groups')}.", err=True)
    if added.nothing_to_ask:
        what = counted(added.nothing_to_ask, "groups")
        typer.echo(f"Nothing to ask of {what}: one answer each, or answers that are all alike.", err=True)


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


def _check_same(project: Project, wished: Any) -> None:
    """Raise if a project that is there was made with other settings."""
    settings = project.settings.to_dict()
    for name, value in wished.to_dict().items():
        if settings[name] != value:
            raise InvalidInputError(
                f"{project.place} was made with {name} {settings[name]!r}",
                remedy="leave the setting out, or make another project with --project FOLDER",
            )


def _demo(folder: Path | None, port: int, language: Language | None, *, open_page: bool) -> None:
    from plaudit.demo import Crowd, label_demo
    from plaudit.labelling import Address
    from plaudit.text import preferred_language

    language = language or preferred_language()
    project = label_demo(folder or f"plaudit-label-demo{'' if language == 'en' else f'-{language}'}", language=language)
    project.database.claim()
    crowd = Crowd(project)
    if crowd.new:
        crowd.judge_at_once()
    crowd.start()
    _serve(project, Address(port=port), open_page=open_page)


def _attributes(texts: list[str] | None) -> dict[str, str]:
    return {"attributes": ",".join(texts)} if texts else {}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file}: the guidelines cannot be read ({error})") from None
