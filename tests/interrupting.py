"""Ctrl-C at the first checkpoint of a stage, as a user would press it."""

import sys
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from transformers import TrainerCallback


class _Stop(TrainerCallback):
    def on_save(self, args, state, control, **_):
        raise KeyboardInterrupt


@contextmanager
def interrupted(module):
    """Let a module of `training.language_model` train until its first checkpoint, and expect the interrupt."""
    stage = sys.modules[f"plaudit.training.language_model.{module}"]
    plain = stage.report_curves

    def stopping(trainer, output, reporters):
        plain(trainer, output, reporters)
        trainer.add_callback(_Stop())

    with patch.object(stage, "report_curves", stopping), pytest.raises(KeyboardInterrupt):
        yield
