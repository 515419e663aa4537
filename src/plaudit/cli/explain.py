"""`plaudit explain`: why a response got its score."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.cli.inputs import groups_or_prompt
from plaudit.cli.options import BatchTokens, Format, Json, TruncateResponses
from plaudit.cli.score import MaybeSource, Prompt, Responses
from plaudit.errors import PlauditError

Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method", help="reading, prefixes, gradients or leaving-out; one for each. All but prefixes if none is given."
    ),
]


def explain_command(
    model: Annotated[str, typer.Argument(help="A model folder or hub id.")],
    source: MaybeSource = None,
    prompt: Prompt = None,
    response: Responses = None,
    output: Path | None = typer.Option(None, "--output", "-o", help="Write the JSON object here too."),
    as_json: Json = False,
    method: Methods = None,
    unit: str = typer.Option("auto", "--unit", help="What is left out: sentence, line, word, or auto."),
    reference: str | None = typer.Option(
        None, "--reference", help="Embedding gradients start from: mean, pad, eos, mask. Mean if not given."
    ),
    steps: int | None = typer.Option(
        None, "--steps", min=1, help="Points of the integral, doubled up to 512 where needed. 32 if not given."
    ),
    check: bool = typer.Option(False, "--check", help="Attribute again with shuffled weights: is it another picture?"),
    first: int | None = typer.Option(None, "--first", min=1, metavar="N", help="Only the first N groups."),
    full: bool = typer.Option(False, "--full", help="Print long responses whole."),
    format: Format = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
) -> None:
    """Explain scores: the reward along each response, its tokens' contributions, and what each sentence is worth.

    Example: `plaudit explain my-model --prompt "Why is the sky blue?" -r "Rayleigh scattering." -r "Because."`
    """
    from plaudit.cli import explain_tables
    from plaudit.cli.explain_summary import summary
    from plaudit.cli.output import give
    from plaudit.explaining import NO_CAPTUM, Integration, available, exact, explain
    from plaudit.model import DEFAULT_BATCH_TOKENS, open_model
    from plaudit.scoring import watched
    from plaudit.storage import check_place

    if output is not None:
        check_place(output)
    groups = list(islice(groups_or_prompt(source, prompt, response, format), first))
    loaded = open_model(model)
    methods = method or available(loaded)
    given = {"--check": check, "--steps": steps, "--reference": reference}
    for option in (name for name, value in given.items() if value):
        if exact(loaded):
            raise PlauditError(f"{option} is of integrated gradients; this model's contributions are exact without it")
        if "gradients" not in methods:
            remedy = "add --method gradients" if method else NO_CAPTUM
            raise PlauditError(f"{option} is of integrated gradients, which are not asked for; {remedy}")
    default = Integration()
    integration = replace(
        default,
        reference=reference or default.reference,
        steps=steps or default.steps,
        most_steps=max(steps or 0, default.most_steps),
        batch_tokens=batch_tokens or DEFAULT_BATCH_TOKENS,
    )
    notes = [] if method or "gradients" in methods else [f"no attributions: {NO_CAPTUM}"]
    found = [
        (
            group,
            explain(
                loaded,
                group,
                methods=methods,
                unit=unit,
                integration=integration,
                check=check,
                truncate_responses=truncate_responses,
            ),
        )
        for group in watched(groups, len(groups), "Explaining")
    ]
    explanations = [explanation for _, several in found for explanation in several]
    if not explanations:
        raise PlauditError("there is no response to explain")
    figures = summary(explanations)
    result: dict[str, Any] = {
        "explanations": [explanation.to_json() for explanation in explanations],
        **figures.to_json(),
        "notes": notes,
        "record": loaded.run_record("explanations", model=model),
    }
    give(result, output, as_json, lambda: explain_tables.show(found, figures, notes, full))
