"""In which language a text is, where its script tells: a browser draws Han characters in the shapes of that language,
and a screen reader speaks it in its voice."""

from __future__ import annotations

import re

_MOST = 4000
_SHARE = 0.3
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]")
_ALONE = {"th": r"[\u0e01-\u0e4e]", "el": r"[\u0370-\u03ff]", "he": r"[\u05d0-\u05ea]", "hy": r"[\u0531-\u0587]"}
"""Languages that have a script to themselves. Latin, Cyrillic, Arabic and Devanagari are shared by too many."""


def language_of(text: str) -> str | None:
    """A language's tag; None where the script does not tell.

    Args:
        text: without markup; its beginning decides.

    Example:
        >>> [language_of(one) for one in ("天为什么蓝？", "空はなぜ青い？", "하늘은 왜 파란가요?", "Pourquoi ?")]
        ['zh', 'ja', 'ko', None]
    """
    text = text[:_MOST]
    letters = sum(character.isalpha() for character in text)
    if not letters:
        return None
    kana, hangul, han = (len(script.findall(text)) for script in (_KANA, _HANGUL, _HAN))
    if kana + hangul + han >= _SHARE * letters:
        # Japanese has kana in every sentence, Korean hardly a Han character; Chinese quotes either.
        return "ko" if hangul > kana + han else "ja" if kana >= _SHARE * (kana + han) else "zh"
    return next((tag for tag, script in _ALONE.items() if len(re.findall(script, text)) > letters / 2), None)
