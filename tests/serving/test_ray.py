"""Ray Serve, where the user has installed it."""

import asyncio
import re
import socket
import sys

import numpy as np
import pytest
from serving.served import client

from plaudit.errors import MissingExtraError
from plaudit.groups import Group
from plaudit.model import RewardModel
from plaudit.serving import ray_app
from plaudit.web import Tokens


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.serve", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ray\[serve\]'"):
        ray_app(["my-model"])


@pytest.mark.filterwarnings("ignore")
def test_two_replicas_give_the_scores_of_a_file(folder):
    ray = pytest.importorskip("ray")
    serve = pytest.importorskip("ray.serve")
    groups = [Group(f"{n}", "why is the sky blue", (f"because {n} the air",)) for n in range(100)]
    offline = [row[0].score for row in RewardModel.from_pretrained(folder).score(groups)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        app = ray_app(
            [str(folder)],
            tokens=Tokens(["s3cret"]),
            deployment={"num_replicas": 2, "ray_actor_options": {"num_cpus": 0.5}},
        )
        serve.run(app)

        async def ask():
            async with client(f"http://127.0.0.1:{port}", auth=("any", "s3cret")) as http:
                rows = [{"prompt": group.prompt, "response": group.responses[0]} for group in groups]
                answers = await asyncio.gather(*(http.post("/reward", json=row) for row in rows))
                metrics = [(await http.get("/metrics")).text for _ in range(20)]
            return [answer.json() for answer in answers], metrics

        rewards, metrics = asyncio.run(ask())
    finally:
        serve.shutdown()
        ray.shutdown()
    np.testing.assert_allclose(rewards, offline, rtol=1e-5, atol=1e-5)
    # Each replica has metrics of its own: both have answered.
    counts = {float(re.search(r"^plaudit_responses_total\S* (\S+)", text, re.MULTILINE)[1]) for text in metrics}
    assert len(counts) == 2
    assert sum(counts) == 100
