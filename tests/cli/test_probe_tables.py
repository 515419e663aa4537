"""The table of probes at any width: every figure whole, and said what is left out."""

import pytest

from plaudit.cli import probe_tables
from plaudit.evaluation.probes import PROBES, Probed, Probes
from plaudit.statistics import Measurement, undefined


def probed(name, effect, finding, q=0.031):
    return Probed(PROBES[name], effect, 0.031, q, Measurement(0.5, 0.1, 0.9, 4), finding, None, {})


FOUND = Probes(
    sd=0.01,
    sd_of="within prompts",
    groups=20,
    answers=40,
    clusters="prompt",
    cluster_count=20,
    probed=[
        probed("padding", Measurement(-1295.47, -6897.32, 4306.38, 4), "unsure"),
        probed("paragraphs reversed", Measurement(0.42, -0.05, 0.89, 4), "unsure", 0.0001),
        probed("bold", undefined("no unit"), "undefined"),
    ],
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_figures_are_whole(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    probe_tables.show(FOUND, None)
    out = capsys.readouterr().out
    for figure in ("-1295 [-6897, +4306]", "+0.42 [-0.05, +0.89]"):
        assert figure in out
    assert ("(no room for: raised" in out) == (width < 120)
    assert ("50%" in out) == (width == 120)


def test_what_is_undefined_has_no_q(capsys):
    probe_tables.show(FOUND, None)
    lines = {line.split("  ")[1].strip(): line for line in capsys.readouterr().out.splitlines() if line[:2] == "  "}
    assert "0.031" in lines["padding"]
    assert "<0.001" in lines["paragraphs reversed"]
    assert "0.031" not in lines["bold"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.004, "+0.00"), (-99.994, "-99.99"), (100, "+100"), (-6897.32, "-6897"), (1234567, "+1.23e+06")],
)
def test_sizes(value, shown):
    assert probe_tables._sd(value) == shown
