"""A run that is killed and resumed has the curve that it would have had."""

import json
import signal
import time
from functools import partial

import pytest
from forking import start
from painting import PROMPTS, reds
from ruled import by_text

from plaudit.alignment import PromptSets, align
from plaudit.alignment.evaluating import Evaluator
from plaudit.errors import InvalidInputError

SETS = PromptSets(PROMPTS[:6], PROMPTS[6:9], PROMPTS[9:])
# Nothing is to stop these runs but their tests.
NO_ALARM = {"least_distinct": 0.0, "least_ended": 0.0, "least_entropy": 0.0, "narrowing_signs": 0}
OPTIONS = {"max_new_tokens": 12, "best_of_samples": 2, "evaluation_samples": 4, **NO_ALARM}
BY_STEPS = {"prompts_per_step": 4, "samples": 4, "learning_rate": 0.001, "evaluate_every": 2}
METHODS = {
    "ppo": {
        "steps": 8,
        "prompts_per_step": 4,
        "samples": 4,
        "learning_rate": 0.005,
        "evaluate_every": 2,
        "kl_target": 2.0,
    },
    "grpo": {"steps": 6, "prompts_per_step": 4, "samples": 4, "learning_rate": 0.005, "evaluate_every": 2},
    "best-of": {"rounds": 3, "samples": 8, "learning_rate": 0.01},
    "dpo": {"rounds": 3, "samples": 8, "learning_rate": 0.002},
}


def run(painter, folder, method, reward=None, **changes):
    options = {**OPTIONS, **METHODS[method], **changes}
    return align(painter, SETS, reward or by_text(reds), folder, method=method, **options)


def curve(folder):
    """The lines without the time that each took."""
    rows = [json.loads(line) for line in (folder / "curves.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.mark.parametrize("method", METHODS)
def test_an_interrupted_run_goes_on_as_if_nothing_had_been(painter, tmp_path, monkeypatch, method):
    whole = run(painter, tmp_path / "whole", method)
    evaluate = Evaluator.evaluate
    last = 4 if method in ("ppo", "grpo") else 2

    def interrupted(self, policy, step):
        if step == last and self.part == "validation":
            raise KeyboardInterrupt
        return evaluate(self, policy, step)

    monkeypatch.setattr(Evaluator, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(painter, tmp_path / "parts", method)
    assert not (tmp_path / "parts" / "config.json").exists()
    monkeypatch.setattr(Evaluator, "evaluate", evaluate)
    parts = run(painter, tmp_path / "parts", method, resume=True)
    assert curve(tmp_path / "parts") == curve(tmp_path / "whole")
    assert parts["test"] == whole["test"]
    # The reference is the policy that the run began with: resumed, its KL does not start at 0 again.
    later = [row for row in curve(tmp_path / "parts") if row["kind"] == "evaluation" and row["step"] > last]
    assert all(row["figures"]["kl"]["value"] > 0.01 for row in later)


def test_a_run_is_resumed_with_what_it_began_with(painter, tmp_path, monkeypatch):
    evaluate = Evaluator.evaluate

    def interrupted(self, policy, step):
        if step == 4:
            raise KeyboardInterrupt
        return evaluate(self, policy, step)

    monkeypatch.setattr(Evaluator, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(painter, tmp_path / "run", "ppo")
    monkeypatch.setattr(Evaluator, "evaluate", evaluate)
    with pytest.raises(InvalidInputError, match=r"kl=0\.1, now 0\.3"):
        run(painter, tmp_path / "run", "ppo", resume=True, kl=0.3)
    with pytest.raises(InvalidInputError, match="holds an unfinished run"):
        run(painter, tmp_path / "run", "ppo")
    with pytest.raises(InvalidInputError, match="its reward was"):
        run(painter, tmp_path / "run", "ppo", reward=another_reward(), resume=True)


def another_reward():
    scorer = by_text(reds)
    scorer.run_record = lambda kind, **more: {"plaudit": kind, "name": "another"}
    return scorer


def waiting_at_the_end(call):
    """A run in a process of its own, which whoever kills it late finds at its last step."""
    evaluate = Evaluator.evaluate

    def waiting(self, policy, step):
        if step == 30:
            time.sleep(600)
        return evaluate(self, policy, step)

    Evaluator.evaluate = waiting
    call()


def test_kill_9_at_any_moment(painter, tmp_path):
    """Killed three times, as far as it has come; then to its end."""
    resumed = partial(run, painter, tmp_path / "killed", "ppo", resume=True, steps=30, evaluate_every=3)
    log = tmp_path / "log"
    for checkpoints in (1, 2, 3):
        process = start(partial(waiting_at_the_end, resumed), log, log)
        deadline = time.monotonic() + 600
        while process.is_alive() and time.monotonic() < deadline:
            steps = [int(path.name[11:]) for path in (tmp_path / "killed").glob("checkpoints/checkpoint-*")]
            if steps and max(steps) >= 6 * checkpoints:
                process.kill()
                break
            time.sleep(0.01)
        process.join()
        assert process.exitcode == -signal.SIGKILL, log.read_text()
    killed = resumed()
    whole = run(painter, tmp_path / "whole", "ppo", steps=30, evaluate_every=3)
    assert curve(tmp_path / "killed") == curve(tmp_path / "whole")
    assert killed["test"] == whole["test"]
