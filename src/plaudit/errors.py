"""What a user sees when the input is at fault: one line that says what, where, and the remedy.

    PlauditError                 anything wrong with the input or the request
    ├── InvalidInputError        it cannot be understood, or contradicts itself
    │   ├── DataError            a row or a file
    │   ├── GroupError           a group
    │   ├── ForeignTextError     a text that another model's chat template wrote
    │   ├── NeedsPromptError     a text for a scorer that reads prompt and response apart
    │   └── EmptyError           nothing to score
    ├── TooLongError             a response does not fit the context
    ├── NotFoundError            no file, model, loss, format ... of that name
    ├── MissingExtraError        it needs a package that is not installed
    ├── OverloadedError          too much is asked for at once; later it may go through
    └── DeadlineError            it did not come in the time that was allowed

Each has its parts as fields, for programs: `message`, `file`, `line`, `remedy`; and the HTTP `status` and error `code`
a server answers with. `str(error)` is the line for people.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar


class PlauditError(Exception):
    """A mistake in the input or the request. The command line prints it in one line and exits with 2.

    Args:
        message: what is wrong.
        file: the file it stands in, if it stands in one.
        line: its line there, from 1.
        remedy: what to do about it.

    Example:
        >>> str(PlauditError("no score", file="scores.jsonl", line=3, remedy='give "score" a number'))
        'scores.jsonl:3: no score; give "score" a number'
    """

    status: ClassVar[int] = 400
    code: str = "invalid_request"
    _before_remedy: ClassVar[str] = "; "

    def __init__(
        self, message: str, *, file: str | Path | None = None, line: int | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        self.remedy = remedy

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}: " if self.line is None else f"{self.file}:{self.line}: "
        return f"{place}{self.message}" + ("" if self.remedy is None else self._before_remedy + self.remedy)


class InvalidInputError(PlauditError):
    """What was given cannot be understood, or contradicts itself.

    Example:
        >>> InvalidInputError("epochs is 0", remedy="it must be at least 1").status
        422
    """

    status = 422
    code = "invalid_input"


class DataError(InvalidInputError):
    """A row or a file that cannot be read as judgements, scores or settings, or cannot be written.

    Example:
        >>> print(DataError("the row has no prompt", file="pairs.jsonl", line=7, remedy="add one"))
        pairs.jsonl:7: the row has no prompt; add one
    """


class GroupError(InvalidInputError, ValueError):
    """A group that contradicts itself. The message says what is wrong and what would be right.

    Example:
        >>> from plaudit.groups import Group
        >>> Group("q", "Why?", ())
        Traceback (most recent call last):
        ...
        plaudit.errors.GroupError: a group needs at least one response
    """


class ForeignTextError(InvalidInputError):
    """A text that is said to be a whole conversation, but not as this model's chat template writes one.

    Example:
        >>> ForeignTextError("another template wrote the text").status
        422
    """

    code = "template_mismatch"


class NeedsPromptError(InvalidInputError):
    """A whole conversation as one text, for a scorer that has to be told prompt and response apart.

    Example:
        >>> NeedsPromptError("a model of words reads the response alone").status
        422
    """

    code = "needs_prompt"


class EmptyError(InvalidInputError):
    """There is nothing to score: neither prompt nor response has any text.

    Args:
        message, file, line, remedy: as of every error.
        subject: what the message begins with: the response it is about, as this process calls it.

    Example:
        >>> str(EmptyError("is empty, and so is its prompt", subject="response 0 of group 'q'"))
        "response 0 of group 'q' is empty, and so is its prompt"
    """

    code = "empty"

    def __init__(self, message: str, *, subject: str = "", **parts: Any) -> None:
        super().__init__(f"{subject} {message}".lstrip(), **parts)
        self.subject = subject


class TooLongError(PlauditError):
    """A response does not fit the model's context.

    Args:
        message, file, line, remedy: as of every error.
        subject: what the message begins with: the response it is about, as this process calls it.

    Example:
        >>> str(TooLongError("the response has 9,000 tokens", remedy="--truncate-responses cuts it"))
        'the response has 9,000 tokens; --truncate-responses cuts it'
    """

    status = 422
    code = "response_too_long"

    def __init__(self, message: str, *, subject: str = "", **parts: Any) -> None:
        super().__init__(f"{subject} {message}".lstrip(), **parts)
        self.subject = subject


class NotFoundError(PlauditError):
    """There is no file, model, loss, format ... of that name.

    Example:
        >>> from plaudit.losses import RANKING_LOSSES
        >>> RANKING_LOSSES.lookup("hing")
        Traceback (most recent call last):
        ...
        plaudit.errors.NotFoundError: there is no ranking loss called 'hing'; did you mean 'hinge'?
    """

    status = 404
    code = "not_found"


class MissingExtraError(PlauditError):
    """What was asked for needs a package that is not installed; the remedy is the `pip install` line.

    Example:
        >>> print(MissingExtraError("LoRA needs the `lora` extra", remedy="pip install 'plaudit[lora]'"))
        LoRA needs the `lora` extra: pip install 'plaudit[lora]'
    """

    status = 501
    code = "missing_extra"
    _before_remedy = ": "


def import_extra(module: str, extra: str, what: str) -> Any:
    """A library that comes with one of Plaudit's extras.

    Args:
        module: its name.
        extra: the extra that brings it.
        what: what needs it, for the message.

    Raises:
        MissingExtraError: if it is not installed.

    Example:
        >>> import_extra("no_such_library", "lora", "LoRA")
        Traceback (most recent call last):
        ...
        plaudit.errors.MissingExtraError: LoRA needs the `lora` extra: pip install 'plaudit[lora]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        remedy = f"pip install 'plaudit[{extra}]'"
        raise MissingExtraError(f"{what} needs the `{extra}` extra", remedy=remedy) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, a GPU's or the processor's, of which torch says so in a plain RuntimeError.

    Example:
        >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory")), is_out_of_memory(OSError())
        (True, False)
    """
    return isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error)


class OverloadedError(PlauditError):
    """Too much is asked for at once. The same request may go through later.

    Args:
        message, file, line, remedy: as of every error.
        code: why: "overloaded", "draining" (the server stops) or "loading".
        retry_after: seconds after which to try again.

    Example:
        >>> OverloadedError("64 requests are waiting", remedy="try again later", retry_after=2.0).status
        503
    """

    status = 503

    def __init__(
        self, message: str, *, code: str = "overloaded", retry_after: float | None = None, **parts: Any
    ) -> None:
        super().__init__(message, **parts)
        self.code = code
        self.retry_after = retry_after


class DeadlineError(PlauditError):
    """What was asked for did not come in the time that was allowed.

    Example:
        >>> DeadlineError("the deadline passed while the request waited").status
        504
    """

    status = 504
    code = "deadline_exceeded"
