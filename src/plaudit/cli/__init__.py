"""The command line: one thin file a verb. Each parses, calls one function and prints; heavy imports wait inside."""

import errno
import logging
import os
import sys

import typer

from plaudit import __version__
from plaudit.cli import data
from plaudit.cli.best_of import best_of_command
from plaudit.cli.combine import combine_command
from plaudit.cli.compare import compare_command
from plaudit.cli.demo import demo_command
from plaudit.cli.doctor import doctor_command
from plaudit.cli.eval import eval_command
from plaudit.cli.explain import explain_command
from plaudit.cli.losses import losses_command
from plaudit.cli.pretrain import pretrain_command
from plaudit.cli.probe import probe_command
from plaudit.cli.score import rank_command, score_command
from plaudit.cli.sft import sft_command
from plaudit.cli.suite import suite_command
from plaudit.cli.train import train_command
from plaudit.errors import PlauditError

app = typer.Typer(
    name="plaudit",
    help="Train, measure and use reward models: models that score an answer the way people would.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data.app, name="data")
app.command("doctor")(doctor_command)
app.command("pretrain")(pretrain_command)
app.command("sft")(sft_command)
app.command("train")(train_command)
app.command("combine")(combine_command)
app.command("losses")(losses_command)
app.command("eval")(eval_command)
app.command("compare")(compare_command)
app.command("best-of")(best_of_command)
app.command("probe")(probe_command)
app.command("suite")(suite_command)
app.command("score")(score_command)
app.command("rank")(rank_command)
app.command("explain")(explain_command)
app.command("demo")(demo_command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"plaudit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def main() -> None:
    """Run the command line. A user's mistake is one line on stderr and exit code 2, never a traceback."""
    # Warnings of ours only: libraries print their own, and each would be seen twice.
    handler = logging.StreamHandler()
    handler.addFilter(logging.Filter("plaudit"))
    logging.basicConfig(format="plaudit: %(message)s", level=logging.WARNING, handlers=[handler])
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except PlauditError as error:
        typer.echo(f"plaudit: error: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("plaudit: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader went away (`plaudit score ... | head`).
        _close_stdout()
        sys.exit(141)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _close_stdout()
        typer.echo(f"plaudit: error: the output cannot be written: {error.strerror}", err=True)
        sys.exit(2)


def _close_stdout() -> None:
    """Python would complain once more of what it could not write while it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
