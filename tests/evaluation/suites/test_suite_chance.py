"""Every suite, three scorers: an oracle is at the top, a constant one and a random one at chance."""

import numpy as np
import pytest
from suite_samples import FILES, is_right, write

from plaudit.evaluation.suites import SUITES, measure_suite, read_suite

NAMES = list(SUITES)
# Where equal scores earn nothing by the authors' rule, and where their rule shares ties itself.
STRICT = {"rewardbench", "rmbench", "judgebench", "rmb", "ppe-human", "ppe-correctness"}


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suites")
    return {name: read_suite(SUITES[name], write(folder / name, files)) for name, files in FILES.items()}


def figures(name, items, score):
    scores = [[score(response) for response in group.responses] for group in items[name]]
    return {figure.name: figure for figure in measure_suite(SUITES[name], items[name], scores).figures}


def test_there_are_samples_of_every_suite():
    assert set(FILES) == set(SUITES)


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_are_whole(items, name):
    result = measure_suite(SUITES[name], items[name], [[0.0] * len(group.responses) for group in items[name]])
    assert result.unknown == ()
    assert not result.missing or name == "rewardbench"
    assert len({figure.name for figure in result.figures}) == len(result.figures)
    assert result.figures[0].name == "score"


@pytest.mark.parametrize("name", NAMES)
def test_an_oracle_is_at_the_top(items, name):
    found = figures(name, items, lambda response: float(is_right(response)))
    # The Ties score ends at 1.01: 0.01 of it for right answers much closer to each other than to wrong ones.
    top = {"rewardbench2": 1 + 0.01 / 6}.get(name, 1.0)
    assert found["score"].by_rule.value == pytest.approx(top)
    assert found["score"].shared == pytest.approx(top)


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_is_at_chance_where_ties_are_shared(items, name):
    for figure in figures(name, items, lambda response: 0.0).values():
        if figure.chance is not None:
            assert figure.shared == pytest.approx(figure.chance), figure.name


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_gets_nothing_by_a_strict_rule_and_chance_by_one_that_shares_ties(items, name):
    found = figures(name, items, lambda response: 0.0)
    if name in STRICT:
        assert found["score"].by_rule.value == 0
    elif name == "llmbar":
        assert found["score"].by_rule.value == found["score"].chance == 0.5
    else:
        assert found["Math"].by_rule.value == found["Math"].chance == 0.25
        assert found["Ties"].by_rule.value == 0
        assert found["score"].by_rule.value == pytest.approx(5 / 6 * 0.25)


@pytest.mark.parametrize("name", NAMES)
def test_random_scores_are_at_chance_in_expectation(items, name):
    rng = np.random.default_rng(0)
    runs = [figures(name, items, lambda response: rng.normal()) for _ in range(60)]
    for figure in runs[0]:
        chance = runs[0][figure].chance
        # The highest point of a random curve is above the flat line by luck.
        if chance is None or "highest" in figure:
            continue
        values = np.array([run[figure].by_rule.value for run in runs])
        assert abs(values.mean() - chance) < 5 * values.std() / np.sqrt(len(values)) + 1e-9, figure


@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_inside_its_interval(items, name):
    rng = np.random.default_rng(1)
    for figure in figures(name, items, lambda response: rng.integers(3)).values():
        measured = figure.by_rule
        if measured.low is not None:
            assert measured.low - 1e-12 <= measured.value <= measured.high + 1e-12, figure.name
            assert measured.high > measured.low
