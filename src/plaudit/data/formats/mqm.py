"""Translations of a segment with each rater's MQM score: 0 is perfect, errors are negative (WMT's convention).

Freitag et al. 2021, "Experts, Errors, and Context": a score sums the weights of the errors a rater marked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import leave_each, name_of, need, number_of, take
from plaudit.data.formats.texts import words_of
from plaudit.groups import Group, GroupError, Rating

_LANGUAGES = re.compile(r":([a-z]{2,3}-[a-z]{2,3})$")


def knows(row: Mapping[str, Any]) -> bool:
    return {"source", "translations"} <= row.keys()


def read(row: dict[str, Any], file: FileReading) -> Group:
    source = words_of(need(row, "source"), "the source")
    translations = need(row, "translations")
    if not isinstance(translations, list) or not all(isinstance(one, Mapping) for one in translations):
        raise GroupError('"translations" must be a list of objects with "target" and "mqm_by_rater"')
    translations = [{name: value for name, value in one.items() if value is not None} for one in translations]
    document, segment = name_of(row, "doc"), name_of(row, "segment")
    languages = _LANGUAGES.search(document or "")
    texts = tuple(words_of(one.pop("target", None), f"translation {i}") for i, one in enumerate(translations))
    ratings = tuple(rating for i, one in enumerate(translations) for rating in _ratings(i, one))
    leave_each(row, "translations", translations)
    return Group(
        id=":".join(filter(None, (document, segment))),
        prompt=source,
        responses=texts,
        ratings=ratings,
        subset=languages[1] if languages else take(row, "subset"),
        meta={name: value for name, value in (("doc", document), ("segment", segment)) if value},
    )


def _ratings(index: int, translation: dict[str, Any]) -> list[Rating]:
    scores = translation.pop("mqm_by_rater", None) or {}
    if not isinstance(scores, Mapping):
        raise GroupError(f'the "mqm_by_rater" of translation {index} must be an object: a rater and the score each')
    return [
        Rating(index, number_of(value, f"the score of translation {index} by {rater}"), annotator=str(rater))
        for rater, value in scores.items()
    ]


register_format(
    Format(
        name="mqm",
        priority=50,
        columns="doc, segment, source, translations with mqm_by_rater",
        knows=knows,
        read=read,
    )
)
