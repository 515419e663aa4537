"""Forests: many groups in one forward pass, with no padding and no prompt computed twice. Tensors in, tensors out."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.forest.attention import FOREST_ATTENTION, forest_attention
    from plaudit.forest.attentions.choice import (
        ATTENTIONS,
        RecordingAttention,
        automatic_attention,
        choose_attention,
    )
    from plaudit.forest.attentions.protocols import ForestAttention, LayerKind
    from plaudit.forest.attentions.segments import SEGMENTS
    from plaudit.forest.devices import on_device
    from plaudit.forest.layout import Forest
    from plaudit.forest.packing import attended_keys, pack, pack_evenly
    from plaudit.forest.prefixes import share_prefixes
    from plaudit.forest.trees import Tree
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "ATTENTIONS",
    "FOREST_ATTENTION",
    "SEGMENTS",
    "Forest",
    "ForestAttention",
    "LayerKind",
    "RecordingAttention",
    "Tree",
    "attended_keys",
    "automatic_attention",
    "choose_attention",
    "forest_attention",
    "on_device",
    "pack",
    "pack_evenly",
    "share_prefixes",
]
