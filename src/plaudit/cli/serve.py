"""`plaudit serve`: reward models as a server that trainers and gateways can ask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.inputs import changed_settings
from plaudit.cli.options import Config, LoadedPrecision
from plaudit.errors import InvalidInputError, import_extra

if TYPE_CHECKING:
    from plaudit.web import Tokens


def serve_command(
    context: typer.Context,
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="Model folders or hub ids, each as MODEL or NAME=MODEL.")
    ],
    host: Annotated[str, typer.Option("--host", help="Where to listen; other addresses need a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="0: any that is free.")] = 8000,
    uds: Annotated[Path | None, typer.Option("--uds", help="A Unix socket, instead of host and port.")] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="Tokens that open the server, one a line; or PLAUDIT_TOKEN.")
    ] = None,
    admin_token_file: Annotated[
        Path | None, typer.Option("--admin-token-file", help="Tokens for /admin/reload; or PLAUDIT_ADMIN_TOKEN.")
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Answer other machines without a token.")] = False,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", help="A page's origin that may ask from a browser.")
    ] = None,
    affine: Annotated[
        str | None, typer.Option("--affine", metavar="MEAN:SD", help="Give (score - MEAN) / SD, and say so.")
    ] = None,
    precision: LoadedPrecision = None,
    truncate_responses: Annotated[
        bool, typer.Option("--truncate-responses", help="Cut responses longer than the context.")
    ] = False,
    foreign_text: Annotated[
        bool, typer.Option("--foreign-text", help="Score text of another chat template as it stands.")
    ] = False,
    patience: Annotated[
        float | None, typer.Option("--patience", help="Seconds a request may wait before it is refused.")
    ] = None,
    batch_tokens: Annotated[int | None, typer.Option("--batch-tokens", help="Most tokens of a forward pass.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting (docs/serving.md).")
    ] = None,
    config: Config = None,
) -> None:
    """Serve models to OpenRLHF, veRL, slime, LLaMA-Factory, TRL and whatever speaks vLLM's protocols.

    Example: `plaudit serve my-model` and then `plaudit score http://127.0.0.1:8000 candidates.jsonl`
    """
    import_extra("uvicorn", "serve", "a server")
    import_extra("fastapi", "serve", "a server")
    import_extra("prometheus_client", "serve", "a server")
    from plaudit.serving import Access, ServingSettings, log_requests, named_sources, serve

    settings = changed_settings(context, ServingSettings(), **_affine(affine))
    access = Access(
        host=host,
        port=port,
        socket_path=uds,
        tokens=_tokens(token_file, "PLAUDIT_TOKEN"),
        admin_tokens=_tokens(admin_token_file, "PLAUDIT_ADMIN_TOKEN"),
        everybody=no_auth,
        origins=tuple(origin or ()),
    )
    log_requests()
    options: dict[str, Any] = {} if precision is None else {"precision": precision}
    tell = lambda line: typer.echo(f"plaudit: {line}", err=True)  # noqa: E731
    serve(named_sources(models), settings, access, tell=tell, **options)


def _tokens(file: Path | None, variable: str) -> Tokens:
    from plaudit.web import Tokens

    if file is not None:
        return Tokens.of_file(file)
    token = os.environ.get(variable)
    return Tokens([token] if token else [])


def _affine(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    mean, colon, sd = text.partition(":")
    if not colon:
        raise InvalidInputError(f"--affine is {text!r}", remedy="give MEAN:SD, such as --affine 0.3:1.2")
    return {"affine_mean": mean, "affine_sd": sd}
