"""Training runs in several processes, many of them for the price of one start: this script imports everything once,
and forks the processes of each run. They meet over gloo, by the variables that `torchrun` would set.

    python forked_runs.py FOLDER < runs.json

Reads a list of runs, `{"name": ..., "verb": "train", "processes": 2, "arguments": {...}, "kill_at": 7}`, trains each
into FOLDER/name and prints for each, in a line of JSON, the exit codes of its processes, and the dtypes that the first
saw in a forward pass. What a process prints stands in FOLDER/name.RANK.log. `"disk": true`: groups and tokens stay on
disk, however few. `kill_at`: SIGKILL for all once each has taken that step, or for the one process that `kill` names.
"""

import gc
import json
import logging
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from toys import toy_backbone, toy_groups
from transformers import Trainer, TrainerCallback

import plaudit
from plaudit.data import on_disk
from plaudit.groups import Group
from plaudit.model import RewardNetwork
from plaudit.training.run import progress

PATIENCE = 600.0
ARGUMENTS = {
    "epochs": 2,
    "groups_per_step": 6,
    "learning_rate": 0.01,
    "validation_share": 0.15,
    "evaluate_every": 1,
    "precision": "fp32",
    "baselines": "none",
    "report_to": "none",
}
STAGE = {
    "epochs": 2,
    "validation_share": 0.25,
    "learning_rate": 0.01,
    "evaluations": 2,
    "precision": "fp32",
    "report_to": "none",
}


def learn(folder, run):
    """What a run is of, by its verb."""
    arguments = run.get("arguments", {})
    if run.get("verb") == "sft":
        answers = ("good", "good w1", "good w1 w2")
        groups = [Group(f"q{n}", f"w{n % 7} w{n % 5}", (answers[n % 3],)) for n in range(13)]
        plaudit.sft(groups, folder, folder.parent / "backbone", **{**STAGE, **arguments})
    elif run.get("verb") == "pretrain":
        plaudit.pretrain(folder.parent / "texts.txt", folder, **{**STAGE, **arguments})
    else:
        groups = toy_groups(34, responses=3, annotator="a7")
        plaudit.train(groups, folder, folder.parent / "backbone", **{**ARGUMENTS, **arguments})


def train(folder, run):
    """One process of a run; never returns."""
    rank = int(os.environ.get("RANK", "0"))
    log = (folder.parent / f"{folder.name}.{rank}.log").open("w")
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    logging.basicConfig(format="plaudit: %(message)s", level=logging.WARNING)
    # Which lines are logged does not depend on the clock.
    progress.SECONDS = 0
    # Nothing that another run has kept.
    os.environ["XDG_CACHE_HOME"] = str(folder.parent / "cache" / folder.name)
    if run.get("disk"):
        on_disk.MOST_IN_MEMORY = 1
    if (step := run.get("kill_at")) is not None and run.get("kill", rank) == rank:
        wait_at(step, reached(folder, rank))
    dtypes = watch_dtypes()
    try:
        learn(folder, run)
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        if rank == 0:
            (folder.parent / f"{folder.name}.dtypes.json").write_text(json.dumps(sorted(dtypes)))
        code = 0
    except BaseException:
        logging.exception("failed")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def watch_dtypes():
    """What dtypes outputs and head have, and whether an output was no bfloat16 number."""
    seen = set()
    forward = RewardNetwork.forward

    def watched(self, *arguments, **options):
        outputs = forward(self, *arguments, **options)
        fine = bool((outputs != outputs.bfloat16()).any())
        seen.add((str(outputs.dtype), str(self.head.weight.dtype), fine))
        return outputs

    RewardNetwork.forward = watched
    return seen


def reached(folder, rank):
    """The file by which a process says that it waits to be killed."""
    return folder.parent / f"{folder.name}.{rank}.reached"


def wait_at(step, file):
    class Wait(TrainerCallback):
        def on_step_end(self, args, state, control, **_):
            if state.global_step == step:
                file.touch()
                time.sleep(PATIENCE)

    start = Trainer.train

    def waiting(self, *arguments, **options):
        self.add_callback(Wait())
        return start(self, *arguments, **options)

    Trainer.train = waiting


@contextmanager
def port_of_ours():
    """A port that nobody else is given: it is bound here, and processes of a run may listen there all the same."""
    # As torch listens: for both kinds of address, or the older alone where a machine has no other.
    try:
        held = socket.socket(socket.AF_INET6)
    except OSError:
        held = socket.socket()
    with held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("", 0))
        yield held.getsockname()[1]


def fork(folder, run, port):
    """Start the processes of a run; wait, but not for ever."""
    count = run.get("processes", 1)
    children = []
    doomed = [run["kill"]] if "kill" in run else range(count) if "kill_at" in run else []
    waited_for = [reached(folder, rank) for rank in doomed]
    for rank in range(count):
        if (child := os.fork()) == 0:
            if count > 1:
                world = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "RANK": rank, "LOCAL_RANK": rank}
                world |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
                os.environ.update({name: str(value) for name, value in world.items()})
            train(folder, run)
        children.append(child)
    codes, end = {}, time.monotonic() + PATIENCE
    while len(codes) < count and time.monotonic() < end:
        for child in children:
            if child not in codes and (status := os.waitpid(child, os.WNOHANG))[0]:
                codes[child] = os.waitstatus_to_exitcode(status[1])
                if codes[child] and "kill" not in run:
                    # As torchrun has it: one that fails takes the others with it.
                    end = min(end, time.monotonic() + 60)
        # All at once: one that is gone may fail another that is still on its way.
        if waited_for and all(file.exists() for file in waited_for):
            waited_for = []
            for rank in doomed:
                os.kill(children[rank], signal.SIGKILL)
        time.sleep(0.01)
    for child in children:
        if child not in codes:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            codes[child] = None
    return [codes[child] for child in children]


def main():
    folder = Path(sys.argv[1])
    toy_backbone(folder / "backbone")
    words = ["river", "stone", "bird", "cloud", "tree"]
    texts = (" ".join(words[(n * k + k) % 5] for k in range(3 + n)) for n in range(25))
    (folder / "texts.txt").write_text("\n\n".join(texts))
    runs = json.load(sys.stdin)
    # What takes seconds to import is imported once, and nobody's garbage.
    for verb in {run.get("verb", "train") for run in runs}:
        assert getattr(plaudit, verb)
        if verb == "sft":
            import trl

            assert trl.SFTTrainer
    gc.freeze()
    for run in runs:
        start = time.monotonic()
        with port_of_ours() as port:
            codes = fork(folder / run["name"], run, port)
        report = {"codes": codes, "seconds": time.monotonic() - start}
        print(json.dumps({**run, **report}), flush=True)


if __name__ == "__main__":
    main()
