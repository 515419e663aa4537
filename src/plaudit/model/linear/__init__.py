"""Baselines of a reward model: linear in a response's length or in its words. Scoring with them needs no torch."""

from plaudit.model.linear.features import FEATURES, Features, LengthFeatures, Matrix, WordFeatures
from plaudit.model.linear.model import Linear, LinearModel

__all__ = ["FEATURES", "Features", "LengthFeatures", "Linear", "LinearModel", "Matrix", "WordFeatures"]
