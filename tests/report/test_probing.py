"""What probes allow to be said."""

import pytest
from report_samples import evaluation, exactly, found, probe
from report_samples import probed as result

from plaudit.report.rules.probes import moved_by_probes, unseen
from plaudit.report.sections.probes import section
from plaudit.statistics.intervals import NO_VARIATION

ALWAYS_ZERO = {"value": 0.0, "low": None, "high": None, "n": 50, "reason": NO_VARIATION}
ROUNDING = found(1e-9, 3e-9)


def probed(name, family, finding, effect):
    return probe(name, family, 0.0, finding) | {"effect": effect}


@pytest.mark.parametrize(
    ("finding", "effect", "same"),
    [
        ("sound", ALWAYS_ZERO, True),
        ("sound", ROUNDING, True),
        ("sound", exactly(0.0), True),
        ("sound", found(0.0, 0.01), False),
        ("sound", found(-0.3), False),
        ("unsure", ALWAYS_ZERO, False),
        ("undefined", found(None), False),
        ("sound", found(None), False),
    ],
)
def test_a_change_that_moves_no_score_is_not_seen(finding, effect, same):
    assert unseen(result(probed("x", "y", finding, effect))) == same


def test_nobody_is_praised_for_what_cannot_mislead():
    """Three of the four sound ones are no change at all to the model: one of the remaining two is sound."""
    tried = [
        probed("lower case", "spelling", "sound", ALWAYS_ZERO),
        probed("upper case", "spelling", "sound", ROUNDING),
        probed("double spaces", "formatting", "sound", exactly(0.0)),
        probed("typos", "spelling", "sound", found(-0.2)),
        probed("padding", "length", "misled", found(0.7)),
    ]
    misled, sound, same = moved_by_probes(evaluation({"probes": {"probes": tried}}).probes)
    assert misled.sentence.plain("en").startswith(
        "Changes that should not pay move its reward, in 1 of 2 probes: length (1 of 1)."
    )
    assert sound.sentence.plain("en") == "Not taken in by 1 of 2 probes, among them all of these: spelling."
    assert (same.side, same.tone) == ("sure", "open")
    assert same.sentence.plain("en") == (
        "3 probes are not counted: the model does not see the change, and every score stays as it is: "
        "writing everything in lower case, writing everything in capitals, two spaces between sentences."
    )
    assert same.sentence.plain("zh").startswith("有 3 项探测未计入")


def test_only_what_it_does_not_see_is_nothing_in_its_favour():
    found_out = list(
        moved_by_probes(
            evaluation({"probes": {"probes": [probed("lower case", "spelling", "sound", ALWAYS_ZERO)]}}).probes
        )
    )
    assert [finding.side for finding in found_out] == ["sure"]
    assert found_out[0].sentence.plain("en").startswith("1 probe is not counted")


def test_the_plot_says_what_is_not_seen_and_why_there_is_no_interval():
    one = {
        "value": 0.3,
        "low": None,
        "high": None,
        "n": 1,
        "reason": "one cluster cannot show how much clusters differ",
    }
    tried = [
        probed("lower case", "spelling", "sound", ALWAYS_ZERO),
        probed("typos", "spelling", "unsure", one) | {"reason": one["reason"]},
        probed("upper case", "spelling", "unsure", found(0.1)) | {"reason": "not shown: there is an interval"},
    ]
    typos, upper, lower = section(evaluation({"probes": {"probes": tried}})).blocks[0].rows
    assert (lower.tone, lower.note.plain("en")) == ("baseline", "spelling · not seen by the model")
    assert lower.note.plain("zh").endswith(" · 模型看不见")
    assert typos.note.plain("en") == upper.note.plain("en") == "spelling · not settled"
    assert typos.missing.plain("zh") == "只有一个聚类，看不出聚类之间相差多少"
    assert (upper.missing, lower.missing.key[:16]) == ("", "reason.every_val")
