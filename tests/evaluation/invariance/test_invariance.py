"""One score: sound ones pass every check that applies; one that depends on its company is caught by the right one."""

import json
import math
from random import Random

import pytest
from tiny import tiny_model_folder

from plaudit.data.scores import Score
from plaudit.errors import PlauditError
from plaudit.evaluation.invariance.checks import check_invariance, compared
from plaudit.evaluation.invariance.rescoring import RESCORINGS
from plaudit.evaluation.invariance.results import Checked
from plaudit.groups import Group
from plaudit.model import RewardModel
from plaudit.model.prepared import Prepared
from plaudit.model.scorer import Scorer
from plaudit.report.rules.rewards import one_score

GROUPS = [
    Group("a", "why is the sky blue?", ("because light is scattered", "because", "the dog sat on the log " * 4)),
    Group("b", "天空", ("the sea is green", "天空为什么是蓝色的")),
    Group("c", "please answer", ("yes", "no", "the cat sat on the mat")),
]
NETWORKS = {"padded no forest", "transformers padded right", "transformers padded left", "other precision"}


class Company(Scorer):
    """Length, and what `add` makes of the place of a group, of a response, and of the batch."""

    record: dict = {}  # noqa: RUF012

    def __init__(self, add):
        self.add = add

    def prepare(self, group, *, truncate_responses=False):
        return Prepared(group, len(group.responses))

    def score_prepared(self, batch, *, batch_tokens=4096):
        return [
            [
                Score(item.group.id, i, len(text) + self.add(g, i, len(item.group.responses), batch_tokens), 1, False)
                for i, text in enumerate(item.group.responses)
            ]
            for g, item in enumerate(batch)
        ]

    def run_record(self, kind, **more):
        return {}

    def save(self, folder, *, card=None):
        raise NotImplementedError


def broken(add):
    return {check.name for check in check_invariance(Company(add), GROUPS).broken}


@pytest.mark.parametrize(
    ("add", "caught"),
    [
        (lambda g, i, k, batch: 0, set()),
        (lambda g, i, k, batch: 9 * (batch < 100), {"one response a batch"}),
        (lambda g, i, k, batch: 9 * (batch > 9999), {"everything in one batch"}),
        (lambda g, i, k, batch: 9 * (k == 1), {"without siblings"}),
        (lambda g, i, k, batch: 9 * (i == 0), {"siblings in reverse", "without siblings"}),
        (lambda g, i, k, batch: 9 * (g == 0), {"groups in another order", "without siblings"}),
    ],
    ids=["sound", "small batches", "large batches", "alone", "place of a response", "place of a group"],
)
def test_what_a_score_depends_on_is_caught(add, caught):
    assert broken(add) == caught


def test_a_scorer_that_draws_its_scores_fails_all_that_apply():
    numbers = Random(0)
    result = check_invariance(Company(lambda g, i, k, batch: 50 * numbers.random()), GROUPS)
    assert {check.name for check in result.broken} == set(RESCORINGS) - NETWORKS - {"saved and loaded"}
    (finding,) = one_score(result)
    assert finding.tone == "bad"
    told = finding.sentence.plain("en")
    assert told.startswith("The score depends on what it must not depend on: ")
    assert told.endswith("siblings in reverse and 1 more.")


def test_what_does_not_apply_says_why():
    checks = {check.name: check for check in check_invariance(Company(lambda *_: 0), GROUPS).checks}
    assert {checks[name].reason for name in NETWORKS} == {"it has no network of its own"}
    assert checks["saved and loaded"].reason == "it cannot be saved"
    assert checks["saved and loaded"].to_json()["ok"] is None


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "bert", "falcon"])
def test_models_have_one_score(family, tmp_path):
    model = RewardModel.from_pretrained(tiny_model_folder(tmp_path / family, family))
    before = [[score.score for score in row] for row in model.score(GROUPS)]
    result = check_invariance(model, GROUPS)
    checks = {check.name: check for check in result.checks}
    # Random weights that were multiplied amplify the rounding of 16 bits; learned ones do not.
    exact = [check for check in result.checks if check.name not in ("other precision", "transformers padded left")]
    assert not [check for check in exact if check.ok is False]
    assert checks["other precision"].largest > 0
    assert (checks["padded no forest"].ok is None) == (family == "falcon")
    assert (checks["transformers padded left"].ok is None) == (family == "bert")
    if family in ("llama", "gemma2"):  # relative positions, which padding on the left leaves alone
        assert checks["transformers padded left"].ok
    # The checks leave the model as it was.
    assert [[score.score for score in row] for row in model.score(GROUPS)] == before
    assert model.network.layout.packed == (family != "falcon")
    assert "plaudit" not in model.record


def test_by_hand():
    check = Checked("x", None, None, 0.1, 0, 0, 0, True)
    own, other = [[1.0, 2.0, 3.0], [5.0]], [[1.0, 2.5, 2.4], [5.0]]
    found = compared(check, own, other, 2.0)
    # 2.0 -> 2.5 and 3.0 -> 2.4: of three pairs in the first group the last two changed places.
    assert (found.largest, found.in_sd) == (pytest.approx(0.6), pytest.approx(0.3))
    assert (found.flips, found.pairs, found.n, found.ok) == (1, 3, 4, False)
    assert compared(check, own, [[1.0, 2.0, 3.1], [5.0]], 2.0).ok


def test_scores_that_are_not_numbers():
    check = Checked("x", None, None, 0.1, 0, 0, 0, True)
    assert compared(check, [[math.nan, 1.0]], [[math.nan, 1.0]], 1.0).ok
    one_way = compared(check, [[math.nan, 1.0]], [[2.0, 1.0]], 1.0)
    assert (one_way.ok, one_way.reason) == (False, "some responses have a finite score in one way only")


def test_constant_scores_have_no_unit_and_must_be_equal():
    check = Checked("x", None, None, 0.1, 0, 0, 0, True)
    same, other = (compared(check, [[1.0, 1.0]], [[1.0, x]], math.nan) for x in (1.0, 1.1))
    assert (same.ok, same.in_sd, other.ok) == (True, None, False)
    result = check_invariance(Company(lambda *_: 0), [Group("a", "why?", ("yes", "not"))])
    assert not result.broken
    json.dumps(result.to_json(), allow_nan=False)


def test_a_way_that_fails_is_no_end_of_the_others():
    result = check_invariance(Company(lambda g, i, k, batch: 1 // (k - 1)), GROUPS)
    (alone,) = result.broken
    assert (alone.name, alone.largest) == ("without siblings", None)
    assert alone.reason.startswith("ZeroDivisionError: ")


def test_no_group_is_an_error():
    with pytest.raises(PlauditError, match="no group"):
        check_invariance(Company(lambda *_: 0), [])
