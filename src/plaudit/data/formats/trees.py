"""Trees of messages (OpenAssistant): a row for each message, or a tree a row. Answers to one message were ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.attributes import is_attribute, is_figure, ratings_of
from plaudit.data.formats.fields import leave_each, name_of, need, optional_number
from plaudit.data.formats.texts import ROLES, words_of
from plaudit.groups import Group, GroupError, Message, Ranking, Rating

_RANK = "rank"
_ROLE, _LEFT_OUT = "role", "left out"


@dataclass(frozen=True, slots=True)
class _Node:
    """One message: what it says, and what was said of it."""

    id: str
    role: str
    text: str
    left_out: bool
    rank: float | None
    ratings: tuple[Rating, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)


def knows_messages(row: Mapping[str, Any]) -> bool:
    return {"message_id", "text", "role"} <= row.keys() and not row.keys().isdisjoint({"parent_id", "message_tree_id"})


def read_message(row: dict[str, Any], file: FileReading) -> Group:
    """One message, as a group that `join_messages` takes apart: its parent's id stands for the prompt."""
    node = _node(row, file)
    parent = name_of(row, "parent_id")
    file.tally[node.id] += 1
    if file.tally[node.id] > 1:
        file.note("the message stands in an earlier row as well; it is read once")
    if parent is None and node.role == "assistant":
        file.note("the answer says to which message it was given nowhere; it is left out")
    ranks = () if node.rank is None else (Rating(0, node.rank, _RANK),)
    return Group(
        id=node.id,
        prompt=parent or "",
        responses=(node.text,),
        ratings=(*ranks, *node.ratings),
        meta={_ROLE: node.role, _LEFT_OUT: node.left_out},
    )


def join_messages(rows: Sequence[Group], file: FileReading) -> list[Group]:
    """The answers to each message, after the whole conversation up to it, wherever in the file its messages stand."""
    nodes: dict[str, _Node] = {}
    parents: dict[str, str] = {}
    for row in rows:
        if row.id in nodes:
            continue
        parents[row.id] = str(row.prompt)
        ranks = [rating.value for rating in row.ratings if rating.attribute == _RANK]
        nodes[row.id] = _Node(
            id=row.id,
            role=row.meta[_ROLE],
            text=str(row.responses[0]),
            left_out=row.meta[_LEFT_OUT],
            rank=ranks[0] if ranks else None,
            ratings=tuple(rating for rating in row.ratings if rating.attribute != _RANK),
            meta={name: value for name, value in row.meta.items() if name not in (_ROLE, _LEFT_OUT)},
        )
    replies: dict[str, list[_Node]] = {}
    for name, node in nodes.items():
        if node.role == "assistant" and parents[name]:
            replies.setdefault(parents[name], []).append(node)
    groups: list[Group] = []
    for name, answers in replies.items():
        path = _path(name, nodes, parents)
        if not path:
            for _ in answers:
                file.note("what was said before the answer is not in the file; it is left out")
        elif group := _judged(path, answers, file):
            groups.append(replace(group, meta=nodes[name].meta))
    return groups


def _path(name: str, nodes: Mapping[str, _Node], parents: Mapping[str, str]) -> list[_Node]:
    """The conversation that ends with a message; empty if a message of it is missing."""
    path: list[_Node] = []
    while name:
        if name not in nodes or len(path) > len(nodes):
            return []
        path.append(nodes[name])
        name = parents[name]
    return path[::-1]


def knows_trees(row: Mapping[str, Any]) -> bool:
    root = row.get("prompt")
    return isinstance(root, Mapping) and "text" in root and "replies" in root


def read_tree(row: dict[str, Any], file: FileReading) -> list[Group]:
    """A group for each message that was answered: the conversation up to it, and its answers as they were ranked.

    Example:
        >>> answers = [{"text": text, "role": "assistant", "rank": i} for i, text in enumerate(["The Elbe.", "Paris."])]
        >>> root = {"text": "Name a river.", "role": "prompter", "replies": answers}
        >>> [group] = read_tree({"message_tree_id": "m0", "prompt": root}, FileReading())
        >>> group.responses, group.rankings[0].tiers
        (('The Elbe.', 'Paris.'), ((0,), (1,)))
    """
    rests: list[dict[str, Any]] = []
    groups: list[Group] = []
    root = need(row, "prompt")
    if not isinstance(root, Mapping):
        raise GroupError('"prompt" must be an object with "text", "role" and "replies"')
    waiting: list[tuple[tuple[_Node, ...], Mapping[str, Any]]] = [((), root)]
    while waiting:
        path, message = waiting.pop(0)
        rest = {name: value for name, value in message.items() if value is not None and value == value}
        replies = rest.pop("replies", ())
        if not isinstance(replies, (list, tuple)) or not all(isinstance(reply, Mapping) for reply in replies):
            raise GroupError('"replies" must be a list of messages')
        path = (*path, _node(rest, file))
        rests.append(rest)
        answers = [_node(dict(reply), FileReading()) for reply in replies]
        if group := _judged(path, [answer for answer in answers if answer.role == "assistant"], file):
            groups.append(group)
        waiting += [(path, reply) for reply in replies]
    leave_each(row, "prompt", rests)
    if not groups:
        raise GroupError("no message of the tree has an answer", remedy="remove the row")
    return groups


def _node(message: dict[str, Any], file: FileReading) -> _Node:
    """What a message says, taken out of it."""
    name = need(message, "role")
    role = ROLES.get(str(name), name)
    if role not in ("user", "assistant"):
        raise GroupError(f'"role" is {name!r:.40}', remedy="it must be prompter or assistant")
    rank = optional_number(message, "the rank", "rank")
    left_out = _says(message.pop("deleted", None), "true") or _says(message.pop("review_result", None), "false")
    if role == "user" and rank is not None:
        file.note("the message is a user's, and its rank says nothing of an answer; it is left out")
    if role == "assistant" and left_out:
        file.note("the answer was deleted or rejected in review; it is left out")
    return _Node(
        id=name_of(message, "message_id") or "",
        role=role,
        text=words_of(need(message, "text"), "the text"),
        left_out=left_out,
        rank=rank if role == "assistant" else None,
        ratings=_labels(message, file) if role == "assistant" else (),
    )


def _says(value: Any, word: str) -> bool:
    return str(value).strip().casefold() == word


def _labels(message: dict[str, Any], file: FileReading) -> tuple[Rating, ...]:
    """The means of what reviewers gave for known qualities, from 0 to 1; what is left of `labels` stays there.

    They are `{quality: {"value", "count"}}` in JSON and three parallel lists in Parquet.
    """
    labels = message.pop("labels", None)
    if not isinstance(labels, Mapping):
        return ()
    names, values = labels.get("name"), labels.get("value")
    if isinstance(names, (list, tuple)) and isinstance(values, (list, tuple)) and len(names) == len(values):
        means = dict(zip(map(str, names), values, strict=True))
    else:
        means = {name: one.get("value") if isinstance(one, Mapping) else one for name, one in labels.items()}
    known = {name: one for name, one in means.items() if is_attribute(name) and one is not None and is_figure(one)}
    if rest := [name for name in means if name not in known]:
        message["labels"] = rest
    return tuple(rating for name, one in known.items() for rating in ratings_of(0, name, one, file, scale=(0, 1)))


def _judged(path: Sequence[_Node], answers: Sequence[_Node], file: FileReading) -> Group | None:
    """The answers to the last message of a conversation; None where none is left."""
    answers = [answer for answer in answers if not answer.left_out]
    if not answers:
        return None
    prompt: tuple[Message, ...] = tuple({"role": node.role, "content": node.text} for node in path)
    ranks: dict[int, float] = {}
    texts: set[str] = set()
    for index, answer in enumerate(answers):
        if answer.rank is None:
            continue
        if answer.text in texts:
            file.note("two answers are the same text, so their comparison says nothing; it is left out")
            continue
        texts.add(answer.text)
        ranks[index] = answer.rank
    order = sorted(ranks, key=ranks.__getitem__)
    tiers = tuple(tuple(tier) for _, tier in groupby(order, key=ranks.__getitem__))
    return Group(
        id=path[-1].id,
        prompt=prompt,
        responses=tuple(answer.text for answer in answers),
        rankings=(Ranking(tiers),) if len(ranks) > 1 else (),
        ratings=tuple(replace(one, response=index) for index, answer in enumerate(answers) for one in answer.ratings),
    )


_AUTHORS = frozenset(
    {"user_id", "created_date", "review_count", "synthetic", "model_name", "detoxify", "emojis", "labels"}
)

register_format(
    Format(
        name="oasst-trees",
        priority=32,
        columns="message_tree_id, prompt with text, role and replies",
        knows=knows_trees,
        read=read_tree,
    )
)
register_format(
    Format(
        name="oasst",
        priority=33,
        columns="message_id, parent_id, text, role, rank",
        knows=knows_messages,
        read=read_message,
        join=join_messages,
        judgement_columns=_AUTHORS,
    )
)
