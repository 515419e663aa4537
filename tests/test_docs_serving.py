"""What docs/serving.md shows works as printed, and its tables and manifests are whole."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import tiny_model_folder

pytest.importorskip("fastapi")

from plaudit.model import open_model
from plaudit.serving import Access, ServerMetrics, ServingSettings, running_server
from plaudit.serving.app import OPEN_PATHS
from plaudit.settings import settings_table
from plaudit.web import Tokens

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "serving.md").read_text(encoding="utf-8")
HERE = "http://127.0.0.1:8000"
PROMPT, ANSWERS = "How do I boil an egg?", ["Seven minutes in boiling water.", "No idea."]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A model whose template is ChatML, as the page's examples have it; its address, and the score of ANSWERS[0]."""
    folder = tiny_model_folder(tmp_path_factory.mktemp("docs") / "tiny")
    access = Access(port=0, admin_tokens=Tokens(["ADMIN_TOKEN"]))
    scores = {score.response: score.score for score in open_model(folder).rank(PROMPT, ANSWERS)}
    with running_server({"helpful": str(folder)}, access=access) as url:
        yield url, scores[0]


def first_reward(answer):
    """The reward of the first response, in whatever shape."""
    if isinstance(answer, float):
        return answer
    if isinstance(answer, list):
        return answer[0]["embedding"][0]
    for name in ("rewards", "scores"):
        if name in answer:
            return answer[name][0]
    if "data" in answer:
        row = answer["data"][0]
        return (
            row["score"]
            if "score" in row
            else next(row[name][0] for name in ("probs", "data", "embedding") if name in row)
        )
    first = answer["results"][0]
    return (
        first["scores"][0]["score"]
        if "scores" in first
        else {r["index"]: r for r in answer["results"]}[0]["relevance_score"]
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("page", ["serving.md", "zh/serving.md"])
def test_every_curl_line_works_as_printed(page, server):
    url, score = server
    lines = re.findall(r"^    (curl .*)$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    scored = 0
    for line in lines:
        assert "127.0.0.1:8000" in line
        command = line.replace("127.0.0.1:8000", url.removeprefix("http://")).replace("curl -s", "curl -s --fail", 1)
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert done.returncode == 0, line
        if "--json" in line:
            assert first_reward(json.loads(done.stdout)) == pytest.approx(score, abs=1e-5), line
            scored += 1
    assert scored >= 10


def test_the_python_of_the_page_works(server, tmp_path):
    url, score = server
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    command = [sys.executable, "-c", code.replace(HERE, url)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=3600, check=True)
    *ranked, last = done.stdout.split("\n")[:-1]
    assert {int(line.split()[0]) for line in ranked} == {0, 1}
    assert float(last) == pytest.approx(score, abs=1e-5)


def test_the_settings_stand_in_the_page():
    assert settings_table(ServingSettings) in PAGE


def test_every_metric_stands_in_the_page_and_is_one():
    listed = set(re.findall(r"^\| `(plaudit_\w+)` \|", PAGE, re.MULTILINE))
    families = {
        family.name + ("_total" if family.type == "counter" else "") for family in ServerMetrics().registry.collect()
    }
    assert listed == families


def test_the_manifests_are_yaml_and_drain_in_time():
    yaml = pytest.importorskip("yaml")
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    deployment, service, scaler = yaml.safe_load_all(text)
    assert [one["kind"] for one in (deployment, service, scaler)] == [
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
    ]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] in OPEN_PATHS
    changes = [
        after for before, after in zip(container["args"], container["args"][1:], strict=False) if before == "--set"
    ]
    settings = ServingSettings().with_sources("serve", {}, changes, None)
    assert settings.drain + settings.drain_delay < pod["terminationGracePeriodSeconds"]
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert scaler["spec"]["metrics"][0]["pods"]["metric"]["name"] == "plaudit_queued_tokens"
