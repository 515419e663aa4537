"""What a completion is worth that was cut before its end.

A reward model's renderer writes an end behind every answer, so that one which was cut is scored as if it had ended
there. Its score is therefore another text's, and a policy that is paid it learns not to stop.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeAlias

from plaudit.errors import InvalidInputError, PlauditError

Unfinished: TypeAlias = float | Literal["lowest", "score"]
"""`lowest`: never above its own score nor above the worst finished one; a number: that, or the lowest where that is
less; `score`: as it is."""


def check_unfinished(unfinished: Unfinished) -> None:
    """Raise unless it is a way to pay what was cut.

    Raises:
        InvalidInputError: if it is none.

    Example:
        >>> check_unfinished("zero")
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: unfinished is 'zero'; it must be lowest, score or a number
    """
    number = isinstance(unfinished, int | float) and not isinstance(unfinished, bool) and math.isfinite(unfinished)
    if not number and unfinished not in ("lowest", "score"):
        raise InvalidInputError(f"unfinished is {unfinished!r}", remedy="it must be lowest, score or a number")


def settle_unfinished(
    scores: Sequence[float], ended: Sequence[bool], unfinished: Unfinished = "lowest", recent: Iterable[float] = ()
) -> list[float]:
    """Rewards, in which a completion that was cut never pays, whatever the sign of scores: it is replaced by

        min(its own score, the worst score of those that ended)

    and, where none ended, by the least of all scores, so that none of them is preferred. A number in place of `lowest`
    is a third argument of that minimum.

    Args:
        scores: of the completions of one call.
        ended: whether each ended by itself.
        unfinished: what the others are worth; `score` leaves them as they are.
        recent: scores of completions of earlier calls that ended, where a call has one completion.

    Example:
        >>> settle_unfinished([-3.0, -1.0, 5.0], [True, True, False])
        [-3.0, -1.0, -3.0]
        >>> settle_unfinished([2.0, 5.0], [True, False], -1.0), settle_unfinished([2.0, 5.0], [False, False])
        ([2.0, -1.0], [2.0, 2.0])
    """
    if unfinished == "score" or all(ended):
        return list(scores)
    finished = [*recent, *(score for score, whole in zip(scores, ended, strict=True) if whole)]
    worst = min(finished or scores)
    if not isinstance(unfinished, str):
        worst = min(worst, unfinished)
    return [score if whole else min(score, worst) for score, whole in zip(scores, ended, strict=True)]


def end_tokens(tokenizer: Any) -> frozenset[int]:
    """The tokens at which a policy stops: its end of text, and those of its generation settings.

    Args:
        tokenizer: a transformers tokenizer, or the policy's folder or hub id.

    Raises:
        InvalidInputError: if there is none.

    Example:
        >>> sorted(end_tokens("my-backbone"))  # <eos> of its configuration, and <|im_end|>, at which its tokenizer ends
        [2, 4]
    """
    ids: set[int | None] = set()
    if isinstance(tokenizer, str):
        ids |= _of_generation(tokenizer)
    opened = open_tokenizer(tokenizer)
    ids.add(opened.eos_token_id)
    known = frozenset(one for one in ids if one is not None)
    if not known:
        raise InvalidInputError("the policy's tokenizer has no end of text", remedy="give end_token_ids")
    return known


def _of_generation(source: str) -> set[int | None]:
    """What `generation_config.json` says, or where there is none `config.json`, as transformers has it."""
    from transformers import AutoConfig, GenerationConfig

    from plaudit.model import resolve

    source = resolve(source)
    ends: Any = None
    with suppress(OSError):
        ends = GenerationConfig.from_pretrained(source).eos_token_id
    if ends is None:
        with suppress(OSError, ValueError):
            ends = AutoConfig.from_pretrained(source).eos_token_id
    return set(ends) if isinstance(ends, list | tuple) else {ends}


def open_tokenizer(tokenizer: Any) -> Any:
    """A tokenizer, from itself or from the name of what it belongs to.

    Raises:
        PlauditError: if there is none of that name.

    Example:
        >>> open_tokenizer("my-backbone").eos_token
        '<|im_end|>'
        >>> open_tokenizer("./my-policy")
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: no folder './my-policy'; give a model folder, a hub id, or one of ...
    """
    if not isinstance(tokenizer, str):
        return getattr(tokenizer, "tokenizer", tokenizer)
    from transformers import AutoTokenizer

    from plaudit.model import resolve

    try:
        return AutoTokenizer.from_pretrained(resolve(tokenizer))
    except PlauditError:
        raise
    except Exception:
        # transformers raises OSError, ValueError, or what the hub raises.
        raise InvalidInputError(
            f"no tokenizer can be opened from {tokenizer!r}", remedy="give the policy's folder or hub id"
        ) from None
