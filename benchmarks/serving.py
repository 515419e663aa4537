"""How fast `plaudit serve` answers, as ratios to the same work without a server, and to OpenRLHF's server.

Every request is one response, as RL trainers send them. Closed loop: 64 clients, each asking again when it has its
answer; it gives throughput. Open loop: requests at random times (Poisson, seeded) whatever the server does; latency is
counted from the time a request was to be sent, so that a client that is held up does not hide the wait. Sides take
turns within each round; a figure is the geometric mean of the rounds' ratios with its 95% t interval. Nothing is
cached. The load generator is a process of its own on the same cores; processor seconds of both are printed.

    python benchmarks/serving.py --sections forests singles alone        # ratios to offline scoring
    python benchmarks/serving.py --sections peer --openrlhf WHEEL_FOLDER # to OpenRLHF's serve_rm, both in bfloat16
    python benchmarks/serving.py --sections latency overload
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from common import backbone_folder, table, versions
from scipy import stats

from plaudit.groups import Group
from plaudit.model import RewardModel

WORDS = ("river", "hill", "answer", "better", "question", "because", "there", "which", "people", "water", "over")
SECTIONS = ("forests", "singles", "alone", "peer", "latency", "overload")
CLIENTS = 64
BUSY = 0.4
"""Load average beyond which nothing is measured."""


# ---- what is asked ---------------------------------------------------------------------------------------------------


def questions(count: int, answers: int, seed: int) -> list[Group]:
    """Prompts of 80 words with so many answers of 20 to 60 words, all different from every other seed's."""
    numbers = random.Random(seed)

    def text(words: int) -> str:
        return " ".join(numbers.choices(WORDS, k=words))

    return [
        Group(f"{seed}-{n}", f"{seed} {n} {text(80)}", tuple(text(numbers.randint(20, 60)) for _ in range(answers)))
        for n in range(count)
    ]


def singles_of(groups: Sequence[Group]) -> list[Group]:
    """One response a group, siblings side by side."""
    return [Group(group.id, group.prompt, (response,)) for group in groups for response in group.responses]


# ---- who answers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Peer:
    """A running server: its process, and where and how it is asked."""

    process: subprocess.Popen[bytes]
    url: str
    path: str

    def body(self, group: Group, text: str | None) -> dict[str, Any]:
        if self.path == "/get_reward":
            return {"query": [text], "prompts": [""], "labels": [None]}
        return {"prompt": group.prompt, "responses": list(group.responses)}

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


@contextlib.contextmanager
def started(command: Sequence[str], announced: str, path: str) -> Iterator[Peer]:
    """A server in a process of its own, once it has printed a line that holds its address."""
    with tempfile.NamedTemporaryFile("r+") as log:
        process = subprocess.Popen(command, stdout=log.fileno(), stderr=log.fileno())
        try:
            while not (found := re.search(announced, Path(log.name).read_text())):
                if process.poll() is not None:
                    raise SystemExit(f"{command} ended:\n{Path(log.name).read_text()[-3000:]}")
                time.sleep(0.2)
            yield Peer(process, found[1], path)
        finally:
            process.kill()
            process.wait()


def plaudit_server(model: Path, path: str = "/v1/rewards", *flags: str) -> contextlib.AbstractContextManager[Peer]:
    command = [sys.executable, "-m", "plaudit.cli", "serve", str(model), "--port", "0", "--set", "cache_mib=0", *flags]
    return started(command, r"serving .* on (http://\S+)", path)


def openrlhf_server(model: Path, wheel: Path) -> contextlib.AbstractContextManager[Peer]:
    script = str(Path(__file__).with_name("openrlhf_server.py"))
    flags = ["--reward.model_name_or_path", str(model), "--port", "5123", "--host", "127.0.0.1"]
    command = [sys.executable, script, str(wheel), *flags, "--ds.attn_implementation", "eager"]
    return started(command, r"running on (http://\S+)", "/get_reward")


# ---- how it is asked -------------------------------------------------------------------------------------------------


@dataclass
class Answers:
    """What a load got.

    Attributes:
        seconds: of each answer with scores, from when its request was due.
        statuses: of all answers.
        wall: how long requests were sent.
        within: answers with scores in that time.
        given_up: requests that nobody waited for any longer.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wall: float = 0.0
    within: int = 0
    given_up: int = 0


async def ask(session: aiohttp.ClientSession, peer: Peer, body: dict[str, Any], due: float, answers: Answers) -> None:
    async with session.post(peer.url + peer.path, json=body) as response:
        await response.read()
    answers.statuses[response.status] += 1
    if response.status == 200:
        answers.seconds.append(time.perf_counter() - due)


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=600), json_serialize=json.dumps
    )


async def closed_loop(peer: Peer, bodies: Sequence[dict[str, Any]], clients: int = CLIENTS) -> Answers:
    """So many clients, each with one request at a time."""
    answers, waiting = Answers(), iter(bodies)

    async def client(http: aiohttp.ClientSession) -> None:
        for body in waiting:
            await ask(http, peer, body, time.perf_counter(), answers)

    async with session() as http:
        began = time.perf_counter()
        await asyncio.gather(*(client(http) for _ in range(clients)))
        answers.wall = time.perf_counter() - began
    return answers


async def open_loop(peer: Peer, bodies: Sequence[dict[str, Any]], rate: float, seconds: float, seed: int) -> Answers:
    """Requests at random times, so many a second on average; whoever is not answered 30 s after the end is given up."""
    answers, numbers = Answers(), random.Random(seed)
    async with session() as http:
        began = time.perf_counter()
        due = began
        tasks: list[asyncio.Future[None]] = []
        while (due := due + numbers.expovariate(rate)) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            body = bodies[len(tasks) % len(bodies)]
            tasks.append(asyncio.ensure_future(ask(http, peer, body, due, answers)))
        answers.wall = time.perf_counter() - began
        answers.within = len(answers.seconds)
        _, left = await asyncio.wait(tasks, timeout=30)
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    answers.given_up = len(left)
    return answers


# ---- the sections ----------------------------------------------------------------------------------------------------


def ratio_line(name: str, ratios: Sequence[float], aim: str, more: str) -> list[str]:
    """The geometric mean of the rounds' ratios, with its interval."""
    logs = np.log(ratios)
    half = stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs)) if len(logs) > 1 else math.nan
    low, high = np.exp(logs.mean() - half), np.exp(logs.mean() + half)
    return [name, f"{np.exp(logs.mean()):.2f} [{low:.2f}, {high:.2f}]", aim, more]


def against_offline(
    model: RewardModel, peer: Peer, options: argparse.Namespace, siblings: int, name: str, aim: str
) -> list[str]:
    """Throughput of 64 clients, over that of `RewardModel.score` of the same responses."""
    ratios, rates = [], []
    for number in range(options.rounds):
        groups = questions(options.responses // siblings, siblings, seed=100 * siblings + number)
        bodies = [peer.body(group, None) for group in singles_of(groups)]
        seconds = {}
        for side in (0, 1) if number % 2 else (1, 0):
            work = partial(model.score, groups) if side == 0 else partial(asyncio.run, closed_loop(peer, bodies))
            seconds[side] = timed(work)
        ratios.append(seconds[0] / seconds[1])
        rates.append(options.responses / seconds[1])
    return ratio_line(name, ratios, aim, f"{np.mean(rates):.1f} responses a second")


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alone(model: RewardModel, peer: Peer, options: argparse.Namespace) -> list[str]:
    """One client: the median of its answers, over that of a direct call."""
    direct, served = [], []
    for group in singles_of(questions(30, 1, seed=7)):
        direct.append(timed(partial(model.score, group)))
        served.append(asyncio.run(closed_loop(peer, [peer.body(group, None)], 1)).seconds[0])
    a, b = np.median(direct), np.median(served)
    line = f"{1000 * b:.0f} ms, direct {1000 * a:.0f} ms: + {1000 * (b - a):.1f} ms"
    return ["one client, p50 over a direct call", f"{b / a:.3f}", "≤ 1.15 x + 5 ms", line]


def against_openrlhf(folder: Path, options: argparse.Namespace) -> list[str]:
    """Throughput of 64 clients, over that of OpenRLHF's server, both in bfloat16, siblings side by side."""
    reader = RewardModel.from_pretrained(folder).renderer
    ratios = []
    with (
        plaudit_server(folder, "/get_reward", "--precision", "bf16") as ours,
        openrlhf_server(folder, options.openrlhf) as theirs,
    ):
        for number in range(options.rounds):
            groups = singles_of(questions(max(1, options.responses // 32), 8, seed=900 + number))
            texts = [reader.uncut(group, 0)[0] for group in groups]
            seconds = {}
            for peer in (ours, theirs) if number % 2 else (theirs, ours):
                bodies = [peer.body(group, text) for group, text in zip(groups, texts, strict=True)]
                seconds[peer.url] = asyncio.run(closed_loop(peer, bodies)).wall
            ratios.append(seconds[theirs.url] / seconds[ours.url])
    return ratio_line("64 clients, over OpenRLHF's serve_rm (bf16)", ratios, "≥ 4", "")


def loaded(model: RewardModel, folder: Path, options: argparse.Namespace) -> Iterator[list[str]]:
    """Latency at half of the peak, and what is left of the peak at four times as much."""
    # As many as are sent, so that no two requests are one computation.
    singles = singles_of(questions(600, 8, seed=31))
    full = [model.prepare(group) for group in singles_of(questions(4096 // 180, 1, seed=32))]
    forward = min(timed(partial(model.score_prepared, full)) for _ in range(3))
    with plaudit_server(folder, "/v1/rewards", "--patience", "15") as peer:
        bodies = [peer.body(group, None) for group in singles]
        peak = options.responses / asyncio.run(closed_loop(peer, bodies[: options.responses])).wall
        if "latency" in options.sections:
            half = asyncio.run(open_loop(peer, bodies, peak / 2, options.seconds, seed=1))
            p50, p99 = np.percentile(half.seconds, [50, 99])
            more = f"p50 {p50:.2f} s, p99 {p99:.2f} s, a full forward {forward:.2f} s, peak {peak:.1f}/s"
            yield ["open loop at half of peak, p99 over a full forward", f"{p99 / forward:.2f}", "< 3", more]
        if "overload" in options.sections:
            yield from overloaded(peer, bodies, peak, options)


def overloaded(
    peer: Peer, bodies: Sequence[dict[str, Any]], peak: float, options: argparse.Namespace
) -> Iterator[list[str]]:
    before, cpu, mine = peer.resident_mib(), peer.processor_seconds(), time.process_time()
    live: list[float] = []

    async def both() -> Answers:
        async def watch() -> None:
            async with session() as http:
                while True:
                    began = time.perf_counter()
                    async with http.get(peer.url + "/health/live") as response:
                        await response.read()
                    live.append(time.perf_counter() - began)
                    await asyncio.sleep(0.25)

        watching = asyncio.ensure_future(watch())
        answers = await open_loop(peer, bodies, 4 * peak, options.seconds, seed=2)
        watching.cancel()
        return answers

    answers = asyncio.run(both())
    goodput = answers.within / answers.wall / peak
    told = ", ".join(f"{status}: {count}" for status, count in sorted(answers.statuses.items()))
    told += f"; given up {answers.given_up}"
    yield [f"{options.seconds:g} s at 4 x peak: goodput over peak", f"{goodput:.2f}", "≥ 0.85", told]
    server, generator = peer.processor_seconds() - cpu, time.process_time() - mine
    spent = f"processor seconds: server {server:.0f}, generator {generator:.0f}"
    yield ["its growth, MiB", f"{peer.resident_mib() - before:.0f}", "< 200", spent]
    yield ["/health/live meanwhile, p99 ms", f"{1000 * np.percentile(live, 99):.0f}", "< 100", f"{len(live)} times"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sections", nargs="+", choices=SECTIONS, default=["forests", "singles", "alone"])
    options.add_argument("--backbone", default="smollm2-135m")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--responses", type=int, default=256)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--openrlhf", type=Path, help="the unpacked wheel, for `peer`")
    options.add_argument("--anyway", action="store_true", help="measure on a busy machine too")
    wanted = options.parse_args()
    if (load := os.getloadavg()[0]) > BUSY and not wanted.anyway:
        raise SystemExit(f"the load average is {load:.1f}: measure when nothing else runs")
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "model")
        RewardModel.from_backbone(backbone_folder(wanted.backbone)).save(folder)
        model = RewardModel.from_pretrained(folder)
        model.score(questions(4, 2, seed=1))
        if {"forests", "singles", "alone"} & {*wanted.sections}:
            with plaudit_server(folder) as peer:
                if "forests" in wanted.sections:
                    name = "64 clients, siblings adjacent, over offline forests"
                    lines.append(against_offline(model, peer, wanted, 8, name, "≥ 0.8"))
                if "singles" in wanted.sections:
                    name = "64 clients, every prompt another, over offline"
                    lines.append(against_offline(model, peer, wanted, 1, name, "≥ 0.9"))
                if "alone" in wanted.sections:
                    lines.append(alone(model, peer, wanted))
        if "peer" in wanted.sections:
            lines.append(against_openrlhf(folder, wanted))
        if {"latency", "overload"} & {*wanted.sections}:
            lines.extend(loaded(model, folder, wanted))
    print(table(["what", "figure", "aim", ""], lines))
    print(json.dumps({**versions(), "load": os.getloadavg()[0], "backbone": wanted.backbone}))


if __name__ == "__main__":
    main()
