"""How long prompts and responses are, in characters, words and tokens, and what a given context would cut."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import TemplateError

from plaudit._arguments import checked
from plaudit.errors import DataError
from plaudit.groups import Group, Text, as_messages, plain_text

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
"""A word is a run of letters and digits, or one Chinese or Japanese character."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """The distribution of one length: how many, the smallest, quantiles, the largest, and the mean."""

    n: int
    least: int
    median: float
    p90: float
    p99: float
    most: int
    mean: float


@dataclass(frozen=True, slots=True)
class Truncation:
    """What a context of `max_length` tokens would cut.

    Attributes:
        conversations: prompts with one response each, how many there are.
        too_long: of these, the ones with more tokens than `max_length`: their prompt is cut in the middle.
        responses: of these, the ones whose response alone is too long: an error, unless responses may be cut.
        first: the id and response index of the first of those, None when there is none.
    """

    max_length: int
    conversations: int
    too_long: int
    responses: int
    first: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class LengthReport:
    """Lengths by what they are of: `prompt characters`, `response words`, ... and the truncation, when asked for.

    `longer_wins` is the share of untied comparisons that the longer response (in characters) won, a tie in length
    counting half; None without comparisons.

    Example:
        >>> from plaudit import Group
        >>> report = length_report([Group("q", "2 + 2?", ("Four.", "Five it is."))])
        >>> report.lengths["response words"].most, report.longer_wins, report.truncation
        (3, None, None)
    """

    lengths: Mapping[str, Lengths]
    longer_wins: float | None
    truncation: Truncation | None


@checked
def length_report(groups: Iterable[Group], tokenizer: Any = None, max_length: int | None = None) -> LengthReport:
    """Lengths over a stream of groups, holding four bytes a length.

    Args:
        groups: each prompt counts once, and each response once.
        tokenizer: a transformers tokenizer; adds lengths in tokens of prompts, responses and whole conversations as the
            chat template renders them (without a template: the prompt, a blank line and the response).
        max_length: the context in tokens; needs the tokenizer.

    Example:
        >>> from plaudit import Group, Ranking
        >>> pair = Group("q", "2 + 2?", ("Four.", "Five it is."), (Ranking(((0,), (1,))),))
        >>> report = length_report([pair])
        >>> report.lengths["response characters"].mean, report.longer_wins
        (8.0, 0.0)
    """
    if max_length is not None and tokenizer is None:
        raise DataError("--max-length counts tokens, so it needs --tokenizer")
    tally: dict[str, array[int]] = {}
    wins = comparisons = 0.0
    cut = _TruncationCount(max_length)
    for group in groups:
        _count(tally, "prompt", [group.prompt])
        sizes = _count(tally, "response", group.responses)
        for better, worse, tied in (pair for r in group.rankings for pair in r.comparisons()):
            if not tied:
                comparisons += 1
                wins += 0.5 if sizes[better] == sizes[worse] else sizes[better] > sizes[worse]
        if tokenizer is not None:
            cut.add(group, *_tokens(tally, group, tokenizer))
    lengths = {name: _lengths(values) for name, values in tally.items()}
    return LengthReport(lengths, wins / comparisons if comparisons else None, cut.result() if max_length else None)


def load_tokenizer(folder: str) -> Any:
    """A tokenizer from a model's folder or hub id. Raises DataError when there is none.

    Example:
        >>> from tokenizers import Tokenizer, models
        >>> from transformers import PreTrainedTokenizerFast
        >>> words = Tokenizer(models.WordLevel({"yes": 0, "no": 1}, unk_token="no"))
        >>> _ = PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained("folder")
        >>> load_tokenizer("folder")("yes")["input_ids"]
        [0]
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"no tokenizer can be loaded from it: {reason}", file=folder) from error


class _TruncationCount:
    """Counts, while groups are read, what a context would cut."""

    def __init__(self, max_length: int | None) -> None:
        self._max = max_length
        self._conversations = self._too_long = self._responses = 0
        self._first: tuple[str, int] | None = None

    def add(self, group: Group, whole: list[int], responses: list[int]) -> None:
        if self._max is None:
            return
        self._conversations += len(whole)
        self._too_long += sum(size > self._max for size in whole)
        over = [index for index, size in enumerate(responses) if size > self._max]
        self._responses += len(over)
        if over and self._first is None:
            self._first = (group.id, over[0])

    def result(self) -> Truncation | None:
        if self._max is None:
            return None
        return Truncation(
            max_length=self._max,
            conversations=self._conversations,
            too_long=self._too_long,
            responses=self._responses,
            first=self._first,
        )


def _count(tally: dict[str, array[int]], what: str, texts: Iterable[Text]) -> list[int]:
    plain = [plain_text(text) for text in texts]
    characters = [len(text) for text in plain]
    tally.setdefault(f"{what} characters", array("I")).extend(characters)
    tally.setdefault(f"{what} words", array("I")).extend(len(_WORD.findall(text)) for text in plain)
    return characters


def _tokens(tally: dict[str, array[int]], group: Group, tokenizer: Any) -> tuple[list[int], list[int]]:
    """Tokens of each whole conversation and of each response by itself."""
    try:
        whole = _sizes(tokenizer, [_rendered(tokenizer, group, response) for response in group.responses])
    except TemplateError as error:
        raise DataError(f"the tokenizer's chat template refuses the group {group.id}: {error}") from error
    alone = _sizes(tokenizer, [plain_text(response) for response in group.responses])
    for what, sizes in (("response", alone), ("conversation", whole)):
        tally.setdefault(f"{what} tokens", array("I")).extend(sizes)
    return whole, alone


def _rendered(tokenizer: Any, group: Group, response: Text) -> str:
    if not getattr(tokenizer, "chat_template", None):
        return f"{plain_text(group.prompt)}\n\n{plain_text(response)}"
    messages = as_messages(group.prompt, "user") + as_messages(response, "assistant")
    tools = [dict(tool) for tool in group.tools] or None
    return str(tokenizer.apply_chat_template(messages, tools=tools, tokenize=False))


def _sizes(tokenizer: Any, texts: list[str]) -> list[int]:
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]]


def _lengths(values: array[int]) -> Lengths:
    sizes = np.frombuffer(values, np.uint32)
    median, p90, p99 = np.quantile(sizes, [0.5, 0.9, 0.99])
    return Lengths(
        n=len(sizes),
        least=int(sizes.min()),
        median=float(median),
        p90=float(p90),
        p99=float(p99),
        most=int(sizes.max()),
        mean=float(sizes.mean()),
    )
