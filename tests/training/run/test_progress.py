"""How a run shows itself: a bar on a terminal, lines in a log, and the cursor given back."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from plaudit.training.run import progress as module

SHOW_CURSOR = "\x1b[?25h"


def run(callback, error=None):
    """The calls that transformers makes over a run of three steps."""
    state = SimpleNamespace(max_steps=3, global_step=0)
    callback.on_train_begin(None, state, None)
    for step in (1, 2, 3):
        state.global_step = step
        callback.on_step_end(None, state, None)
        callback.on_log(None, state, None, logs={"loss": 0.5, "accuracy": 0.75, "grad_norm": 3.0})
        if error:
            raise error
    callback.on_log(None, state, None, logs={"eval_loss": 0.6})
    callback.on_evaluate(None, state, None, metrics={"eval_loss": 0.625, "eval_accuracy": 0.5, "eval_gap": 2.0})
    callback.on_train_end(None, state, None)


@pytest.fixture
def terminal(monkeypatch):
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=120)
    monkeypatch.setattr(module, "Console", lambda stderr: console)
    return shown


def test_lines_in_a_log(capsys, monkeypatch):
    # However long the steps take.
    monkeypatch.setattr(module, "SECONDS", float("inf"))
    with module.progress() as callback:
        run(callback)
    assert capsys.readouterr().err.splitlines() == [
        "step 1/3: loss 0.5000  accuracy 0.7500",
        "step 3/3: loss 0.5000  accuracy 0.7500",
        "step 3/3: validation: loss 0.6250  accuracy 0.5000  gap 2.0000",
    ]


def test_a_bar_on_a_terminal(terminal):
    with module.progress() as callback:
        run(callback)
    shown = terminal.getvalue()
    assert "loss 0.5000  accuracy 0.7500" in shown
    assert "3/3" in shown
    assert "step 3: validation: loss 0.6250  accuracy 0.5000  gap 2.0000" in shown
    assert SHOW_CURSOR in shown


def test_the_cursor_comes_back_however_a_run_ends(terminal):
    with pytest.raises(KeyboardInterrupt), module.progress() as callback:
        run(callback, KeyboardInterrupt())
    assert terminal.getvalue().rstrip().endswith(SHOW_CURSOR)


def test_rendering_tells_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0)
    assert list(module.rendering_shown(iter("abc"), 3)) == ["a", "b", "c"]
    told = [f"rendered {done} of 3 groups" for done in (1, 2, 3)]
    assert capsys.readouterr().err.splitlines() == told


def test_rendering_has_a_bar_on_a_terminal_that_goes_with_an_interrupt(terminal):
    items = module.rendering_shown(iter("abc"), 3)
    assert next(items) == "a"
    items.close()
    assert "rendering" in terminal.getvalue()
    assert SHOW_CURSOR in terminal.getvalue()
