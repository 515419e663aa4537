"""Every sentence of a report, in English and in Chinese, out of `sentences/*.toml` (see `plaudit.text.Sentences`)."""

from __future__ import annotations

from pathlib import Path

from plaudit.text import Sentence, Sentences, Wording, bilingual, count

__all__ = ["Sentence", "Wording", "bilingual", "count", "say", "templates"]

_SENTENCES = Sentences(Path(__file__).with_name("sentences"))


def say(key: str, **values: Wording) -> Sentence:
    """A sentence.

    Raises:
        KeyError: if there is none of that name.

    Example:
        >>> say("verdict.few", k=count(1)).plain("zh")
        '只有 1 个独立提示（或聚类）：换一批，这里的一切都可能不同。'
    """
    return _SENTENCES.say(key, **values)


def templates() -> dict[str, dict[str, str]]:
    """Name -> language -> template, out of all files."""
    return _SENTENCES.templates
