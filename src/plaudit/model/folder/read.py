"""The heads of a model folder that transformers has no place for: what they are, and their weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from plaudit.errors import InvalidInputError
from plaudit.model.folder.contents import HEADS_FILE
from plaudit.model.heads import PLAIN, Outputs
from plaudit.model.network import RewardNetwork
from plaudit.storage import RECORD_FILE


def stored_outputs(record: Mapping[str, Any], name: str) -> Outputs:
    """What the head of the saved model called `name` says; the plain reward where its record says nothing.

    Raises:
        PlauditError: if the record says something unreadable, or nothing where there are heads to read by it.
    """
    if "outputs" not in record and (Path(name).expanduser() / HEADS_FILE).is_file():
        what = f"{name} has heads ({HEADS_FILE}) but no {RECORD_FILE} to read them by"
        raise InvalidInputError(what, remedy="restore it")
    try:
        return Outputs.from_dict(record["outputs"]) if "outputs" in record else PLAIN
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{name}/{RECORD_FILE} has unreadable outputs ({error})", remedy="restore the folder"
        ) from error


def load_heads(network: RewardNetwork, folder: Path) -> None:
    """Read the weights of a head that is not the plain one, in place.

    Raises:
        PlauditError: if they are missing, broken or of another shape.
    """
    assert network.reward_head is not None
    try:
        network.reward_head.load_state_dict(load_file(folder / HEADS_FILE))
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InvalidInputError(
            f"cannot read the heads in {folder / HEADS_FILE}: {reason}", remedy="restore the folder"
        ) from error
