"""What both web products stand on: who may ask, how much, under which id, and what an error looks like."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.web.errors import ApiError, ErrorBody, api_error, error_response
    from plaudit.web.limits import BodyLimits
    from plaudit.web.request_log import RequestLog
    from plaudit.web.tokens import TokenGate, Tokens
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "ApiError",
    "BodyLimits",
    "ErrorBody",
    "RequestLog",
    "TokenGate",
    "Tokens",
    "api_error",
    "error_response",
]
