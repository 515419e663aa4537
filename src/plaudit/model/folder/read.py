"""What stands in a model folder beside the checkpoint: its run record, and the heads that transformers has no place
for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from plaudit.errors import PlauditError
from plaudit.model.folder.record import RECORD_FILE
from plaudit.model.folder.write import HEADS_FILE
from plaudit.model.heads import PLAIN, Outputs
from plaudit.model.network import RewardNetwork


def read_record(folder: Path) -> dict[str, Any]:
    """A model folder's run record; empty where there is none.

    Raises:
        PlauditError: if the file is no run record.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not isinstance(record.get("max_length"), int | None):
            raise ValueError("it must be an object, and its max_length a whole number")
    except ValueError as error:
        raise PlauditError(
            f"{path} is no run record ({error}); restore it, or delete it to load the plain checkpoint"
        ) from error
    return record


def stored_outputs(record: Mapping[str, Any], name: str) -> Outputs:
    """What the head of the saved model called `name` says; the plain reward where its record says nothing.

    Raises:
        PlauditError: if the record says something unreadable.
    """
    try:
        return Outputs.from_dict(record["outputs"]) if "outputs" in record else PLAIN
    except (KeyError, TypeError, ValueError) as error:
        raise PlauditError(f"{name}/{RECORD_FILE} has unreadable outputs ({error}); restore the folder") from error


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
        raise PlauditError(f"cannot read the heads in {folder / HEADS_FILE}: {reason}; restore the folder") from error
