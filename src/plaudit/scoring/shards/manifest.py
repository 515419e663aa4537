"""What the shards of a folder were made of: a small hidden file, by which a second run knows that it may go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.data import shard_files
from plaudit.errors import DataError, InvalidInputError
from plaudit.storage import check_folder, replacing, short_hash, write_json

if TYPE_CHECKING:
    from plaudit.model import Scorer

# Hidden, so that whoever reads the folder as a Parquet data set does not trip over it.
MANIFEST = ".plaudit-shards.json"

_CHUNK = 1 << 20

# What decides no score, or comes after the model was made: cards, logs, what it is compared with.
_BESIDE_THE_MODEL = ("README.md", "checkpoints", "logs", "baselines")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What decides every byte of every shard.

    Attributes:
        shards: how many there are.
        model: a hash of the model.
        data: a hash of what is scored.
        options: how it is read and scored.
    """

    shards: int
    model: str
    data: str
    options: Mapping[str, Any]

    def differences(self, other: Manifest) -> list[str]:
        """What is not the same in another one, in words."""
        different = [] if self.shards == other.shards else [f"for {self.shards} shards, not {other.shards}"]
        if self.model != other.model:
            different.append("by another model")
        if self.data != other.data:
            different.append("of other data")
        if changed := [name for name, value in other.options.items() if self.options.get(name) != value]:
            different.append(f"with other options ({', '.join(changed)})")
        return different


def check_shards(folder: Path, manifest: Manifest, *, overwrite: bool) -> None:
    """Raise unless a folder may have these shards: it is new, empty, or the one that a run before began.

    Raises:
        DataError: if it holds something else, or shards of something else, unless it is to be overwritten.
    """
    if overwrite:
        return
    # Looked at before the manifest, which another process writes first, and a shard a moment later.
    taken = _taken(folder)
    before = _read(folder)
    if before is None:
        if taken is not None:
            raise taken
    elif different := before.differences(manifest):
        raise DataError(
            f"its shards were made {', '.join(different)}",
            file=folder,
            remedy="name another folder, or replace what is there with --overwrite (overwrite=True)",
        )


def begin_shards(folder: Path, manifest: Manifest, *, overwrite: bool) -> None:
    """Write down what the shards are of, before the first of them stands there; or find it written.

    Args:
        folder: of the shards, which is there.
        manifest: of them.
        overwrite: remove the shards of a run before.

    Raises:
        DataError: if another command has begun there meanwhile.
    """
    if overwrite:
        for file in shard_files(folder):
            file.unlink()
        (folder / MANIFEST).unlink(missing_ok=True)
    elif (folder / MANIFEST).is_file():
        check_shards(folder, manifest, overwrite=False)
        return
    # Several processes may do so at once: they write the same, and each file is whole.
    with replacing(folder / MANIFEST) as temporary:
        write_json(temporary, asdict(manifest))


def _taken(folder: Path) -> DataError | None:
    """Why shards cannot begin in a folder, if they cannot."""
    try:
        check_folder(folder)
    except DataError as error:
        return error
    return None


def _read(folder: Path) -> Manifest | None:
    file = folder / MANIFEST
    if not file.is_file():
        return None
    try:
        return Manifest(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"it is no manifest of shards ({error})", file=file, remedy="name another folder") from error


def model_hash(name: str, scorer: Scorer | None = None) -> str:
    """A hash of what decides a model's scores: of a folder its files; of anything else its run record.

    Args:
        name: what `open_model` takes.
        scorer: that model, where it is open already.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _folder_hash(folder)
    from plaudit.model import keep_token, open_model

    record = (scorer or open_model(name)).run_record("scores", model=keep_token(name))
    # Other versions of libraries go on with what they find, as a folder's files say nothing of them either.
    record.pop("versions", None)
    return short_hash(json.dumps(record, sort_keys=True, default=str))


def _folder_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for file in files:
        inside = file.relative_to(folder)
        if inside.name.startswith(".") or inside.parts[0] in _BESIDE_THE_MODEL:
            continue
        digest.update(f"{inside.as_posix()}\0".encode("utf-8", "surrogateescape"))
        try:
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise InvalidInputError(f"{file} cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()[:16]
