"""Text: segments, language, and what a page or a terminal may be shown of it."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.text.counting import counted, rounded
    from plaudit.text.display import (
        page_excerpt,
        page_name,
        page_text,
        replace_surrogates,
        terminal_quote,
        terminal_text,
    )
    from plaudit.text.language import LANGUAGES, TOKEN, Language, count_cjk, detect_language, preferred_language
    from plaudit.text.segments import (
        UNITS,
        Span,
        merge_spans,
        sentence_spans,
        split_segments,
        split_sentences,
        word_spans,
    )
    from plaudit.text.sentences import Sentence, Sentences, Wording, bilingual, count
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "LANGUAGES",
    "TOKEN",
    "UNITS",
    "Language",
    "Sentence",
    "Sentences",
    "Span",
    "Wording",
    "bilingual",
    "count",
    "count_cjk",
    "counted",
    "detect_language",
    "merge_spans",
    "page_excerpt",
    "page_name",
    "page_text",
    "preferred_language",
    "replace_surrogates",
    "rounded",
    "sentence_spans",
    "split_segments",
    "split_sentences",
    "terminal_quote",
    "terminal_text",
    "word_spans",
]
