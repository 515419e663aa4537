"""Ctrl-C at the first checkpoint of a run, as a user would press it."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from transformers import TrainerCallback

from plaudit.training.run import training_run


class _Stop(TrainerCallback):
    def on_save(self, args, state, control, **_):
        raise KeyboardInterrupt


@contextmanager
def interrupted():
    """Let a run train until its first checkpoint, and expect the interrupt."""
    report_curves = training_run.report_curves

    def stopping(trainer, output, reporters):
        report_curves(trainer, output, reporters)
        trainer.add_callback(_Stop())

    with patch.object(training_run, "report_curves", stopping), pytest.raises(KeyboardInterrupt):
        yield
