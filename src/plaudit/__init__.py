"""Plaudit trains, tests and serves reward models: models that score an answer the way people would."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Name -> the module that holds it. Loaded on first use, so that `import plaudit` costs nothing and loads no torch.
_EXPORTS = {
    "Group": "plaudit.groups",
    "GroupError": "plaudit.groups",
    "Ranking": "plaudit.groups",
    "Rating": "plaudit.groups",
    "PlauditError": "plaudit.errors",
    "DataError": "plaudit.errors",
    "load_groups": "plaudit.data",
    "read_groups": "plaudit.data",
    "write_groups": "plaudit.data",
    "majority": "plaudit.data",
    "split_groups": "plaudit.data",
    "Score": "plaudit.data.scores",
    "read_scores": "plaudit.data.scores",
    "write_scores": "plaudit.data.scores",
    "RewardModel": "plaudit.model",
    "train": "plaudit.training",
    "TrainingSettings": "plaudit.training",
    "pretrain": "plaudit.training.pretrain",
    "sft": "plaudit.training.sft",
    "evaluate": "plaudit.evaluation",
    "best_of_n": "plaudit.evaluation.best_of_n",
    "probe": "plaudit.evaluation.probes",
    "invariance": "plaudit.evaluation.invariance.checks",
    "explain": "plaudit.explaining",
}
__all__ = [*sorted(_EXPORTS), "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'plaudit' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return __all__
