"""Scores as rewards of other people's trainers."""
