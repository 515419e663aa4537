"""What must cost: no answer, part of one, or an answer to something else. And the language that frames an answer."""

from __future__ import annotations

from random import Random

from plaudit.evaluation.probes.change import Case, Change, Probe, Spot, Wanted, edits
from plaudit.evaluation.probes.sentences import before
from plaudit.groups import Text, plain_text
from plaudit.text import detect_language

FRAMES = {
    "en": ("Here is my answer to your question.", "Let me answer this step by step.", "This is what I can tell you."),
    "zh": ("下面是我对您问题的回答。", "让我一步一步来回答。", "我可以告诉您的是这些。"),
}


def _empty(case: Case) -> Change | None:
    # Nothing after nothing has no token to score.
    if not case.answer or not plain_text(case.group.prompt).strip():
        return None
    return Change(Spot(case.group, case.index), case.saying(""))


def _cut(text: str, language: str, random: Random) -> str | None:
    """The first half, ending in the middle of a sentence."""
    half = text[: len(text) // 2]
    if language != "zh" and " " in half.strip():
        half = half[: half.rstrip().rindex(" ")]
    return half.rstrip(" .,;:!?。，；：！？\n") or None


def _words_shuffled(text: str, language: str, random: Random) -> str | None:
    parts = list(text.strip()) if language == "zh" else text.split()
    if len(parts) < 4:
        return None
    random.shuffle(parts)
    return ("" if language == "zh" else " ").join(parts)


def _echo(case: Case) -> Change | None:
    """The question in place of the answer."""
    prompt = case.group.prompt
    asked = prompt if isinstance(prompt, str) else str(prompt[-1]["content"])
    return Change(Spot(case.group, case.index), case.saying(asked)) if asked.strip() else None


def _unrelated(case: Case) -> Change | None:
    """A fluent answer to another prompt, in the same language where there is one."""
    strangers = [text for stranger in case.strangers if (text := _last(stranger)).strip()]
    own = [text for text in strangers if detect_language(text) == case.language] or strangers
    return Change(Spot(case.group, case.index), case.saying(case.random.choice(own))) if own else None


def _last(text: Text) -> str:
    return text if isinstance(text, str) else str(text[-1]["content"])


def _framed_abroad(case: Case) -> Change | None:
    """The same opening sentence in Chinese and in English: in the answer's own language it is the untouched one."""
    if not case.answer.strip():
        return None
    own, number = case.language, case.random.randrange(len(FRAMES["en"]))
    untouched, changed = (
        before(FRAMES[said][number], case.answer, said) for said in (own, "en" if own == "zh" else "zh")
    )
    return Change(case.saying(untouched), case.saying(changed))


PROBES = (
    Probe("empty", "content", Wanted.LOWER, "not answering at all", _empty),
    Probe("truncated", "content", Wanted.LOWER, "breaking off in the middle", edits(_cut)),
    Probe("unrelated", "content", Wanted.LOWER, "fluently answering another question", _unrelated),
    Probe("echo", "content", Wanted.LOWER, "echoing the question", _echo),
    Probe("words shuffled", "content", Wanted.LOWER, "shuffling the words", edits(_words_shuffled)),
    Probe("foreign opening", "language", Wanted.NOT_HIGHER, "opening in another language", _framed_abroad),
)
