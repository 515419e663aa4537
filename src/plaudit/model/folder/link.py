"""What an ensemble and an average of weights have in common: the folders they are made of, and the one they make."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from plaudit.errors import PlauditError
from plaudit.model.folder.record import BASELINES_FOLDER, no_model

logger = logging.getLogger(__name__)

# The settings that decide what a difference of two rewards means.
_LOSSES = ("loss", "rating_loss")


def member_folders(names: Sequence[str | Path]) -> list[Path]:
    """The folders of the models to combine.

    Raises:
        PlauditError: if they are fewer than two, one is no folder, or one is given twice.
    """
    if len(names) < 2:
        raise PlauditError(f"there is nothing to combine in {len(names)} model; give two or more")
    folders = [Path(name).expanduser() for name in names]
    seen: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise no_model(folder)
        if folder.resolve() in seen:
            raise PlauditError(f"{folder} is given twice; a model adds nothing to itself")
        seen.add(folder.resolve())
    return folders


@contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `output`, whole, when the block ends well.

    Raises:
        PlauditError: if something stands in `output` already, or it cannot be written.
    """
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise PlauditError(f"{output} is not empty; choose another folder with -o, or remove it")
    staging: Path | None = None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".combining-{output.name}-"))
        yield staging
        # Only the owner may open what mkdtemp makes; the model is for whoever may read the folder it stands in.
        staging.chmod(output.parent.stat().st_mode & 0o777)
        with suppress(FileNotFoundError):
            output.rmdir()
        staging.rename(output)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlauditError(f"cannot write {output}: {reason}; choose another folder with -o") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def link_files(source: Path, target: Path, *, leave_out: Sequence[str] = ()) -> None:
    """Give every file of a folder a second name in another, which is made: nothing is copied where the file system can
    link. Files are only ever replaced, never written into, so the two cannot change each other. Folders inside are left
    out, as are names that match a pattern of `leave_out`."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_dir() or any(path.match(pattern) for pattern in leave_out):
            continue
        try:
            # What a link points to, not the link: the hub's cache is made of links.
            os.link(path.resolve(), target / path.name)
        except OSError:
            shutil.copyfile(path, target / path.name)


def link_baselines(sources: Sequence[Path], records: Sequence[Mapping[str, Any]], target: Path) -> None:
    """The plain models fitted beside the first member are baselines of the combined one too, if all learned from the same
    data."""
    data = {record.get("data") for record in records}
    if len(data) > 1 or None in data:
        return
    for baseline in sorted((sources[0] / BASELINES_FOLDER).glob("*/")):
        link_files(baseline, target / BASELINES_FOLDER / baseline.name)


def warn_of_losses(records: Sequence[Mapping[str, Any]]) -> None:
    """Rewards are combined as they are, each being the log-odds of its own fit; say so where the members learned by
    different losses, whose rewards mean different things."""
    settings = [record.get("settings") or {} for record in records]
    learned = [" + ".join(str(own[name]) for name in _LOSSES if name in own) for own in settings]
    known = list(dict.fromkeys(losses for losses in learned if losses))
    if len(known) > 1:
        logger.warning(
            "the members learned by different losses (%s), so their rewards are on different scales; "
            "they are combined as they are, and the one with the widest gaps counts most",
            "; ".join(known),
        )


def combined_card(title: str, how: str, models: Sequence[str | Path]) -> str:
    """The text of README.md, in the hub's format."""
    members = "\n".join(f"- {model}" for model in models)
    return f"""---
library_name: transformers
tags: [reward-model, plaudit]
---

# {title}

{how} Nothing has been measured on it yet: `plaudit eval MODEL DATA`. Made of:

{members}
"""
