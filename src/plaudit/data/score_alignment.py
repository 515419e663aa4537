"""Which score belongs to which response: by group and place, and by the text that was scored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from plaudit.data.scores import Score, text_hash
from plaudit.errors import InvalidInputError
from plaudit.groups import Group

# Scores of one text from different batches differ by rounding, and bfloat16 rounds most.
_ROUNDING = 0.05


def align_scores(groups: Sequence[Group], scores: Iterable[Score]) -> tuple[list[list[Score]], int]:
    """Put scores in the order of the groups' responses: one list of K a group, and how many scores are left over.

    A score belongs to the response of its group and index, if it was made of that text. Otherwise it belongs to the
    response whose text it was made of, wherever that stands: rows that were scored apart may be one group here.

    Raises:
        InvalidInputError: if a response has no score or two different ones, or if two groups share an id, so that
            scores without a hash cannot be told from each other.

    Example:
        >>> group = Group("q1", "2 + 2?", ("4", "5"))
        >>> scores = [Score("q1", 1, -0.5, 9, False), Score("q1", 0, 1.5, 9, False), Score("q2", 0, 0.0, 9, False)]
        >>> aligned, left_over = align_scores([group], scores)
        >>> [score.score for score in aligned[0]], left_over
        ([1.5, -0.5], 1)
    """
    places: dict[str, dict[int, list[Score]]] = defaultdict(lambda: defaultdict(list))
    texts: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        places[score.group][score.response].append(score)
        if score.hash is not None:
            texts[score.hash].append(score)
    if not texts:
        check_ids(groups)
    aligned: list[list[Score]] = []
    used = 0
    for group in groups:
        of_group = places.get(group.id, {})
        _check_indices(group, of_group)
        matching = [_matching(group, index, of_group.get(index, []), texts) for index in range(len(group.responses))]
        aligned.append([scores[0] for scores in matching])
        used += sum(map(len, matching))
    count = sum(len(several) for of_group in places.values() for several in of_group.values())
    return aligned, max(count - used, 0)


def _check_indices(group: Group, of_group: Mapping[int, Sequence[Score]]) -> None:
    """Refuse scores of responses that the group does not have, where no hash says that they are of another row."""
    beyond = [index for index, scores in of_group.items() if index >= len(group.responses) and scores[0].hash is None]
    if beyond:
        raise InvalidInputError(
            f"the scores name response {min(beyond)} of group {group.id!r}, which has {len(group.responses)}",
            remedy="they were made from other data",
        )


def _matching(group: Group, index: int, here: list[Score], texts: Mapping[str, list[Score]]) -> list[Score]:
    """The scores of one response: those `here`, at its place, or those of its text. Several must agree."""
    name = f"response {index} of group {group.id!r}"
    if here and here[0].hash is None:
        matching, tolerance = here, -1.0
    else:
        digest = text_hash(group, index)
        # Files of earlier versions have half of the digits.
        matching, tolerance = texts.get(digest) or texts.get(digest[: len(digest) // 2]) or [], _ROUNDING
    if not matching:
        reason = f"the score of {name} was made of another text" if here else f"{name} has no score"
        raise InvalidInputError(reason, remedy="score these groups again")
    first = matching[0].score
    if any(abs(other.score - first) > tolerance * max(1.0, abs(first)) for other in matching[1:]):
        raise InvalidInputError(f"{name} has two scores", remedy="keep one scores file a run")
    return matching


def check_ids(groups: Iterable[Group]) -> None:
    """Refuse groups that share an id: a scores file could not tell them apart.

    Example:
        >>> check_ids([Group("q1", "Why?", ("a",)), Group("q1", "How?", ("b",))])
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: two groups have the id 'q1'; scores are matched by id, so ids must differ
    """
    seen: set[str] = set()
    for group in groups:
        if group.id in seen:
            reason = f"two groups have the id {group.id!r}"
            raise InvalidInputError(reason, remedy="scores are matched by id, so ids must differ")
        seen.add(group.id)
