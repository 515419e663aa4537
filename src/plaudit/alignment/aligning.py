"""A policy and prompts in, a better policy out: `plaudit align`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.alignment.best_of_n import BEST_OF_N
from plaudit.alignment.evaluating import Gold, PolicyEvaluation, mean_over_prompts
from plaudit.alignment.journal import CURVES, PAGE, SAMPLES, sample_rows, write_rows
from plaudit.alignment.policy_gradient import run_ppo
from plaudit.alignment.progress import showing
from plaudit.alignment.record import align_card, gold_name, scorer_identity, weights_hash
from plaudit.alignment.rounds import run_rounds
from plaudit.alignment.settings import IN_ROUNDS, PPO, AlignmentSettings
from plaudit.alignment.setup import Alignment, PromptSets, set_up
from plaudit.alignment.trl_trainers import check_trl, run_trl
from plaudit.alignment.wishes import check_alignment_wishes
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.groups import Group, each_group
from plaudit.logs import muted
from plaudit.model import CHECKPOINTS, Scorer, check_backbone, merge_lora, open_model
from plaudit.report import alignment_page
from plaudit.storage import data_hash
from plaudit.training import ResumableRun, backbone_record, save_language_model

logger = logging.getLogger(__name__)


@checked
def align(
    policy: str | Path,
    prompts: Iterable[Group] | PromptSets,
    reward: Scorer | str | Path,
    output_dir: str | Path,
    *,
    gold: Gold | str | Path | None = None,
    settings: AlignmentSettings | None = None,
    resume: bool = False,
    overwrite: bool = False,
    **changes: Any,
) -> dict[str, Any]:
    """Improve a policy by a reward model, watch what becomes of it, and save the best as an ordinary checkpoint.

    Args:
        policy: a packaged decoder, a folder (such as `sft` writes) or a hub id.
        prompts: groups, whose responses and judgements are ignored; shares of them are held out to choose the policy
            that is kept and to report on. Or a PromptSets, to say which.
        reward: a scorer, the folder of one, a hub id or a server's URL.
        output_dir: the folder to write. Checkpoints stand in its `checkpoints/` until the run is done.
        gold: what is not optimised but watched: a second model by any name that `reward` may have, trained on other
            people's judgements; or a function of groups that knows the truth of each response.
        settings: an AlignmentSettings; `changes` are settings by name that replace some of its.
        resume: go on from the newest whole checkpoint in `output_dir`.
        overwrite: replace what is there.

    Returns:
        The run record, as it stands in plaudit.json.

    Raises:
        PlauditError: if the policy is no decoder, an extra is missing, the reward tells no answers apart or gives no
            number, the folder is taken, or a setting makes no sense.

    Example:
        >>> from plaudit.data import load_groups
        >>> prompts = load_groups("train.jsonl")
        >>> record = align("my-backbone", prompts, "my-bow", "my-policy", method="ppo", steps=2, max_new_tokens=64)
        >>> record["method"], record["test"]["after"]["reward"]["n"] > 0
        ('ppo', True)
    """
    settings = (settings or AlignmentSettings()).with_changes(changes, "align()")
    check_alignment_wishes(settings)
    if settings.method != PPO:
        check_trl()
    check_backbone(policy)
    sets = prompts.filled() if isinstance(prompts, PromptSets) else PromptSets.split(_groups(prompts), settings)
    scorer = reward if isinstance(reward, Scorer) else open_model(reward)
    judge = open_model(gold) if isinstance(gold, str | Path) else gold
    paid_by = scorer_identity(reward, scorer)
    _refuse_reward_as_gold(gold, judge, paid_by)
    origin = _origin(policy, sets, {"reward": paid_by, "gold": gold_name(gold)}, settings)
    run = ResumableRun(output_dir, settings, origin, resume=resume, overwrite=overwrite)
    if run.processes > 1:
        raise InvalidInputError(
            f"an alignment runs in one process, and these are {run.processes}", remedy="start it without torchrun"
        )
    with muted("plaudit", when=not run.is_main), run.whole_or_gone():
        run.open()
        return _align(run, policy, sets, scorer, judge)


def _refuse_reward_as_gold(name: Any, gold: Gold | None, paid_by: Mapping[str, str]) -> None:
    if isinstance(gold, Scorer) and scorer_identity(name, gold)["record"] == paid_by["record"]:
        raise InvalidInputError(
            f"gold {gold_name(name)} is the reward itself, and would approve of whatever is optimised",
            remedy="give a model of other people's judgements, or none",
        )


def _origin(
    policy: str | Path, sets: PromptSets, judges: Mapping[str, Any], settings: AlignmentSettings
) -> dict[str, Any]:
    """What the run is of. A resumed one is held to it: the same reference, rewards and prompts."""
    return {
        "stage": "align",
        "method": settings.method,
        "backbone": str(policy),
        "backbone_weights": weights_hash(policy),
        **judges,
        "data": data_hash([*sets.train, *sets.validation, *sets.test]),
    }


def _groups(prompts: Iterable[Group]) -> list[Group]:
    groups = list(each_group(prompts))
    if not groups:
        raise InvalidInputError("there is no prompt to answer", remedy="give groups")
    return groups


def _align(
    run: ResumableRun[AlignmentSettings], policy: str | Path, sets: PromptSets, scorer: Scorer, gold: Gold | None
) -> dict[str, Any]:
    settings = run.settings
    learned_from = sets.learned_from()
    alignment = set_up(run, policy, sets, scorer, gold)
    total = settings.rounds if settings.method in IN_ROUNDS else settings.steps
    run.steps = alignment.done
    try:
        with showing(total, alignment.done, settings.unit) as progress:
            progress.evaluation(alignment.watch.evaluations[0])
            if settings.method in IN_ROUNDS:
                run_rounds(alignment, progress)
            elif settings.method == PPO:
                run_ppo(alignment, progress)
            else:
                run_trl(alignment, progress)
    except (PlauditError, KeyboardInterrupt):
        if any((run.output / CHECKPOINTS).glob("checkpoint-*/trainer_state.json")):
            logger.warning("the run has stopped after %s %d; go on with --resume", settings.unit, run.steps)
        raise
    return _finish(alignment, learned_from)


def _finish(alignment: Alignment, learned_from: Mapping[str, int]) -> dict[str, Any]:
    """Take the best policy, report it on prompts that nothing was chosen by, and save it."""
    run, watch, policy = alignment.run, alignment.watch, alignment.policy
    watch.load_best(policy)
    kept = watch.best
    after = alignment.test.evaluate(policy, kept.step)
    watch.journal.add(alignment.test_before.to_json())
    watch.journal.add(after.to_json())
    assert alignment.rewarder.scale is not None
    scale = alignment.rewarder.scale.to_dict()
    scale.pop("by_prompt")
    record = backbone_record(
        run.record(
            kept_step=kept.step,
            stopped=None if watch.alarm is None else watch.alarm.to_json(),
            scale=scale,
            reading=alignment.rewarder.check.to_json(),
            prompts={"train": len(alignment.prompts)}
            | {side.part: len(side.prompts) for side in (watch.validation, alignment.test)},
            learned_from=learned_from,
            test=compare_evaluations(alignment.test_before, after),
            best_of_n=next((row for row in watch.journal.rows if row["kind"] == BEST_OF_N), None),
        )
    )
    samples = sample_rows(alignment.test_before, after)

    def write_more(folder: Path) -> None:
        write_rows(folder / CURVES, watch.journal.rows)
        write_rows(folder / SAMPLES, samples)
        page = alignment_page(record, watch.journal.rows, samples)
        (folder / PAGE).write_text(page, encoding="utf-8")
        for file in sorted((run.output / CHECKPOINTS).glob("round-*.jsonl")):
            (folder / file.name).write_bytes(file.read_bytes())

    model, tokenizer = merge_lora(policy.model), policy.renderer.tokenizer
    run.save(
        lambda: save_language_model(run.output, model, tokenizer, record, align_card(record), write_more=write_more)
    )
    return record


def compare_evaluations(before: PolicyEvaluation, after: PolicyEvaluation) -> dict[str, Any]:
    """Figures before and after, and their differences paired by prompt."""
    return {
        "before": {name: figure.to_json() for name, figure in before.figures.items()},
        "after": {name: figure.to_json() for name, figure in after.figures.items()},
        "gain": {
            name: mean_over_prompts(after.by_prompt[name] - values).to_json()
            for name, values in before.by_prompt.items()
        },
    }
