"""Forests: many groups in one forward pass, with no padding and no prompt computed twice. Tensors in, tensors out."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.forest.attention import FOREST_ATTENTION, forest_attention
    from plaudit.forest.layout import Forest, Tree
    from plaudit.forest.packing import pack
    from plaudit.forest.prefixes import share_prefixes
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "FOREST_ATTENTION",
    "Forest",
    "Tree",
    "forest_attention",
    "pack",
    "share_prefixes",
]
