"""Why a response got its score: the reward along it, what its tokens contributed, and what each sentence was worth."""

from plaudit.explaining.explain import METHODS, available, exact, explain
from plaudit.explaining.explanation import Agreement, Explanation, Part, Token

__all__ = ["METHODS", "Agreement", "Explanation", "Part", "Token", "available", "exact", "explain"]
