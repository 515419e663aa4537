"""The run record: what produced a model or a number, complete enough to produce it again. And what stands where in a
model folder."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from plaudit.errors import PlauditError
from plaudit.groups import Group

RECORD_FILE = "plaudit.json"

BASELINES_FOLDER = "baselines"
"""Where the plain models stand that were fitted beside a model, by name."""

ENSEMBLE = "ensemble"
"""What the record calls itself in an ensemble's folder."""

MEMBERS = "members"
"""Where the members' folders stand in it, by number."""

_RECORDED_PACKAGES = ("plaudit", "torch", "transformers", "accelerate", "peft", "numpy", "scipy", "scikit-learn")


def no_model(name: str | Path) -> PlauditError:
    """What to say where the folder of a model is wanted, and this is none."""
    if Path(name).expanduser().exists():
        return PlauditError(f"{str(name)!r} is a file (of data or scores?), not a model; give a model's folder here")
    return PlauditError(f"no model folder {str(name)!r}; train one with `plaudit train DATA -o {name}`")


def versions() -> dict[str, str]:
    """Python's version and those of the packages that decide a score."""
    found = {"python": platform.python_version()}
    for package in _RECORDED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def text_hash(text: str | None) -> str | None:
    """The first 16 hex digits of a text's SHA-256; None for None."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:16]


def data_hash(groups: Iterable[Group]) -> str:
    """A hash of groups as they stand in the native format, in their order: the first 16 hex digits of SHA-256."""
    digest = hashlib.sha256()
    for group in groups:
        digest.update(json.dumps(group.to_dict(), ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()[:16]


def scoring_record(tokenizer: Any, *, max_length: int, pooled: str, dtype: str) -> dict[str, Any]:
    """What decides a score besides the weights."""
    return {
        "template": text_hash(tokenizer.chat_template),
        "pooled_token": pooled,
        "max_length": max_length,
        "truncation": "the middle of the prompt; the response never, unless asked",
        "dtype": dtype,
        "versions": versions(),
    }


def tokenizer_hash(tokenizer: Any) -> str | None:
    """A hash of everything that decides how a tokenizer reads, its chat template included."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    # Tokenizers written in Python cannot say all they are; their vocabulary and their class come close.
    rules = tokenizer.get_vocab() if backend is None else json.loads(backend.to_str())
    special = {name: str(token) for name, token in tokenizer.special_tokens_map.items()}
    kind = None if backend is not None else type(tokenizer).__name__
    return text_hash(json.dumps([kind, rules, special, tokenizer.chat_template], sort_keys=True))
