"""Published shapes that hold no judgement of a whole response, known so that they are refused with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.groups import Group, GroupError

_STEPS = (
    "its labels judge the steps of one solution, not whole responses: a reward model would take a step's for the "
    "answer's"
)
_OUTCOMES = 'for whole responses: one "response" a row, and a "value" for it'
_PACKED_JUDGE = ("[RESPONSE A]", "[RESPONSE B]")


def _is_stepwise(row: Mapping[str, Any]) -> bool:
    """TRL's stepwise supervision: the completions are the steps of one answer, each with its label."""
    steps, labels = row.get("completions"), row.get("labels")
    return (
        isinstance(steps, list)
        and isinstance(labels, list)
        and len(steps) == len(labels)
        and all(isinstance(step, str) for step in steps)
    )


def _is_prm800k(row: Mapping[str, Any]) -> bool:
    label = row.get("label")
    return isinstance(label, Mapping) and isinstance(label.get("steps"), list)


def _is_math_shepherd(row: Mapping[str, Any]) -> bool:
    text, label = row.get("input"), row.get("label")
    return isinstance(text, str) and isinstance(label, str) and "ки" in text and "Step 1" in label


def _is_process_bench(row: Mapping[str, Any]) -> bool:
    return {"problem", "steps", "final_answer_correct"} <= row.keys()


def _is_red_team(row: Mapping[str, Any]) -> bool:
    return {"transcript", "rating", "red_team_member_id"} <= row.keys()


def _is_packed(row: Mapping[str, Any]) -> bool:
    """RLHFlow's pair models: both responses stand in one message, and the answer is A or B."""
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages or not isinstance(messages[0], Mapping):
        return False
    content = messages[0].get("content")
    return isinstance(content, str) and all(mark in content for mark in _PACKED_JUDGE)


def _is_model_written(row: Mapping[str, Any]) -> bool:
    return {"answer_matching_behavior", "answer_not_matching_behavior"} <= row.keys()


# What a row is -> why it is refused, and what to do.
_REASONS: tuple[tuple[Callable[[Mapping[str, Any]], bool], str, str], ...] = (
    (_is_stepwise, _STEPS, "if they are whole responses: --column scores=labels"),
    (_is_prm800k, _STEPS, _OUTCOMES),
    (_is_math_shepherd, _STEPS, _OUTCOMES),
    (_is_process_bench, _STEPS, _OUTCOMES),
    (
        _is_red_team,
        "its rating says how well an attack on the assistant did, not how good a response is",
        "judge the responses themselves",
    ),
    (
        _is_packed,
        "both responses stand in one message, written for a judge that answers A or B",
        'give them as "prompt", "response_a", "response_b" and "winner"',
    ),
    (
        _is_model_written,
        "its answers match a behaviour or do not, which is nobody's preference",
        "if the behaviour is wanted: --column chosen=answer_matching_behavior "
        "--column rejected=answer_not_matching_behavior",
    ),
)


def knows(row: Mapping[str, Any]) -> bool:
    return any(is_it(row) for is_it, _, _ in _REASONS)


def read(row: dict[str, Any], file: FileReading) -> Group:
    """Refuse the row with its reason.

    Raises:
        GroupError: always.
    """
    for is_it, reason, remedy in _REASONS:
        if is_it(row):
            raise GroupError(reason, remedy=remedy)
    raise GroupError("it is none of the shapes that hold no judgement of a response", remedy="leave out the format")


register_format(
    Format(
        name="refused",
        priority=31,
        columns="labels of steps, attacks, judges' prompts: no judgement of a whole response",
        knows=knows,
        read=read,
    )
)
