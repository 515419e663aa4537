"""What the server refuses, in the words of whoever asked: each under a code, in both languages."""

from __future__ import annotations

from typing import Any

from plaudit.errors import InvalidInputError, NotFoundError, PlauditError
from plaudit.labelling.wording import say
from plaudit.text import Language, Sentence, count
from plaudit.web import ApiError, api_error

_BY_CODE = {
    "conflict": "refused.conflict",
    "csrf": "refused.csrf",
    "forbidden": "refused.forbidden",
    "invalid_input": "refused.invalid_input",
    "not_found": "refused.not_found",
    "too_many_tries": "refused.too_many_tries",
    "unauthorized": "refused.unauthorized",
}
"""Code -> what is said of it where nothing closer is known in that language."""


class RefusedError(InvalidInputError):
    """A change that cannot be made as things stand.

    Args:
        key: of the sentence that says why, whose last part is the error's code.
        values: that stand in it.

    Example:
        >>> error = RefusedError("refused.overlap_lower", before=3)
        >>> error.code, str(error)
        ('overlap_lower', 'the overlap is 3 already; it can only be raised')
    """

    def __init__(self, key: str, **values: str | int) -> None:
        self.sentence = _sentence(key, values)
        super().__init__(self.sentence.plain("en"))
        self.code = key.rpartition(".")[2]


class UnknownError(NotFoundError):
    """Something that is not there, or no longer.

    Args:
        key: of the sentence that says what, whose last part is the error's code.
        values: that stand in it.

    Example:
        >>> error = UnknownError("refused.no_group", group="q7")
        >>> error.code, str(error)
        ('no_group', 'there is no group q7')
    """

    def __init__(self, key: str, **values: str | int) -> None:
        self.sentence = _sentence(key, values)
        super().__init__(self.sentence.plain("en"))
        self.code = key.rpartition(".")[2]


def told(error: PlauditError | ApiError, language: Language) -> ApiError:
    """An error as the page shows it.

    Args:
        error: that was raised.
        language: of the page.

    Example:
        >>> told(RefusedError("refused.overlap_lower", before=3), "zh").message
        '每题已有 3 人，只能增加'
    """
    answer = api_error(error) if isinstance(error, PlauditError) else error
    if isinstance(error, RefusedError | UnknownError):
        answer.message = error.sentence.plain(language)
    elif language != "en" and answer.code in _BY_CODE:
        answer.message = say(_BY_CODE[answer.code]).plain(language)
    return answer


def _sentence(key: str, values: dict[str, Any]) -> Sentence:
    return say(key, **{name: count(value) if isinstance(value, int) else value for name, value in values.items()})
