"""From a name to whatever stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.errors import NotFoundError
from plaudit.model.backbones import PACKAGED, look_up
from plaudit.model.folder.contents import ENSEMBLE, LINEAR_MODEL, LINEAR_PROBE, MEMBERS, PROBE_PREFIX, no_model
from plaudit.model.scorer import Scorer
from plaudit.storage import read_record

OPTIONS = ("max_length", "chat_template", "device", "trust_remote_code", "precision", "attention")
"""Of `RewardModel.from_pretrained`."""


@checked
def open_model(name: str | Path, **options: Any) -> Scorer:
    """Open a model folder of any kind, or a reward model of the hub.

    Args:
        name: a folder that `save` of any scorer wrote, or a hub id: whatever `RewardModel.from_pretrained` takes, and
            ensembles, linear models and the URL of a server besides.
        options: those of `RewardModel.from_pretrained`; a scorer without a backbone has no use for them.

    Raises:
        PlauditError: if nothing of that name can be opened.

    Example:
        >>> model = open_model("my-bow")
        >>> [score.response for score in model.rank("What is 2 + 2?", ["No idea.", "It is 4."])]
        [1, 0]
    """
    if is_url(name):
        from plaudit.model.remote.scorer import RemoteScorer

        return RemoteScorer.open(str(name), **options)
    folder = Path(name).expanduser()
    record = read_record(folder)
    opened = _KINDS.get(str(record.get("plaudit")))
    if opened is not None:
        return opened(folder, record, options)
    from plaudit.model.reward_model import RewardModel

    return RewardModel.from_pretrained(name, **options)


def check_model(name: str | Path) -> None:
    """Raise unless there is a model of this name to open: in seconds, before others are opened or anything is scored.

    Args:
        name: what `open_model` takes.

    Raises:
        NotFoundError: if there is no such folder, no model in it, nor a model of that name on the hub.

    Example:
        >>> check_model("my-model")
        >>> check_model("my-modle")
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: no model folder 'my-modle'; train one with `plaudit train DATA -o my-modle`
    """
    if is_url(name):
        open_model(name)
        return
    folder = Path(name).expanduser()
    if folder.is_dir():
        kind = read_record(folder).get("plaudit")
        if kind == "backbone":
            remedy = f"train one with `plaudit train DATA --backbone {name}`"
            raise NotFoundError(f"{name} is not a reward model: it holds a backbone", remedy=remedy)
        if kind not in (*_KINDS, LINEAR_PROBE) and not (folder / "config.json").is_file():
            remedy = "give one that `plaudit train` wrote"
            raise NotFoundError(f"{name} has no config.json, so it is no model folder", remedy=remedy)
    elif str(name) in PACKAGED or str(name).startswith(PROBE_PREFIX):
        remedy = f"train one with `plaudit train DATA --backbone {name}`"
        raise NotFoundError(f"{name} is a backbone, not a trained model", remedy=remedy)
    elif folder.exists() or str(name).startswith(("/", ".", "~")) or str(name).count("/") != 1:
        raise no_model(name)
    else:
        look_up(str(name))


def is_url(name: str | Path) -> bool:
    """Whether a model's place is a server's address.

    Example:
        >>> is_url("http://localhost:8000"), is_url("my-model")
        (True, False)
    """
    return isinstance(name, str) and name.startswith(("http://", "https://"))


def member_names(name: str | Path) -> list[str]:
    """The folders of an ensemble's members, if `name` is an ensemble's folder; else `name` alone. Opens nothing.

    Example:
        >>> from plaudit.model import combine
        >>> _ = combine(["my-model", "my-second-model"], "together")
        >>> [Path(name).as_posix() for name in member_names("together")]
        ['together/members/0', 'together/members/1']
    """
    record = read_record(Path(name).expanduser())
    if record.get("plaudit") != ENSEMBLE:
        return [str(name)]
    return [str(Path(name) / MEMBERS / str(number)) for number in range(len(record.get("members") or ()))]


def _open_linear_model(folder: Path, record: Mapping[str, Any], options: Mapping[str, Any]) -> Scorer:
    from plaudit.model.linear import LinearModel

    if unknown := [option for option in options if option not in OPTIONS]:
        raise TypeError(f"open_model() has no option {unknown[0]!r}; it has {', '.join(OPTIONS)}")
    return LinearModel.open(folder, record)


def _open_ensemble(folder: Path, record: Mapping[str, Any], options: Mapping[str, Any]) -> Scorer:
    from plaudit.model.ensemble import Ensemble

    return Ensemble.open(folder, record, **options)


# Kind of folder, as plaudit.json says it -> what opens it. Anything else RewardModel opens.
_KINDS: dict[str, Callable[[Path, Mapping[str, Any], Mapping[str, Any]], Scorer]] = {
    LINEAR_MODEL: _open_linear_model,
    ENSEMBLE: _open_ensemble,
}
