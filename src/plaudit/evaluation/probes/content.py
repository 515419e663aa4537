"""Content probes: no answer, part of one, or an answer to something else; and the language that frames an answer."""

from __future__ import annotations

from random import Random

from plaudit.evaluation.probes.change import Case, Change, Probe, Wanted, edits, register_probes
from plaudit.evaluation.probes.sentences import put_before
from plaudit.groups import Text, plain_text
from plaudit.text import detect_language

FRAMES = {
    "en": ("Here is my answer to your question.", "Let me answer this step by step.", "This is what I can tell you."),
    "zh": ("下面是我对您问题的回答。", "让我一步一步来回答。", "我可以告诉您的是这些。"),
}


def _empty(case: Case) -> Change | None:
    # An empty answer to an empty prompt has no token to score.
    if not case.answer or not plain_text(case.group.prompt).strip():
        return None
    return Change(case.spot, case.with_answer(""))


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
    question = prompt if isinstance(prompt, str) else str(prompt[-1]["content"])
    return Change(case.spot, case.with_answer(question)) if question.strip() else None


def _unrelated(case: Case) -> Change | None:
    """A fluent answer to another prompt, in the same language where there is one."""
    strangers = [text for stranger in case.strangers if (text := _last(stranger)).strip()]
    candidates = [text for text in strangers if detect_language(text) == case.language] or strangers
    return Change(case.spot, case.with_answer(case.random.choice(candidates))) if candidates else None


def _last(text: Text) -> str:
    return text if isinstance(text, str) else str(text[-1]["content"])


def _framed_abroad(case: Case) -> Change | None:
    """The same opening sentence in Chinese and in English: in the answer's own language it is the untouched one."""
    if not case.answer.strip():
        return None
    number = case.random.randrange(len(FRAMES["en"]))
    untouched, changed = (
        put_before(case.answer, FRAMES[language][number], language)
        for language in (case.language, "en" if case.language == "zh" else "zh")
    )
    return Change(case.with_answer(untouched), case.with_answer(changed))


register_probes(
    Probe(name="empty", family="content", wanted=Wanted.LOWER, says="not answering at all", change=_empty),
    Probe(
        name="truncated", family="content", wanted=Wanted.LOWER, says="breaking off in the middle", change=edits(_cut)
    ),
    Probe(
        name="unrelated",
        family="content",
        wanted=Wanted.LOWER,
        says="fluently answering another question",
        change=_unrelated,
    ),
    Probe(name="echo", family="content", wanted=Wanted.LOWER, says="echoing the question", change=_echo),
    Probe(
        name="words shuffled",
        family="content",
        wanted=Wanted.LOWER,
        says="shuffling the words",
        change=edits(_words_shuffled),
    ),
    Probe(
        name="foreign opening",
        family="language",
        wanted=Wanted.NOT_HIGHER,
        says="opening in another language",
        change=_framed_abroad,
    ),
)
