"""A body read as JSON, with bounds on what that may cost: the count of its values is known before any is built."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from jaxtyping import Int

from plaudit.web.errors import ApiError

# So much is looked at in one go: between two, other threads have their turn.
_CHUNK = 1 << 20

_QUOTE, _BACKSLASH = ord('"'), ord("\\")

# What stands before or between values, outside texts.
_STARTS = np.zeros(256, dtype=np.bool_)
_STARTS[list(b"[{,:")] = True


def count_values(body: bytes) -> int:
    r"""How many values (texts, numbers, lists, objects) a body of JSON can hold at most, without building any: one, and
    one for each bracket, comma and colon that stands outside texts. Of 32 MiB it takes a fraction of a second, and no
    more memory than two copies of a piece of it.

    Args:
        body: JSON in UTF-8. What is no JSON has some number.

    Example:
        >>> count_values(b'{"prompt": "[1, 2, 3]", "responses": ["a", "b\\"]"]}')
        7
    """
    count = 1
    inside = escaped = False
    for start in range(0, len(body), _CHUNK):
        part = np.frombuffer(body, dtype=np.uint8, count=min(_CHUNK, len(body) - start), offset=start)
        quotes = part == _QUOTE
        ends_escaping = False
        backslashes = np.flatnonzero(part == _BACKSLASH)
        if escaped or len(backslashes):
            after, ends_escaping = _escaped(backslashes, len(part), escaped)
            quotes[after] = False
        texts = np.logical_xor.accumulate(quotes) ^ inside
        count += int(np.count_nonzero(_STARTS[part] & ~texts))
        inside, escaped = bool(texts[-1]), ends_escaping
    return count


def _escaped(
    backslashes: Int[np.ndarray, " backslashes"], length: int, first: bool
) -> tuple[Int[np.ndarray, " places"], bool]:
    """Places of a piece that a backslash before them escapes, and whether the place after the piece is one.

    Args:
        backslashes: their places, in order.
        length: of the piece.
        first: whether its first place is escaped.
    """
    if first:
        # The escaped place may be a backslash itself, which then escapes nothing.
        backslashes = backslashes[1:] if len(backslashes) and backslashes[0] == 0 else backslashes
    # In a run of backslashes, the first, third, ... escape what follows.
    new_run = np.diff(backslashes, prepend=-2) > 1
    begins = np.maximum.accumulate(np.where(new_run, np.arange(len(backslashes)), 0))
    after = backslashes[(np.arange(len(backslashes)) - begins) % 2 == 0] + 1
    ends = bool(len(after)) and int(after[-1]) == length
    after = after[:-1] if ends else after
    return (np.concatenate([[0], after]).astype(np.int64) if first else after), ends


def read_json(body: bytes, most_values: int) -> Any:
    """The value that a body holds.

    Args:
        body: of a request.
        most_values: it may hold.

    Raises:
        ApiError: for what is no JSON, with the reason, and for more values than may be.

    Example:
        >>> read_json(b'{"prompt": "Why?"}', 100)
        {'prompt': 'Why?'}
        >>> read_json(b"", 100)
        Traceback (most recent call last):
        ...
        plaudit.web.errors.ApiError: the body is empty; send a JSON object
    """
    if not body.strip():
        raise _unreadable("the body is empty; send a JSON object")
    count = count_values(body)
    if count > most_values:
        what = f"the body holds {count:,} values, more than {most_values:,}; send it in several requests"
        raise ApiError(413, "too_large", what)
    try:
        # As `json.loads` does, half surrogates that somebody has encoded pass.
        return json.loads(body.decode("utf-8-sig", "surrogatepass"))
    except UnicodeDecodeError as error:
        raise _unreadable(f"the body is not UTF-8 (byte {error.start}); send JSON in UTF-8") from None
    except json.JSONDecodeError as error:
        raise _unreadable(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _unreadable("the body is nested too deeply") from None
    except ValueError:
        # Of a whole number with thousands of digits.
        raise _unreadable("a number in the body is too large to be read") from None


def _unreadable(message: str) -> ApiError:
    return ApiError(400, "invalid_request", message)
