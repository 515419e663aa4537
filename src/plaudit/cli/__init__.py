"""The command line: one thin file a verb. Each parses, calls one function and prints; heavy imports wait inside."""

import errno
import logging
import os
import re
import sys
import time
from typing import NoReturn

import typer

from plaudit import __version__
from plaudit.cli import data, label
from plaudit.cli.align import align_command
from plaudit.cli.best_of import best_of_command
from plaudit.cli.combine import combine_command
from plaudit.cli.compare import compare_command
from plaudit.cli.demo import demo_command
from plaudit.cli.doctor import doctor_command
from plaudit.cli.eval import eval_command
from plaudit.cli.explain import explain_command
from plaudit.cli.flags import Verbs
from plaudit.cli.losses import losses_command
from plaudit.cli.pretrain import pretrain_command
from plaudit.cli.probe import probe_command
from plaudit.cli.reward_file import reward_file_command
from plaudit.cli.score import rank_command, score_command
from plaudit.cli.serve import serve_command
from plaudit.cli.sft import sft_command
from plaudit.cli.suite import suite_command
from plaudit.cli.train import train_command
from plaudit.errors import PlauditError
from plaudit.logs import is_first_process, launched_processes

app = typer.Typer(
    name="plaudit",
    cls=Verbs,
    help="Train, measure and use reward models: models that score an answer the way people would.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
# In the order of the help: the main job first, then what looks closer, then what prepares a backbone.
app.command("train")(train_command)
app.command("eval")(eval_command)
app.command("rank")(rank_command)
app.command("score")(score_command)
app.command("serve")(serve_command)
app.command("reward-file")(reward_file_command)
app.command("doctor")(doctor_command)
app.command("probe")(probe_command)
app.command("explain")(explain_command)
app.command("compare")(compare_command)
app.command("best-of")(best_of_command)
app.command("suite")(suite_command)
app.command("losses")(losses_command)
app.command("combine")(combine_command)
app.command("pretrain")(pretrain_command)
app.command("sft")(sft_command)
app.command("align")(align_command)
app.command("demo")(demo_command)
app.add_typer(data.app, name="data")
app.add_typer(label.app, name="label")

_WORDS = {"a valid integer": "a whole number", "a valid number": "a number"}
"""What typer calls kinds of values -> what settings call them."""

_INTERRUPTED = 130
"""Exit code after an interrupt, as shells have it."""

_FIRST_WORD = 30.0
"""Seconds that the first of several processes has to say what all of them met, and to end: on a busy machine torch
takes more than ten for that."""


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
    """Run the command line.

    Exit codes: 0; 2 where the user is told in one line on stderr what to do otherwise, never with a traceback; 130
    after an interrupt; 141 where nobody reads the output any more. Any other exception is a defect of Plaudit, and is
    shown as one.
    """
    # Warnings of ours only: libraries print their own, and each would be seen twice.
    handler = logging.StreamHandler()
    handler.addFilter(logging.Filter("plaudit"))
    try:
        # What several processes of one run would all say is said by the first.
        level = logging.WARNING if is_first_process() else logging.ERROR
        logging.basicConfig(format="plaudit: %(message)s", level=level, handlers=[handler])
        try:
            code = app(prog_name="plaudit", standalone_mode=False)
        finally:
            sys.stdout.flush()
    except PlauditError as error:
        _stop(f"error: {error}", 2)
    except typer.TyperException as error:
        # Without arguments typer has shown the help, and its error says nothing.
        if not error.format_message().strip():
            sys.exit(2)
        _stop(f"error: {_usage_line(error)}", 2)
    except (KeyboardInterrupt, typer.Abort) as error:
        # typer takes a file that ends too soon for somebody who sends the end of the input.
        if isinstance(error.__cause__, EOFError):
            raise error.__cause__ from None
        _stop("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        # The reader went away (`plaudit score ... | head`).
        _close_stdout()
        sys.exit(141)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _close_stdout()
        _stop(f"error: the output cannot be written: {error.strerror}", 2)
    if code == _INTERRUPTED:
        _stop("interrupted", code)
    sys.exit(code)


def _stop(line: str, code: int) -> NoReturn:
    try:
        rank, _ = launched_processes()
    except PlauditError:
        rank = 0
    if rank and code == _INTERRUPTED:
        sys.exit(code)
    if rank:
        # What all of them met the first says, and torchrun ends the others meanwhile. What one alone met nobody else
        # would say.
        time.sleep(_FIRST_WORD)
        line = f"process {rank}: {line}"
    typer.echo(f"plaudit: {line}", err=True)
    sys.exit(code)


def _usage_line(error: typer.TyperException) -> str:
    """What is wrong with the arguments, what may have been meant, and which help to read, in one line.

    typer's own boxes take six lines for that.
    """
    close = getattr(error, "possibilities", None)
    message = f"{error.message}; did you mean {close[0]}?" if close else error.format_message()
    if wrong := re.match("Invalid value for '(.+?)': Input should be (.+?)(, .*)?$", message):
        message = f"{wrong[1]} must be {_WORDS.get(wrong[2], wrong[2].replace('greater than or equal to', 'at least'))}"
    message = message.replace("Value error, ", "").replace(". Did you mean", "; did you mean").removesuffix(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "plaudit"
    return f"{message[:1].lower()}{message[1:]} ({command} --help)"


def _close_stdout() -> None:
    """Python would complain once more of what it could not write while it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
