"""The demo's model over HTTP: the same scores, and lines for a terminal that work as they are printed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from tiny import tiny_model_folder
from typer.testing import CliRunner

from plaudit.cli import demo as cli
from plaudit.data import load_groups
from plaudit.demo import Demo, run_demo, serve_demo
from plaudit.demo.serving import write_requests
from plaudit.errors import MissingExtraError, PlauditError
from plaudit.model import open_model
from plaudit.serving import running_server
from plaudit.training import train

app = typer.Typer()
app.command()(cli.demo_command)

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")

# Path -> how the first reward stands in the answer.
REWARDS = {
    "/v1/rewards": lambda a: a["results"][0]["scores"][0]["score"],
    "/get_reward": lambda a: a["rewards"][0],
    "/classify": lambda a: a["data"][0]["probs"][0] if isinstance(a, dict) else a[0]["embedding"][0],
    "/pooling": lambda a: a["data"][0]["data"][0],
    "/v1/embeddings": lambda a: a["data"][0]["embedding"][0],
    "/score": lambda a: a["data"][0]["score"],
    "/v1/rerank": lambda a: next(row["relevance_score"] for row in a["results"] if row["index"] == 0),
    "/reward": lambda a: a,
    "/v1/score/evaluation": lambda a: a["scores"][0],
}


def rewards_of(lines, port):
    """Path -> the rewards that printed lines get from a server of this port instead of 8000."""
    rewards = {}
    for line in lines:
        path = re.search(r"http://127\.0\.0\.1:8000(\S+)", line)[1]
        done = subprocess.run(
            line.replace(":8000/", f":{port}/"), shell=True, capture_output=True, text=True, check=True
        )
        rewards.setdefault(path, []).append(REWARDS[path](json.loads(done.stdout)))
    return rewards


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return run_demo(tmp_path_factory.mktemp("run") / "demo", "bow", questions=1)


@pytest.fixture(scope="module")
def printed(demo):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plaudit.demo.run_demo", lambda *_, **__: demo)
        return CliRunner().invoke(app, ["-o", str(demo.folder)]).output


@needs_curl
def test_every_line_works_as_printed(demo, printed):
    lines = [line.strip() for line in printed.splitlines() if line.strip().startswith("curl ")]
    assert f"plaudit serve {demo.folder / 'model'}" in printed
    wanted = demo.model.rank("How do I boil an egg?", ["Seven minutes in boiling water."])[0].score
    with running_server({"model": str(demo.folder / "model")}) as url:
        rewards = rewards_of(lines, url.rpartition(":")[2])
    assert set(rewards) == set(REWARDS)
    for path, values in rewards.items():
        assert values == pytest.approx([wanted] * len(values), abs=1e-5), path


@needs_curl
@pytest.mark.parametrize("family", ["llama", "bert"])
def test_models_with_and_without_a_template_answer_every_line(family, tmp_path):
    folder = tiny_model_folder(tmp_path / family, family)
    model = open_model(folder)
    wanted = model.rank("How do I boil an egg?", ["Seven minutes in boiling water."])[0].score
    lines = [line for _, line in write_requests(model, "http://127.0.0.1:8000")]
    with running_server({"model": str(folder)}) as url:
        rewards = rewards_of(lines, url.rpartition(":")[2])
    assert {round(value - wanted, 5) for values in rewards.values() for value in values} == {0}


def test_what_it_chose_over_http_is_said_beside_a_random_choice(printed):
    assert re.search(
        r"6 responses have the same scores as here \(largest difference \de[-+]\d+\)", " ".join(printed.split())
    )
    assert re.search(r"best of 8 candidates, .* exceeds a random one by -?\d\.\d+ \[", " ".join(printed.split()))


def test_a_server_that_gives_other_scores_is_found(demo, tmp_path):
    other = Demo(train(load_groups(demo.folder / "train.jsonl"), tmp_path / "length", "length"), demo.folder, {})
    with pytest.raises(PlauditError, match="a score over HTTP differs by"):
        serve_demo(other)


def test_without_the_extra_one_line_says_what_to_install(demo, monkeypatch):
    def absent():
        raise MissingExtraError("a server needs the `serve` extra", remedy="pip install 'plaudit[serve]'")

    monkeypatch.setattr("plaudit.demo.run_demo", lambda *_, **__: demo)
    monkeypatch.setattr("plaudit.serving.require_libraries", absent)
    result = CliRunner().invoke(app, ["-o", str(Path(demo.folder))])
    assert result.exit_code == 0
    assert "a server needs the `serve` extra: pip install 'plaudit[serve]'" in " ".join(result.output.split())
    assert "curl" not in result.output
