"""An evaluation read back from its JSON is the one that was written; what another version wrote is refused."""

import copy
import json
from dataclasses import replace

import pytest
from group_strategies import groups
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruled import by_text

from plaudit.errors import DataError
from plaudit.evaluation import Evaluation, Invariance, check_invariance, evaluate, probe, read_evaluation
from plaudit.groups import Group, Ranking, Rating
from plaudit.scoring import ScoredGroups
from plaudit.statistics import Measurement


def through_json(evaluation):
    return Evaluation.from_json(json.loads(json.dumps(evaluation.to_json(), allow_nan=False)))


def example():
    """Three subsets with votes, a ranking of three, ratings, a spread and a baseline; and probes of a rule."""
    data = [
        Group(
            f"g{i}",
            f"Question {i}?",
            ("One. Two.", "A longer one. And more.", "No."),
            (Ranking(((0,), (1, 2)), annotator="a"), Ranking(((1,), (0,)), annotator="b")),
            ratings=(Rating(0, float(i % 4), "help", annotator="a"), Rating(1, 2.0, "help", annotator="b")),
            subset=f"s{i % 3}",
        )
        for i in range(9)
    ]
    scores = [[0.1 * i, 1.0, -0.3 * i] for i in range(9)]
    scored = ScoredGroups.of(
        scores,
        spreads=[[0.1 + abs(score) for score in row] for row in scores],
        baselines={"bow": [row[::-1] for row in scores]},
        record={"model": "m", "versions": {"plaudit": "0"}},
    )
    model = by_text(len)
    return replace(
        evaluate(data, scored, bootstrap=100),
        probes=probe(model, data, count=3),
        invariance=Invariance(1.5, 3, check_invariance(model, data).checks),
    )


@pytest.fixture(scope="module")
def evaluation():
    return example()


def test_everything_comes_back(evaluation):
    again = through_json(evaluation)
    assert again == evaluation
    assert again.to_json() == evaluation.to_json()
    assert again.probes.probed[0].probe is evaluation.probes.probed[0].probe


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(groups(), min_size=1, max_size=4, unique_by=lambda group: group.id), st.data())
def test_any_evaluation_comes_back(data, draw):
    numbers = st.floats(-1e6, 1e6) | st.just(float("nan"))
    scores = [[draw.draw(numbers) for _ in group.responses] for group in data]
    measured = evaluate(data, scores)
    again = through_json(measured)
    assert (again.to_json(), again.overall, again.subsets) == (measured.to_json(), measured.overall, measured.subsets)


def test_from_a_file(evaluation, tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps(evaluation.to_json()))
    assert read_evaluation(tmp_path / "metrics.json") == evaluation
    (tmp_path / "older.json").write_text(json.dumps({"accuracy": 0.7}))
    with pytest.raises(DataError) as error:
        read_evaluation(tmp_path / "older.json")
    assert str(error.value) == (
        f"{tmp_path / 'older.json'}: these are no figures that this version reads "
        '("format" is None, not 1); run `plaudit eval` again'
    )
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(DataError, match=r"broken\.json: it cannot be read"):
        read_evaluation(tmp_path / "broken.json")


def paths(row, at=()):
    yield at
    for key, value in row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ():
        yield from paths(value, (*at, key))


WRITTEN = example().to_json()
PATHS = [path for path in paths(WRITTEN) if path and path[0] != "record"]
JUNK = st.sampled_from(
    [None, 0, -1.5, float("nan"), 10**400, True, "x", "", [], {}, [[1]], [None], {"value": "x", "n": "y"}]
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PATHS), JUNK)
def test_whatever_is_changed_it_is_an_evaluation_or_one_clear_error(path, junk):
    row = copy.deepcopy(WRITTEN)
    place = row
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = junk
    try:
        Evaluation.from_json(row).to_json()
    except DataError as error:
        assert error.remedy == "run `plaudit eval` again"


def test_a_measurement_comes_back():
    for one in (Measurement(0.5, 0.4, 0.6, 9), Measurement(None, None, None, 0, "why"), Measurement(1, None, None, 2)):
        assert Measurement.from_json(one.to_json()) == one
