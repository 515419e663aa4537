"""What a frozen backbone makes of responses, computed once and kept in a memory-mapped file.

The file's name is a hash of everything that decides its content: the tokens of every response (and so the data, the
template and the truncation), the backbone's weights, what of it is read, and its dtype. Nothing is ever stale.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from plaudit.model.network import RewardNetwork
from plaudit.model.rendering import Rendered
from plaudit.model.reward_model import RewardModel
from plaudit.storage import cache_folder, replacing

logger = logging.getLogger(__name__)

# Groups computed between two writes to the file: bounds memory.
_WINDOW = 512

Rows = Float32[np.ndarray, "responses hidden"]

_Known = dict[bytes, tuple[Rows, int]]
_KNOWN: ContextVar[_Known | None] = ContextVar("known features", default=None)


@contextmanager
def shared_features() -> Iterator[None]:
    """Inside, features of a response that stood in one list serve every other list it stands in, which is what many
    runs on many splits of the same data want. A file holds one list only.

    Example:
        >>> from plaudit.groups import Group
        >>> model = RewardModel.from_pretrained("my-model")
        >>> both = model.prepare(Group("q", "What is 2 + 2?", ("It is 4.", "No idea.")))
        >>> one = model.prepare(Group("q", "What is 2 + 2?", ("It is 4.",)))
        >>> with shared_features():
        ...     known = cached_features(model, [both], batch_tokens=4096)
        ...     again = cached_features(model, [one], batch_tokens=4096)  # computes nothing
        >>> bool((again[0] == known[0]).all())
        True
    """
    token = _KNOWN.set({})
    try:
        yield
    finally:
        _KNOWN.reset(token)


def cached_features(model: RewardModel, items: Sequence[Rendered], batch_tokens: int) -> Rows:
    """What the head reads of every response, in order; memory-mapped.

    Raises:
        DataError: if the cache cannot be written.

    Example:
        >>> from plaudit.groups import Group
        >>> model = RewardModel.from_pretrained("my-model")
        >>> items = [model.prepare(Group("q", "What is 2 + 2?", ("It is 4.", "No idea.")))]
        >>> cached_features(model, items, batch_tokens=4096).shape  # the hidden size is 64
        (2, 64)
    """
    network = model.network
    settled = (network.outputs.pooling, network.layout.packed, str(network.dtype))
    head = {id(parameter) for parameter in (*network.head_parameters, *network.head.parameters())}
    backbone, responses = weights_key(network, settled, head), response_keys(items)
    known = _KNOWN.get()
    keys = [backbone + response for response in responses]
    if known is not None and keys and all(key in known for key in keys):
        return np.stack([rows[number] for rows, number in map(known.__getitem__, keys)])
    file = cache_folder() / "features" / f"{hashlib.sha256(b''.join(keys)).hexdigest()[:32]}.npy"
    if not file.is_file():
        _compute(model, items, batch_tokens, file)
    else:
        logger.info("features read from %s", file)
    rows: Rows = np.load(file, mmap_mode="r")
    if known is not None:
        known.update((key, (rows, number)) for number, key in enumerate(keys))
    return rows


def _compute(model: RewardModel, items: Sequence[Rendered], batch_tokens: int, file: Path) -> None:
    responses = sum(len(item.sequences) for item in items)
    with replacing(file) as temporary:
        shape = (responses, model.network.head.in_features)
        rows = np.lib.format.open_memmap(temporary, "w+", dtype=np.float32, shape=shape)
        done = 0
        for start in range(0, len(items), _WINDOW):
            part = model.features(items[start : start + _WINDOW], batch_tokens)
            rows[done : done + len(part)] = part
            done += len(part)
        rows.flush()


def weights_key(network: RewardNetwork, settled: tuple[object, ...], without: Collection[int]) -> bytes:
    """A hash of a network's weights, but for the parameters whose `id` stands in `without`, of its configuration, and
    of what is `settled` besides."""
    config = {k: v for k, v in network.config.to_dict().items() if k not in ("_name_or_path", "transformers_version")}
    digest = hashlib.sha256(repr((settled, sorted(config.items()))).encode())
    for name, parameter in network.named_parameters():
        if id(parameter) not in without:
            digest.update(name.encode())
            digest.update(parameter.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.digest()


def response_keys(items: Sequence[Rendered]) -> list[bytes]:
    """A hash of each response's tokens, all responses in order."""
    keys = []
    for item in items:
        for sequence, types in zip(item.sequences, item.types or [None] * len(item.sequences), strict=True):
            digest = hashlib.sha256(len(sequence).to_bytes(8, "little"))
            digest.update(np.ascontiguousarray(sequence).data)
            digest.update(b"" if types is None else np.ascontiguousarray(types).data)
            keys.append(digest.digest())
    return keys
