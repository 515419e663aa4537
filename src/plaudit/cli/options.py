"""Options that several verbs share, each said once: grouped by what they are of, in the order of the alphabet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from plaudit.storage import gone_on_failure

# ---- what is read ---------------------------------------------------------------------------------------------------

Data = Annotated[list[str], typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin.")]


def _gone_on_failure(context: typer.Context, rejects: Path | None) -> Path | None:
    """A verb that fails after reading leaves no new file of rejects, which would be in the way of the next attempt."""
    if rejects is not None:
        context.with_resource(gone_on_failure(rejects))
    return rejects


Rejects = Annotated[
    Path | None,
    typer.Option("--rejects", callback=_gone_on_failure, help="Set bad rows aside in this file and go on, counted."),
]
Majority = Annotated[
    bool, typer.Option("--majority", help="Merge annotators of the same responses into their majority.")
]

# ---- how it is told -------------------------------------------------------------------------------------------------

InLanguage = Annotated[
    Literal["en", "zh"] | None, typer.Option("--language", help="English or Chinese; by default the locale's.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]

# ---- measuring ------------------------------------------------------------------------------------------------------

Clusters = Annotated[
    str | None,
    typer.Option("--clusters", metavar="FIELD", help="Cluster intervals by this meta field instead of by prompt."),
]


def without_token(model: str | None) -> str | None:
    """A server's address without its token, which is kept aside, so that it comes into no record and no message."""
    if model is None or "@" not in model or "://" not in model:
        return model
    from plaudit.model import keep_token

    return keep_token(model)


OpenedModel = Annotated[
    str, typer.Argument(callback=without_token, help="A model folder, a hub id or the URL of a server.")
]
ScoredModel = Annotated[
    str,
    typer.Argument(
        callback=without_token,
        help="A model folder, a hub id or the URL of a server; or a scores file to measure again (`-`: stdin).",
    ),
]

# ---- scoring --------------------------------------------------------------------------------------------------------

BatchTokens = Annotated[
    int | None, typer.Option("--batch-tokens", min=1, help="Most tokens of one forward pass; changes no score.")
]
LoadedAttention = Annotated[
    Literal["auto", "varlen", "flex", "segments"] | None,
    typer.Option("--attention", help="What computes it; tried first, the best of them by default."),
]
LoadedPrecision = Annotated[
    Literal["fp32", "bf16", "fp16"] | None, typer.Option("--precision", help="Of the weights; as they are saved.")
]
TruncateResponses = Annotated[
    bool, typer.Option("--truncate-responses", help="Cut responses longer than the context (marked on their scores).")
]

# ---- training: settings, each the one that the parameter is named after ---------------------------------------------

ChatTemplate = Annotated[
    str | None, typer.Option("--chat-template", help="A Jinja file, or `turns`, for a tokenizer that has none.")
]
CutResponses = Annotated[
    bool, typer.Option("--truncate-responses", help="Cut responses that do not fit, instead of stopping.")
]
Epochs = Annotated[int | None, typer.Option("--epochs", help="Times everything is met.")]
LearningRate = Annotated[float | None, typer.Option("--learning-rate", help="The peak; by the backbone's width.")]
MaxLength = Annotated[int | None, typer.Option("--max-length", help="Most tokens of prompt and response.")]
Precision = Annotated[str | None, typer.Option("--precision", help="auto, fp32 or bf16.")]
ReportTo = Annotated[str | None, typer.Option("--report-to", help="tensorboard, none, wandb, ...")]
Scales = Annotated[
    list[str] | None, typer.Option("--scale", metavar="NAME=LOW:HIGH", help="A rating scale; one for each.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Of everything that is drawn.")]
ValidationShare = Annotated[
    float | None, typer.Option("--validation-share", help="Share of the data to measure on [0.1].")
]

# ---- training: the run ----------------------------------------------------------------------------------------------

Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting (docs/training.md), or trainer.NAME."),
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings from a TOML, JSON or YAML file.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the newest whole checkpoint.")]
