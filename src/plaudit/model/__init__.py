"""Backbone + head: load, score, rank, save."""

from plaudit.model.backbones import resolve
from plaudit.model.freezing import freeze
from plaudit.model.network import RewardNetwork
from plaudit.model.record import data_hash
from plaudit.model.reward_model import DEFAULT_BATCH_TOKENS, RECORD_FILE, RewardModel

__all__ = ["DEFAULT_BATCH_TOKENS", "RECORD_FILE", "RewardModel", "RewardNetwork", "data_hash", "freeze", "resolve"]
