"""Texts rendered once. Several people look at the same answers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

from markupsafe import Markup

MOST_CHARACTERS = 16_000_000
"""Most characters of HTML kept in memory: a thousand long answers, or twenty thousand usual ones."""


class RenderedTexts:
    """HTML by a hash of its text. What was not asked for longest goes when there is too much of it.

    Args:
        render: what makes HTML of a text; it may be called twice for one text by two threads at once.
        most: most characters kept.

    Example:
        >>> texts = RenderedTexts(lambda text: Markup("<p>{}</p>").format(text), most=20)
        >>> texts("a < b")
        Markup('<p>a &lt; b</p>')
        >>> _ = texts("another"), texts.characters
        >>> texts.characters
        14
    """

    def __init__(self, render: Callable[[str], Markup], most: int = MOST_CHARACTERS) -> None:
        self._render = render
        self._most = most
        self._texts: OrderedDict[bytes, Markup] = OrderedDict()
        self._lock = threading.Lock()
        self.characters = 0

    def __call__(self, text: str) -> Markup:
        """The HTML of this text, rendered now or before."""
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            if key in self._texts:
                self._texts.move_to_end(key)
                return self._texts[key]
        html = self._render(text)
        with self._lock:
            if key not in self._texts:
                self._texts[key] = html
                self.characters += len(html)
            while self.characters > self._most:
                self.characters -= len(self._texts.popitem(last=False)[1])
        return html
