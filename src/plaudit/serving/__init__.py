"""A reward server that RL trainers can point at: the score of `plaudit score`, over every protocol they speak."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.model import AsyncClient, Client
    from plaudit.serving.access import Access, named_sources
    from plaudit.serving.app import create_app
    from plaudit.serving.examples import RequestExample, request_examples
    from plaudit.serving.extra import require_libraries
    from plaudit.serving.hosted import Asked, HostedModel, Scored, WrittenText
    from plaudit.serving.metrics import ServerMetrics
    from plaudit.serving.ray import ray_app
    from plaudit.serving.registry import HostedModels
    from plaudit.serving.server import log_requests, running_server, serve
    from plaudit.serving.settings import ServingSettings
    from plaudit.serving.starting import signals_while_starting
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "Access",
    "Asked",
    "AsyncClient",
    "Client",
    "HostedModel",
    "HostedModels",
    "RequestExample",
    "Scored",
    "ServerMetrics",
    "ServingSettings",
    "WrittenText",
    "create_app",
    "log_requests",
    "named_sources",
    "ray_app",
    "request_examples",
    "require_libraries",
    "running_server",
    "serve",
    "signals_while_starting",
]
