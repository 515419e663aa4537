"""Text that a chat template has already written, as RL trainers send it, read as the conversation it is.

Such text is not quite what the template writes: trainers drop a leading BOS (their inference engine puts it back) or
double it, and stop at the end of the turn where the template goes on. What the template writes is learned from one
conversation, so that a rendered text has the tokens, and the score, of its conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plaudit.errors import ForeignTextError

_QUESTION, _ANSWER = "plaudit-question", "plaudit-answer"


@dataclass(frozen=True, slots=True)
class TemplateText:
    """What a model's template, or without one its tokenizer, writes around an answer.

    Attributes:
        begins: how every conversation begins: the BOS, as text, as often as it is written.
        bos: the BOS as text.
        answer_opens: what stands before an answer; None without a template, which marks none.
        answer_closes: what stands after it.
        stops: lengths of `answer_closes`, longest first, at which generated text may end: no token is cut by them.
        end: the end of text, which generated text carries whether or not the template writes it.
        padding: what batches are padded with.
    """

    begins: str
    bos: str
    answer_opens: str | None
    answer_closes: str
    stops: tuple[int, ...]
    end: str
    padding: str

    @classmethod
    def of_template(cls, tokenizer: Any) -> TemplateText:
        """Learned from a conversation of one turn each.

        Raises:
            ForeignTextError: if the template does not write what it is given.
        """
        question = [{"role": "user", "content": _QUESTION}]
        write = tokenizer.apply_chat_template
        whole: str = write([*question, {"role": "assistant", "content": _ANSWER}], tokenize=False)
        asked: str = write(question, tokenize=False, add_generation_prompt=True)
        if _QUESTION not in whole or _ANSWER not in whole:
            raise ForeignTextError("the chat template does not write its messages as they are")
        between = whole[whole.index(_QUESTION) + len(_QUESTION) : whole.rindex(_ANSWER)]
        opens = asked.removeprefix(write(question, tokenize=False))
        # A template that has no generation prompt of its own marks an answer by what ends the question.
        opens = opens if opens and opens in between else between.strip()
        bos = tokenizer.bos_token or ""
        closes = whole[whole.rindex(_ANSWER) + len(_ANSWER) :]
        return cls(
            begins=bos * _times(whole, bos),
            bos=bos,
            answer_opens=opens or None,
            answer_closes=closes,
            stops=_stops(closes, tokenizer),
            end=tokenizer.eos_token or "",
            padding=_padding(tokenizer),
        )

    @classmethod
    def of_tokenizer(cls, tokenizer: Any, end: str) -> TemplateText:
        """Without a template. The tokenizer itself writes special tokens; `end` is what it leaves to be written."""
        ids = tokenizer("a", verbose=False)["input_ids"]
        bos = (tokenizer.bos_token or "") if ids[:1] == [tokenizer.bos_token_id] else ""
        return cls("", bos, None, end, _stops(end, tokenizer), tokenizer.eos_token or "", _padding(tokenizer))

    def opens_answer(self, prompt: str) -> bool:
        """Whether a prompt is already written, up to where the answer begins."""
        return self.answer_opens is not None and prompt.rstrip().endswith(self.answer_opens.rstrip())

    def read(self, text: str, *, foreign: bool = False, as_generated: bool = False) -> tuple[str, str, int]:
        """Part a rendered conversation.

        Args:
            text: the conversation.
            foreign: take text without the mark of an answer as it stands.
            as_generated: do not complete what the template writes after the answer.

        Returns:
            What stands before the answer, the rest, and where the answer ends in the rest.

        Raises:
            ForeignTextError: if nothing marks the answer: another template wrote the text.
        """
        text = _without(text, self.padding)
        text = self.begins + text[_times(text, self.bos) * len(self.bos) :]
        start = text.rfind(self.answer_opens) if self.answer_opens else 0
        if start < 0 and not foreign:
            raise ForeignTextError(
                f"the text does not have {self.answer_opens!r}, which this model's chat template writes before an "
                "answer, so another template wrote it",
                remedy="send messages, or text that this model's template wrote",
            )
        seam = 0 if start < 0 else start + len(self.answer_opens or "")
        before, after = text[:seam], text[seam:]
        if as_generated:
            return before, after, len(after)
        answer = self.answer_in(after)
        return before, answer + self.answer_closes, len(answer)

    def answer_in(self, generated: str) -> str:
        """What a policy generated, without what ends it: the end of text, and what the template writes after an answer,
        as far as it goes."""
        if self.end and self.end not in self.answer_closes:
            generated = generated.removesuffix(self.end)
        return generated[: len(generated) - next(n for n in self.stops if generated.endswith(self.answer_closes[:n]))]


def _times(text: str, start: str) -> int:
    """How often the text begins with `start`."""
    count = 0
    while start and text.startswith(start, count * len(start)):
        count += 1
    return count


def _stops(closes: str, tokenizer: Any) -> tuple[int, ...]:
    """An answer that ends in `<` was not cut in the middle of `<|im_end|>`, which is one token."""
    tokens = {token.content for token in tokenizer.added_tokens_decoder.values() if token.content in closes}
    inside = {closes.index(token) + place for token in tokens for place in range(1, len(token))}
    return tuple(length for length in range(len(closes), -1, -1) if length not in inside)


def _without(text: str, padding: str) -> str:
    while padding and text.startswith(padding):
        text = text[len(padding) :]
    while padding and text.endswith(padding):
        text = text[: -len(padding)]
    return text


def _padding(tokenizer: Any) -> str:
    """The padding as text, where it is nothing else as well."""
    padding: str = tokenizer.pad_token or ""
    return "" if padding in (tokenizer.eos_token, tokenizer.bos_token, tokenizer.unk_token) else padding
