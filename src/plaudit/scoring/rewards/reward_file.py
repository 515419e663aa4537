"""The file that OpenRLHF and veRL load a reward from by its path: small, readable, and one's own from then on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.model import check_model, keep_token, member_names
from plaudit.scoring.rewards.unfinished import open_tokenizer
from plaudit.storage import check_place, replacing

_OPENRLHF = '''"""The reward of OpenRLHF: --reward.remote_url {file}

OpenRLHF executes this file once in each engine actor, which then holds the model. Written by `plaudit reward-file`.
"""

from plaudit.scoring import openrlhf_reward

MODEL = {model}
# Whose chat template writes the prompts; None: the reward model has the same.
POLICY = {policy}

reward_func = openrlhf_reward(MODEL, tokenizer=POLICY)
'''

_VERL = '''"""The reward of veRL, by either of its routes. Written by `plaudit reward-file`."""

from functools import cache

from plaudit.scoring import PlauditRewardManager, verl_reward

MODEL = {model}


class RewardManager(PlauditRewardManager):
    """reward.reward_manager: it is told the conversation, and whether an answer was cut."""

    model = MODEL


reward = cache(lambda: verl_reward(MODEL))


async def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
    """reward.custom_reward_function: the data set's extra_info must hold the prompt (plaudit.scoring.keep_prompt)."""
    return await reward().compute_score(data_source, solution_str, ground_truth, extra_info)
'''

_FILES = {"openrlhf": _OPENRLHF, "verl": _VERL}

_LINES = {
    "openrlhf": ("--reward.remote_url {file}",),
    "verl": (
        "reward.reward_manager.source=importlib",
        "reward.reward_manager.module.path={file}",
        "reward.reward_manager.name=RewardManager",
        "reward.reward_model.enable=False",
    ),
}


@checked
def write_reward_file(
    model: str | Path,
    trainer: Literal["openrlhf", "verl"],
    output: str | Path,
    *,
    policy: str | Path | None = None,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write the Python file that a trainer loads its reward from.

    Args:
        model: a model folder, which stands in the file by its absolute path; a hub id; or the URL of a server, which
            stands there without its token (the workers' environment has it in PLAUDIT_TOKEN).
        trainer: whose it is.
        output: the file, `.py`.
        policy: for OpenRLHF: the folder or hub id of the policy, whose chat template writes the prompts. None: the
            reward model has the same template.
        overwrite: replace a file that is there.

    Returns:
        The lines to add to the trainer's command.

    Raises:
        PlauditError: if there is no such model, the file is there already, or it is not known which template writes the
            prompts.

    Example:
        >>> write_reward_file("my-model", "openrlhf", "reward.py")  # doctest: +ELLIPSIS
        ('--reward.remote_url ...reward.py',)
        >>> write_reward_file("my-model", "openrlhf", "reward.py")
        Traceback (most recent call last):
        ...
        plaudit.errors.DataError: reward.py: the file exists already; name another, or replace what is there with ...
    """
    if Path(output).suffix != ".py":
        raise InvalidInputError(f"{output} is no Python file", remedy="end the name in .py")
    check_place(output, overwrite=overwrite, inputs=[model, policy])
    is_url = str(model).startswith(("http://", "https://"))
    if not is_url:
        check_model(model)
    if policy is not None and trainer != "openrlhf":
        raise InvalidInputError(
            f"{trainer} passes messages on, so that no policy's template is read", remedy="leave it out"
        )
    if policy is not None and not open_tokenizer(str(policy)).chat_template:
        raise InvalidInputError(
            f"the tokenizer of {policy} has no chat template",
            remedy="name the folder of a policy that has one: OpenRLHF writes the prompts by it",
        )
    if policy is None and trainer == "openrlhf" and (is_url or not _has_template(model)):
        raise InvalidInputError(
            f"{keep_token(str(model))} does not say which chat template writes the prompts",
            remedy="name the policy: --policy FOLDER (policy=), whose tokenizer has one",
        )
    file = Path(output).resolve()
    names = {"model": _literal(model), "policy": "None" if policy is None else _literal(policy), "file": str(file)}
    with replacing(file) as temporary:
        temporary.write_text(_FILES[trainer].format(**names), encoding="utf-8")
    return tuple(line.format(file=file) for line in _LINES[trainer])


def _literal(name: str | Path) -> str:
    """A name that means the same in another process, as Python: an absolute path, a hub id, or an address without its
    token."""
    folder = Path(name).expanduser()
    return json.dumps(str(folder.resolve()) if folder.is_dir() else keep_token(str(name)), ensure_ascii=False)


def _has_template(name: str | Path) -> bool:
    try:
        return bool(open_tokenizer(member_names(name)[0]).chat_template)
    except PlauditError:
        return False
