"""Dot plots: places, and what is said under them."""

from report_samples import found, measured

from plaudit.report.blocks import Entry, dots
from plaudit.report.i18n import say
from plaudit.statistics import signed


def plot(*figures):
    entries = [Entry(str(i), measured(row)) for i, row in enumerate(figures)]
    return dots(entries, signed, say("head.effect"), say("where.lengths"), lines=[("zero", 0.0)])


def test_one_wide_interval_is_cut_off_with_a_mark_and_its_figures_stay():
    """The lines of the others are at most 0.6 long on an axis of about 2; with the wide one it would be 20."""
    block = plot(found(0.0, 0.3), found(1.0, 0.3), found(-0.5, 0.3), found(-0.6, 8.4, 2))
    assert block.axis.high - block.axis.low <= 3
    *others, wide = block.rows
    assert [row.goes_on for row in others] == [(False, False)] * 3
    assert wide.goes_on == (True, True)
    assert wide.interval == "[−9.00,\u00a0+7.80]"
    assert ("beyond", "区间超出图外") in [(key, said.plain("zh")) for key, said in block.legend]


def test_without_a_wide_interval_nothing_goes_on():
    block = plot(found(0.0, 0.3), found(1.0, 0.3), found(-0.5, 0.5))
    assert [row.goes_on for row in block.rows] == [(False, False)] * 3
    assert "beyond" not in dict(block.legend)
