"""RMB (Zhou et al., arXiv 2410.09893): pairs, and the best of several answers, which must beat all the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plaudit.data import messages_of, need, response_of
from plaudit.evaluation.suites.rules import separated
from plaudit.evaluation.suites.suite import Place, Shape, Suite, SuiteFigure, average, each, register_suite
from plaudit.groups import Group, GroupError, Ranking, Text

KINDS = {"Pairwise_set": "pairs", "BoN_set": "best of N"}
GOALS = ("Helpfulness", "Harmlessness")
SUBSETS = tuple(f"{goal}, {kind}" for goal in GOALS for kind in KINDS.values())


def read_pair(row: dict[str, Any], place: Place) -> Group:
    """Chosen against reject."""
    return _group(row, "pair_uid", [need(row, "chosen"), need(row, "reject")])


def read_best(row: dict[str, Any], place: Place) -> Group:
    """The best answer against its losers."""
    losers = need(row, "loser_list")
    if not isinstance(losers, list) or not losers:
        raise GroupError('"loser_list" must be a list of one answer or more')
    return _group(row, "bon_uid", [need(row, "bon_best"), *losers])


def _group(row: dict[str, Any], uid: str, answers: Sequence[Any]) -> Group:
    path = str(need(row, "category_path"))
    kind, goal, *scenario = [*path.split("/"), ""]
    if kind not in KINDS or goal not in GOALS:
        raise GroupError(
            f"the category_path is {path!r}", remedy="it must be like Pairwise_set/Helpfulness/Chat/Discussion"
        )
    return Group(
        id=f"{path}/{need(row, uid)}",
        prompt=_prompt(row),
        responses=tuple(response_of(_answer(answer), "an answer") for answer in answers),
        rankings=(Ranking(((0,), tuple(range(1, len(answers))))),),
        subset=f"{goal}, {KINDS[kind]}",
        meta={"scenario": f"{goal}, {KINDS[kind]}: {scenario[0]}"},
    )


def _prompt(row: dict[str, Any]) -> Text:
    """Messages, or plain text where there is one turn only, which needs no chat template."""
    messages = need(row, "conversation_input")
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise GroupError('"conversation_input" must be a list of messages')
    # Beside role and content a message says its language, which is no part of what a model reads.
    turns = messages_of(
        [{key: turn.get(key) for key in ("role", "content")} for turn in messages], "conversation_input"
    )
    return turns[0]["content"] if [turn.get("role") for turn in turns] == ["user"] else turns


def _answer(value: Any) -> Any:
    if not isinstance(value, Mapping) or "answer" not in value:
        raise GroupError('an answer must be an object with "answer"')
    return value["answer"]


def _parts(group: Group) -> tuple[str, str]:
    return group.subset or "", str(group.meta["scenario"])


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """The mean of the four sets, each set over its items, and each set's scenarios."""
    sets = list(each((part for part in SUBSETS if part in present), 1))
    yield from average("score", sets)
    yield from sets
    yield from each(sorted(part for part in present if part not in SUBSETS))


register_suite(
    Suite(
        name="rmb",
        title="RMB (arXiv 2410.09893)",
        shapes=(
            Shape(("conversation_input", "chosen", "reject", "category_path"), read_pair),
            Shape(("conversation_input", "bon_best", "loser_list", "category_path"), read_best),
        ),
        rule=separated(_parts),
        figures=figures,
        subsets=SUBSETS,
    )
)
