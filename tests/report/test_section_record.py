"""The table of every figure."""

from types import SimpleNamespace

from plaudit.report.sections.record import _every_figure
from plaudit.statistics import Measurement


def test_each_figure_is_written_as_its_metric_says():
    overall = {"accuracy": Measurement(0.5, 0.41, 0.59, 100), "of another package": Measurement(0.5, 0.41, 0.59, 100)}
    rows = [(row[1], row[2].replace("\u00a0", " ")) for row in _every_figure(SimpleNamespace(overall=overall))]
    # A share in percent; what nobody registered with three digits.
    assert rows == [("50.0%", "[41.0, 59.0%]"), ("0.500", "[0.410, 0.590]")]
