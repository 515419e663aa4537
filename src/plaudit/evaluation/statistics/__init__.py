"""Intervals, tests and correlations that know about clusters; nothing of models or judgements."""
