"""The format of K responses to a prompt with ranks or scores, in parallel lists or in an object for each answer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, name_of, need, number_of, prompt_of, take
from plaudit.data.formats.texts import response_of
from plaudit.groups import Group, GroupError, Ranking, Rating

_LISTS = ("responses", "completions", "answers", "outputs", "candidates")
_TEXTS = ("response", "text", "answer", "completion", "output", "content", "message")
_ORDERS = ("ranks", "rank", "ranking")
_SCORES = ("scores", "ratings", "values")
_ANSWER_SCORES = {
    "overall_score": "overall",
    "score": "overall",
    "rating": "overall",
    "fine-grained_score": "fine-grained_score",
}


def knows(row: Mapping[str, Any]) -> bool:
    answers = next((row[name] for name in _LISTS if isinstance(row.get(name), list)), None)
    if not answers or not row.keys() & {*PROMPTS}:
        return False
    if isinstance(answers[0], Mapping) and "role" not in answers[0]:
        return any(name in answers[0] for name in _TEXTS)
    # Our own shape has `ratings` too, but of objects.
    scored = any(isinstance(row.get(n), list) and not any(isinstance(v, Mapping) for v in row[n]) for n in _SCORES)
    return any(row.get(name) is not None for name in _ORDERS) or (
        scored and bool(row.get(_SCORES[0]) or "rankings" not in row)
    )


def read(row: dict[str, Any], file: FileReading) -> Group:
    answers = need(row, *_LISTS)
    if not isinstance(answers, list) or not answers:
        raise GroupError("the responses must be a list of at least one")
    texts, ranks, ratings = [], [], []
    for index, answer in enumerate(answers):
        is_object = isinstance(answer, Mapping) and "role" not in answer  # with a role it is a message
        columns = dict(answer) if is_object else {"response": answer}
        texts.append(response_of(need(columns, *_TEXTS), f"response {index}"))
        ranks.append(take(columns, "rank"))
        ratings += _ratings(columns, index)
    order = take(row, "ranks", "rank")
    if order is None and any(rank is not None for rank in ranks):
        order = ranks
    tiers = _tiers(order, len(texts)) if order is not None else _listed(take(row, "ranking"))
    for index, value in enumerate(_parallel(take(row, *_SCORES), len(texts), "scores")):
        ratings.append(Rating(index, number_of(value, f"the score of response {index}")))
    annotator = name_of(row, *ANNOTATORS)
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=tuple(texts),
        rankings=(Ranking(tiers, annotator=annotator),) if tiers else (),
        ratings=tuple(Rating(r.response, r.value, r.attribute, annotator) for r in ratings),
        subset=name_of(row, "subset"),
    )


def _tiers(ranks: Any, count: int) -> tuple[tuple[int, ...], ...]:
    """Tiers from each response's rank: 1 (or 0) is best, equal ranks tie, a missing rank was not judged."""
    figures = {
        i: number_of(r, f"the rank of response {i}")
        for i, r in enumerate(_parallel(ranks, count, "ranks"))
        if r is not None
    }
    order = sorted(figures, key=figures.__getitem__)
    return tuple(tuple(tier) for _, tier in groupby(order, key=figures.__getitem__))


def _listed(ranking: Any) -> tuple[tuple[int, ...], ...]:
    """Tiers from a list of response indices, best first; a list inside the list is a tie."""
    if ranking is None:
        return ()
    if not isinstance(ranking, list):
        raise GroupError(
            '"ranking" must list response indices from 0, best first',
            remedy='a rank for each response goes under "ranks"',
        )
    return tuple(tuple(tier) if isinstance(tier, list) else (tier,) for tier in ranking)


def _parallel(values: Any, count: int, what: str) -> list[Any]:
    if values is None:
        return []
    if not isinstance(values, list) or len(values) != count:
        have = len(values) if isinstance(values, list) else "no list of"
        raise GroupError(f"there are {count} responses but {have} {what}", remedy="give one for each response")
    return values


def _ratings(answer: dict[str, Any], index: int) -> list[Rating]:
    """The scores in an answer's object: plain ones, and UltraFeedback's `annotations`, {attribute: {"Rating": "4"}}.

    "N/A" was not rated.
    """
    scores = {attribute: answer[name] for name, attribute in _ANSWER_SCORES.items() if answer.get(name) is not None}
    annotations = answer.get("annotations") or {}
    if not isinstance(annotations, Mapping):
        raise GroupError(f'the "annotations" of response {index} must be an object: an attribute and its rating each')
    for attribute, annotation in annotations.items():
        value = annotation.get("Rating") if isinstance(annotation, Mapping) else annotation
        if value not in (None, "N/A"):
            scores[attribute] = value
    return [Rating(index, number_of(v, f"the {a} rating of response {index}"), a) for a, v in scores.items()]


register_format(
    Format(
        name="ranked",
        priority=130,
        columns="prompt, responses with ranks or scores",
        knows=knows,
        read=read,
        needs=(PROMPTS, _LISTS, _ORDERS + _SCORES),
    )
)
