"""Conversations in which people chose between several answers at every turn, and scored them (PRISM)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, is_absent, leave_each, name_of, need, number_of, optional_number
from plaudit.data.formats.texts import ROLES, words_of
from plaudit.groups import Group, GroupError, Message, Ranking, Rating

_SCALE = (1, 100)
"""PRISM's published scale."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """One answer: its text, whether it was chosen, and the score it got."""

    text: str
    chosen: bool
    score: float | None = None


@dataclass(slots=True)
class _Turn:
    """What the user said, and the answers that were shown."""

    user: str = ""
    answers: list[_Answered] = field(default_factory=list)


def knows_conversation(row: Mapping[str, Any]) -> bool:
    history = row.get("conversation_history")
    return (
        isinstance(history, list)
        and all(isinstance(one, Mapping) and {"role", "content"} <= one.keys() for one in history)
        and any("if_chosen" in one for one in history)
    )


def read_conversation(row: dict[str, Any], file: FileReading) -> list[Group]:
    """A group for each turn: what was said so far, with the answers that were chosen, and the answers to it.

    Example:
        >>> answers = [("The Elbe.", True, 90), ("Paris.", False, 5)]
        >>> history = [{"turn": 0, "role": "user", "content": "Name a river."}]
        >>> for text, chosen, score in answers:
        ...     history.append({"turn": 0, "role": "model", "content": text, "if_chosen": chosen, "score": score})
        >>> [group] = read_conversation({"conversation_id": "c1", "conversation_history": history}, FileReading())
        >>> group.responses, group.rankings[0].tiers
        (('The Elbe.', 'Paris.'), ((0,), (1,)))
    """
    history = need(row, "conversation_history")
    if not isinstance(history, list) or not all(isinstance(one, Mapping) for one in history):
        raise GroupError('"conversation_history" must be a list of messages')
    turns: dict[float, _Turn] = {}
    rests: list[dict[str, Any]] = []
    for message in history:
        rest = {name: value for name, value in message.items() if value is not None and value == value}
        turn = turns.setdefault(number_of(need(rest, "turn"), "the turn"), _Turn())
        role, text = rest.pop("role", None), words_of(need(rest, "content"), "a message")
        if ROLES.get(str(role), role) == "assistant":
            turn.answers.append(_Answered(text, _is_true(rest.pop("if_chosen", None)), _score(rest)))
        elif role == "user" and not turn.user:
            turn.user = text
        else:
            raise GroupError(f"a message has the role {role!r:.40}", remedy="each turn has one of user, and model")
        rests.append(rest)
    annotator = name_of(row, *ANNOTATORS)
    groups = _groups(name_of(dict(row), "conversation_id", "id") or "", turns, annotator, file)
    leave_each(row, "conversation_history", rests)
    if not groups:
        raise GroupError("the conversation has no turn with an answer", remedy="remove the row")
    return groups


def knows_utterance(row: Mapping[str, Any]) -> bool:
    return {"user_prompt", "model_response", "conversation_id", "turn"} <= row.keys()


def read_utterance(row: dict[str, Any], file: FileReading) -> Group:
    """One answer, as a group that `join_utterances` takes apart."""
    identity, conversation = name_of(row, "utterance_id") or "", name_of(row, "conversation_id")
    if conversation is None:
        raise GroupError("the row has no 'conversation_id'", remedy="add it or remove the row")
    if identity:
        file.tally[identity] += 1
        if file.tally[identity] > 1:
            file.note("the answer stands in an earlier row as well; it is read once")
    score = _score(row)
    return Group(
        id=identity,
        prompt=words_of(need(row, "user_prompt"), "the user's message"),
        responses=(words_of(need(row, "model_response"), "the response"),),
        ratings=() if score is None else (Rating(0, score),),
        meta={
            "conversation_id": conversation,
            "turn": number_of(need(row, "turn"), "the turn"),
            "chosen": _is_true(row.pop("if_chosen", None)),
            "annotator": name_of(row, *ANNOTATORS),
        },
    )


def join_utterances(rows: Sequence[Group], file: FileReading) -> list[Group]:
    """The turns of each conversation, wherever in the file its answers stand."""
    conversations: dict[str, dict[float, _Turn]] = {}
    annotators: dict[str, str | None] = {}
    met: set[str] = set()
    for row in rows:
        if row.id and row.id in met:
            continue
        met.add(row.id)
        meta = row.meta
        annotators.setdefault(meta["conversation_id"], meta["annotator"])
        turn = conversations.setdefault(meta["conversation_id"], {}).setdefault(meta["turn"], _Turn(str(row.prompt)))
        score = row.ratings[0].value if row.ratings else None
        turn.answers.append(_Answered(str(row.responses[0]), meta["chosen"], score))
    return [
        replace(group, meta={"conversation_id": name})
        for name, turns in conversations.items()
        for group in _groups(name, turns, annotators[name], file)
    ]


def _groups(identity: str, turns: Mapping[float, _Turn], annotator: str | None, file: FileReading) -> list[Group]:
    """A group for each turn, as long as it is known which answer the conversation went on from."""
    groups: list[Group] = []
    before: tuple[Message, ...] | None = ()
    for place, number in enumerate(sorted(turns)):
        turn = turns[number]
        if before is None or number != place or not turn.user:
            file.note("it is not known what a turn went on from; it and those after it are left out")
            break
        prompt: tuple[Message, ...] = (*before, {"role": "user", "content": turn.user})
        chosen = {answer.text for answer in turn.answers if answer.chosen or len(turn.answers) == 1}
        before = (*prompt, {"role": "assistant", "content": min(chosen)}) if len(chosen) == 1 else None
        if turn.answers:
            groups.append(_judged(f"{identity}/{number:g}" if identity else "", prompt, turn.answers, annotator, file))
    return groups


def _judged(
    identity: str, prompt: tuple[Message, ...], answers: Sequence[_Answered], annotator: str | None, file: FileReading
) -> Group:
    """The chosen answer above each other one; nothing was said of the others among each other but their scores."""
    rankings: list[Ranking] = []
    for better, one in enumerate(answers):
        for worse, other in enumerate(answers):
            if not one.chosen or other.chosen:
                continue
            if one.text == other.text:
                file.note("two answers are the same text, so their comparison says nothing; it is left out")
                continue
            rankings.append(Ranking(((better,), (worse,)), annotator=annotator))
            if one.score is not None and other.score is not None and one.score < other.score:
                file.note("the scores contradict the choice; both are kept")
    ratings = tuple(
        Rating(
            index,
            answer.score,
            annotator=annotator,
            scale=_SCALE if _SCALE[0] <= answer.score <= _SCALE[1] else None,
        )
        for index, answer in enumerate(answers)
        if answer.score is not None
    )
    return Group(identity, prompt, tuple(answer.text for answer in answers), tuple(rankings), ratings)


def _is_true(value: Any) -> bool:
    return not is_absent(value) and str(value).strip().casefold() in ("true", "1", "1.0")


def _score(row: dict[str, Any]) -> float | None:
    return optional_number(row, "the score", "score")


register_format(
    Format(
        name="prism-conversations",
        priority=37,
        columns="conversation_history with turn, role, content, if_chosen and score",
        knows=knows_conversation,
        read=read_conversation,
    )
)
register_format(
    Format(
        name="prism-utterances",
        priority=38,
        columns="conversation_id, turn, user_prompt, model_response, if_chosen, score",
        knows=knows_utterance,
        read=read_utterance,
        join=join_utterances,
        judgement_columns=frozenset(
            {"interaction_id", "within_turn_id", "conversation_type", "model_name", "model_provider"}
        ),
    )
)
