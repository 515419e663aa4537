"""What both web products stand on: who may ask, how much, under which id, and what an error looks like."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.web.bodies import count_values, read_json
    from plaudit.web.errors import ApiError, ErrorBody, JsonAnswer, api_error, error_response, send_error
    from plaudit.web.limits import BodyLimits, TrailingSlashes
    from plaudit.web.request_log import FailureAnswers, RequestLog
    from plaudit.web.tokens import TokenGate, Tokens
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "ApiError",
    "BodyLimits",
    "ErrorBody",
    "FailureAnswers",
    "JsonAnswer",
    "RequestLog",
    "TokenGate",
    "Tokens",
    "TrailingSlashes",
    "api_error",
    "count_values",
    "error_response",
    "read_json",
    "send_error",
]
