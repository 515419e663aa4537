"""The format of K responses to a prompt with ranks or scores, in parallel lists or in an object for each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations, groupby
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.attributes import is_figure, ratings_of
from plaudit.data.formats.fields import (
    ANNOTATORS,
    IDS,
    PROMPTS,
    is_absent,
    leave,
    leave_each,
    name_of,
    need,
    number_of,
    prompt_of,
    take,
)
from plaudit.data.formats.texts import response_of
from plaudit.groups import Group, GroupError, Ranking, Rating
from plaudit.text import counted

_LISTS = ("responses", "completions", "answers", "outputs", "candidates", "generations")
_TEXTS = ("response", "text", "answer", "completion", "output", "content", "message")
_ORDERS = ("ranks", "rank", "ranking")
_SCORES = ("scores", "ratings", "values", "rating")
_ANSWER_SCORES = {
    "overall_score": "overall",
    "score": "overall",
    "rating": "overall",
    "fine-grained_score": "fine-grained_score",
    "reward": "reward",
}
_JUDGED = {*_ANSWER_SCORES, "rank", "annotations", "pm_score"}


def knows(row: Mapping[str, Any]) -> bool:
    answers = _answers(row)
    if not answers or not row.keys() & {*PROMPTS}:
        return False
    if any(_is_object(answer) for answer in answers):
        objects = [answer for answer in answers if _is_object(answer)]
        if not any(name in objects[0] for name in _TEXTS):
            return False
        if any(answer.keys() & _JUDGED for answer in objects) or _has_annotations(row):
            return True
    # Our own shape has `ratings` too, but of objects.
    scored = any(isinstance(row.get(n), list) and not any(isinstance(v, Mapping) for v in row[n]) for n in _SCORES)
    return any(row.get(name) is not None for name in _ORDERS) or (
        scored and bool(row.get(_SCORES[0]) or "rankings" not in row)
    )


def read(row: dict[str, Any], file: FileReading) -> Group:
    """K responses with what was said of them.

    Example:
        >>> row = {"prompt": "2 + 2?", "responses": ["5", "4"], "ranks": [2, 1], "scores": [None, 9]}
        >>> group = read(row, FileReading())
        >>> group.rankings[0].tiers, [(rating.response, rating.value) for rating in group.ratings]
        (((1,), (0,)), [(1, 9)])
    """
    column = next((name for name in _LISTS if row.get(name) is not None), _LISTS[0])
    answers = need(row, *_LISTS)
    if not isinstance(answers, list) or not answers:
        raise GroupError("the responses must be a list of at least one")
    # With a role it is a message.
    objects = [_present(answer) if _is_object(answer) else {"response": answer} for answer in answers]
    texts = tuple(response_of(need(one, *_TEXTS), f"response {index}") for index, one in enumerate(objects))
    annotator = name_of(row, *ANNOTATORS)
    ratings = [rating for index, one in enumerate(objects) for rating in _ratings(one, index, file)]
    ratings += _annotations(row, objects, file) if _has_annotations(row) else []
    tiers = _order(row, objects, file)
    scores = _parallel(take(row, *_SCORES), len(texts), "scores")
    for index, value in enumerate(scores):
        ratings += ratings_of(index, "overall", value, file)
    rankings = [Ranking(tiers, annotator=annotator)] if tiers else []
    rankings += _upvoted(objects, annotator)
    if tiers and scores and _contradict(tiers, scores):
        file.note("the scores contradict the ranks; both are kept")
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    leave_each(row, column, objects)
    if any("custom_system_prompt" in one for one in objects):
        file.note("each response had a system prompt of its own, which a group has no place for")
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=texts,
        rankings=tuple(rankings),
        ratings=tuple(replace(rating, annotator=annotator) for rating in ratings),
        subset=name_of(row, "subset"),
    )


def _answers(row: Mapping[str, Any]) -> list[Any] | None:
    return next((row[name] for name in _LISTS if isinstance(row.get(name), list)), None)


def _is_object(answer: Any) -> bool:
    return isinstance(answer, Mapping) and "role" not in answer


def _present(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if value is not None and value == value}


def _order(row: dict[str, Any], objects: list[dict[str, Any]], file: FileReading) -> tuple[tuple[int, ...], ...]:
    """The tiers of ranks, in a list or in the answers' objects, or of a list of indices."""
    ranks = [take(one, "rank") for one in objects]
    order = take(row, "ranks", "rank")
    if order is None and any(rank is not None for rank in ranks):
        order = ranks
    if order is not None:
        return _tiers(order, len(objects))
    listed = take(row, "ranking")
    tiers = _listed(listed)
    if listed is not None and _is_ambiguous(listed, len(objects)):
        file.note(
            '"ranking" is read as indices from 0, best first; if it has a rank for each response, say so: '
            "--column ranks=ranking"
        )
    return tiers


def _is_ambiguous(ranking: Any, count: int) -> bool:
    """Whether a list of indices could be ranks from 0 as well, in another order."""
    if any(isinstance(one, list) for one in ranking) or sorted(map(str, ranking)) != [*map(str, range(count))]:
        return False
    return _listed(ranking) != _tiers(ranking, count)


def _tiers(ranks: Any, count: int) -> tuple[tuple[int, ...], ...]:
    """Tiers from each response's rank: 1 (or 0) is best, equal ranks tie, a missing rank was not judged."""
    figures = {
        i: number_of(r, f"the rank of response {i}")
        for i, r in enumerate(_parallel(ranks, count, "ranks"))
        if not is_absent(r)
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
        have = counted(len(values), what) if isinstance(values, list) else f"no list of {what}"
        raise GroupError(f"there are {counted(count, 'responses')} but {have}", remedy="give one for each response")
    return values


def _contradict(tiers: tuple[tuple[int, ...], ...], scores: list[Any]) -> bool:
    values = {i: number_of(s, "the score") for i, s in enumerate(scores) if not is_absent(s) and is_figure(s)}
    judged = Ranking(tiers).comparisons()
    return any(not tied and values.get(a, 0) < values.get(b, 0) for a, b, tied in judged if {a, b} <= values.keys())


def _upvoted(objects: list[dict[str, Any]], annotator: str | None) -> list[Ranking]:
    """Stack Exchange's answers by `pm_score`, a logarithm of their votes: each above every one that has less.

    Equal scores are rounded votes, no ties, and compare nothing. All comparisons of a question weigh 1 together.
    """
    scores = [take(one, "pm_score") for one in objects]
    values = {i: number_of(s, f"the pm_score of response {i}") for i, s in enumerate(scores) if not is_absent(s)}
    pairs = [(a, b) if values[a] > values[b] else (b, a) for a, b in combinations(values, 2) if values[a] != values[b]]
    return [Ranking(((a,), (b,)), annotator=annotator, weight=1 / len(pairs)) for a, b in pairs]


def _ratings(answer: dict[str, Any], index: int, file: FileReading) -> list[Rating]:
    """The scores in an answer's object: plain ones, and UltraFeedback's `annotations`, {attribute: {"Rating": "4"}}.

    "N/A" and NaN were not rated. UltraFeedback's scales are published: 1 to 5, and 1 to 10 for the overall score.
    """
    annotations = answer.pop("annotations", None) or {}
    if not isinstance(annotations, Mapping):
        raise GroupError(f'the "annotations" of response {index} must be an object: an attribute and its rating each')
    published = bool(annotations)
    ratings: list[Rating] = []
    for name, attribute in _ANSWER_SCORES.items():
        if name in answer and is_figure(answer[name]):
            high = (10 if name == "overall_score" else 5) if published else None
            ratings += _within(ratings_of(index, attribute, answer.pop(name), file), high)
        elif name in answer and name != "rating":
            number_of(answer[name], f"the {attribute} rating of response {index}")
    for attribute, annotation in annotations.items():
        value = annotation.get("Rating") if isinstance(annotation, Mapping) else annotation
        if isinstance(annotation, Mapping):
            leave(answer, str(attribute), {name: one for name, one in annotation.items() if name != "Rating"})
        if value is not None and not is_absent(value):
            number_of(value, f"the {attribute} rating of response {index}")
            ratings += _within(ratings_of(index, str(attribute), value, file), 5)
    return ratings


def _within(ratings: list[Rating], high: int | None) -> list[Rating]:
    """The ratings on the published scale, where they lie on it."""
    return [replace(one, scale=(1, high)) if high and 1 <= one.value <= high else one for one in ratings]


def _has_annotations(row: Mapping[str, Any]) -> bool:
    """Whether a list beside the responses rates them on the criterion that `preference` names (CodeUltraFeedback)."""
    annotations = row.get("annotations")
    return (
        isinstance(row.get("preference"), str)
        and isinstance(annotations, list)
        and bool(annotations)
        and all(isinstance(one, Mapping) and "rating" in one for one in annotations)
    )


def _annotations(row: dict[str, Any], objects: list[dict[str, Any]], file: FileReading) -> list[Rating]:
    """CodeUltraFeedback: each annotation names the model whose response it rates, else it stands in the same place."""
    annotations, attribute = [_present(one) for one in row.pop("annotations")], str(row.pop("preference"))
    models = [one.get("model") for one in objects]
    ratings: list[Rating] = []
    for place, annotation in enumerate(annotations):
        model = take(annotation, "model")
        if model is not None and models.count(model) != 1:
            raise GroupError(f"an annotation rates the model {model!r:.40}, which has not one response")
        index = place if model is None else models.index(model)
        if index >= len(objects):
            raise GroupError(
                f"there are {counted(len(objects), 'responses')} but {counted(len(annotations), 'annotations')}"
            )
        ratings += _within(ratings_of(index, attribute, annotation.pop("rating"), file), 5)
    leave_each(row, "annotations", annotations)
    return ratings


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
