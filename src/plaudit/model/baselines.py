"""The baselines of a model: linear models fitted to the same judgements, in `MODEL/baselines/NAME/`."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from plaudit.errors import PlauditError
from plaudit.model.backbones import PACKAGED, resolve
from plaudit.model.folder.contents import BASELINES_FOLDER, PROBE_PREFIX
from plaudit.model.folder.open import open_model
from plaudit.model.linear import FEATURES
from plaudit.model.scorer import Scorer
from plaudit.storage import RECORD_FILE

logger = logging.getLogger(__name__)


def is_baseline(backbone: str | Path) -> bool:
    """Whether a `--backbone` names a baseline: `length`, `bow` or `frozen:BACKBONE`.

    Example:
        >>> is_baseline("bow"), is_baseline("frozen:minilm-l6"), is_baseline("minilm-l6")
        (True, True, False)
    """
    name = str(backbone)
    return name in FEATURES or (name.startswith(PROBE_PREFIX) and name != PROBE_PREFIX)


def check_backbone(backbone: str | Path) -> None:
    """Raise unless there is a backbone or a baseline of this name: in seconds, before anything is made of it.

    Args:
        backbone: what `plaudit.train` takes: what `resolve` does, a baseline, or `frozen:` and what `resolve` does.

    Raises:
        PlauditError: for a name that is neither built in nor a folder's, and that the hub does not know.

    Example:
        >>> check_backbone("bowe")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: there is no backbone 'bowe'; did you mean bow? Built in are minilm-l6, ...
    """
    name = str(backbone).removeprefix(PROBE_PREFIX)
    if name not in (*PACKAGED, *FEATURES):
        resolve(name, list(FEATURES))


def baseline_names(text: str) -> list[str]:
    """The names in a list by comma; none in `none`.

    Example:
        >>> baseline_names("length, bow"), baseline_names("none")
        (['length', 'bow'], [])
    """
    return [name for part in text.split(",") if (name := part.strip()) not in ("", "none")]


def baseline_folder(model: str | Path, name: str) -> Path:
    """Where the baseline called `name` (a `--backbone` value) of the model folder `model` stands.

    Example:
        >>> baseline_folder("my-model", "frozen:minilm-l6").as_posix()
        'my-model/baselines/frozen-minilm-l6'
    """
    return Path(model) / BASELINES_FOLDER / re.sub(r"[^\w.-]+", "-", name).strip(".-")


def load_baselines(folder: str | Path) -> dict[str, Scorer]:
    """The baselines of a model folder, by their `--backbone` value. One that cannot be opened is a warning, not an
    error: the model can be measured without it.

    Example:
        >>> sorted(load_baselines("my-model"))
        ['bow']
    """
    baselines: dict[str, Scorer] = {}
    for record in sorted((Path(folder).expanduser() / BASELINES_FOLDER).glob(f"*/{RECORD_FILE}")):
        try:
            baseline = open_model(record.parent)
        except PlauditError as error:
            logger.warning("the baseline in %s is left out: %s", record.parent, error)
        else:
            baselines[str(baseline.record.get("backbone", record.parent.name))] = baseline
    return baselines
