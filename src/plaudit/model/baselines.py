"""The baselines of a model: linear models fitted to the same judgements, in `MODEL/baselines/NAME/`."""

from __future__ import annotations

import logging
import re
from difflib import get_close_matches
from pathlib import Path

from plaudit.errors import NotFoundError, PlauditError
from plaudit.model.backbones import PACKAGED
from plaudit.model.folder.contents import BASELINES_FOLDER
from plaudit.model.folder.open import open_model
from plaudit.model.linear import FEATURES
from plaudit.model.linear_probe import PROBE_PREFIX
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
    """Refuse a misspelling of a built-in backbone, before anybody asks the hub for it.

    Raises:
        NotFoundError: for a name that is nearly a built-in one, and no folder.

    Example:
        >>> check_backbone("bowe")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: there is no backbone 'bowe'; did you mean bow? Built in are minilm-l6, ...
    """
    name = str(backbone).removeprefix(PROBE_PREFIX)
    known = [*PACKAGED, *FEATURES]
    if name in known or "/" in name or Path(name).exists():
        return
    if close := get_close_matches(name, known, 1, cutoff=0.75):
        remedy = f"did you mean {close[0]}? Built in are {', '.join(known)}, {PROBE_PREFIX}BACKBONE"
        raise NotFoundError(f"there is no backbone {name!r}", remedy=remedy)


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
