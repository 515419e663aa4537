"""`plaudit data`: check, stats, convert, split."""

import typer

app = typer.Typer(help="Check, describe, convert and split judgements.", no_args_is_help=True)
