"""Flags that other tools have, or Plaudit once had, are refused in one line with the flag or setting that is meant."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from plaudit._other_names import OTHER_NAMES, name_meant
from plaudit.errors import InvalidInputError
from plaudit.logs import launched_processes

_SHARED = ("train", "pretrain", "sft")
"""Verbs that several processes do together; `score` does where it writes shards."""

_SETTINGS = frozenset(meant[0] for meant in OTHER_NAMES.values())
"""Settings that people look for as flags."""


class Verbs(TyperGroup):
    """The commands, looking at a verb's flags before they are parsed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Data come first; typer puts groups of commands last."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: name != "data")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and ctx.parent is None:
            refuse_several_processes(name, rest)
        if command is not None and not hasattr(command, "commands"):
            refuse_other_names(rest, [flag for parameter in command.params for flag in parameter.opts])
        return name, command, rest


def refuse_several_processes(verb: str, arguments: list[str]) -> None:
    """Raise if `torchrun` started several processes of what one does: each would do all of it, over the others' files.

    Args:
        verb: that was called.
        arguments: of the verb.

    Example:
        >>> refuse_several_processes("eval", ["my-model", "test.jsonl"])
    """
    _, processes = launched_processes()
    shards = verb == "score" and any(argument.partition("=")[0] == "--shards" for argument in arguments)
    plan = verb == "train" and "--plan" in arguments
    if processes == 1 or shards or (verb in _SHARED and not plan):
        return
    remedy = "start it without torchrun"
    if plan:
        remedy += f", and name the GPUs: --gpus {processes}xNAME"
    if verb == "score":
        remedy += ", or share it out: --shards N -o FOLDER"
    what = "a plan is made" if plan else f"{verb} runs"
    raise InvalidInputError(f"{what} in one process, and torchrun started {processes}", remedy=remedy)


def refuse_other_names(arguments: list[str], flags: list[str]) -> None:
    """Raise if a flag among the arguments is another name of what the verb has, or one of its settings.

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
        setting = "set" in known and name in _SETTINGS
        if not flag.startswith("--") or name in known or not (setting or name in OTHER_NAMES):
            continue
        if meant := name_meant(name, known):
            raise InvalidInputError(f"there is no flag {flag}", remedy=f"it is called --{meant.replace('_', '-')} here")
        if "set" in known:
            meant = OTHER_NAMES.get(name, (name,))[0]
            raise InvalidInputError(f"there is no flag {flag}", remedy=f"give it as --set {meant}=VALUE")
        meant = OTHER_NAMES[name][0]
        remedy = f"{meant} is a setting of training: plaudit train --set {meant}=VALUE"
        raise InvalidInputError(f"there is no flag {flag} here", remedy=remedy)
