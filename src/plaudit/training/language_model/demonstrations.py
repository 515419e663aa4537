"""Judgements, or plain prompts with their completions, -> the responses that are worth imitating."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from plaudit.data import FORMATS, Row, Table, messages_of, need, prompt_of, read_groups, response_of, tables
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, GroupError

# Net wins and mean ratings are sums of floats; a millionth apart is a tie.
_ALIKE = 1e-6


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """Groups that hold only the responses to imitate.

    Attributes:
        groups: each with its best-judged responses.
        tied: groups that kept more judged responses than asked for, because they are equally good.
        unjudged: groups without a judgement, which kept all they had.
    """

    groups: tuple[Group, ...]
    tied: int
    unjudged: int

    @property
    def count(self) -> int:
        return sum(len(group.responses) for group in self.groups)


def demonstrations(groups: Iterable[Group], attribute: str | None = None, top: float = 0.0) -> Demonstrations:
    """What each group's judgements call its best: the most net wins over all its rankings, by weight (so the top tier
    of a single ranking, and the majority's choice of a pair), or, where it has no ranking, the highest mean rating.

    Args:
        groups: with or without judgements.
        attribute: which ratings count; None: whichever there is.
        top: share of a group's judged responses to keep, best first; 0: the best alone. Who ties with the last of them
            is kept too.

    Raises:
        PlauditError: if ratings on several attributes leave open what is best.
    """
    kept, tied, unjudged = [], 0, 0
    for group in groups:
        marks = _net_wins(group) if group.rankings else _mean_ratings(group, attribute)
        if not marks:
            unjudged += 1
            kept.append(group)
            continue
        wanted = max(1, round(top * len(marks)))
        least = sorted(marks.values(), reverse=True)[wanted - 1]
        best = [response for response in sorted(marks) if marks[response] >= least - _ALIKE]
        tied += len(best) > wanted
        kept.append(group.among(best))
    return Demonstrations(tuple(kept), tied, unjudged)


def read_demonstrations(source: str | Path | Sequence[str | Path]) -> Iterator[Group]:
    """Groups from all that `read_groups` reads, and from rows with a prompt and one completion (`completion`,
    `response`, `answer` or `output`) or with `messages` that end with the assistant's.

    Example:
        >>> turns = '[{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]'
        >>> _ = Path("answers.jsonl").write_text(f'{{"messages": {turns}}}')
        >>> [group] = read_demonstrations("answers.jsonl")
        >>> group.responses
        ('4',)
    """
    return read_groups([_judged(table) for table in tables(source)])


def _net_wins(group: Group) -> dict[int, float]:
    """Comparisons won minus comparisons lost, of every response that was compared (Copeland's score, by weight)."""
    marks: dict[int, float] = defaultdict(float)
    for ranking in group.rankings:
        for better, worse, tied in ranking.comparisons():
            marks[better] += 0.0 if tied else ranking.weight
            marks[worse] -= 0.0 if tied else ranking.weight
    return marks


def _mean_ratings(group: Group, attribute: str | None) -> dict[int, float]:
    attributes = sorted({rating.attribute for rating in group.ratings})
    if attribute is None and len(attributes) > 1:
        raise InvalidInputError(
            f"group {group.id!r} is rated on {', '.join(attributes)}",
            remedy="say which says what is best: --attribute NAME",
        )
    sums: dict[int, float] = defaultdict(float)
    weights: dict[int, float] = defaultdict(float)
    for rating in group.ratings:
        if attribute in (None, rating.attribute):
            sums[rating.response] += rating.weight * rating.value
            weights[rating.response] += rating.weight
    return {response: sums[response] / weights[response] for response in sums}


def _judged(table: Table) -> Table:
    """A table as it is, or one whose rows are rewritten as groups if they are completions that nobody judged."""
    first = next(table.rows, None)
    rows = table.rows if first is None else chain([first], table.rows)
    value = first.value if first is not None else None
    if isinstance(value, Mapping) and not any(shape.knows(value) for shape in FORMATS.values()):
        rows = map(_completed, rows)
    return Table(table.name, table.stem, iter(rows))


def _completed(row: Row) -> Row:
    if row.fault is not None or not isinstance(row.value, Mapping):
        return row
    left = dict(row.value)
    try:
        if isinstance(turns := left.get("messages") or left.get("conversations"), list):
            *before, last = messages_of(turns, "the conversation")
            if not before or last["role"] != "assistant":
                raise GroupError(
                    "its messages do not end with an answer of the assistant's", remedy="add it or remove the row"
                )
            group = Group("", tuple(before), (response_of([last], "the answer"),))
        else:
            prompt = prompt_of(left)
            if prompt is None:
                raise GroupError("the row has no prompt", remedy="add one")
            group = Group("", prompt, (response_of(need(left, "completion", "response", "answer", "output"), "it"),))
    except GroupError as error:
        return Row(row.file, row.line, row.value, error)
    return Row(row.file, row.line, group.to_dict())
