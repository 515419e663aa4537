"""Shards by several processes, and by processes that are killed."""

import multiprocessing
import random
import subprocess
import sys
import time

import pytest
from toys import toy_backbone

from plaudit.data import DealtRows, read_groups, read_scores, shard_files, shard_name
from plaudit.errors import DataError, InvalidInputError, MissingExtraError, TooLongError
from plaudit.model import open_model
from plaudit.scoring import ScoringOptions, ShardOptions, score_shards
from plaudit.scoring.shards import manifest, on_ray, running
from plaudit.scoring.shards.manifest import Manifest, begin_shards, check_shards
from plaudit.scoring.shards.shard import ShardTask

SHARDS = 16
RAY = ShardOptions(on="ray")


def ids_of(source):
    return sorted(
        (group.id, index) for group in read_groups(source, merge=False) for index in range(len(group.responses))
    )


def test_ten_kills_at_random_moments(model, write, tmp_path):
    rows = [{"prompt": f"p{n % 450}", "responses": ["x" * (n % 40), "y"]} for n in range(500)]
    bad = ['{"prompt": "nobody answered"}\n'] * 5
    source, folder = write([*rows, *bad]), tmp_path / "out"
    how = ShardOptions(rejects=tmp_path / "bad.jsonl")
    moments = random.Random(4)
    fork = multiprocessing.get_context("fork")
    kills = 0
    while kills < 10:
        process = fork.Process(target=score_shards, args=(model, source, folder, SHARDS, how))
        process.start()
        time.sleep(moments.uniform(0.02, 0.3))
        process.kill()
        process.join()
        kills += process.exitcode == -9
        files = shard_files(folder)
        if len(files) == SHARDS:
            # The machine is fast: it is given some of its work once more.
            for file in files[::2]:
                file.unlink()
        for file in files:
            read_scores(file) if file.exists() else None
    score_shards(model, source, folder, SHARDS, how)
    good = write(rows, "good.jsonl")
    scores, _ = read_scores(folder)
    assert sorted((score.group, score.response) for score in scores) == ids_of(good)
    assert scores == [score for row in open_model(model).stream(read_groups(good, merge=False)) for score in row]
    lines = [line for file in tmp_path.glob("bad-*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == len(set(lines)) == 5
    assert [path.name for path in folder.iterdir() if path.name.startswith(".part")] == []


def test_two_processes_of_torchrun(model, many, tmp_path):
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *("-m", "plaudit.cli", "score", model, many, "--shards", "5", "-o", str(tmp_path / "two")),
        ],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert finished.returncode == 0, finished.stderr
    assert "3 shards scored" in finished.stderr and "2 shards scored" in finished.stderr
    score_shards(model, many, tmp_path / "one", 5)
    assert [file.read_bytes() for file in shard_files(tmp_path / "two")] == [
        file.read_bytes() for file in shard_files(tmp_path / "one")
    ]
    assert len(read_scores(tmp_path / "two")[0]) == 1200


def test_a_process_that_is_slow_finds_what_another_began(tmp_path, monkeypatch):
    """Between its two looks at the folder, at what it holds and at what it is, another has a shard there."""
    folder, made = tmp_path, Manifest(2, "model", "data", {})

    def then_another(look):
        def looking(*arguments, **options):
            monkeypatch.undo()
            seen = look(*arguments, **options)
            begin_shards(folder, made, overwrite=False)
            (folder / shard_name(0, 2)).touch()
            return seen

        return looking

    for look in ("check_folder", "_read"):
        monkeypatch.setattr(manifest, look, then_another(getattr(manifest, look)))
    check_shards(folder, made, overwrite=False)
    assert sorted(path.name for path in folder.iterdir()) == [manifest.MANIFEST, shard_name(0, 2)]
    with pytest.raises(DataError, match="its shards were made for 2 shards, not 3"):
        check_shards(folder, Manifest(3, "model", "data", {}), overwrite=False)


def test_each_process_has_its_shards_whoever_else_runs(model, many, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    for rank, shards in enumerate(([0, 3], [1, 4], [2])):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        report = score_shards(model, many, tmp_path / "out", 5)
        assert report.scored == shards
    assert report.missing == []


@pytest.mark.filterwarnings("ignore")
class TestRay:
    @pytest.fixture(scope="class")
    def ray(self):
        ray = pytest.importorskip("ray")
        ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
        yield ray
        ray.shutdown()

    def test_an_actor_that_is_lost_costs_a_shard_and_a_bad_row_itself(self, ray, model, write, tmp_path, monkeypatch):
        rows = [{"id": f"q{n}", "prompt": f"p{n}", "responses": ["x" * (n % 40), "y"]} for n in range(600)]
        source = write([*rows, '{"prompt": "nobody answered"}\n'])
        actors, kept, new, keep = [], [], on_ray._Actors._new_actor, running._Run._keep

        def new_actor(self):
            actors.append(new(self))
            return actors[-1]

        def kill_the_others_at_first(self, shard, *rest):
            kept.append(shard)
            if len(kept) == 1:
                for actor in actors:
                    ray.kill(actor)
            keep(self, shard, *rest)

        monkeypatch.setattr(on_ray._Actors, "_new_actor", new_actor)
        monkeypatch.setattr(running._Run, "_keep", kill_the_others_at_first)
        report = score_shards(
            model, source, tmp_path / "ray", 12, ShardOptions(on="ray", rejects=tmp_path / "bad.jsonl")
        )
        # One CPU is left to the process that reads; two that were killed had two successors.
        assert len(actors) == 4
        assert sorted(kept) == sorted(report.scored) == list(range(12))
        assert (report.counts.rows, report.counts.rejected) == (600, 1)
        score_shards(model, source, tmp_path / "here", 12, ShardOptions(rejects=tmp_path / "other.jsonl"))
        assert [file.read_bytes() for file in shard_files(tmp_path / "ray")] == [
            file.read_bytes() for file in shard_files(tmp_path / "here")
        ]

    def test_a_shard_that_loses_every_actor_and_what_an_actor_refuses(self, ray, model, write, tmp_path, monkeypatch):
        toy = str(toy_backbone(tmp_path / "toy", head=True))
        with pytest.raises(TooLongError, match="response 0 of group"):
            score_shards(toy, write([{"prompt": "w1", "response": "w2 " * 90}]), tmp_path / "long", 1, RAY)
        new = on_ray._Actors._new_actor

        def short_lived(self):
            actor = new(self)
            ray.kill(actor)
            return actor

        monkeypatch.setattr(on_ray._Actors, "_new_actor", short_lived)
        with pytest.raises(InvalidInputError, match="shard 0 lost 3 actors, one after another"):
            score_shards(model, write([{"prompt": "p", "response": "x"}], "other.jsonl"), tmp_path / "ray", 1, RAY)

    def test_a_server_is_no_actor(self, ray, model, many, tmp_path):
        with DealtRows(many, 1, [0]) as dealt, pytest.raises(InvalidInputError, match="leave out --on ray"):
            on_ray.score_on_ray(ShardTask(model="http://host", options=ScoringOptions()), dealt, [0], 1, print)


def test_without_ray_it_says_what_to_install(model, many, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'plaudit\[ray\]'"):
        score_shards(model, many, tmp_path / "out", 2, RAY)
