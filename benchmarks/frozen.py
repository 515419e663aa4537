"""What the caches of frozen backbones save: seconds of the first pass of training against those of every later one.

Head alone (`--trainable head`): the first pass computes the backbone's features and keeps them; every further pass,
seed and loss reads them. Last layers alone (`last:K`): the same with the hidden states that enter them; a pass that
keeps nothing is timed too. Data: UKPConvArg1, a group a side of a debate. Runs of `plaudit.train`: one pass with
nothing kept, one pass again, and many passes. Their differences leave out what all have in common (loading, rendering,
saving). Seconds are of processor time, all threads together, so what else runs on the machine counts little.

    python benchmarks/frozen.py                                  # minilm-l6; a minute or two
    python benchmarks/frozen.py --trainable last:1 --epochs 4    # about three minutes
    python benchmarks/frozen.py --backbone smollm2-135m --trainable last:1 --epochs 3 --sides 2
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from common import table, ukp_groups, versions

from plaudit.groups import Group


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="minilm-l6", help="a packaged name or a local folder")
    parser.add_argument("--trainable", default="head", help="head or last:K")
    parser.add_argument("--epochs", type=int, default=20, help="of the longest run")
    parser.add_argument("--sides", type=int, default=24, help="of UKP's debates, the first so many")
    options = parser.parse_args()
    groups = ukp_groups()[: options.sides]
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PLAUDIT_CACHE"] = scratch
        from plaudit.model import RewardModel
        from plaudit.training import TrainingSettings, train

        RewardModel.from_backbone(options.backbone)  # a packaged backbone may have to be converted first

        def seconds(passes: int, groups: list[Group] = groups) -> float:
            began = time.process_time()
            settings = TrainingSettings(
                trainable=options.trainable,
                epochs=passes,
                evaluate_every=passes,
                validation_share=0.0,
                report_to="none",
                baselines="none",
            )
            train(groups, Path(scratch) / "model", options.backbone, settings=settings, overwrite=True)
            return time.process_time() - began

        seconds(1, groups[:1])  # what a process does once
        cold, warm, long = seconds(1), seconds(1), seconds(options.epochs)
        later = (long - warm) / (options.epochs - 1)
        first = cold - warm + later
        plain = first
        if options.trainable != "head":
            with mock.patch.object(sys.modules[train.__module__], "lower_states", return_value=None):
                plain = seconds(1) - warm + later
    responses = sum(len(group.responses) for group in groups)
    names = ["backbone", "trainable", "responses"]
    times = {"nothing kept (s)": plain, "first pass (s)": first, "later pass (s)": later, "times less": plain / later}
    row = [options.backbone, options.trainable, str(responses), *(f"{value:.3g}" for value in times.values())]
    print(table([*names, *times], [row]))
    print(versions())


if __name__ == "__main__":
    main()
