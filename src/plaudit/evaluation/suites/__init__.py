"""Benchmark suites from local files in their authors' formats, measured by their authors' rules (docs/suites.md)."""

from plaudit.evaluation.suites.measuring import SuiteMeasurement, SuiteResult, measure_suite
from plaudit.evaluation.suites.reading import read_suite
from plaudit.evaluation.suites.running import run_suite
from plaudit.evaluation.suites.suite import SUITES, Suite, register_suite

__all__ = [
    "SUITES",
    "Suite",
    "SuiteMeasurement",
    "SuiteResult",
    "measure_suite",
    "read_suite",
    "register_suite",
    "run_suite",
]
