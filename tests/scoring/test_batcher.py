"""The queue before a scorer: nothing lost, nothing swapped, nobody held up, one failure alone."""

import threading
import time
from concurrent.futures import CancelledError, wait
from dataclasses import dataclass

import numpy as np
import pytest
from tiny import tiny_model_folder

from plaudit.data import Score, text_hash
from plaudit.errors import DeadlineError, OverloadedError
from plaudit.groups import Group
from plaudit.model import Prepared, RewardModel, Scorer
from plaudit.scoring import Batcher, BatchingLimits, ScoreCache

PATIENCE = 120
"""Seconds for what takes none, so that nobody hangs."""


class Slow(Scorer):
    """Scores a response by its number; waits at a gate before each batch, and notes what stood in it."""

    kind = "slow"

    def __init__(self):
        self.record = {}
        self.gate = threading.Event()
        self.gate.set()
        self.at_gate = threading.Event()
        self.batches = []
        self.broken = set()
        self.memory = None

    def prepare(self, group, *, truncate_responses=False):
        return Prepared(group, 10)

    def score_prepared(self, batch, *, batch_tokens=4096):
        self.at_gate.set()
        self.gate.wait(PATIENCE)
        texts = [item.group.responses[0] for item in batch]
        self.batches.append(texts)
        if self.memory is not None and batch_tokens > self.memory:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        for text in texts:
            if text in self.broken:
                raise ValueError(f"{text} is broken")
        self.computed_tokens += sum(item.cost for item in batch)
        return [
            [Score(item.group.id, 0, score=float(item.group.responses[0]), tokens=10, truncated=False)]
            for item in batch
        ]

    def run_record(self, kind, **more):
        return {}

    def save(self, folder, *, card=None, overwrite=False):
        raise NotImplementedError


def items(scorer, *texts):
    return [scorer.prepare(Group("q", "Why?", (str(text),))) for text in texts]


def values(future):
    return [score.score for score in future.result(PATIENCE)]


def held(scorer, batcher):
    """Hold the worker at the gate, with a batch of its own under way."""
    scorer.gate.clear()
    scorer.at_gate.clear()
    first = batcher.submit(items(scorer, -1))
    assert scorer.at_gate.wait(PATIENCE)
    return first


def test_every_request_has_its_own_scores_in_its_own_order():
    scorer = Slow()
    with Batcher(scorer) as batcher:
        held(scorer, batcher)
        futures = [batcher.submit(items(scorer, number, number + 1000, number)) for number in range(300)]
        scorer.gate.set()
        assert [values(future) for future in futures] == [[n, n + 1000, n] for n in range(300)]
    assert values(batcher_of_nothing()) == []


def batcher_of_nothing():
    with Batcher(Slow()) as batcher:
        return batcher.submit([])


def test_what_waits_is_one_batch_up_to_its_budget():
    scorer = Slow()
    with Batcher(scorer, BatchingLimits(batch_tokens=100, cache_mib=0)) as batcher:
        held(scorer, batcher)
        futures = [batcher.submit(items(scorer, number)) for number in range(25)]
        scorer.gate.set()
        wait(futures, PATIENCE)
    assert [len(batch) for batch in scorer.batches] == [1, 10, 10, 5]


def test_a_large_request_does_not_hold_up_small_ones():
    scorer = Slow()
    with Batcher(scorer, BatchingLimits(batch_tokens=100, cache_mib=0)) as batcher:
        held(scorer, batcher)
        large = batcher.submit(items(scorer, *range(400)))
        small = [batcher.submit(items(scorer, 1000 + number)) for number in range(3)]
        scorer.gate.set()
        assert [values(future) for future in small] == [[1000], [1001], [1002]]
        assert values(large) == list(range(400))
    # A quarter of the batch is the large one's turn; then each small one has its own.
    assert all(str(1000 + number) in scorer.batches[1] for number in range(3))


def test_equal_responses_are_computed_once_and_a_retry_is_free():
    scorer, cached = Slow(), []
    with Batcher(scorer, BatchingLimits(batch_tokens=20), report_cached=cached.append) as batcher:
        held(scorer, batcher)
        futures = [batcher.submit(items(scorer, 7)) for _ in range(50)]
        scorer.gate.set()
        assert [values(future) for future in futures] == [[7]] * 50
        assert sum(batch.count("7") for batch in scorer.batches) <= 2
        before = len(scorer.batches)
        again = batcher.submit([scorer.prepare(Group("other", "Why?", ("7",)))])
        assert again.done()
        (score,) = again.result()
        assert (score.group, score.hash) == ("other", text_hash(Group("other", "Why?", ("7",)), 0))
        assert len(scorer.batches) == before
        assert cached.count(10) == len(cached) >= 49


def test_what_nobody_waits_for_leaves_the_queue():
    scorer = Slow()
    with Batcher(scorer) as batcher:
        held(scorer, batcher)
        gone = batcher.submit(items(scorer, *range(5)))
        stays = batcher.submit(items(scorer, 9))
        assert gone.cancel()
        scorer.gate.set()
        assert values(stays) == [9]
        assert batcher.queued_tokens == 0
    assert scorer.batches == [["-1"], ["9"]]
    with pytest.raises(CancelledError):
        gone.result()


def test_a_failure_is_that_of_its_request_alone():
    scorer = Slow()
    scorer.broken = {"3", "11"}
    with Batcher(scorer, BatchingLimits(cache_mib=0)) as batcher:
        held(scorer, batcher)
        futures = [batcher.submit(items(scorer, number)) for number in range(20)]
        scorer.gate.set()
        wait(futures, PATIENCE)
        for number, future in enumerate(futures):
            if number in (3, 11):
                with pytest.raises(ValueError, match=f"{number} is broken"):
                    future.result()
            else:
                assert values(future) == [number]
        assert batcher.alive
        assert values(batcher.submit(items(scorer, 30))) == [30]


def test_even_an_exit_inside_the_scorer_does_not_end_the_worker(monkeypatch):
    scorer = Slow()
    with Batcher(scorer) as batcher:
        monkeypatch.setattr(scorer, "score_prepared", lambda *_, **__: exit(1))
        with pytest.raises(SystemExit):
            batcher.submit(items(scorer, 1)).result(PATIENCE)
        monkeypatch.undo()
        assert values(batcher.submit(items(scorer, 2))) == [2]


def test_where_memory_does_not_suffice_batches_become_smaller_and_stay_so():
    scorer = Slow()
    scorer.memory = 1024
    with Batcher(scorer, BatchingLimits(batch_tokens=4096)) as batcher:
        assert values(batcher.submit(items(scorer, *range(30)))) == list(range(30))
        tried = len(scorer.batches)
        assert values(batcher.submit(items(scorer, *range(30, 60)))) == list(range(30, 60))
        assert (tried, len(scorer.batches)) == (3, 4)
        scorer.memory = 1
        with pytest.raises(RuntimeError, match="can't allocate memory"):
            batcher.submit(items(scorer, 99)).result(PATIENCE)


def test_too_much_is_refused_with_when_to_come_again():
    scorer = Slow()
    with Batcher(scorer, BatchingLimits(waiting=2)) as batcher:
        held(scorer, batcher)
        kept = [batcher.submit(items(scorer, number)) for number in range(2)]
        with pytest.raises(OverloadedError, match="2 requests wait already; try again later") as refused:
            batcher.submit(items(scorer, 5))
        assert refused.value.retry_after == 1
        scorer.gate.set()
        assert [values(future) for future in kept] == [[0], [1]]
    with Batcher(scorer, BatchingLimits(queued_tokens=30)) as batcher:
        held(scorer, batcher)
        batcher.submit(items(scorer, 1, 2))
        with pytest.raises(OverloadedError, match="1 request wait"):
            batcher.submit(items(scorer, 3, 4))
        scorer.gate.set()


def test_the_estimated_wait_is_what_patience_is_held_against():
    scorer = Slow()
    with Batcher(scorer, BatchingLimits(patience=5, cache_mib=0)) as batcher:
        assert batcher.estimated_wait() == 0
        # 10 tokens in 0.2 s at least: 10,000 that wait take 200 s.
        first = held(scorer, batcher)
        time.sleep(0.2)
        scorer.gate.set()
        first.result(PATIENCE)
        held(scorer, batcher)
        batcher.submit(items(scorer, *range(1000)))
        assert batcher.estimated_wait() > 10
        with pytest.raises(OverloadedError, match="patience is 5 s") as refused:
            batcher.submit(items(scorer, 5))
        assert refused.value.retry_after > 5
        scorer.gate.set()


def test_who_has_a_score_waits_for_nothing_of_its_batch():
    scorer, waits = Slow(), []
    with Batcher(scorer) as batcher:
        first = held(scorer, batcher)
        first.add_done_callback(lambda future: waits.append(batcher.estimated_wait()))
        scorer.gate.set()
        assert values(first) == [-1]
    assert waits == [0]


def test_a_deadline_that_passes_in_the_queue_is_said():
    scorer = Slow()
    with Batcher(scorer) as batcher:
        held(scorer, batcher)
        late = batcher.submit(items(scorer, 1), deadline=time.monotonic() - 1)
        in_time = batcher.submit(items(scorer, 2), deadline=time.monotonic() + 3600)
        scorer.gate.set()
        with pytest.raises(DeadlineError, match="deadline passed"):
            late.result(PATIENCE)
        assert values(in_time) == [2]


def test_closing_works_off_what_waits_and_takes_nothing_new():
    scorer = Slow()
    batcher = Batcher(scorer)
    first = held(scorer, batcher)
    waiting = batcher.submit(items(scorer, 1))
    closing = threading.Thread(target=batcher.close)
    closing.start()
    while not batcher._closing:
        time.sleep(0.001)
    with pytest.raises(OverloadedError, match="the server stops"):
        batcher.submit(items(scorer, 2))
    scorer.gate.set()
    closing.join(PATIENCE)
    assert (values(first), values(waiting), batcher.alive) == ([-1], [1], False)


def test_closing_with_a_limit_refuses_what_is_left():
    scorer = Slow()
    batcher = Batcher(scorer)
    held(scorer, batcher)
    waiting = batcher.submit(items(scorer, 1))
    assert not batcher.close(timeout=0.05)
    with pytest.raises(OverloadedError) as refused:
        waiting.result(PATIENCE)
    assert refused.value.code == "draining"
    scorer.gate.set()


def test_closing_with_a_limit_does_not_call_done_what_is_being_computed():
    scorer = Slow()
    batcher = Batcher(scorer)
    first = held(scorer, batcher)
    assert not batcher.close(timeout=0)
    scorer.gate.set()
    assert batcher.close()
    assert values(first) == [-1]
    # Nor is a worker that has nothing to do at work.
    idle = Batcher(scorer)
    assert idle.close(timeout=0)


def test_an_item_has_one_response():
    scorer = Slow()
    with Batcher(scorer) as batcher, pytest.raises(ValueError, match="one response"):
        batcher.submit([scorer.prepare(Group("q", "Why?", ("1", "2")))])


def test_what_was_asked_for_longest_ago_leaves_the_cache():
    @dataclass
    class Entry:
        tokens: int = 1

    cache = ScoreCache(3 * 640 / (1 << 20))
    for key in (b"a", b"b", b"c"):
        cache.put(key, Score(key.decode(), 0, score=1.0, tokens=1, truncated=False))
    assert cache.get(b"a").group == "a"
    cache.put(b"d", Score("d", 0, score=1.0, tokens=1, truncated=False))
    assert [cache.get(key) is not None for key in (b"a", b"b", b"c", b"d")] == [True, False, True, True]


@pytest.mark.parametrize("family", ["llama", "bert", "falcon"])
def test_singles_in_any_company_have_the_score_of_a_file(family, tmp_path):
    model = RewardModel.from_pretrained(tiny_model_folder(tmp_path, family))
    prompts = ["why is the sky blue", "please answer", "the cat sat"]
    groups = [Group(str(n), prompts[n % 3], (f"because {n % 40} the air",)) for n in range(120)]
    alone = [model.score(group)[0][0].score for group in groups]
    reports = []
    with Batcher(model, BatchingLimits(batch_tokens=512), reports.append) as batcher:
        results = {}

        def ask(mine):
            for number in mine:
                results[number] = batcher.submit([model.prepare(groups[number])]).result(PATIENCE)[0].score

        clients = [threading.Thread(target=ask, args=(range(start, 120, 16),)) for start in range(16)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    np.testing.assert_allclose([results[number] for number in range(120)], alone, rtol=1e-5, atol=1e-5)
    assert sum(report.responses for report in reports) <= 120
    assert all(report.computed <= report.tokens for report in reports)
