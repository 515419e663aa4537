"""The layout of an answer: running text or a list, with or without ordering words.

None of it depends on quality, so that a list is no sign of a good answer.
"""

from __future__ import annotations

from random import Random

LIST = 0.35
ORDERING_WORDS = 0.5

_SPACE = {"en": " ", "zh": ""}
_STOP = {"en": ".", "zh": "。"}
_FIRST = {"en": ("First, ", "To begin with, ", "Start like this: "), "zh": ("首先，", "第一步，")}
_NEXT = {"en": ("Then ", "Next, ", "After that, ", "Now "), "zh": ("然后，", "接着，", "接下来，", "下一步，")}
_LAST = {"en": ("Finally, ", "Last of all, "), "zh": ("最后，", "最后一步，")}
# Chinese sentences that begin with an ordering word get no other.
_ORDERED = ("先", "再", "最后", "第", "然后", "以后", "出锅", "捞出")
_ADVICE = {"point", "mistake"}


def ordering_words(language: str) -> tuple[str, ...]:
    """All that may be put before a piece of advice to say when its turn is, each with the space or mark behind it.

    Example:
        >>> "Then " in ordering_words("en")
        True
    """
    return (*_FIRST[language], *_NEXT[language], *_LAST[language])


def lay_out(
    opening: list[str], body: list[tuple[str, str]], closing: list[str], language: str, steps: bool, random: Random
) -> str:
    """The text of an answer.

    Args:
        opening, closing: sentences before and after the body.
        body: (kind, sentence) of each.
        language: `en` or `zh`.
        steps: whether the body has an order.
        random: source of all draws.
    """
    as_list = len(body) > 2 and all(kind != "hedge" for kind, _ in body) and random.random() < LIST
    if as_list:
        mark = random.choice(("{}. ", "{}) ") if steps else ("{}. ", "- ", "* "))
        lines = [mark.format(number) + _closed(line, language) for number, (_, line) in enumerate(body, start=1)]
        parts = [*(_join(part, language) for part in (opening,) if part), *lines]
        return "\n".join([*parts, *(_join(part, language) for part in (closing,) if part)])
    ordered = steps and random.random() < ORDERING_WORDS
    running = _in_order(body, language, random) if ordered else [line for _, line in body]
    return _join([*opening, *running, *closing], language)


def _in_order(body: list[tuple[str, str]], language: str, random: Random) -> list[str]:
    """The sentences, with an ordering word before the first, the last and some of the other pieces of advice."""
    advice = [index for index, (kind, _) in enumerate(body) if kind in _ADVICE]
    lines = [line for _, line in body]
    for index in advice:
        words = _FIRST if index == advice[0] else _LAST if index == advice[-1] else _NEXT
        if words is _NEXT and random.random() < 0.4:
            continue
        if not lines[index].startswith(_ORDERED):
            lines[index] = random.choice(words[language]) + lines[index][0].lower() + lines[index][1:]
    return lines


def _join(lines: list[str], language: str) -> str:
    return _SPACE[language].join(_closed(line, language) for line in lines)


def _closed(line: str, language: str) -> str:
    """The sentence with a full stop, unless it ends with a mark already, inside quotation marks or not."""
    return line if line.rstrip('"”').endswith((".", "!", "?", "。", "！", "？")) else line + _STOP[language]
