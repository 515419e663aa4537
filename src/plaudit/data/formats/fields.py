"""What many shapes share: taking columns out of a row, prompts and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.data.formats.texts import is_transcript, messages_of, text_of, turns_of, words_of
from plaudit.groups import GroupError, Message, Text, plain_text

ANNOTATORS = (
    "annotator",
    "annotator_id",
    "worker",
    "worker_id",
    "rater",
    "rater_id",
    "judge",
    "judge_hash",
    "evaluator",
    "user_id",
)
PROMPTS = (
    "prompt",
    "question",
    "query",
    "conversations",
    "messages",
    "instruction",
    "input",
    "problem",
    "trajectory",
    "user_prompt",
    "context",
)
"""Columns that hold the prompt, the likeliest first."""

_FACTS = ("context", "document", "article", "passage")
"""Columns of what a prompt is about, where it is a column of its own."""

IDS = ("id", "prompt_id", "question_id")

# What stands for "no value" in a cell that should hold a number.
_NO_NUMBER = {"", "n/a", "na", "nan", "none", "null", "-"}


def take(row: dict[str, Any], *names: str) -> Any:
    """Takes the first of `names` that has a value out of the row; None if none has.

    Example:
        >>> row = {"id": 7, "question": "Why?"}
        >>> take(row, "prompt", "question"), row
        ('Why?', {'id': 7})
    """
    for name in names:
        value = row.get(name)
        if value is not None:
            del row[name]
            return value
    return None


def need(row: dict[str, Any], *names: str) -> Any:
    """Like `take`, but a missing value is an error.

    Example:
        >>> need({"answer": "4"}, "prompt", "question")
        Traceback (most recent call last):
        ...
        plaudit.errors.GroupError: the row has no 'prompt' or 'question'; add it or remove the row
    """
    value = take(row, *names)
    if value is None:
        raise GroupError(f"the row has no {' or '.join(repr(n) for n in names)}", remedy="add it or remove the row")
    return value


def leave(row: dict[str, Any], column: str, rest: Mapping[str, Any]) -> None:
    """Put what a reader did not take out of an object back into the row, so that it is kept or reported.

    Example:
        >>> row = {}
        >>> leave(row, "question", {"dataset": "eli5", "language": None})
        >>> row
        {'question.dataset': 'eli5'}
    """
    row.update({f"{column}.{name}": value for name, value in rest.items() if value is not None})


def leave_each(row: dict[str, Any], column: str, rests: Sequence[Mapping[str, Any]]) -> None:
    """`leave`, for a list of objects: what is left of them under a name becomes a list.

    Example:
        >>> row = {}
        >>> leave_each(row, "summaries", [{"policy": "sft"}, {"policy": "rl", "note": None}])
        >>> row
        {'summaries.policy': ['sft', 'rl']}
    """
    names = dict.fromkeys(name for rest in rests for name, value in rest.items() if value is not None)
    leave(row, column, {name: [rest.get(name) for rest in rests] for name in names})


def name_of(row: dict[str, Any], *names: str) -> str | None:
    """An identifier (id, annotator, subset) as text; blank counts as absent.

    Example:
        >>> name_of({"prompt_id": 17}, "id", "prompt_id"), name_of({"id": " "}, "id")
        ('17', None)
    """
    value = take(row, *names)
    return None if value is None or str(value).strip() == "" else str(value)


def prompt_of(row: dict[str, Any]) -> Text | None:
    """The prompt, from `prompt`, `question`, `conversations`, `instruction` + `input` and their kind; None if absent.

    A `system` column and a `history` of (question, answer) pairs make it messages. What it is about (`context`,
    `document`, `article`, `passage`) stands before it, unless the prompt says it already; messages in `context` are the
    turns before it.

    Example:
        >>> prompt_of({"instruction": "Translate.", "input": "Hallo"})
        'Translate.\\nHallo'
        >>> prompt_of({"question": "Who won?", "context": "Bern won."})
        'Bern won.\\n\\nWho won?'
        >>> prompt_of({"system": "Be brief.", "prompt": "Why?"})
        ({'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': 'Why?'})
    """
    # An empty prompt may be meant, but not where another column has one.
    names = [name for name in PROMPTS if name in row]
    value = take(row, *(name for name in names if row[name] not in ("", []))) or take(row, *names)
    if value is None:
        return None
    prompt: Text
    if is_transcript(value):
        prompt = turns_of(value, "the prompt")
        if not prompt[-1]["content"] and prompt[-1]["role"] == "assistant":
            prompt = prompt[:-1]
    else:
        prompt = text_of(value, "the prompt")
    if isinstance(prompt, str) and (more := take(row, "input")):
        prompt = f"{prompt}\n{words_of(more, 'the input')}"
    if not row:
        return prompt
    prompt = _about(row, prompt)
    before = _history(row)
    if not before:
        return prompt
    return (*before, *_as_turns(prompt))


def _as_turns(prompt: Text) -> tuple[Message, ...]:
    return ({"role": "user", "content": prompt},) if isinstance(prompt, str) else prompt


def _about(row: dict[str, Any], prompt: Text) -> Text:
    """The prompt with what it is about before it; rows that differ only in that are no rows of one prompt."""
    turns = row.get("context")
    if isinstance(turns, list) and turns and isinstance(turns[0], Mapping):
        return (*messages_of(row.pop("context"), "the context"), *_as_turns(prompt))
    for name in _FACTS:
        fact = row.get(name)
        if not isinstance(fact, str) or not fact.strip() or fact.strip() in plain_text(prompt):
            continue
        del row[name]
        if isinstance(prompt, str):
            prompt = f"{fact}\n\n{prompt}"
        else:
            last = prompt[-1]
            prompt = (*prompt[:-1], {**last, "content": f"{fact}\n\n{last['content']}"})
    return prompt


def _history(row: dict[str, Any]) -> tuple[Message, ...]:
    messages = [*system_of(row)]
    turns = take(row, "history") or []
    if not isinstance(turns, list) or not all(isinstance(turn, (list, tuple)) and len(turn) == 2 for turn in turns):
        raise GroupError('"history" must be a list of [question, answer] pairs')
    for turn in turns:
        messages += [{"role": "user", "content": turn[0]}, {"role": "assistant", "content": turn[1]}]
    return tuple(messages)


def system_of(row: dict[str, Any]) -> tuple[Message, ...]:
    """The system message in a column of its own, as messages; none where it is absent or empty.

    Example:
        >>> system_of({"system_prompt": "Be brief."}), system_of({"system": ""})
        (({'role': 'system', 'content': 'Be brief.'},), ())
    """
    system = take(row, "system", "system_prompt")
    return ({"role": "system", "content": words_of(system, "the system message")},) if system else ()


def is_absent(value: Any) -> bool:
    """Whether a cell that should hold a number says that there is none: empty, "N/A", NaN and their kind."""
    return value is None or value != value or (isinstance(value, str) and value.strip().casefold() in _NO_NUMBER)


def number_of(value: Any, what: str) -> float:
    """A number, or text that says one. Booleans are not numbers."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    try:
        number = float(value) if isinstance(value, str) else None
    except ValueError:
        number = None
    if number is None:
        raise GroupError(f"{what} is {value!r:.40}", remedy="it must be a number")
    return int(number) if number.is_integer() else number


def optional_number(row: dict[str, Any], what: str, *names: str) -> float | None:
    """The number in the first of these columns that has one; None for empty cells, "N/A" and their kind.

    Args:
        row: the row; the column is taken out of it.
        what: what the number is, for messages: "the margin".
        names: columns.

    Example:
        >>> optional_number({"margin": ""}, "the margin", "margin"), optional_number({"m": "2.5"}, "the margin", "m")
        (None, 2.5)
    """
    for name in names:
        value = take(row, name)
        if not is_absent(value):
            return number_of(value, what)
    return None
