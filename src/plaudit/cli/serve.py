"""`plaudit serve`: reward models as a server that trainers and gateways can ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli.inputs import changed_settings
from plaudit.cli.options import BatchTokens, Config, LoadedAttention, LoadedPrecision, TruncateResponses
from plaudit.errors import InvalidInputError

if TYPE_CHECKING:
    from plaudit.web import Tokens


Models = Annotated[
    list[str], typer.Argument(metavar="MODEL...", help="Model folders or hub ids, each as MODEL or NAME=MODEL.")
]
Host = Annotated[str, typer.Option("--host", help="Where to listen; other addresses need a token.")]
Port = Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="0: any that is free.")]
SocketPath = Annotated[Path | None, typer.Option("--uds", help="A Unix socket, instead of host and port.")]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="Tokens that open the server, one a line; or PLAUDIT_TOKEN.")
]
AdminTokenFile = Annotated[
    Path | None, typer.Option("--admin-token-file", help="Tokens for /admin/reload; or PLAUDIT_ADMIN_TOKEN.")
]
NoAuth = Annotated[bool, typer.Option("--no-auth", help="Answer other machines without a token.")]
Origins = Annotated[list[str] | None, typer.Option("--origin", help="A page's origin that may ask from a browser.")]
Affine = Annotated[
    str | None, typer.Option("--affine", metavar="MEAN:SD", help="Give (score - MEAN) / SD, and say so.")
]
ForeignText = Annotated[bool, typer.Option("--foreign-text", help="Score text of another chat template as it stands.")]
Patience = Annotated[float | None, typer.Option("--patience", help="Seconds a request may wait before it is refused.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting (docs/serving.md).")
]


def serve_command(
    context: typer.Context,
    models: Models,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    uds: SocketPath = None,
    token_file: TokenFile = None,
    admin_token_file: AdminTokenFile = None,
    no_auth: NoAuth = False,
    origin: Origins = None,
    affine: Affine = None,
    precision: LoadedPrecision = None,
    attention: LoadedAttention = None,
    truncate_responses: TruncateResponses = False,
    foreign_text: ForeignText = False,
    patience: Patience = None,
    batch_tokens: BatchTokens = None,
    changes: Changes = None,
    config: Config = None,
) -> None:
    """Serve models to OpenRLHF, veRL, slime, LLaMA-Factory, TRL and whatever speaks vLLM's protocols.

    Example: `plaudit serve my-model` and then `plaudit score http://127.0.0.1:8000 candidates.jsonl`
    """
    from plaudit.serving import require_libraries, signals_while_starting

    with signals_while_starting(_tell):
        require_libraries()
        from plaudit.scoring import ScoringOptions
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
        options = ScoringOptions(precision=precision, attention=attention).for_opening()
        serve(named_sources(models), settings, access, tell=_tell, **options)


def _tell(line: str) -> None:
    typer.echo(f"plaudit: {line}", err=True)


def _tokens(file: Path | None, variable: str) -> Tokens:
    from plaudit.web import Tokens

    if file is not None:
        return Tokens.of_file(file)
    return Tokens.of_environment(variable)


def _affine(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    mean, colon, sd = text.partition(":")
    if not colon:
        raise InvalidInputError(f"--affine is {text!r}", remedy="give MEAN:SD, such as --affine 0.3:1.2")
    return {"affine_mean": mean, "affine_sd": sd}
