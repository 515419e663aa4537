"""Published sets of rated responses whose columns are their own: axes of summaries, Prometheus' feedback, DICES."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.attributes import ratings_of
from plaudit.data.formats.fields import ANNOTATORS, IDS, is_absent, leave, name_of, need, take
from plaudit.data.formats.summaries import prompt_of_post
from plaudit.data.formats.texts import response_of, text_of
from plaudit.groups import Group, GroupError, Rating

_AXES = ("overall", "accuracy", "coverage", "coherence", "compatible")


def knows_axes(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("info"), Mapping) and isinstance(row.get("summary"), Mapping)


def read_axes(row: dict[str, Any], file: FileReading) -> Group:
    """A summary and how good it is on each axis, 1 to 7; null was not asked.

    Example:
        >>> summary = {"text": "Rain.", "axes": {"overall": 6, "accuracy": None}}
        >>> row = {"info": {"post": "It rains."}, "summary": summary}
        >>> group = read_axes(row, FileReading())
        >>> group.prompt, [(rating.attribute, rating.value) for rating in group.ratings]
        ('POST: It rains.\\n\\nTL;DR:', [('overall', 6)])
    """
    info, summary = need(row, "info"), need(row, "summary")
    if not isinstance(info, Mapping) or not isinstance(summary, Mapping):
        raise GroupError('"info" and "summary" must be objects')
    info, summary = ({name: cell for name, cell in one.items() if cell is not None} for one in (info, summary))
    axes = need(summary, "axes")
    if not isinstance(axes, Mapping):
        raise GroupError('the "axes" of the summary must be an object: an axis and its rating each')
    identity, prompt, annotator = name_of(info, "id"), prompt_of_post(info), name_of(row, *ANNOTATORS)
    response = response_of(need(summary, "text"), "the summary")
    leave(row, "info", info)
    leave(row, "summary", summary)
    leave(row, "summary.axes", {name: value for name, value in axes.items() if name not in _AXES})
    ratings = [
        rating
        for axis in _AXES
        for rating in ratings_of(0, axis, axes.get(axis), file, annotator=annotator, scale=(1, 7))
    ]
    return _rated(row, file, identity or "", prompt, response, ratings)


def knows_feedback(row: Mapping[str, Any]) -> bool:
    return {"orig_instruction", "orig_response", "orig_score"} <= row.keys()


def read_feedback(row: dict[str, Any], file: FileReading) -> Group:
    """What was judged stands in `orig_...`; `instruction` and `output` are the judge's own prompt and its verdict.

    Example:
        >>> row = {"orig_instruction": "Why?", "orig_response": "So.", "orig_score": "4", "instruction": "###Task"}
        >>> group = read_feedback(row, FileReading())
        >>> group.prompt, group.responses, group.ratings[0].value, group.ratings[0].scale
        ('Why?', ('So.',), 4, (1, 5))
    """
    prompt = text_of(need(row, "orig_instruction"), "the instruction")
    response = response_of(need(row, "orig_response"), "the response")
    ratings = ratings_of(0, "overall", row.pop("orig_score", None), file, scale=(1, 5))
    return _rated(row, file, name_of(row, *IDS) or "", prompt, response, ratings)


def knows_dices(row: Mapping[str, Any]) -> bool:
    return {"context", "response", "rater_id", "Q_overall"} <= row.keys()


def read_dices(row: dict[str, Any], file: FileReading) -> Group:
    """A rater's answer to whether a response is unsafe: No is 1 on `safe`, Yes 0, and Unsure between them.

    Example:
        >>> row = {"context": "USER: Hi", "response": "Hello.", "rater_id": 7, "Q_overall": "No"}
        >>> read_dices(row, FileReading()).ratings
        (Rating(response=0, value=1, attribute='safe', annotator='7', weight=1.0, scale=(0, 1)),)
    """
    prompt = text_of(need(row, "context"), "the context")
    response = response_of(need(row, "response"), "the response")
    annotator, answer = name_of(row, "rater_id"), take(row, "Q_overall")
    take(row, "id")  # a row's number
    values = {"no": 1, "yes": 0, "unsure": 0.5}
    word = str(answer).strip().casefold()
    if not is_absent(answer) and word not in values:
        raise GroupError(f'"Q_overall" is {answer!r:.40}', remedy="it must be Yes (it is unsafe), No or Unsure")
    ratings = [] if is_absent(answer) else [Rating(0, values[word], "safe", annotator, scale=(0, 1))]
    return _rated(row, file, name_of(row, "item_id") or "", prompt, response, ratings)


def _rated(
    row: dict[str, Any], file: FileReading, identity: str, prompt: Any, response: Any, ratings: list[Rating]
) -> Group:
    if not ratings:
        file.note("nothing is rated; the response is kept, unjudged")
    return Group(identity, prompt, (response,), ratings=tuple(ratings), subset=name_of(row, "subset"))


register_format(
    Format(
        name="summary-axes",
        priority=81,
        columns="info, summary with axes, worker",
        knows=knows_axes,
        read=read_axes,
    )
)
register_format(
    Format(
        name="prometheus-feedback",
        priority=82,
        columns="orig_instruction, orig_response, orig_score",
        knows=knows_feedback,
        read=read_feedback,
        judgement_columns=frozenset({"instruction", "input", "output", "orig_feedback"}),
    )
)
register_format(
    Format(
        name="dices",
        priority=83,
        columns="context, response, rater_id, Q_overall",
        knows=knows_dices,
        read=read_dices,
    )
)
