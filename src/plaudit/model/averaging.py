"""The weights of several runs from one start, averaged into one ordinary model.

Ramé et al., WARM: On the Benefits of Weight Averaged Reward Models, ICML 2024: runs fine-tuned from the same pretrained
weights stay in one basin, where the mean of the weights does about what the mean of the rewards does, at the cost of
one model. A mean of weights from different starts means nothing, so such runs are refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Shaped
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from plaudit.errors import InvalidInputError
from plaudit.logs import muted
from plaudit.model.cards.render import card
from plaudit.model.folder.contents import HEADS_FILE, REWARD_MODEL, tokenizer_hash
from plaudit.model.folder.link import link_baselines, link_files, member_folders, warn_of_losses
from plaudit.model.folder.read import stored_outputs
from plaudit.model.folder.write import new_folder
from plaudit.model.heads import Attribute, Outputs
from plaudit.storage import RECORD_FILE, read_record, versions, write_record

_WEIGHTS = "model*.safetensors"

_DESCRIPTION = "It is an ordinary reward model, of the size and the cost of one."

# What a config says of other libraries, and not of the model.
_OF_LIBRARIES = ("transformers_version", "sentence_transformers")

# What a run record says that holds for the average too, where it is the same in every member.
_SHARED = ("data", "template", "pooled_token", "max_length", "truncation", "dtype")


def average_weights(models: Sequence[str | Path], output: str | Path, *, overwrite: bool = False) -> dict[str, Any]:
    """Average the weights of reward models, each tensor by itself, into a folder that is a reward model like any other.

    Memory holds one file of weights at a time. Sums are in float64; the result has the members' dtype.

    Args:
        models: model folders that `plaudit train` wrote, from the same backbone.
        output: a new or empty folder.
        overwrite: replace a model that is there.

    Returns:
        The run record of the average: what the members share, and the members' own records.

    Raises:
        PlauditError: if the runs did not start from the same backbone, differ in architecture, tokenizer, chat
            template, context or outputs, or a file is missing or broken; or if `output` is taken.
    """
    folders = member_folders(models)
    records = [_run_record(folder) for folder in folders]
    for what, read in _MUST_AGREE.items():
        _hold_together(folders, records, what, read)
    warn_of_losses(records)
    record = {
        "plaudit": REWARD_MODEL,
        "backbone": records[0]["backbone"],
        **{name: records[0].get(name) for name in _SHARED if len({record.get(name) for record in records}) == 1},
        "outputs": _mean_outputs(folders, records).to_dict(),
        "versions": versions(),
        "average_of": [{"model": str(name), **member} for name, member in zip(models, records, strict=True)],
    }
    with new_folder(Path(output), overwrite=overwrite) as staging:
        link_files(folders[0], staging, leave_out=(_WEIGHTS, HEADS_FILE, RECORD_FILE, "README.md"))
        for pattern in (_WEIGHTS, HEADS_FILE):
            _average_files(folders, pattern, staging)
        link_baselines(folders, records, staging)
        title = f"The average of {len(folders)} reward models' weights"
        write_record(staging, record, card("combined", title=title, description=_DESCRIPTION, models=models))
    return record


def _run_record(folder: Path) -> dict[str, Any]:
    record = read_record(folder)
    kind = record.get("plaudit")
    if kind != REWARD_MODEL:
        what = f"holds a {kind}, which has no weights of its own" if kind else f"has no {RECORD_FILE} that says so"
        raise InvalidInputError(f"{folder} is no reward model that `plaudit train` wrote: it {what}")
    return record


def _start(folder: Path, record: Mapping[str, Any]) -> str:
    """Where the run started: its backbone, by name or by the place of its folder."""
    if not (name := str(record.get("backbone") or "")):
        raise InvalidInputError(
            f"{folder}/{RECORD_FILE} does not say which backbone the run started from", remedy="it must be known"
        )
    path = Path(name).expanduser()
    return str(path.resolve()) if path.is_dir() else name


def _architecture(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInputError(
            f"{folder}/config.json cannot be read ({error})", remedy="restore the folder"
        ) from error
    return {name: v for name, v in config.items() if not name.startswith("_") and name not in _OF_LIBRARIES}


def _tokenizer(folder: Path, record: Mapping[str, Any]) -> str | None:
    from transformers import AutoTokenizer

    try:
        with muted("transformers", "huggingface_hub"):
            return tokenizer_hash(AutoTokenizer.from_pretrained(str(folder)))
    except Exception as error:
        # A broken file comes up as anything, as in loading.
        raise InvalidInputError(f"the tokenizer in {folder} cannot be read", remedy="restore the folder") from error


def _stored_shape(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs, but for what was fitted to the data: that is averaged, as weights are. Attributes stand by name."""
    outputs = stored_outputs(record, str(folder))
    fixed = [asdict(replace(attribute, centre=0.0, spread=1.0)) for attribute in outputs.attributes]
    return {
        **outputs.to_dict(),
        "attributes": [attribute.name for attribute in outputs.attributes],
        **{f"attribute {attribute['name']}": attribute for attribute in fixed},
    }


# What must be the same in all members, the most telling first.
_MUST_AGREE: dict[str, Callable[[Path, Mapping[str, Any]], Any]] = {
    "starting backbone": _start,
    "architecture": _architecture,
    "outputs": _stored_shape,
    "chat template": lambda folder, record: record.get("template"),
    "tokenizer": _tokenizer,
    "longest input": lambda folder, record: record.get("max_length"),
}


def _hold_together(
    folders: Sequence[Path],
    records: Sequence[Mapping[str, Any]],
    what: str,
    read: Callable[[Path, Mapping[str, Any]], Any],
) -> None:
    first, *rest = map(read, folders, records)
    for folder, other in zip(folders[1:], rest, strict=True):
        if other != first:
            raise InvalidInputError(
                f"cannot average {folders[0]} and {folder}: they differ in their {what} ({_difference(first, other)})",
                remedy="average runs from one start, or make an ensemble",
            )


def _difference(first: Any, other: Any) -> str:
    """The first thing that differs, in words: `attribute funny, readout: value against ordinal`."""
    place = []
    while isinstance(first, Mapping) and isinstance(other, Mapping):
        name = next(name for name in [*first, *other] if first.get(name) != other.get(name))
        place.append(str(name))
        first, other = first.get(name), other.get(name)
    return ": ".join(filter(None, (", ".join(place), f"{_in_words(first)} against {_in_words(other)}")))


def _in_words(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(entry)}" for name, entry in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_in_words, value)) or "none"
    return str(value)


def _mean_outputs(folders: Sequence[Path], records: Sequence[Mapping[str, Any]]) -> Outputs:
    outputs = [stored_outputs(record, str(folder)) for folder, record in zip(folders, records, strict=True)]
    return replace(outputs[0], attributes=tuple(map(_mean_attribute, *(member.attributes for member in outputs))))


def _mean_attribute(*attributes: Attribute) -> Attribute:
    centre, spread = (sum(getattr(a, name) for a in attributes) / len(attributes) for name in ("centre", "spread"))
    return replace(attributes[0], centre=centre, spread=spread)


def _average_files(folders: Sequence[Path], pattern: str, target: Path) -> None:
    """Average the tensors of all files of a pattern, into files named as the first member's are."""
    with ExitStack() as stack:
        members = [_tensors(folder, pattern, stack) for folder in folders]
        for folder, other in zip(folders[1:], members[1:], strict=True):
            if odd := set(members[0]) ^ set(other):
                raise InvalidInputError(f"cannot average {folders[0]} and {folder}: only one of them has {min(odd)}")
        for file in sorted(path.name for path in folders[0].glob(pattern)):
            names = [name for name, (place, _) in members[0].items() if place == file]
            means = {name: _mean(name, [member[name][1](name) for member in members]) for name in names}
            save_file(means, target / file, metadata={"format": "pt"})
            # safetensors lets only the owner read what it writes.
            shutil.copymode(folders[0] / file, target / file)


Tensors = dict[str, tuple[str, Callable[[str], Shaped[torch.Tensor, "..."]]]]
"""Name of a tensor -> the file it stands in, and what reads it from there."""


def _tensors(folder: Path, pattern: str, stack: ExitStack) -> Tensors:
    tensors: Tensors = {}
    for path in folder.glob(pattern):
        try:
            file = stack.enter_context(safe_open(path, framework="pt"))
        except (OSError, SafetensorError) as error:
            raise InvalidInputError(
                f"the weights in {path} cannot be read ({error})", remedy="restore the folder"
            ) from error
        tensors |= dict.fromkeys(file.keys(), (path.name, file.get_tensor))
    if not tensors and pattern == _WEIGHTS:
        raise InvalidInputError(f"{folder} has no {_WEIGHTS}", remedy="restore the folder")
    return tensors


def _mean(name: str, tensors: Sequence[Shaped[torch.Tensor, "*_"]]) -> Shaped[torch.Tensor, "*_"]:
    first = tensors[0]
    if any((tensor.shape, tensor.dtype) != (first.shape, first.dtype) for tensor in tensors):
        raise InvalidInputError(f"cannot average the weights {name}: their shapes or their dtypes differ")
    if not first.is_floating_point():
        if not all(torch.equal(tensor, first) for tensor in tensors):
            raise InvalidInputError(f"cannot average {name}: it is of whole numbers, which differ")
        return first
    total = torch.zeros_like(first, dtype=torch.float64)
    for tensor in tensors:
        total += tensor
    return (total / len(tensors)).to(first.dtype)
