"""Two responses whose judges stand inside the row: MultiPref's people, and the sets that train judges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import IDS, leave, name_of, need, number_of, optional_number
from plaudit.data.formats.texts import response_of, text_of
from plaudit.data.formats.verdicts import verdict_of
from plaudit.groups import Group, GroupError, Ranking, Rating

_WORKERS = ("normal_worker_annotations", "expert_worker_annotations")
_PREFERENCE = "_pref"


def knows_multipref(row: Mapping[str, Any]) -> bool:
    return {"completion_a", "completion_b"} <= row.keys() and any(isinstance(row.get(name), list) for name in _WORKERS)


def read_multipref(row: dict[str, Any], file: FileReading) -> list[Group]:
    """A group for each dimension (`overall`, `helpful`, ...), which is its subset, with a ranking for each annotator.

    Example:
        >>> people = [{"evaluator": "w1", "overall_pref": "A-is-slightly-better", "truthful_pref": "Tie"}]
        >>> row = {"text": "Why?", "completion_a": "So.", "completion_b": "Hm.", "normal_worker_annotations": people}
        >>> [(group.subset, group.rankings[0].tiers) for group in read_multipref(row, FileReading())]
        [('overall', ((0,), (1,))), ('truthful', ((0, 1),))]
    """
    prompt = text_of(need(row, "text", "prompt"), "the prompt")
    responses = tuple(response_of(need(row, name), name) for name in ("completion_a", "completion_b"))
    identity = name_of(row, "comparison_id", *IDS)
    rankings: dict[str, list[Ranking]] = {}
    for column in _WORKERS:
        rest: dict[str, list[Any]] = {}
        annotations = row.pop(column, None) or ()
        if not isinstance(annotations, (list, tuple)) or not all(isinstance(one, Mapping) for one in annotations):
            raise GroupError(f'"{column}" must be a list of objects')
        for annotation in annotations:
            annotator = annotation.get("evaluator")
            for name, value in annotation.items():
                if not name.endswith(_PREFERENCE):
                    if name != "evaluator" and value not in (None, "", [], {}):
                        rest.setdefault(name, []).append(value)
                elif value is not None and (verdict := verdict_of(value, name, "letters", file)) is not None:
                    dimension = rankings.setdefault(name.removesuffix(_PREFERENCE), [])
                    dimension += verdict.rankings(None if annotator is None else str(annotator))
        leave(row, column, rest)
    if not rankings:
        file.note("there is no verdict; the responses are kept, unjudged")
        return [Group(id=identity or "", prompt=prompt, responses=responses)]
    return [
        Group(
            id=f"{identity}/{dimension}" if identity else "",
            prompt=prompt,
            responses=responses,
            rankings=tuple(judged),
            subset=dimension,
        )
        for dimension, judged in rankings.items()
    ]


def knows_prometheus(row: Mapping[str, Any]) -> bool:
    return {"orig_instruction", "orig_response_A", "orig_response_B"} <= row.keys()


def read_prometheus(row: dict[str, Any], file: FileReading) -> Group:
    """What was judged (`orig_...`), with its verdict and scores; never the judge's own prompt and output.

    Example:
        >>> judge = {"instruction": "###Task Description: compare", "output": "B"}
        >>> row = {"orig_instruction": "Why?", "orig_response_A": "Hm.", "orig_response_B": "So."}
        >>> group = read_prometheus({**judge, **row, "orig_preference": "B"}, FileReading())
        >>> group.prompt, group.rankings[0].tiers
        ('Why?', ((1,), (0,)))
    """
    verdict = verdict_of(row.pop("orig_preference", ""), "orig_preference", "letters", file)
    scores = [optional_number(row, f"the score of {side}", f"orig_score_{side}") for side in "AB"]
    if verdict is None:
        file.note("there is no verdict; the responses are kept, unjudged")
    elif scores[0] is not None and scores[1] is not None and (scores[0] - scores[1]) * (verdict.first - 0.5) < 0:
        file.note("the scores contradict the verdict; both are kept")
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=text_of(need(row, "orig_instruction"), "the instruction"),
        responses=tuple(response_of(need(row, name), name) for name in ("orig_response_A", "orig_response_B")),
        rankings=verdict.rankings(None) if verdict is not None else (),
        ratings=tuple(Rating(i, score, scale=(1, 5)) for i, score in enumerate(scores) if score is not None),
        subset=name_of(row, "subset"),
    )


def knows_judgelm(row: Mapping[str, Any]) -> bool:
    return {"question_body", "answer1_body", "answer2_body", "score"} <= row.keys()


def read_judgelm(row: dict[str, Any], file: FileReading) -> Group:
    """Two answers and a judge's points for each, 1 to 10: ratings.

    Example:
        >>> row = {"question_body": "Why?", "answer1_body": "So.", "answer2_body": "Hm.", "score": [8.0, 3.0]}
        >>> [rating.value for rating in read_judgelm(row, FileReading()).ratings]
        [8.0, 3.0]
    """
    scores = need(row, "score")
    if not isinstance(scores, (list, tuple)) or len(scores) != 2:
        raise GroupError(f'"score" is {scores!r:.40}', remedy="it must be a list of two numbers")
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=text_of(need(row, "question_body"), "the question"),
        responses=tuple(response_of(need(row, name), name) for name in ("answer1_body", "answer2_body")),
        ratings=tuple(Rating(i, number_of(score, "the score"), scale=(1, 10)) for i, score in enumerate(scores)),
        subset=name_of(row, "subset"),
    )


register_format(
    Format(
        name="multipref",
        priority=77,
        columns="text, completion_a, completion_b, normal_worker_annotations, expert_worker_annotations",
        knows=knows_multipref,
        read=read_multipref,
    )
)
register_format(
    Format(
        name="prometheus-preference",
        priority=78,
        columns="orig_instruction, orig_response_A, orig_response_B, orig_preference",
        knows=knows_prometheus,
        read=read_prometheus,
        judgement_columns=frozenset({"instruction", "input", "output", "orig_feedback"}),
    )
)
register_format(
    Format(
        name="judgelm",
        priority=79,
        columns="question_body, answer1_body, answer2_body, score",
        knows=knows_judgelm,
        read=read_judgelm,
    )
)
