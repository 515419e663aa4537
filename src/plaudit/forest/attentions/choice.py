"""Which attention computes which layers: by name, or the first of several that can and was tried."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

from plaudit.errors import InvalidInputError
from plaudit.forest.attentions.cascade import CascadeAttention
from plaudit.forest.attentions.flash import FlashKernel
from plaudit.forest.attentions.flex import FlexForestAttention
from plaudit.forest.attentions.protocols import (
    ForestAttention,
    LayerKind,
    LayerOptions,
    RowKeys,
    RowOutput,
    RowQueries,
    RowValues,
)
from plaudit.forest.attentions.segments import SEGMENTS
from plaudit.forest.attentions.trial import why_not
from plaudit.forest.attentions.written import WrittenKernel
from plaudit.forest.layout import Forest

logger = logging.getLogger(__name__)

ATTENTIONS = ("auto", "varlen", "flex", "segments")
"""What the attention of a forest can be called."""

# What `auto` tries on each kind of device, the best first; segments are what is left.
_AUTOMATIC: dict[str, tuple[ForestAttention, ...]] = {"cuda": (CascadeAttention(FlashKernel()), FlexForestAttention())}

# Which ones were already said to have failed their trial.
_told: set[str] = set()


def attention_named(name: str, device: str) -> ForestAttention:
    """The attention of a name.

    Args:
        name: varlen, flex or segments.
        device: the kind of device; on all but CUDA kernels are written out.

    Example:
        >>> attention_named("varlen", "cpu")
        CascadeAttention(kernel=WrittenKernel())
    """
    on_gpu = device == "cuda"
    named: dict[str, ForestAttention] = {
        "varlen": CascadeAttention(FlashKernel() if on_gpu else WrittenKernel()),
        "flex": FlexForestAttention(compiled=on_gpu),
        "segments": SEGMENTS,
    }
    return named[name]


@dataclass(frozen=True)
class AttentionChoice:
    """The first of several attentions that can compute a layer and came through its trial. See `ForestAttention`.

    Attributes:
        candidates: the best first.
        otherwise: what computes a layer that none of them can; None: that is an error.
        planned: the names of those that layers are expected to be computed by.
    """

    candidates: tuple[ForestAttention, ...]
    otherwise: ForestAttention | None = SEGMENTS
    planned: tuple[str, ...] = ()
    _ran: dict[str, None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Which ones ran; before any did, which ones are planned."""
        return ", ".join(self._ran or self.planned)

    @property
    def multiple(self) -> int:
        return max((candidate.multiple for candidate in self.candidates), default=1)

    def lacks(self, kind: LayerKind) -> str | None:
        return None if self.otherwise is not None else _first_reason(self.candidates, kind)

    def __call__(
        self, query: RowQueries, key: RowKeys, value: RowValues, forest: Forest, options: LayerOptions
    ) -> RowOutput:
        kind = LayerKind.of(query, key, value, forest, options)
        chosen = self.of(kind)
        self._ran.setdefault(chosen.name)
        return chosen(query, key, value, forest, options)

    def of(self, kind: LayerKind) -> ForestAttention:
        """What computes layers of a kind.

        Raises:
            InvalidInputError: if nothing may.
        """
        for candidate in self.candidates:
            if _tried(candidate, kind.for_trial) is None:
                return candidate
        if self.otherwise is None:
            names = " or ".join(candidate.name for candidate in self.candidates)
            raise _unusable(names, _first_reason(self.candidates, kind), "leave it at auto")
        return self.otherwise


@dataclass(frozen=True)
class RecordingAttention:
    """Attention by segments that notes which kinds of layers it computed. See `ForestAttention`.

    Attributes:
        kinds: seen so far, with their windows whether these bit or not.

    Example:
        >>> import torch
        >>> from plaudit.forest import Forest, Tree, forest_attention
        >>> recording, states = RecordingAttention(), torch.randn(1, 2, 4, 8)
        >>> forest = Forest.plant([Tree.grow([[5, 6, 7], [5, 6, 8]])])
        >>> _ = forest_attention(torch.nn.Module(), states, states, states, None, forest=forest, attend=recording)
        >>> [kind.dim for kind in recording.kinds]
        [8]
    """

    kinds: set[LayerKind] = field(default_factory=set, compare=False)
    name: ClassVar[str] = SEGMENTS.name
    multiple: ClassVar[int] = 1

    def lacks(self, kind: LayerKind) -> str | None:
        return None

    def __call__(
        self, query: RowQueries, key: RowKeys, value: RowValues, forest: Forest, options: LayerOptions
    ) -> RowOutput:
        self.kinds.add(LayerKind.of(query, key, value, forest, options)._replace(window=options.window))
        return SEGMENTS(query, key, value, forest, options)


def automatic_attention(device: str) -> ForestAttention:
    """What computes a network's attention before anybody chose: each kind of layer is tried when it is first met.

    Args:
        device: the kind of device.

    Example:
        >>> automatic_attention("cpu").name
        'segments'
    """
    candidates = _AUTOMATIC.get(device, ())
    return AttentionChoice(candidates, planned=("auto",)) if candidates else SEGMENTS


def choose_attention(
    name: str, kinds: Iterable[LayerKind], device: str, *, longest: int | None = None, learns: bool = False
) -> ForestAttention:
    """Choose what computes a network's attention, by trying it.

    Args:
        name: one of `ATTENTIONS`.
        kinds: of the network's layers, with their windows whether these bite or not.
        device: the kind of device.
        longest: tokens of the longest sequence there will be; a window that is no shorter never bites. None: not known.
        learns: whether gradients will be asked for. If not, segments need no trial: the self-check of a model holds
            them to what they give.

    Raises:
        InvalidInputError: if the one that was asked for cannot compute one of the kinds or fails its trial, or if
            nothing is left that does not.

    Example:
        >>> import torch
        >>> kind = LayerKind(1, 16, 16, True, None, False, False, False, torch.float32, "cpu")
        >>> choose_attention("auto", [kind], "cpu").name
        'segments'
    """
    if name not in ATTENTIONS:
        raise InvalidInputError(f"attention is {name!r}", remedy=f"it can be {', '.join(ATTENTIONS)}")
    automatic = name == "auto"
    candidates = _AUTOMATIC.get(device, ()) if automatic else (attention_named(name, device),)
    choice = AttentionChoice(candidates, SEGMENTS if automatic else None)
    met = [met for kind in kinds for met in _variants(kind, longest)]
    planned = dict.fromkeys(choice.of(kind) for kind in met)
    for kind in met if learns else ():
        if choice.of(kind) == SEGMENTS and (reason := _tried(SEGMENTS, kind.for_trial)):
            raise _unusable("segments", reason, "use another version of torch")
    if not (set(planned) - {SEGMENTS}):
        return SEGMENTS
    return AttentionChoice(
        tuple(candidate for candidate in candidates if candidate in planned),
        choice.otherwise,
        tuple(attention.name for attention in planned),
    )


def _unusable(name: str, reason: str | None, remedy: str) -> InvalidInputError:
    return InvalidInputError(f"attention={name} cannot be used here: {reason}", remedy=remedy)


def _variants(kind: LayerKind, longest: int | None) -> list[LayerKind]:
    """A kind of layer as forests will meet it: where its window does not bite, and where it does."""
    free = kind._replace(window=None)
    if kind.window is None or (longest is not None and longest <= kind.window):
        return [free]
    return [free, kind]


@cache
def _tried(attention: ForestAttention, kind: LayerKind) -> str | None:
    """Why an attention may not compute layers of a kind. One that could and fails its trial is told of, once."""
    reason = why_not(attention, kind)
    if reason is not None and attention.lacks(kind) is None and attention.name not in _told:
        _told.add(attention.name)
        logger.warning("the %s attention is not used: tried on a small forest, %s", attention.name, reason)
    return reason


def _first_reason(candidates: Iterable[ForestAttention], kind: LayerKind) -> str | None:
    reasons = (candidate.lacks(kind) or _tried(candidate, kind.for_trial) for candidate in candidates)
    return next(filter(None, reasons), None)
