"""A metric is one registered row: a module of one file adds one, and it stands everywhere figures stand."""

import importlib
import json
import sys

import pytest
from rich.console import Console

from plaudit.cli import eval_tables
from plaudit.errors import NotFoundError
from plaudit.evaluation import METRICS, RATING_METRICS, evaluate, in_table_order
from plaudit.groups import Group, Ranking, Rating
from plaudit.report import ReportInputs, model_card_figures, render_report

MODULE = '''
"""How often the gap is larger than one; and the largest error of a value."""

import numpy as np

from plaudit.evaluation import METRICS, RATING_METRICS, PreferenceMetric, RatingMetric, of_scores
from plaudit.statistics import Measurement, percent, plain, proportion


def clear_wins(comparisons, scores, intervals):
    outcome = (comparisons.gaps(scores) > 1).astype(float)
    return proportion(outcome, comparisons.weight, comparisons.cluster, intervals=intervals)


def largest_error(rated, values, intervals):
    return Measurement(float(np.abs(values - rated.human).max()), None, None, len(values))


METRICS.register(
    "clear_wins",
    PreferenceMetric(
        name="clear_wins", en="clear wins", zh="明显胜出", form=percent, measure=of_scores(clear_wins), headline=9
    ),
)
RATING_METRICS.register(
    "largest_error",
    RatingMetric(
        name="largest_error", en="largest error", zh="最大误差", form=plain, measure=largest_error, headline=9
    ),
)
'''


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The module, imported; taken out of the tables afterwards."""
    (tmp_path / "clear_wins_metric.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    # Both tables are read before, so that what was there stands first.
    assert "clear_wins" not in METRICS
    assert "largest_error" not in RATING_METRICS
    importlib.import_module("clear_wins_metric")
    yield
    for table, name in ((METRICS, "clear_wins"), (RATING_METRICS, "largest_error")):
        del table._entries[name]
    del sys.modules["clear_wins_metric"]


def evaluation():
    best = Ranking(((0,), (1,)))
    groups = [Group(f"g{i}", f"{i}?", ("yes", "no"), (best,), ratings=(Rating(0, i, "help"),)) for i in range(8)]
    return evaluate(groups, [[1.5 * (i % 4), 0.0] for i in range(8)])


def test_one_file_adds_a_metric_to_json_terminal_card_and_page(added, capsys, monkeypatch):
    """Gaps are 0, 1.5, 3, 4.5 twice: six of eight are larger than one."""
    monkeypatch.setenv("COLUMNS", "100")
    measured = evaluation()
    row = json.loads(json.dumps(measured.to_json()))
    assert row["clear_wins"]["value"] == 0.75
    # The fourth value is 4.5 for a rating of 3, the last 4.5 for 7; the largest error is that of the fifth: 0 for 4.
    assert row["ratings"]["help"]["largest_error"]["value"] == 4.0
    for language, label, other in (("en", "clear wins", "largest error"), ("zh", "明显胜出", "最大误差")):
        eval_tables.show(measured, language=language)
        out = capsys.readouterr().out
        assert [line.split()[-4] for line in out.splitlines() if label in line] == ["75.0%"]
        assert other in out
    card = model_card_figures(measured)
    assert "| clear wins | 75.0% |" in card
    assert "| help: largest error | 4.00 |" in card
    page = render_report(ReportInputs(evaluation=measured))
    assert "clear_wins" in page
    assert "clear wins" in page
    assert "明显胜出" in page


def test_without_the_file_nothing_of_it_is_left():
    assert "clear_wins" not in evaluation().to_json()
    with pytest.raises(NotFoundError, match="there is no metric called 'acuracy'; did you mean 'accuracy'"):
        METRICS.lookup("acuracy")


def test_every_row_stands_once_and_under_its_own():
    for table in (METRICS, RATING_METRICS):
        rows = in_table_order(table)
        assert sorted(metric.name for metric in rows) == sorted(table)
        for place, metric in enumerate(rows):
            if metric.under is not None:
                above = next(row for row in reversed(rows[:place]) if row.under is None)
                assert above.name == metric.under


def test_labels_are_whole_at_eighty_columns_in_both_languages():
    for metric in (*METRICS.values(), *RATING_METRICS.values()):
        for language in ("en", "zh"):
            assert Console().measure(metric.label(language)).maximum <= 38, metric.name
