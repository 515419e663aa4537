"""What people wait for: a labelling server before 50 people at once, on 100,000 questions.

Everybody asks for a question and sends an answer as fast as the server lets them, over HTTP from threads of this
process, which takes its share of the machine: people read in between, so this is a crowd many times as large. Printed
are seconds until the server answers, the waits for a question and for a sent answer, memory, and what a page weighs.

    python benchmarks/labelling.py --seconds 30
    PLAUDIT_TEST_POSTGRES=postgresql://... python benchmarks/labelling.py
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx2
import numpy as np
from common import table, versions

from plaudit.groups import Group
from plaudit.labelling import LabellingSettings, Project, create_invitation
from plaudit.labelling.invitations import accept
from plaudit.web import bind

WORDS = ("river", "hill", "answer", "better", "question", "because", "there", "which", "people", "water", "over")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--overlap", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = os.environ.get("PLAUDIT_TEST_POSTGRES") or str(Path(scratch, "project"))
        project = Project.create(place, "Benchmark", LabellingSettings(overlap=options.overlap))
        began = time.perf_counter()
        project.add(groups(options.questions))
        rows = [["adding the questions", f"{time.perf_counter() - began:.1f} s"]]
        # The server lets ten people a minute in from one address.
        tokens = [accept(project, create_invitation(project), f"person {n}") for n in range(options.people + 1)]
        project.close()
        rows += serve_and_ask(place, tokens, options.seconds)
    print(table((f"{options.people} people, {options.questions:,} questions", "figure"), rows))
    print(versions())


def groups(count: int) -> list[Group]:
    """Prompts of 12 words with two answers of 40."""
    numbers = random.Random(0)

    def text(words: int) -> str:
        return " ".join(numbers.choice(WORDS) for _ in range(words))

    return [Group(f"q{n}", f"{n} {text(12)}", (f"A {text(40)}", f"B {text(40)}")) for n in range(count)]


def serve_and_ask(place: str, tokens: Sequence[str], seconds: float) -> list[list[str]]:
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    command = [sys.executable, "-m", "plaudit.cli", "label", "serve", place, "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        started = wait_for(url) - began
        weight = page_weight(url, tokens[0])
        ends = time.perf_counter() + seconds
        with ThreadPoolExecutor(len(tokens) - 1) as pool:
            waits = list(pool.map(lambda token: work(url, token, ends), tokens[1:]))
        memory = resident_mib(server.pid)
    finally:
        server.terminate()
        server.wait()
    takes, sends = (np.concatenate([one[kind] for one in waits]) * 1000 for kind in (0, 1))
    rows = [["until the server answers", f"{started:.1f} s"]]
    for name, values in (("the next question", takes), ("a sent answer", sends)):
        middle, late = np.percentile(values, [50, 99])
        rows.append([f"{name}: median, p99", f"{middle:.0f} ms, {late:.0f} ms"])
    rows.append(["answers a second, of all", f"{len(sends) / seconds:.0f}"])
    rows.append(["the server's memory", f"{memory:.0f} MiB"])
    rows.append(["the page with all its files; again, when they are kept", weight])
    return rows


def wait_for(url: str) -> float:
    while True:
        try:
            httpx2.get(f"{url}/sign-in", timeout=5)
            return time.perf_counter()
        except httpx2.TransportError:
            time.sleep(0.05)


def signed_in(url: str, token: str) -> httpx2.Client:
    client = httpx2.Client(base_url=url, headers={"Origin": url}, cookies={"plaudit": token}, timeout=60)
    page = client.get("/judge").text
    client.headers["X-CSRF-Token"] = re.findall(r'name="csrf" content="([^"]+)"', page)[0]
    return client


def work(url: str, token: str, ends: float) -> tuple[np.ndarray, np.ndarray]:
    """One person's waits, in seconds."""
    takes, sends = [], []
    client = signed_in(url, token)
    while time.perf_counter() < ends:
        began = time.perf_counter()
        question = client.post("/api/take", json={}).json()["question"]
        takes.append(time.perf_counter() - began)
        body = {"lease": question["lease"], "client_id": uuid4().hex, "answer": {"tiers": [[0], [1]]}}
        began = time.perf_counter()
        answer = client.post("/api/send", json=body)
        if answer.status_code == 200:
            sends.append(time.perf_counter() - began)
    client.close()
    return np.array(takes), np.array(sends)


def page_weight(url: str, token: str) -> str:
    """Bytes of a first visit and of a later one, as they go over the wire."""
    client = signed_in(url, token)
    page = client.get("/judge")
    files = sorted({*re.findall(r'"(/static/[^"]+)"', page.text)})
    weights = [len(client.get(file).content) for file in files]
    client.close()
    return f"{(len(page.content) + sum(weights)) / 1024:.0f} KiB, {len(page.content) / 1024:.0f} KiB"


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


if __name__ == "__main__":
    main()
