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
from torch.distributed.tensor import DTensor

from plaudit.model.cache.workers import ALONE, Workers, filling
from plaudit.model.network import RewardNetwork
from plaudit.model.rendering import Rendered
from plaudit.model.reward_model import RewardModel
from plaudit.storage import cache_folder

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


def cached_features(
    model: RewardModel, items: Sequence[Rendered], batch_tokens: int, *, workers: Workers = ALONE
) -> Rows:
    """What the head reads of every response, in order; memory-mapped.

    Args:
        model: with a backbone that does not learn.
        items: rendered groups.
        batch_tokens: tokens of one forward pass.
        workers: that compute and keep the features together.

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
    if workers.agree(file.is_file()):
        logger.info("features read from %s", file)
    else:
        _compute(model, items, batch_tokens, file, workers)
    rows: Rows = np.load(file, mmap_mode="r")
    if known is not None:
        known.update((key, (rows, number)) for number, key in enumerate(keys))
    return rows


def _compute(model: RewardModel, items: Sequence[Rendered], batch_tokens: int, file: Path, workers: Workers) -> None:
    first = np.cumsum([0, *(len(item.sequences) for item in items)])
    window = max(1, _WINDOW // workers.count)
    with filling(file, (int(first[-1]), model.network.head.in_features), workers) as rows:
        for start in range(workers.rank * window, len(items), workers.count * window):
            stop = min(start + window, len(items))
            rows[first[start] : first[stop]] = model.features(items[start:stop], batch_tokens)


def weights_key(network: RewardNetwork, settled: tuple[object, ...], without: Collection[int]) -> bytes:
    """A hash of a network's weights, but for the parameters whose `id` stands in `without`, of its configuration, and
    of what is `settled` besides."""
    config = {k: v for k, v in network.config.to_dict().items() if k not in ("_name_or_path", "transformers_version")}
    digest = hashlib.sha256(repr((settled, sorted(config.items()))).encode())
    for name, parameter in network.named_parameters():
        if id(parameter) not in without:
            digest.update(name.encode())
            whole = parameter.full_tensor() if isinstance(parameter, DTensor) else parameter
            digest.update(whole.detach().cpu().contiguous().view(torch.uint8).numpy().data)
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
