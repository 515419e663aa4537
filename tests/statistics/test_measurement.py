"""A measurement in JSON."""

from plaudit.statistics.measurement import Measurement, undefined


def test_json_says_null_and_why():
    assert undefined("no data").to_json() == {"value": None, "low": None, "high": None, "n": 0, "reason": "no data"}
    assert Measurement(0.5, 0.4, 0.6, 9).to_json() == {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}
