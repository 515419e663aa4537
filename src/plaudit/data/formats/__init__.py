"""The table of formats: every shape of row that can be read, how it is known, and who reads it.

The first format in the table that recognises a file's rows reads it, so the narrower shapes stand first. A reader takes
(pops) the columns it understands out of the row and returns a group of that one row; what is left over goes to `meta`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.data.formats import captions, clicks, labelled, mqm, native, pairs, ranked, rated, ukp
from plaudit.errors import DataError
from plaudit.groups import Group


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of row.

    Attributes:
        name: what `--format` calls it.
        shape: its columns, for messages.
        knows: whether a row has this shape, by its columns and, where those do not decide, its values.
        read: row (a copy, to take columns out of) and the file's bare name -> a group of that row.
        join: for a format whose judgement spans the whole file: its rows' groups -> one group.
        leaves: columns that belong to a single judgement, for which a group has no place. They are reported.
    """

    name: str
    shape: str
    knows: Callable[[Mapping[str, Any]], bool]
    read: Callable[[dict[str, Any], str], Group]
    join: Callable[[Sequence[Group]], Group] | None = None
    leaves: frozenset[str] = frozenset()


FORMATS: tuple[Format, ...] = (
    Format("ukp-pairs", "TSV: #id label a1 a2; the file's name is the prompt", ukp.knows_pairs, ukp.read_pair),
    Format(
        "ukp-votes",
        "debate, stance, a1, a2, annotator, choice",
        ukp.knows_vote,
        ukp.read_vote,
        leaves=frozenset({"pair_id", "reason", "accepted_at", "submitted_at"}),
    ),
    Format(
        "ukp-ranks",
        "TSV: #id rank argument; the file's name is the prompt",
        ukp.knows_rank,
        ukp.read_rank,
        ukp.join_ranks,
        leaves=frozenset({"id"}),
    ),
    Format("clicks", "session, prompt, shown, clicked, seconds", clicks.knows, clicks.read),
    Format("mqm", "doc, segment, source, translations with mqm_by_rater", mqm.knows, mqm.read),
    Format(
        "caption-contest",
        "caption, unfunny, somewhat_funny, funny",
        captions.knows,
        captions.read,
        captions.join,
        leaves=captions.LEAVES,
    ),
    Format(
        "pandalm",
        "instruction, input, response1, response2, annotator1...",
        labelled.knows_pandalm,
        labelled.read_pandalm,
    ),
    Format("llmbar", "input, output_1, output_2, label", labelled.knows_llmbar, labelled.read_llmbar),
    Format("labelled", "prompt, response_a, response_b, winner", labelled.knows, labelled.read),
    Format("hh", "chosen, rejected with Human:/Assistant: turns", pairs.knows_hh, pairs.read_hh),
    Format("llama-factory", "conversations or instruction, chosen, rejected", pairs.knows_llama_factory, pairs.read),
    Format("trl", "chosen, rejected, with or without prompt", pairs.knows_trl, pairs.read),
    Format("ranked", "prompt, responses with ranks or scores", ranked.knows, ranked.read),
    Format("rated", "prompt, response, value (or a column for each attribute)", rated.knows, rated.read),
    Format("native", "prompt, responses, rankings, ratings", native.knows, native.read),
)

BY_NAME = {format.name: format for format in FORMATS}


def format_named(name: str) -> Format:
    """The format called `name`. Raises DataError naming all formats when there is none."""
    if name not in BY_NAME:
        raise DataError(f"there is no format {name!r}; the formats are {', '.join(BY_NAME)}")
    return BY_NAME[name]


def detect_format(rows: Sequence[Any], where: str) -> Format:
    """The first format that knows most of `rows` (a file's first few).

    Raises:
        DataError: if no format knows any of them; says which columns were seen and which formats there are.
    """
    objects = [row for row in rows if isinstance(row, Mapping)]
    known = [(sum(map(format.knows, objects)), format) for format in FORMATS]
    most, best = max(known, key=lambda pair: pair[0])
    if most:
        return best
    seen = ", ".join(objects[0]) if objects else "no columns at all"
    shapes = "; ".join(f"{format.name} ({format.shape})" for format in FORMATS)
    raise DataError(
        f"no format has these columns: {seen}. The formats: {shapes}. Rename columns or give --format", where
    )
