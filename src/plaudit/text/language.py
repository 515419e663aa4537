"""Languages and scripts of a text, and what counts as a word in them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Literal

CHINESE_SHARE = 0.3
"""Share of Chinese characters among a text's letters from which it counts as Chinese. A Chinese character says as much
as a few Latin letters, so Chinese text with many English names is still above it."""

# Scripts written without spaces: kana, Han (three ranges), Thai and Lao, Myanmar, Khmer.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"

TOKEN = rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+"
"""Regular expression of a token: a word or, in a script written without spaces, one character. With pairs of
neighbouring tokens as features beside single ones, English gets its words and bigrams, and Chinese its characters and
character bigrams."""

# Kana, Han and Hangul.
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


Language = Literal["en", "zh"]
"""A language that reports and terminals speak."""

LANGUAGES: tuple[Language, ...] = ("en", "zh")


def preferred_language(environment: Mapping[str, str] | None = None) -> Language:
    """The language of the user's locale: Chinese where it is a Chinese one, else English.

    Args:
        environment: by default the process's. Of LC_ALL, LC_MESSAGES and LANG the first that is set decides, as for
            every program (POSIX, 8.2).

    Example:
        >>> preferred_language({"LANG": "zh_CN.UTF-8"}), preferred_language({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
        ('zh', 'en')
    """
    variables = os.environ if environment is None else environment
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := variables.get(name))), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def detect_language(text: str) -> Literal["en", "zh"] | None:
    """`zh` for Chinese, `en` for everything else that has letters, None for a text without letters.

    Example:
        >>> detect_language("天空为什么是蓝的?"), detect_language("Why?"), detect_language("3.14")
        ('zh', 'en', None)
    """
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return None
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in letters)
    return "zh" if chinese >= CHINESE_SHARE * len(letters) else "en"


def count_cjk(text: str) -> int:
    """How many characters of a text are Chinese, Japanese or Korean: each says about as much as a short word.

    Example:
        >>> count_cjk("plaudit 很好")
        2
    """
    return len(_CJK.findall(text))
