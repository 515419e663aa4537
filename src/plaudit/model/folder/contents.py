"""What stands where in a model folder, and what its run record says of how scores are made."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from plaudit.errors import NotFoundError
from plaudit.storage import RECORD_FILE, short_hash, versions

# Heads that plain transformers has no place for. The name does not end in .safetensors, though it is such a file:
# some servers load every file that does.
HEADS_FILE = "heads.plaudit"

PROBE_PREFIX = "frozen:"
"""Before a backbone's name: a linear head on it, which alone is fitted."""

BASELINES_FOLDER = "baselines"
"""Where the baselines of a model stand, by name."""

MEMBERS = "members"
"""Where the members of an ensemble stand, by number."""

REWARD_MODEL, ENSEMBLE, LINEAR_MODEL, LINEAR_PROBE = "model", "ensemble", "linear model", "linear probe"
"""The kinds of model folder, as plaudit.json says them. A folder without one holds a reward model, or a checkpoint of
somebody else's."""


CHECKPOINTS, LOGS, RUN_FILE = "checkpoints", "logs", "run.json"
"""Where a run's checkpoints stand until it is done, with a file that says what the run is of; and its curves."""

_FILES = (
    *("model*.safetensors", "model*.safetensors.index.json", HEADS_FILE, "head.safetensors", "vocabulary.json"),
    *("config.json", "generation_config.json", "training_args.bin", RECORD_FILE, "README.md"),
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "chat_template.*", "additional_chat_templates"),
    *("vocab.*", "merges.txt", "spiece.model", "sentencepiece*.model", "tekken.json"),
    *("curves.jsonl", "samples.jsonl", "align.html", "round-*.jsonl"),
)
"""What a save may leave in a folder, by name."""


def is_of_model(name: str) -> bool:
    """Whether a save writes what is called so, be it of this model or of one that stood in the folder before."""
    return name in (BASELINES_FOLDER, MEMBERS) or any(fnmatchcase(name, pattern) for pattern in _FILES)


def is_model_folder(folder: Path) -> bool:
    """Whether Plaudit wrote a model there, or has begun to."""
    return (folder / RECORD_FILE).is_file() or (folder / CHECKPOINTS / RUN_FILE).is_file()


def scoring_record(tokenizer: Any, *, max_length: int, pooled: str, dtype: str) -> dict[str, Any]:
    """What decides a score besides the weights."""
    return {
        "template": None if tokenizer.chat_template is None else short_hash(tokenizer.chat_template),
        "pooled_token": pooled,
        "max_length": max_length,
        "truncation": "the middle of the prompt; the response never, unless asked",
        "dtype": dtype,
        "versions": versions(),
    }


def tokenizer_hash(tokenizer: Any) -> str:
    """A hash of everything that decides how a tokenizer reads, its chat template included."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    # Tokenizers written in Python cannot say all they are; their vocabulary and their class come close.
    rules = tokenizer.get_vocab() if backend is None else json.loads(backend.to_str())
    special = {name: str(token) for name, token in tokenizer.special_tokens_map.items()}
    kind = None if backend is not None else type(tokenizer).__name__
    return short_hash(json.dumps([kind, rules, special, tokenizer.chat_template], sort_keys=True))


def no_model(name: str | Path) -> NotFoundError:
    """What to say where the folder of a model is wanted, and this is none."""
    if Path(name).expanduser().exists():
        what, remedy = f"{str(name)!r} is a file (of data or scores?), not a model", "give a model's folder here"
        return NotFoundError(what, remedy=remedy)
    return NotFoundError(f"no model folder {str(name)!r}", remedy=f"train one with `plaudit train DATA -o {name}`")
