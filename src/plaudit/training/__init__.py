"""Groups -> a trained model."""

from plaudit.training.settings import TrainingSettings, read_settings
from plaudit.training.train import train

__all__ = ["TrainingSettings", "read_settings", "train"]
