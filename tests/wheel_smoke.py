"""What `make dist` runs with the installed wheel: train, open, score and evaluate, with the core dependencies alone."""

import tempfile
from pathlib import Path

import plaudit
from plaudit.demo import preference_set

assert "site-packages" in plaudit.__file__, plaudit.__file__
split = plaudit.split_groups(preference_set(questions=1), test=0.3)
with tempfile.TemporaryDirectory() as folder:
    plaudit.write_groups(split["train"], Path(folder) / "train.jsonl")
    groups = plaudit.load_groups(Path(folder) / "train.jsonl")
    plaudit.train(groups, Path(folder) / "model", backbone="bow")
    model = plaudit.open_model(Path(folder) / "model")
    accuracy = plaudit.evaluate(split["test"], model.score(split["test"])).overall["accuracy"]
assert accuracy.value is not None and accuracy.value > 0.5
print(f"the wheel works: {accuracy}")
