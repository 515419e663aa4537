"""What an example in a docstring finds in its folder, made on the spot.

| name | what it is |
|---|---|
| `train.jsonl` | 60 questions with a better and a worse answer each, groups with one ranking |
| `test.jsonl` | 20 others |
| `pairs.jsonl` | four pairs in the shape prompt, chosen, rejected |
| `my-backbone` | a tiny decoder without a reward head, its weights random |
| `my-model` | the reward model that it became in training on `train.jsonl`, with its baselines |
| `my-second-model` | the same after one epoch, with another seed and no baselines |
| `my-bow` | a bag of words fitted to the same |
| `my-project` | a labelling project of the questions of `test.jsonl`, before anybody judged |

The better answer answers; the worse one does not know. All three learn that in a moment and are right of every pair.
"""

from __future__ import annotations

import json
from pathlib import Path

from tiny import tiny_language_model_folder

import plaudit
from plaudit.groups import Group, Ranking
from plaudit.labelling import LabellingSettings, Project

_BETTER = ("It is {sum}.", "The answer is {sum}, as you can count.", "{sum}.")
_WORSE = ("No idea.", "Who knows? Ask somebody else.", "I do not know that one.")


def sample_groups(first: int, count: int) -> list[Group]:
    """Sums of two numbers; where the better answer stands changes from one to the next."""
    groups = []
    for number in range(first, first + count):
        left, right = number // 10 + 1, number % 10 + 1
        better, worse = _BETTER[number % 3].format(sum=left + right), _WORSE[number // 3 % 3]
        responses, tiers = ((better, worse), ((0,), (1,))) if number % 2 else ((worse, better), ((1,), (0,)))
        groups.append(Group(f"q{number}", f"What is {left} + {right}?", responses, (Ranking(tiers),)))
    return groups


def prepare_samples(folder: Path) -> Path:
    """Write all of the table above into a folder."""
    train, test = sample_groups(0, 60), sample_groups(60, 20)
    plaudit.write_groups(train, folder / "train.jsonl")
    plaudit.write_groups(test, folder / "test.jsonl")
    with (folder / "pairs.jsonl").open("w", encoding="utf-8") as stream:
        for group in test[:4]:
            chosen, rejected = (group.responses[tier[0]] for tier in group.rankings[0].tiers)
            stream.write(json.dumps({"prompt": group.prompt, "chosen": chosen, "rejected": rejected}) + "\n")
    tiny_language_model_folder(folder / "my-backbone")
    settings = {"epochs": 2, "trainable": "all", "learning_rate": 1e-3, "report_to": "none"}
    plaudit.train(train, folder / "my-model", folder / "my-backbone", **settings)
    second = {**settings, "epochs": 1, "seed": 1, "baselines": "none"}
    plaudit.train(train, folder / "my-second-model", folder / "my-backbone", **second)
    plaudit.train(train, folder / "my-bow", "bow")
    project = Project.create(folder / "my-project", "My project", LabellingSettings())
    project.add(group.with_responses(group.responses) for group in test)
    project.close()
    return folder
