"""Flags that other tools have, or Plaudit once had, are refused in one line with the flag or setting that is meant."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from plaudit._other_names import OTHER_NAMES, name_meant
from plaudit.errors import InvalidInputError


class Verbs(TyperGroup):
    """The commands, looking at a verb's flags before they are parsed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Data come first; typer puts groups of commands last."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: name != "data")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not hasattr(command, "commands"):
            refuse_other_names(rest, [flag for parameter in command.params for flag in parameter.opts])
        return name, command, rest


def refuse_other_names(arguments: list[str], flags: list[str]) -> None:
    """Raise if a flag among the arguments is another name of what the verb has.

    Args:
        arguments: of the verb.
        flags: that the verb has.

    Example:
        >>> refuse_other_names(["data.jsonl", "--lr", "1e-4"], ["--learning-rate", "--set"])
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: there is no flag --lr; it is called --learning-rate here
    """
    known = {flag.lstrip("-").replace("-", "_") for flag in flags if flag.startswith("--")}
    for argument in arguments:
        flag = argument.partition("=")[0]
        name = flag.removeprefix("--").replace("-", "_")
        if argument == "--":
            return
        if not flag.startswith("--") or name in known or name not in OTHER_NAMES:
            continue
        if meant := name_meant(name, known):
            raise InvalidInputError(f"there is no flag {flag}", remedy=f"it is called --{meant.replace('_', '-')} here")
        if "set" in known:
            meant = OTHER_NAMES[name][0]
            raise InvalidInputError(f"there is no flag {flag}", remedy=f"give it as --set {meant}=VALUE")
        meant = OTHER_NAMES[name][0]
        remedy = f"{meant} is a setting of training: plaudit train --set {meant}=VALUE"
        raise InvalidInputError(f"there is no flag {flag} here", remedy=remedy)
