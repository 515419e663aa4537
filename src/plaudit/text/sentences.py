"""What people read, in English and in Chinese: sentences in folders of TOML, filled in here.

A table in those files is one sentence: `[page.dark]` with `en = "…"` and `zh = "…"` is `say("page.dark")`.
Its fields are named, so each language may put them where its grammar wants them. A count chooses the form of a word:
`{k} {k:row was|rows were} left out`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from markupsafe import Markup, escape

from plaudit.text.language import LANGUAGES, Language


class Count(str):
    """A count in digits. In a template, `{k:one|more}` is the first for 1, the second for any other count."""

    __slots__ = ()

    def __format__(self, forms: str) -> str:
        one, bar, more = forms.partition("|")
        if not bar:
            return super().__format__(forms)
        return one if self == "1" else more


def count(number: float) -> Count:
    """A count, its thousands set off by commas.

    Example:
        >>> f"{count(1)} {count(1):row|rows}, {count(1200)} {count(1200):row|rows}"
        '1 row, 1,200 rows'
    """
    return Count(f"{number:,.0f}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in every language.

    Attributes:
        key: its name in the tables; empty for one that stands in none.
        wording: language -> its template.
        values: what its fields are filled with: text, markup (a name out of the data) or other sentences.

    Example:
        >>> Sentence("rows", {"en": "{k} {k:row|rows}", "zh": "{k} 行"}, {"k": count(2)}).plain("en")
        '2 rows'
    """

    key: str
    wording: Mapping[str, str]
    values: Mapping[str, Wording] = field(default_factory=dict)

    def plain(self, language: Language) -> str:
        """As plain text."""
        values = {name: _plain(value, language) for name, value in self.values.items()}
        return self.wording[language].format(**values)

    def html(self, language: Language) -> Markup:
        """As HTML, with all that is not markup escaped."""
        values = {
            name: value.html(language) if isinstance(value, Sentence) else value for name, value in self.values.items()
        }
        return escape(self.wording[language]).format(**values)

    def __html__(self) -> str:
        """In all languages at once; the page's style shows one of them."""
        each = {language: self.html(language) for language in LANGUAGES}
        if len(set(each.values())) == 1:
            return str(each["en"])
        return "".join(f'<span class="{name}" lang="{name}">{text}</span>' for name, text in each.items())


Wording = Sentence | Markup | str
"""What stands in a sentence or a cell: a sentence, markup, or text that will be escaped."""


def bilingual(en: str, zh: str) -> Sentence:
    """A text that stands in no table, such as a registered metric's label.

    Example:
        >>> bilingual("a {brace}", "括号").plain("en")
        'a {brace}'
    """
    return Sentence("", {"en": "{en}", "zh": "{zh}"}, {"en": en, "zh": zh})


class Sentences:
    """All sentences of one folder.

    Args:
        folder: with `*.toml`, each a table of sections of sentences.

    Example:
        >>> from tempfile import mkdtemp
        >>> folder = Path(mkdtemp())
        >>> _ = (folder / "page.toml").write_text('[page.dark]\\nen = "Dark"\\nzh = "深色"', encoding="utf-8")
        >>> Sentences(folder).say("page.dark").plain("zh")
        '深色'
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def templates(self) -> dict[str, dict[str, str]]:
        """Name -> language -> template, out of all files."""
        by_name: dict[str, dict[str, str]] = {}
        for path in sorted(self._folder.glob("*.toml")):
            for section, sentences in tomllib.loads(path.read_text(encoding="utf-8")).items():
                by_name |= {f"{section}.{name}": sentence for name, sentence in sentences.items()}
        return by_name

    def say(self, key: str, **values: Wording) -> Sentence:
        """A sentence.

        Raises:
            KeyError: if there is none of that name.
        """
        if key not in self.templates:
            raise KeyError(f"no sentence is called {key!r}")
        return Sentence(key, self.templates[key], values)


def _plain(value: Wording, language: Language) -> str:
    if isinstance(value, Sentence):
        return value.plain(language)
    return value.striptags() if isinstance(value, Markup) else value
