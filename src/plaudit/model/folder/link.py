"""What an ensemble and an average of weights have in common: the folders they are made of, and the one they make."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.errors import InvalidInputError
from plaudit.model.folder.contents import BASELINES_FOLDER, no_model
from plaudit.model.folder.write import check_model_folder, check_not_made_of
from plaudit.model.remote.exchange import keep_token

logger = logging.getLogger(__name__)

# The settings that decide what a difference of two rewards means.
_LOSSES = ("loss", "rating_loss")


def member_folders(names: Sequence[str | Path]) -> list[Path]:
    """The folders of the models to combine.

    Raises:
        PlauditError: if they are fewer than two, one is no folder, or one is given twice.
    """
    if len(names) < 2:
        raise InvalidInputError(f"there is nothing to combine in {len(names)} model", remedy="give two or more")
    for server in (str(name) for name in names if str(name).startswith(("http://", "https://"))):
        what = f"{keep_token(server)} is a server, whose weights are not here"
        raise InvalidInputError(what, remedy="give folders of models")
    folders = [Path(name).expanduser() for name in names]
    seen: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise no_model(folder)
        if folder.resolve() in seen:
            raise InvalidInputError(f"{folder} is given twice", remedy="a model adds nothing to itself")
        seen.add(folder.resolve())
    return folders


def check_combined_folder(models: Sequence[str | Path], output: Path, *, overwrite: bool) -> None:
    """Before models are opened: refuse a folder that may not be written, or that holds one of them.

    Raises:
        PlauditError: if it is one of the models, or holds one, or as `check_model_folder`.
    """
    check_model_folder(output, overwrite=overwrite)
    for folder in member_folders(models):
        check_not_made_of(folder, output)


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
    """The baselines of the first member are baselines of the combined model too, if all members learned from the same
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
    learned = [" + ".join(str(table[name]) for name in _LOSSES if name in table) for table in settings]
    known = list(dict.fromkeys(losses for losses in learned if losses))
    if len(known) > 1:
        logger.warning(
            "the members learned by different losses (%s), so their rewards are on different scales; "
            "they are combined as they are, and the one with the widest gaps counts most",
            "; ".join(known),
        )
