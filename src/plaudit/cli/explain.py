"""`plaudit explain`: why a response got its score."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.inputs import rows_or_prompt
from plaudit.cli.options import BatchTokens, Json, TruncateResponses
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.cli.score import Prompt, Responses, Source
from plaudit.errors import InvalidInputError

if TYPE_CHECKING:
    from plaudit.explaining import Integration
    from plaudit.model import Scorer

Model = Annotated[str, typer.Argument(help="A model folder or hub id.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write the JSON object here too.")]
Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method", help="reading, prefixes, gradients or ablation; one for each. All but prefixes if none is given."
    ),
]
Unit = Annotated[str, typer.Option("--unit", help="What is ablated: sentence, line, word, or auto.")]
Reference = Annotated[
    str | None,
    typer.Option("--reference", help="Embedding gradients start from: mean, pad, eos, mask. Mean if not given."),
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", min=1, help="Points of the integral, doubled up to 512 where needed. 32 if not given."),
]
Check = Annotated[bool, typer.Option("--check", help="Attribute again with shuffled weights: do attributions change?")]
First = Annotated[int | None, typer.Option("--first", min=1, metavar="N", help="Only the first N groups.")]
Full = Annotated[bool, typer.Option("--full", help="Print long responses whole.")]


@reads_data
def explain_command(
    model: Model,
    source: Source = None,
    prompt: Prompt = None,
    response: Responses = None,
    output: Output = None,
    as_json: Json = False,
    method: Methods = None,
    unit: Unit = "auto",
    reference: Reference = None,
    steps: Steps = None,
    check: Check = False,
    first: First = None,
    full: Full = False,
    reading: Reading = ANY,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
) -> None:
    """Explain scores: the reward along each response, its tokens' contributions, and what each sentence is worth.

    Example: `plaudit explain my-model --prompt "Why is the sky blue?" -r "Rayleigh scattering." -r "Because."`
    """
    from plaudit.cli.explain_summary import summarise
    from plaudit.cli.explain_tables import print_explanations
    from plaudit.cli.output import check_file, give
    from plaudit.explaining import NO_CAPTUM, available_methods, explain
    from plaudit.model import open_model
    from plaudit.scoring import watched

    check_file(output, [source, model], reading)
    groups = list(islice(rows_or_prompt(source, prompt, response, reading), first))
    scorer = open_model(model)
    methods = method or available_methods(scorer)
    _check_options({"--check": check, "--steps": steps, "--reference": reference}, scorer, methods, method)
    options: dict[str, Any] = {"methods": methods, "unit": unit, "check": check}
    options |= {"truncate_responses": truncate_responses, "integration": _integration(reference, steps, batch_tokens)}
    explained = [(group, explain(scorer, group, **options)) for group in watched(groups, len(groups), "Explaining")]
    explanations = [explanation for _, of_group in explained for explanation in of_group]
    if not explanations:
        raise InvalidInputError("there is no response to explain")
    notes = [] if method or "gradients" in methods else [f"no attributions: {NO_CAPTUM}"]
    result: dict[str, Any] = {
        "explanations": [explanation.to_json() for explanation in explanations],
        **(summary := summarise(explanations)).to_json(),
        "notes": notes,
        "record": scorer.run_record("explanations", model=model),
    }
    give(result, output, as_json, lambda: print_explanations(explained, summary, notes, full))


def _check_options(
    options: dict[str, Any], scorer: Scorer, methods: list[str], named_methods: list[str] | None
) -> None:
    """Refuse options of integrated gradients where nothing is integrated."""
    from plaudit.explaining import NO_CAPTUM, has_exact_attributions

    for option in (name for name, value in options.items() if value):
        if has_exact_attributions(scorer):
            raise InvalidInputError(
                f"{option} is of integrated gradients", remedy="this model's contributions are exact without it"
            )
        if "gradients" not in methods:
            remedy = "add --method gradients" if named_methods else NO_CAPTUM
            raise InvalidInputError(f"{option} is of integrated gradients, which are not asked for", remedy=remedy)


def _integration(reference: str | None, steps: int | None, batch_tokens: int | None) -> Integration:
    from plaudit.explaining import Integration

    default = Integration()
    return replace(
        default,
        reference=reference or default.reference,
        steps=steps or default.steps,
        max_steps=max(steps or 0, default.max_steps),
        batch_tokens=batch_tokens or default.batch_tokens,
    )
