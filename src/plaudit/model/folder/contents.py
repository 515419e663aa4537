"""What stands where in a model folder, and what its run record says of how scores are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plaudit.errors import NotFoundError
from plaudit.storage import short_hash, versions

# Heads that plain transformers has no place for. The name does not end in .safetensors, though it is such a file:
# some servers load every file that does.
HEADS_FILE = "heads.plaudit"

BASELINES_FOLDER = "baselines"
"""Where the baselines of a model stand, by name."""

MEMBERS = "members"
"""Where the members of an ensemble stand, by number."""

REWARD_MODEL, ENSEMBLE, LINEAR_MODEL, LINEAR_PROBE = "model", "ensemble", "linear model", "linear probe"
"""The kinds of model folder, as plaudit.json says them. A folder without one holds a reward model, or a checkpoint of
somebody else's."""


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
