"""Benchmark suites from local files in their authors' formats, measured by their authors' rules (docs/suites.md)."""

from plaudit.errors import NotFoundError
from plaudit.evaluation.suites.judgebench import JUDGEBENCH
from plaudit.evaluation.suites.llmbar import LLMBAR
from plaudit.evaluation.suites.measuring import SuiteMeasurement, SuiteResult, measure_suite
from plaudit.evaluation.suites.ppe import PPE_HUMAN
from plaudit.evaluation.suites.ppe_correctness import PPE_CORRECTNESS
from plaudit.evaluation.suites.reading import read_suite
from plaudit.evaluation.suites.rewardbench import REWARDBENCH
from plaudit.evaluation.suites.rewardbench2 import REWARDBENCH2
from plaudit.evaluation.suites.rmb import RMB
from plaudit.evaluation.suites.rmbench import RMBENCH
from plaudit.evaluation.suites.suite import Suite

SUITES = {
    suite.name: suite
    for suite in (REWARDBENCH, REWARDBENCH2, RMBENCH, LLMBAR, JUDGEBENCH, RMB, PPE_HUMAN, PPE_CORRECTNESS)
}


def suite_named(name: str) -> Suite:
    """The suite called `name`. Raises PlauditError naming all suites when there is none."""
    if name not in SUITES:
        raise NotFoundError(f"there is no suite {name!r}", remedy=f"the suites are {', '.join(SUITES)}")
    return SUITES[name]


__all__ = ["SUITES", "Suite", "SuiteMeasurement", "SuiteResult", "measure_suite", "read_suite", "suite_named"]
