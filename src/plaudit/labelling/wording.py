"""Every sentence of the labelling pages, in English and in Chinese, out of `words/*.toml`."""

from __future__ import annotations

from pathlib import Path

from plaudit.text import Language, Sentence, Sentences, Wording

_SENTENCES = Sentences(Path(__file__).with_name("words"))


def say(key: str, **values: Wording) -> Sentence:
    """A sentence.

    Raises:
        KeyError: if there is none of that name.

    Example:
        >>> say("skip.title").plain("en"), say("skip.title").plain("zh")
        ('Skip this question', '跳过这一题')
    """
    return _SENTENCES.say(key, **values)


def templates() -> dict[str, dict[str, str]]:
    """Name -> language -> template, out of all files."""
    return _SENTENCES.templates


def script_words(sections: tuple[str, ...], language: Language) -> dict[str, str]:
    """Name -> template of whole sections, for scripts, which fill them in by the same rule.

    Example:
        >>> script_words(("skip",), "zh")["skip.title"]
        '跳过这一题'
    """
    return {key: one[language] for key, one in templates().items() if key.split(".")[0] in sections}
