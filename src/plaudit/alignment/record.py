"""What a run was made of, by hashes, and the card of the policy it made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit.alignment.settings import step_name
from plaudit.model import Scorer, card, resolve
from plaudit.statistics import Measurement
from plaudit.storage import short_hash
from plaudit.text import counted

_CHUNK = 1 << 20


def weights_hash(policy: str | Path) -> str | None:
    """A hash of a local policy's weights: a resumed run must have the reference that it began with. None for a policy
    of the hub, whose name and revision stand for it."""
    folder = Path(resolve(policy))
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()[:16]


def scorer_identity(name: Any, scorer: Scorer) -> dict[str, str]:
    """What gives the rewards: by name, and by a hash of all that decides its scores."""
    record = json.dumps(scorer.run_record("scores"), sort_keys=True, default=str)
    return {"name": str(name) if isinstance(name, str | Path) else type(name).__name__, "record": short_hash(record)}


def gold_name(gold: Any) -> str | None:
    """What gold is called in a record; None where there is none."""
    if gold is None:
        return None
    if isinstance(gold, str | Path):
        return str(gold)
    return str(getattr(gold, "__name__", type(gold).__name__))


def align_card(record: Mapping[str, Any]) -> str:
    """README.md of an aligned policy."""
    stopped = record["stopped"]
    unit = step_name(record["method"])
    ended = f"All {unit}s were taken." if stopped is None else stopped_sentence(record)
    return card(
        "policy",
        task="text-generation",
        tags=["plaudit"],
        title=f"A policy aligned by a reward model: {record['backbone']}",
        description=f"Trained by Plaudit ({record['method']}) on {counted(record['prompts']['train'], 'prompts')}. "
        f"{kept_sentence(record)} {ended}",
        figures=figures_sentence(record),
        settings=record["settings"],
    )


def kept_sentence(record: Mapping[str, Any]) -> str:
    """Which policy was kept.

    Example:
        >>> kept_sentence({"method": "dpo", "kept_step": 2}), kept_sentence({"method": "dpo", "kept_step": 0})
        ('Kept: the policy after round 2.', 'Kept: the untrained policy.')
    """
    if not record["kept_step"]:
        return "Kept: the untrained policy."
    return f"Kept: the policy after {step_name(record['method'])} {record['kept_step']}."


def stopped_sentence(record: Mapping[str, Any]) -> str:
    """When a run was stopped before its end, and why.

    Example:
        >>> stopped_sentence({"method": "ppo", "stopped": {"step": 20, "says": "gold fell"}})
        'Stopped at step 20: gold fell.'
    """
    stopped = record["stopped"]
    return f"Stopped at {step_name(record['method'])} {stopped['step']}: {stopped['says']}."


def figures_sentence(record: Mapping[str, Any]) -> str:
    """What the run gained on the test prompts, and what it cannot know.

    Example:
        >>> nothing = {"value": 0.5, "low": 0.1, "high": 0.9, "n": 12}
        >>> print(figures_sentence({"gold": None, "test": {"gain": {"reward": nothing}, "after": {"kl": nothing}}}))
        On the test prompts the reward has changed by 0.500 [0.100, 0.900] (n = 12) standard deviations at a KL of ... \
nats an answer. Whether answers are better is not known: no gold was given.
    """
    test = record["test"]
    gain, kl = Measurement.from_json(test["gain"]["reward"]), Measurement.from_json(test["after"]["kl"])
    start = f"On the test prompts the reward has changed by {gain} standard deviations at a KL of {kl} nats an answer. "
    if "gold" not in test["gain"]:
        return start + "Whether answers are better is not known: no gold was given."
    return start + f"Gold ({record['gold']}) has changed by {Measurement.from_json(test['gain']['gold'])}."
