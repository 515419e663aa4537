"""Losses: score gaps in, one loss a comparison out. Pure functions of tensors, each with its source."""

from plaudit.losses.bradley_terry import TIES, bradley_terry, centering

__all__ = ["TIES", "bradley_terry", "centering"]
