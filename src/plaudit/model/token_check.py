"""What is lost between texts and tokens: answers that differ and become the same tokens, words that the tokenizer does
not know, what is cut, tools that the template does not show. Counted while groups are rendered, and said in one place,
so that training, scoring and the checks of a set of data say it in the same words."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text, text_key
from plaudit.judgements import pairs_of
from plaudit.model.rendering import Rendered, Renderer
from plaudit.model.templates import settle_template
from plaudit.text import counted

logger = logging.getLogger(__name__)

# Texts of which more than this share cannot be read are not what people judged: of all tokens, and of one text's.
_MUCH_UNKNOWN = 0.1
_MOSTLY_UNKNOWN = 0.5

# What of a check is a plain number.
_SUMS = (
    *("comparisons", "equal", "_texts", "_tokens", "_unknown", "_mostly_unknown"),
    *("_with_tools", "_tools_hidden"),
)

_CUT = "the cut to fit the context removes what differs"
_UNKNOWN = "they differ in words that the tokenizer does not know"
_REMEDIES = {_CUT: "a larger --max-length keeps more", _UNKNOWN: "take a backbone that reads this language"}
_OF_TEMPLATE = "train with a template that keeps it: --chat-template FILE"


class TokenCheck:
    """Counts of what rendered groups have lost.

    A comparison is two answers of which a ranking puts one above the other; in a group without rankings, any two.
    Answers that are the same text are not compared.

    Args:
        data: whose these are, where there are several; its warnings begin with it.

    Attributes:
        comparisons: of answers that differ.
        equal: of them, those whose two sides became the same tokens.
        causes: how often which step made them so.

    Example:
        >>> from plaudit.model import open_model
        >>> model, check = open_model("my-model"), TokenCheck()
        >>> list(check.passing(model.renderer, [Group("q", "What is 2 + 2?", ("It is 4.", "No idea."))]))
        [Group('q': 2 responses)]
        >>> check.comparisons, check.equal, check.warnings()
        (1, 0, [])
    """

    def __init__(self, data: str = "") -> None:
        self.comparisons = 0
        self.equal = 0
        self.causes: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._limit = 0
        self._cut: Counter[str] = Counter()
        self._texts = self._tokens = self._unknown = self._mostly_unknown = 0
        self._with_tools = self._tools_hidden = 0
        self._data = data
        self._name = ""
        self._others: list[TokenCheck] = []

    def of_readers(self, names: Sequence[str]) -> list[TokenCheck]:
        """A count for each of the readers that score the same groups together, such as an ensemble's members: this one
        and others that it speaks for. Answers are lost only where every reader loses them.

        Example:
            >>> check = TokenCheck()
            >>> first, second = check.of_readers(["member 0", "member 1"])
            >>> first is check, second.warnings()
            (True, [])
        """
        self._name, *names = names
        self._others = [TokenCheck(self._data) for _ in names]
        for other, name in zip(self._others, names, strict=True):
            other._name = name
        return [self, *self._others]

    def add(self, renderer: Renderer, item: Rendered) -> None:
        """Count a group that the renderer has rendered."""
        self._limit = renderer.max_length
        self._cut.update(prompt=sum(item.prompt_cut), response=sum(item.response_cut))
        self._count_unknown(renderer.unknown_token, item)
        if item.group.tools:
            self._with_tools += 1
            self._tools_hidden += not renderer.shows_tools(item.group)
        self._compare(renderer, item)

    def add_cuts(self, prompts: int, responses: int, limit: int) -> None:
        """Count responses whose prompt, or who themselves, were cut to `limit` tokens by whoever rendered them."""
        self._limit = limit
        self._cut.update(prompt=prompts, response=responses)

    def counts(self) -> dict[str, Any]:
        """All that was counted so far, as JSON, for the `add_counts` of another."""
        sums = {name: getattr(self, name) for name in _SUMS}
        return {**sums, "causes": dict(self.causes), "first": self._first, "cut": dict(self._cut), "limit": self._limit}

    def add_counts(self, counts: Mapping[str, Any]) -> None:
        """Add what another has counted, as `counts` gives it.

        Example:
            >>> check, other = TokenCheck(), TokenCheck()
            >>> other.add_cuts(prompts=1, responses=0, limit=64)
            >>> check.add_counts(other.counts())
            >>> check.warnings()
            ['1 response was read with the middle of its prompt cut to fit 64 tokens']
        """
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + counts[name])
        self.causes.update(counts["causes"])
        self._first = {**counts["first"], **self._first}
        self._cut.update(counts["cut"])
        self._limit = counts["limit"]

    def merge(self, other: TokenCheck) -> None:
        """Add what another check has counted of the same readers, perhaps several (`of_readers`).

        Example:
            >>> check, other = TokenCheck(), TokenCheck()
            >>> other.of_readers(["member 0", "member 1"])[1].add_cuts(prompts=2, responses=0, limit=512)
            >>> check.merge(other)
            >>> check.warnings()
            ['member 1: 2 responses were read with the middle of their prompt cut to fit 512 tokens']
        """
        limit = self._limit
        self.add_counts(other.counts())
        self._limit = other._limit or limit
        if other._others and not self._others:
            self.of_readers([other._name, *(reader._name for reader in other._others)])
        for reader, counted_elsewhere in zip(self._others, other._others, strict=True):
            reader.merge(counted_elsewhere)

    def passing(self, renderer: Renderer, groups: Iterable[Group]) -> Iterator[Group]:
        """The groups, rendered and counted while they go by. Responses that do not fit are cut."""
        for group in groups:
            # As training does it; the groups before the first conversation read alike either way.
            settle_template(renderer.tokenizer, [group])
            (item,) = renderer.render([group], truncate_responses=True)
            self.add(renderer, item)
            yield group

    def warnings(self) -> list[str]:
        """What to warn of, in plain words; nothing if nothing is lost. Each reader speaks for itself."""
        name = "".join(f"{part}: " for part in (self._data, self._name) if part)
        reasons = [name + reason for reason in self._reasons()]
        return reasons + [reason for other in self._others for reason in other.warnings()]

    def _reasons(self) -> list[str]:
        reasons = []
        if count := self._cut["prompt"]:
            were, their = ("was", "its") if count == 1 else ("were", "their")
            reasons.append(
                f"{counted(count, 'responses')} {were} read with the middle of {their} prompt cut to fit "
                f"{self._limit} tokens"
            )
        if count := self._cut["response"]:
            reasons.append(
                f"{counted(count, 'responses')} {'was' if count == 1 else 'were'} cut to fit {self._limit} tokens"
            )
        if self._tokens and (share := self._unknown / self._tokens) > _MUCH_UNKNOWN:
            reasons.append(
                f"{share:.0%} of the tokens are words that this backbone does not know, and all look alike to it: "
                "take a backbone that reads this language"
            )
        elif self._mostly_unknown:
            reasons.append(
                f"{self._mostly_unknown:,} of {counted(self._texts, 'texts')} are mostly words that this backbone does "
                "not know, and all look alike to it"
            )
        if self._tools_hidden:
            reasons.append(
                f"the chat template does not show the tools that {counted(self._tools_hidden, 'groups')} "
                f"{'has' if self._tools_hidden == 1 else 'have'}: what the assistant could call is not read"
            )
        if self.equal:
            reasons.append(
                f"{self.equal:,} of {counted(self.comparisons, 'comparisons')} are of answers that differ but become "
                f"the same tokens, so no score tells them apart: {self._causes()} ({self._remedy()})"
            )
        return reasons

    def finish(self) -> None:
        """Log the warnings.

        Raises:
            InvalidInputError: if all answers that are compared became the same tokens.
        """
        if all(one.equal and one.equal == one.comparisons for one in (self, *self._others)):
            raise InvalidInputError(
                f"all {counted(self.equal, 'comparisons')} are of answers that differ but become the same tokens: "
                f"{self._causes()}"
                if self.equal > 1
                else f"the answers differ but become the same tokens: {self._causes()}",
                remedy=self._remedy(),
            )
        for warning in self.warnings():
            logger.warning(warning)

    def to_json(self) -> dict[str, Any]:
        """The counts by name."""
        return {
            "comparisons": self.comparisons,
            "same_tokens": self.equal,
            "causes": dict(self.causes),
            "prompts_cut": self._cut["prompt"],
            "responses_cut": self._cut["response"],
            "unknown_tokens": self._unknown,
            "tokens": self._tokens,
            "mostly_unknown_texts": self._mostly_unknown,
            "groups_with_tools": self._with_tools,
            "tools_hidden": self._tools_hidden,
            **({"other_readers": {one._name: one.to_json() for one in self._others}} if self._others else {}),
        }

    def _causes(self) -> str:
        several = len(self.causes) > 1
        return "; ".join(
            f"{cause} ({f'{count:,}, ' if several else ''}first in group {self._first[cause]!r})"
            for cause, count in self.causes.most_common()
        )

    def _remedy(self) -> str:
        return _REMEDIES.get(self.causes.most_common(1)[0][0], _OF_TEMPLATE)

    def _count_unknown(self, token: int | None, item: Rendered) -> None:
        for sequence in item.sequences:
            unknown = 0 if token is None else int((sequence == token).sum())
            self._texts += 1
            self._tokens += len(sequence)
            self._unknown += unknown
            self._mostly_unknown += unknown > _MOSTLY_UNKNOWN * len(sequence)

    def _compare(self, renderer: Renderer, item: Rendered) -> None:
        group = item.group
        if len(group.responses) < 2:
            return
        tokens = _numbered(sequence.tobytes() for sequence in item.sequences)
        texts = _numbered(map(text_key, group.responses))
        if group.rankings:
            pairs = pairs_of(group.rankings)
            better, worse = pairs.better[~pairs.tie], pairs.worse[~pairs.tie]
            differ = texts[better] != texts[worse]
            alike = differ & (tokens[better] == tokens[worse])
            self.comparisons += int(differ.sum())
            for a, b in zip(better[alike].tolist(), worse[alike].tolist(), strict=True):
                self._blame(renderer, group, a, b, 1)
            return
        self.comparisons += _pairs_of_unlike(texts)
        if len(np.unique(tokens)) == len(tokens):
            return
        members: dict[int, list[int]] = defaultdict(list)
        for response, number in enumerate(tokens.tolist()):
            members[number].append(response)
        for alike_tokens in members.values():
            inside = texts[alike_tokens]
            if count := _pairs_of_unlike(inside):
                other = alike_tokens[int(np.flatnonzero(inside != inside[0])[0])]
                self._blame(renderer, group, alike_tokens[0], other, count)

    def _blame(self, renderer: Renderer, group: Group, a: int, b: int, count: int) -> None:
        cause = _cause(renderer, group, a, b)
        self.equal += count
        self.causes[cause] += count
        self._first.setdefault(cause, group.id)


def _cause(renderer: Renderer, group: Group, a: int, b: int) -> str:
    """The step that made the sequences of two different responses the same."""
    one, other = plain_text(group.responses[a]), plain_text(group.responses[b])
    only_space = one.split() == other.split()
    (text, tokens), (other_text, other_tokens) = (renderer.uncut(group, index) for index in (a, b))
    if text == other_text:
        if one == other:
            return "the chat template leaves out what is not text, such as tool calls"
        if only_space:
            return "the chat template trims white space"
        reasoning = "<think>" in one + other
        return f"the chat template leaves out {'the reasoning (<think>)' if reasoning else 'what differs'}"
    if len(tokens) != len(other_tokens) or (tokens != other_tokens).any():
        return _CUT
    if renderer.unknown_token is not None and renderer.unknown_token in tokens:
        return _UNKNOWN
    return f"the tokenizer {'trims white space' if only_space else 'writes both alike (capitals, accents)'}"


def _numbered(keys: Iterable[object]) -> Int[np.ndarray, " keys"]:
    """A number for each key, the same for equal ones."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _pairs_of_unlike(numbers: Int[np.ndarray, " keys"]) -> int:
    """How many pairs of them differ."""
    counts = np.bincount(numbers)
    return int(len(numbers) ** 2 - (counts**2).sum()) // 2
