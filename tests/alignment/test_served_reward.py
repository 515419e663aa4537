"""A reward that a server gives: the same run as with the model here; and the server gone in mid-run."""

import json

import pytest
from painting import COLOURS, PROMPTS

import plaudit
from plaudit.alignment import PromptSets, align
from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking

pytest.importorskip("fastapi")

SETS = PromptSets(PROMPTS[:4], PROMPTS[4:6], PROMPTS[6:8])
OPTIONS = {
    "method": "ppo",
    "steps": 4,
    "samples": 4,
    "prompts_per_step": 4,
    "max_new_tokens": 12,
    "evaluate_every": 1,
    "best_of_samples": 0,
    "learning_rate": 0.001,
}


@pytest.fixture(scope="module")
def likes_red(tmp_path_factory):
    """The folder of a bag of words that has learned to prefer red."""
    groups = [
        Group(f"{place.id}-{colour}", place.prompt, ("red.", f"{colour}."), (Ranking(((0,), (1,))),))
        for place in PROMPTS
        for colour in COLOURS[1:]
    ]
    folder = tmp_path_factory.mktemp("reward") / "model"
    plaudit.train(groups, folder, backbone="bow")
    return folder


def rewards_of(folder):
    rows = [json.loads(line) for line in (folder / "curves.jsonl").read_text().splitlines()]
    return [row["rewards"]["raw"] for row in rows if row["kind"] == "step"]


def test_a_server_gives_the_same_rewards_as_its_model(painter, tmp_path, likes_red):
    from plaudit.serving import running_server

    align(painter, SETS, likes_red, tmp_path / "here", **OPTIONS)
    with running_server({"red": str(likes_red)}) as url:
        align(painter, SETS, url, tmp_path / "there", **OPTIONS)
    assert rewards_of(tmp_path / "here") == pytest.approx(rewards_of(tmp_path / "there"), abs=1e-4)


def test_a_server_that_goes_leaves_a_checkpoint_to_resume_from(painter, tmp_path, likes_red, monkeypatch, caplog):
    from plaudit.serving import running_server

    with running_server({"red": str(likes_red)}) as url:
        scorer = plaudit.open_model(url)
        score = scorer.client.score

        def leaving(*arguments, **options):
            if (tmp_path / "run" / "checkpoints" / "checkpoint-2").exists():
                raise PlauditError(f"{url} cannot be reached")
            return score(*arguments, **options)

        monkeypatch.setattr(scorer.client, "score", leaving)
        with pytest.raises(PlauditError, match="cannot be reached"):
            align(painter, SETS, scorer, tmp_path / "run", **OPTIONS)
        assert "go on with --resume" in caplog.text
        record = align(painter, SETS, plaudit.open_model(url), tmp_path / "run", resume=True, **OPTIONS)
    assert record["steps"] == 4
