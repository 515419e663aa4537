"""Groups -> token sequences, the same in training, scoring and every export.

With a chat template, a plain prompt is the user's turn and a plain response the assistant's. Without one, a single such
turn is its text; a decoder reads prompt, blank line (none after an empty prompt or one that ends in white space),
response, end-of-text; an encoder reads the two as a sentence pair. What is too long loses the *middle of the prompt*,
never the response: people judged the whole response, and the end of a prompt says what was asked. How much is cut
depends on the response alone, not on its siblings, or its score would change with its company.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Int

from plaudit.errors import EmptyError, InvalidInputError, NeedsPromptError, TooLongError
from plaudit.groups import Group, Text, as_messages, plain_text
from plaudit.model.prepared import Prepared
from plaudit.model.template_text import TemplateText
from plaudit.model.templates import BUILT_IN, without_roles
from plaudit.text import replace_surrogates

Tools: TypeAlias = Sequence[Mapping[str, Any]]

# A prompt is never cut below this many tokens (a quarter of a small context): a response to nothing means nothing.
_LEAST_PROMPT = 32


@dataclass(frozen=True, slots=True)
class Rendered(Prepared):
    """A group as token sequences.

    Attributes:
        sequences: one a response, prompt and all.
        types: their segment ids, for encoders that read them.
        prompt_cut: for each response, whether the middle of its prompt was cut.
        response_cut: for each response, whether any of it was cut.

    Example:
        >>> from plaudit.model import open_model
        >>> item = open_model("my-model").prepare(Group("q", "What is 2 + 2?", ("It is 4.", "No idea.")))
        >>> len(item.sequences), item.prompt_cut, item.response_cut
        (2, (False, False), (False, False))
    """

    sequences: tuple[Int[np.ndarray, " _"], ...]
    types: tuple[Int[np.ndarray, " _"], ...] | None
    prompt_cut: tuple[bool, ...]
    response_cut: tuple[bool, ...]

    def key(self, response: int) -> bytes:
        """Its tokens and segment ids."""
        types = b"" if self.types is None else self.types[response].tobytes()
        return self.sequences[response].tobytes() + types

    @property
    def prompts_cut(self) -> int:
        return sum(self.prompt_cut)

    def was_cut(self, response: int) -> bool:
        return self.response_cut[response]


class _Parts(NamedTuple):
    """A conversation as text: what stands before the response, the rest, and where the response ends in the rest."""

    before: str
    after: str
    response_end: int


class _Encoded(NamedTuple):
    ids: Int[np.ndarray, " tokens"]
    types: Int[np.ndarray, " tokens"] | None
    prompt_cut: bool = False
    response_cut: bool = False


class Renderer:
    """Turns groups into token sequences.

    Args:
        tokenizer: a transformers tokenizer, with or without a chat template.
        max_length: most tokens of one sequence.
        causal: decoder or encoder.
        segments: whether the encoder reads segment ids.
        padding: the decoder's padding id, if any. transformers scores the last token that is not padding, so padding at
            the very end (someone wrote `<pad>`, or a checkpoint pads with its end of text) is left out here too.

    Example:
        >>> from plaudit.model import open_model
        >>> renderer = open_model("my-model").renderer
        >>> [item] = renderer.render([Group("q", "What is 2 + 2?", ("It is 4.",))])
        >>> print(renderer.tokenizer.decode(item.sequences[0]).strip())
        <|im_start|>user
        What is 2 + 2?<|im_end|>
        <|im_start|>assistant
        It is 4.<|im_end|>
    """

    def __init__(
        self, tokenizer: Any, *, max_length: int, causal: bool, segments: bool, padding: int | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.causal = causal
        self.segments = segments
        self.padding = padding
        self._template_texts: dict[str, TemplateText] = {}
        self._opened: tuple[Any, str] = (None, "")
        # Where the unknown token has another office too, such as ending a text, what it stands for is not unknown.
        offices = {tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.pad_token_id}
        self.unknown_token: int | None = None if tokenizer.unk_token_id in offices else tokenizer.unk_token_id

    def render(
        self, groups: Iterable[Group], *, truncate_responses: bool = False, batch: int = 256
    ) -> Iterator[Rendered]:
        """Render groups lazily, in order, tokenising `batch` of them at a time.

        Raises:
            TooLongError: if a response alone is longer than the context and `truncate_responses` is False.
            PlauditError: if messages meet a tokenizer without a chat template.
        """
        stream = iter(groups)
        while chunk := list(islice(stream, batch)):
            yield from self._render_chunk(chunk, truncate_responses)

    def render_text(
        self, text: str, *, foreign: bool = False, as_generated: bool = False, truncate_responses: bool = False
    ) -> Rendered:
        """Render a conversation that a template has already written: its prompt and its response are found, and it has
        the tokens of that conversation. `Scorer.prepare_text` has the arguments and the errors.
        """
        if self.reads_pairs:
            raise NeedsPromptError("this model reads prompt and response as a pair", remedy="send the two apart")
        text = replace_surrogates(text)
        parts = _Parts(*self.template_text.read(text, foreign=foreign, as_generated=as_generated))
        group = Group("", parts.before, (parts.after[: parts.response_end],))
        (row,) = self._encode([parts], truncate_responses, [group])
        types = None if row.types is None else (row.types,)
        return Rendered(group, len(row.ids), (row.ids,), types, (row.prompt_cut,), (row.response_cut,))

    @property
    def reads_pairs(self) -> bool:
        """Whether prompt and response are two texts: to an encoder without a template."""
        return not self.causal and not self.tokenizer.chat_template

    @property
    def template_text(self) -> TemplateText:
        """What the template writes around an answer."""
        template = self.tokenizer.chat_template or ""
        if template not in self._template_texts:
            tokenizer = self.tokenizer
            learned = (
                TemplateText.of_template(tokenizer) if template else TemplateText.of_tokenizer(tokenizer, self._end)
            )
            self._template_texts = {template: learned}
        return self._template_texts[template]

    @cached_property
    def _end(self) -> str:
        """What ends a text without a template: nothing where the tokenizer itself writes the end of text."""
        written = self.tokenizer("a", verbose=False)["input_ids"]
        return "" if written[-1:] == [self.tokenizer.eos_token_id] else self.tokenizer.eos_token or ""

    def completion_lengths(self, group: Group) -> list[int]:
        """How many tokens each response's sequence has after its prompt: the response and what closes it, before
        anything is cut. For decoders."""
        lengths = []
        for response in group.responses:
            parts = self._parts(group.prompt, response, group.tools)
            special = not self.tokenizer.chat_template
            whole = self.tokenizer(parts.before + parts.after, add_special_tokens=special, verbose=False)["input_ids"]
            lengths.append(len(whole) - self._boundaries(parts, len(whole), pair=False)[0])
        return lengths

    def spans(self, group: Group) -> tuple[str, Int[np.ndarray, "tokens 2"]]:
        """Character spans of the tokens of the sequence of a group's one response.

        Returns:
            The text after the prompt, with what the template closes it with; and for each token of the sequence, cut
            as `render` cuts it, the first character of that text it covers and the one after its last. Tokens before
            that text, and special tokens that the tokenizer adds, have 0 and 0.

        Raises:
            PlauditError: if the tokenizer does not know where its tokens stand.
        """
        parts = self._parts(group.prompt, group.responses[0], group.tools)
        pair = self.reads_pairs
        if not self.tokenizer.is_fast:
            raise InvalidInputError(f"{type(self.tokenizer).__name__} does not say where in a text its tokens stand")
        special = not self.causal or not self.tokenizer.chat_template
        texts = (parts.before, parts.after) if pair else (parts.before + parts.after,)
        encoded = self.tokenizer(*texts, add_special_tokens=special, return_offsets_mapping=True, verbose=False)
        in_last_text = np.array([text == len(texts) - 1 for text in encoded.sequence_ids(0)], dtype=bool)
        spans = np.array(encoded["offset_mapping"], dtype=np.int64).reshape(-1, 2) - (0 if pair else len(parts.before))
        spans = np.where(in_last_text[:, None], spans.clip(min=0), 0)
        ids = self._without_padding(np.asarray(encoded["input_ids"], dtype=np.int64))
        keep = np.arange(len(ids)) if len(ids) <= self.max_length else self._keep(parts, len(ids), pair)[0]
        return parts.after, spans[keep]

    def uncut(self, group: Group, response: int) -> tuple[str, Int[np.ndarray, " tokens"]]:
        """The text of a response's whole sequence, as the template writes it, and its tokens before any is cut."""
        parts = self._parts(group.prompt, group.responses[response], group.tools)
        (ids,) = self._tokenised([parts])["input_ids"]
        return parts.before + parts.after, self._without_padding(np.asarray(ids, dtype=np.int64))

    def shows_tools(self, group: Group) -> bool:
        """Whether the group's tools reach the model: the template writes another text with them than without."""
        with_tools, without = (self._parts(group.prompt, group.responses[0], tools) for tools in (group.tools, ()))
        return with_tools != without

    def _render_chunk(self, groups: list[Group], truncate_responses: bool) -> Iterator[Rendered]:
        parts = [self._parts(group.prompt, response, group.tools) for group in groups for response in group.responses]
        encoded = iter(self._encode(parts, truncate_responses, groups))
        for group in groups:
            rows = list(islice(encoded, len(group.responses)))
            yield Rendered(
                group=group,
                cost=sum(len(row.ids) for row in rows),
                sequences=tuple(row.ids for row in rows),
                types=tuple(row.types for row in rows if row.types is not None) or None,
                prompt_cut=tuple(row.prompt_cut for row in rows),
                response_cut=tuple(row.response_cut for row in rows),
            )

    def _parts(self, prompt: Text, response: Text, tools: Tools) -> _Parts:
        if not self.tokenizer.chat_template:
            prompt, response = without_roles(prompt, "user"), without_roles(response, "assistant")
        if self.tokenizer.chat_template:
            before, after = self._by_template(prompt, response, tools)
            if not self.causal and not self._end:
                # The special tokens around an encoder's text hold the end that the template writes, too.
                after = after.removesuffix(self.tokenizer.eos_token or "")
        elif isinstance(prompt, str) and isinstance(response, str) and not tools:
            if not self.causal:
                return _Parts(replace_surrogates(prompt), replace_surrogates(response), len(response))
            joint = "" if not prompt or prompt[-1].isspace() else "\n\n"
            before, after = prompt + joint, response + self._end
        else:
            raise InvalidInputError(
                f"the {'prompt has tools' if tools else 'prompt or response is a conversation'}, "
                "but the tokenizer has no chat template",
                remedy=f"train with --chat-template FILE (Jinja) or --chat-template {'|'.join(BUILT_IN)}",
            )
        last = response if isinstance(response, str) else str(response[-1]["content"])
        start = after.rfind(last.strip())
        response_end = len(after) if start < 0 else start + len(last.strip())
        return _Parts(replace_surrogates(before), replace_surrogates(after), response_end)

    def _by_template(self, prompt: Text, response: Text, tools: Tools) -> tuple[str, str]:
        messages = as_messages(prompt, "user")
        render = partial(self.tokenizer.apply_chat_template, tools=[dict(tool) for tool in tools] or None)
        try:
            whole = render([*messages, *as_messages(response, "assistant")], tokenize=False)
            # What stands before a response is the same for all of a prompt's.
            opened, key = self._opened, (self.tokenizer.chat_template, prompt, tools)
            if opened[0] != key:
                opened = self._opened = key, render(messages, tokenize=False, add_generation_prompt=True)
            before = opened[1]
        except Exception as error:
            # Templates raise what they like (jinja2.TemplateError, TypeError) for roles they do not know.
            roles = [message["role"] for message in messages]
            raise InvalidInputError(f"the chat template refuses a conversation of {roles}: {error}") from error
        differ = (i for i, (a, b) in enumerate(zip(whole, before, strict=False)) if a != b)
        shared = len(before) if whole.startswith(before) else next(differ, min(len(whole), len(before)))
        return whole[:shared], whole[shared:]

    def _tokenised(self, parts: Sequence[_Parts]) -> Any:
        options = {"return_attention_mask": False, "return_token_type_ids": self.segments, "verbose": False}
        if self.reads_pairs:
            return self.tokenizer([p.before for p in parts], [p.after for p in parts], **options)
        special = not self.causal or not self.tokenizer.chat_template
        return self.tokenizer([p.before + p.after for p in parts], add_special_tokens=special, **options)

    def _encode(self, parts: Sequence[_Parts], truncate_responses: bool, groups: list[Group]) -> list[_Encoded]:
        pair = self.reads_pairs
        encoded = self._tokenised(parts)
        rows = []
        for index, part in enumerate(parts):
            ids = np.asarray(encoded["input_ids"][index], dtype=np.int64)
            types = np.asarray(encoded["token_type_ids"][index], dtype=np.int64) if self.segments else None
            if len(ids) == 0:
                raise EmptyError(
                    "is empty, and so is its prompt: there is no token to score", subject=_response_name(groups, index)
                )
            ids = self._without_padding(ids)
            if len(ids) <= self.max_length:
                rows.append(_Encoded(ids, types))
                continue
            keep, response_cut = self._keep(part, len(ids), pair)
            if response_cut and not truncate_responses:
                raise TooLongError(
                    f"does not fit the context of {self.max_length} tokens ({len(ids)} with its prompt)",
                    subject=_response_name(groups, index),
                    remedy="leave it out, or cut it with --truncate-responses",
                )
            rows.append(_Encoded(ids[keep], None if types is None else types[keep], True, response_cut))
        return rows

    def _without_padding(self, ids: Int[np.ndarray, " tokens"]) -> Int[np.ndarray, " kept"]:
        text = np.flatnonzero(ids != self.padding) if self.padding is not None else np.arange(len(ids))
        return ids[: text[-1] + 1] if len(text) else ids[:1]

    def _keep(self, parts: _Parts, length: int, pair: bool) -> tuple[Int[np.ndarray, " kept"], bool]:
        """Indices of the tokens that stay when `length` tokens must become `max_length`, and whether the response
        loses any."""
        start, end = self._boundaries(parts, length, pair)
        least = min(start, _LEAST_PROMPT, max(self.max_length // 4, 1))
        prompt = max(start - (length - self.max_length), least)
        longest_response = self.max_length - prompt - (length - end)
        head, tail = (prompt + 1) // 2, prompt // 2
        kept = [
            np.arange(head),
            np.arange(start - tail, start),
            np.arange(start, start + max(min(end - start, longest_response), 0)),
            np.arange(end, length),
        ]
        return np.concatenate(kept)[-self.max_length :], end - start > longest_response

    def _boundaries(self, parts: _Parts, length: int, pair: bool) -> tuple[int, int]:
        """Token index where the response starts, and where what closes it starts (at least the last token)."""
        if pair:
            specials = self.tokenizer.num_special_tokens_to_add(pair=True)
            prompt = len(self.tokenizer(parts.before, add_special_tokens=False, verbose=False)["input_ids"])
            # [CLS] prompt [SEP] response [SEP]: all but one of the special tokens stand before the response.
            return prompt + specials - 1, length - 1
        special = not self.causal or not self.tokenizer.chat_template
        offsets = self.tokenizer(
            parts.before + parts.after, add_special_tokens=special, return_offsets_mapping=True, verbose=False
        )["offset_mapping"]
        starts = np.array([start if end > start else -1 for start, end in offsets])
        response = int(np.searchsorted(np.maximum.accumulate(starts), len(parts.before)))
        closing = np.flatnonzero(starts >= len(parts.before) + parts.response_end)
        return response, min(int(closing[0]) if len(closing) else length, length - 1)


def _response_name(groups: list[Group], index: int) -> str:
    """What to call the response at a place in all groups' responses."""
    for group in groups:
        if index < len(group.responses):
            return f"response {index} of group {group.id!r} ({plain_text(group.responses[index])[:40]!r}…)"
        index -= len(group.responses)
    raise IndexError(index)
