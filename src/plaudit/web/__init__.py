"""What both web products stand on: who may ask, how much, under which id, and what an error looks like."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.web.bodies import count_values, read_json
    from plaudit.web.errors import ApiError, ErrorBody, JsonAnswer, api_error, error_response, send_error
    from plaudit.web.limits import BodyLimits, TrailingSlashes
    from plaudit.web.listening import bind, host_and_port, is_loopback
    from plaudit.web.pages import CONTENT_SECURITY_POLICY, KnownHosts, RateLimit, SafeHeaders
    from plaudit.web.request_log import FailureAnswers, RequestLog
    from plaudit.web.tokens import TokenGate, Tokens
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "ApiError",
    "BodyLimits",
    "ErrorBody",
    "FailureAnswers",
    "JsonAnswer",
    "KnownHosts",
    "RateLimit",
    "RequestLog",
    "SafeHeaders",
    "TokenGate",
    "Tokens",
    "TrailingSlashes",
    "api_error",
    "bind",
    "count_values",
    "error_response",
    "host_and_port",
    "is_loopback",
    "read_json",
    "send_error",
]
