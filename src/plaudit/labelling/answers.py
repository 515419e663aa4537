"""What a person may answer, and what it says of a group: checked, and turned from places on a page into responses.

A page knows answers by the place where it showed them; everything behind it, by the group's own numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from plaudit.errors import InvalidInputError
from plaudit.groups import Ranking, Rating
from plaudit.labelling.settings import LabellingSettings

PASSED, FAILED, NOT_COMPARABLE = "passed", "failed", "not comparable"
"""What an answer to a question of known answer was. A skip is no failure."""

Answer = dict[str, Any]
"""What was said, in one of these forms, with responses by their numbers:

    {"tiers": [[2], [0]], "strength": 2}      an order, best first; ties share a tier
    {"best": 3, "worst": 1}
    {"all_bad": true}
    {"skip": "not my language"}

Beside an order, or alone: `"ratings": [{"response": 0, "attribute": "helpful", "value": 4}]`.
"""


def read_answer(body: Mapping[str, Any], settings: LabellingSettings, shown: Sequence[int]) -> Answer:
    """An answer as the page sends it, checked.

    Args:
        body: an answer whose responses are places on the page, from 0.
        settings: of the project.
        shown: the response at each place.

    Raises:
        InvalidInputError: for one that the question does not ask for.

    Example:
        >>> read_answer({"tiers": [[0], [1]]}, LabellingSettings(), shown=[1, 0])
        {'tiers': [[1], [0]]}
    """
    forms = [name for name in ("tiers", "best", "all_bad", "skip") if name in body]
    if unknown := [name for name in body if name not in (*forms, "worst", "strength", "ratings")]:
        raise InvalidInputError(f"an answer has no {unknown[0]!r}")
    if len(forms) > 1 or (not forms and "ratings" not in body):
        raise InvalidInputError("an answer is one of tiers, best and worst, all_bad, skip, or ratings alone")
    form = forms[0] if forms else "ratings"
    allowed = {"pair": ("tiers",), "rank": ("tiers",), "best-worst": ("best",), "rate": ("ratings",)}[settings.mode]
    if form not in (*allowed, "skip", *(("all_bad",) if settings.both_bad and settings.mode != "rate" else ())):
        raise InvalidInputError(f"a question of mode `{settings.mode}` is not answered by {form!r}")
    if form == "skip":
        return {"skip": _text(body["skip"], "skip")}
    if "strength" in body and form != "tiers":
        raise InvalidInputError("only an order has a strength")
    if "worst" in body and form != "best":
        raise InvalidInputError("the worst answer is named beside the best")
    answer = _FORMS[form](body, settings, shown)
    ratings = _ratings(body.get("ratings", []), settings, shown)
    if form == "ratings" and not ratings:
        raise InvalidInputError("no answer was rated")
    return answer | ({"ratings": ratings} if ratings else {})


def as_shown(answer: Answer, shown: Sequence[int]) -> Answer:
    """An answer with its responses by their places on the page.

    Example:
        >>> as_shown({"tiers": [[2], [0]]}, [0, 2])
        {'tiers': [[1], [0]]}
    """
    place = {number: index for index, number in enumerate(shown)}
    turned = dict(answer)
    if "tiers" in answer:
        turned["tiers"] = [[place[number] for number in tier] for tier in answer["tiers"]]
    for name in ("best", "worst"):
        if name in answer:
            turned[name] = place[answer[name]]
    if "ratings" in answer:
        turned["ratings"] = [{**one, "response": place[one["response"]]} for one in answer["ratings"]]
    return turned


def judgements_of(
    answer: Answer,
    settings: LabellingSettings,
    annotator: str | None,
    responses: Sequence[int] = (),
    *,
    both_bad: str = "tie",
    best_worst: str = "pairs",
) -> tuple[list[Ranking], list[Rating]]:
    """What an answer says of a group.

    Args:
        answer: that was sent.
        settings: of the project, for the scales.
        annotator: who said it.
        responses: that were shown, for answers that speak of all of them.
        both_bad: "tie", or "drop": nothing.
        best_worst: "pairs": best over each other and each other over worst, weighing one together; "tiers": best,
            the others, worst. In three tiers the others read as ties, which nobody called them.

    Example:
        >>> rankings, _ = judgements_of({"best": 2, "worst": 0}, LabellingSettings(mode="best-worst"), "ann", [0, 1, 2])
        >>> [ranking.tiers for ranking in rankings], round(rankings[0].weight, 3)
        ([((2,), (0,)), ((2,), (1,)), ((1,), (0,))], 0.333)
    """
    rankings: list[Ranking] = []
    if "tiers" in answer:
        strength = answer.get("strength")
        tiers = tuple(map(tuple, answer["tiers"]))
        rankings = [Ranking(tiers, None if strength is None else float(strength), annotator)]
    elif "best" in answer:
        rankings = list(_best_worst(answer["best"], answer["worst"], sorted(responses), annotator, best_worst))
    elif answer.get("all_bad") and both_bad == "tie":
        rankings = [Ranking((tuple(sorted(responses)),), None, annotator)]
    scales = {one.name: (one.low, one.high) for one in settings.rated}
    ratings = [
        Rating(one["response"], one["value"], one["attribute"], annotator, scale=scales.get(one["attribute"]))
        for one in answer.get("ratings", [])
    ]
    return rankings, ratings


def gold_result(answer: Answer, gold: Answer, responses: Sequence[int]) -> str:
    """Whether an answer is the known one: of every two responses that the known answer puts in an order, and that were
    answered on at all, the same must be better. A value may be one off.

    Example:
        >>> gold_result({"tiers": [[1], [0]]}, {"tiers": [[1], [0]]}, [0, 1])
        'passed'
        >>> gold_result({"skip": "too long"}, {"tiers": [[1], [0]]}, [0, 1])
        'not comparable'
    """
    known, order = _order(gold, responses), _order(answer, responses)
    verdicts = [order[pair] == better for pair, better in known.items() if better is not None and pair in order]
    values = {(one["response"], one["attribute"]): one["value"] for one in answer.get("ratings", [])}
    for one in gold.get("ratings", []):
        value = values.get((one["response"], one["attribute"]))
        if value is not None:
            verdicts.append(abs(value - one["value"]) <= 1)
    if not verdicts:
        return NOT_COMPARABLE
    return PASSED if all(verdicts) else FAILED


def _order(answer: Answer, responses: Sequence[int]) -> dict[tuple[int, int], int | None]:
    """Pair of responses, the smaller first -> the better one, None for a tie."""
    rankings, _ = judgements_of({**answer, "ratings": []}, LabellingSettings(), None, responses)
    return {(min(a, b), max(a, b)): None if tied else a for ranking in rankings for a, b, tied in ranking.comparisons()}


def _best_worst(best: int, worst: int, responses: Sequence[int], annotator: str | None, form: str) -> Iterator[Ranking]:
    others = [number for number in responses if number not in (best, worst)]
    if form == "tiers":
        yield Ranking(tuple(tier for tier in ((best,), tuple(others), (worst,)) if tier), None, annotator)
        return
    pairs = [(best, worst), *((best, other) for other in others), *((other, worst) for other in others)]
    for better, worse in pairs:
        yield Ranking(((better,), (worse,)), None, annotator, 1 / len(pairs))


def _tiers(body: Mapping[str, Any], settings: LabellingSettings, shown: Sequence[int]) -> Answer:
    tiers = body["tiers"]
    if not isinstance(tiers, list) or not all(isinstance(tier, list) and tier for tier in tiers):
        raise InvalidInputError("tiers must be a list of lists of places")
    places = [place for tier in tiers for place in tier]
    numbers = [[_response(place, shown) for place in tier] for tier in tiers]
    if len({*places}) < len(places):
        raise InvalidInputError("an answer stands twice in the order")
    if len(places) < 2 or (settings.mode == "pair" and len(places) != len(shown)):
        raise InvalidInputError("an order is of two answers or more, and in `pair` of both")
    if not settings.ties and len(tiers) < len(places):
        raise InvalidInputError("this project has no ties")
    answer: Answer = {"tiers": [sorted(tier) for tier in numbers]}
    if settings.strength and len(tiers) > 1:
        answer["strength"] = _whole(body.get("strength"), "strength", 1, settings.strength)
    elif "strength" in body:
        raise InvalidInputError("a tie has no strength" if settings.strength else "this project has no strength")
    return answer


def _extremes(body: Mapping[str, Any], settings: LabellingSettings, shown: Sequence[int]) -> Answer:
    best, worst = (_response(body.get(name), shown) for name in ("best", "worst"))
    if best == worst:
        raise InvalidInputError("the best answer cannot be the worst")
    return {"best": best, "worst": worst}


def _ratings(ratings: Any, settings: LabellingSettings, shown: Sequence[int]) -> list[dict[str, Any]]:
    if not isinstance(ratings, list) or not all(isinstance(one, dict) for one in ratings):
        raise InvalidInputError("ratings must be a list of objects")
    scales = {one.name: one for one in settings.rated}
    values: dict[tuple[int, str], dict[str, Any]] = {}
    for one in ratings:
        name = one.get("attribute")
        attribute = scales.get(name) if isinstance(name, str) else None
        if attribute is None:
            raise InvalidInputError(f"the project does not ask for {name!r}")
        number = _response(one.get("response"), shown)
        value = _whole(one.get("value"), attribute.name, attribute.low, attribute.high)
        if (number, attribute.name) in values:
            raise InvalidInputError(f"{attribute.name!r} of one answer stands twice")
        values[number, attribute.name] = {"response": number, "attribute": attribute.name, "value": value}
    return [values[key] for key in sorted(values)]


def _response(place: Any, shown: Sequence[int]) -> int:
    return shown[_whole(place, "the place of an answer", 0, len(shown) - 1)]


def _whole(value: Any, name: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise InvalidInputError(f"{name} is {value!r}", remedy=f"it must be a whole number from {low} to {high}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise InvalidInputError(f"{name} must be a text of at most 500 characters")
    return value


def _all_bad(body: Mapping[str, Any], settings: LabellingSettings, shown: Sequence[int]) -> Answer:
    if body["all_bad"] is not True:
        raise InvalidInputError("all_bad is true, or absent")
    return {"all_bad": True}


_FORMS: dict[str, Callable[[Mapping[str, Any], LabellingSettings, Sequence[int]], Answer]] = {
    "tiers": _tiers,
    "best": _extremes,
    "all_bad": _all_bad,
    "ratings": lambda body, settings, shown: {},
}
