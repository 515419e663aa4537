"""`align.html`: did the policy get better, or did it only learn to please the reward?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from plaudit.report.aligned import origin, path, steps
from plaudit.report.aligned.result import learned_section, result_section
from plaudit.report.aligned.run import AlignmentRun
from plaudit.report.aligned.samples import samples_section
from plaudit.report.aligned.verdict import judge_run, word
from plaudit.report.frame import Frame, page_title, render_frame, short_name
from plaudit.report.i18n import Sentence, say
from plaudit.report.rules.finding import Side
from plaudit.statistics import measurement_of, signed
from plaudit.text import Language


def alignment_page(
    record: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    samples: Sequence[Mapping[str, Any]],
    *,
    language: Language = "en",
) -> str:
    """The page of an alignment run: one self-contained HTML file in both languages, which loads nothing and runs no
    script. What policies write is escaped; what could steer a reader's eye is spelled out.

    Args:
        record: the policy's `plaudit.json`. If it has `best_of_n` (`n`, `kl` in nats, `reward` and `gold`: a
            measurement for each n, in the units of the run's own), that is drawn beside the run.
        rows: the lines of `curves.jsonl`.
        samples: the lines of `samples.jsonl`.
        language: the one it opens in.

    Raises:
        ValueError: if something that should be a measurement is none.

    Example:
        >>> gain = {"value": 0.5, "low": 0.2, "high": 0.8, "n": 40}
        >>> record = {"method": "ppo", "kept_step": 20, "stopped": None, "test": {"gain": {"gold": gain}}}
        >>> page = alignment_page(record, rows=[], samples=[])
        >>> page[:15], "On the test prompts gold rose" in page, "<script" in page
        ('<!doctype html>', True, False)
    """
    run = AlignmentRun.read(record, rows, samples)
    verdict = judge_run(run)
    return render_frame(
        Frame(
            language=language,
            heading=say("aligned.title"),
            title=page_title(short_name(str(record.get("backbone") or ""))),
            untitled=say("aligned.untitled"),
            measured=run.counted,
            signal=verdict.signal,
            word=word(run, verdict),
            headline=verdict.headline,
            cautions=verdict.cautions,
            figure=_figure(run),
            sides=[
                (say(f"aligned.side_{side}"), verdict.on(side), say(f"aligned.nothing_{side}"))
                for side in get_args(Side)
            ],
            sections=(
                path.section(run),
                result_section(run),
                steps.section(run),
                learned_section(run),
                samples_section(run),
                origin.section(run),
            ),
            styles=("style.css", "align.css"),
        )
    )


def _figure(run: AlignmentRun) -> tuple[str, str, Sentence] | None:
    """The gain that counts: gold's, or the reward's where nobody knows better."""
    name = "gold" if run.has_gold else "reward"
    gain = measurement_of(run.gain, name)
    if gain.value is None:
        return None
    return signed(gain.value), gain.interval(signed), say(f"aligned.figure_{name}")
