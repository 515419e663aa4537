"""A scorer and a group in, an explanation of each response out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from plaudit.data import Score
from plaudit.errors import PlauditError
from plaudit.explaining.ablation import MOST_PARTS, affordable, effects, prefixes
from plaudit.explaining.explanation import Explanation, MethodAgreement, Segment, Token
from plaudit.explaining.sanity import shuffled
from plaudit.explaining.tokens import TokenSpan
from plaudit.explaining.views import Along, Attribution, Integration, View
from plaudit.groups import Group, Text, plain_text
from plaudit.model import Scorer
from plaudit.text import UNITS, Span, merge_spans, replace_surrogates, split_segments

METHODS = ("reading", "prefixes", "gradients", "leaving-out")
"""The reward read along the response, in one pass where tokens look back only; that by scoring prefixes in any case;
what its tokens contributed; what it is worth without each of its parts."""

# Scorer -> what sees a response as it does. By name: opening a plain model's view loads no torch.
_VIEWS = {
    "RewardModel": "plaudit.explaining.networks:NetworkView",
    "Ensemble": "plaudit.explaining.ensembles:EnsembleView",
    "LinearModel": "plaudit.explaining.linear:LinearView",
}

_SAID = ("baseline", "reference", "steps", "completeness", "complete")
"""What an explanation says of its attributions besides their values."""

_DEFAULT = Integration()


def explain(
    model: Scorer,
    group: Group,
    *,
    methods: Collection[str] | None = None,
    unit: str = "auto",
    integration: Integration = _DEFAULT,
    check: bool = False,
    truncate_responses: bool = False,
) -> list[Explanation]:
    """Explain the scores of a group's responses.

    Args:
        model: what `open_model` opened.
        group: a prompt and its responses.
        methods: of `METHODS`; those `available` if None.
        unit: what is left out: "sentence", "line", "word", or "auto" for the first of these that a response has two of.
        integration: how gradients are integrated.
        check: attribute once more with the weights shuffled, and say how alike the two pictures are.
        truncate_responses: as in `Scorer.score`.

    Returns:
        One explanation a response, in order.

    Raises:
        PlauditError: for a scorer, method, unit or reference that is not known, a missing captum, a template that
            changes responses, or what `Scorer.score` refuses.
    """
    methods = available(model) if methods is None else methods
    _check("method", methods, METHODS)
    _check("unit", [unit], ("auto", *UNITS))
    options: dict[str, Any] = {
        "batch_tokens": integration.batch_tokens,
        "truncate_responses": truncate_responses,
    }
    found = []
    for score in model.score(group, **options)[0]:
        response = group.responses[score.response]
        text = replace_surrogates(plain_text(response))
        view = _view(model, group.prompt, response) if {*methods} - {"leaving-out"} else None
        along = attribution = randomised = None
        if view is not None and {"reading", "prefixes"} & {*methods}:
            in_one_pass = None if "prefixes" in methods else view.along()
            along = in_one_pass or prefixes(model, group, score.response, text, view.pieces, **options)
        if view is not None and "gradients" in methods:
            attribution = view.attributed(integration)
            randomised = _randomised(view, attribution, integration) if check and view.networks else None
        told, parts = split_segments(text, unit) if "leaving-out" in methods else (None, [])
        each, parts = merge_spans(parts, affordable(text, MOST_PARTS))
        worth = effects(model, group, score.response, score.score, parts, **options)
        found.append(_explanation(score, text, view, along, attribution, randomised, told, each, parts, worth))
    return found


def available(model: Scorer) -> list[str]:
    """The methods used where none is asked for. Gradients need captum, unless they are `exact` without."""
    captum = exact(model) or find_spec("captum") is not None
    return [name for name in METHODS if name != "prefixes" and (name != "gradients" or captum)]


def exact(model: Scorer) -> bool:
    """Whether a scorer's reward is a sum over words, so that "gradients" are their contributions, and nothing is
    integrated."""
    return type(model).__name__ == "LinearModel"


def _view(model: Scorer, prompt: Text, response: Text) -> View:
    for kind in type(model).__mro__:
        if kind.__name__ in _VIEWS:
            module, name = _VIEWS[kind.__name__].split(":")
            return getattr(import_module(module), name)(model, prompt, response)
    raise PlauditError(
        f"a {type(model).__name__} shows nothing of how it reads a response; explain it with --method leaving-out"
    )


def _randomised(
    view: View, attribution: Attribution, integration: Integration
) -> tuple[MethodAgreement, MethodAgreement]:
    """How alike the attributions, and their sizes, are with the weights shuffled. The steps stay as they were."""
    steps = attribution.steps or integration.steps
    with shuffled(view.networks):
        other = view.attributed(replace(integration, steps=steps, most_steps=steps))
    pairs = [(a, b) for a, b in zip(attribution.values, other.values, strict=True) if a is not None and b is not None]
    columns = [list(column) for column in zip(*pairs, strict=True)] or [[], []]
    return MethodAgreement.of(*columns), MethodAgreement.of(*([abs(value) for value in column] for column in columns))


def _explanation(
    score: Score,
    text: str,
    view: View | None,
    along: Along | None,
    attribution: Attribution | None,
    randomised: tuple[MethodAgreement, MethodAgreement] | None,
    unit: str | None,
    each: int,
    parts: Sequence[Span],
    worth: Sequence[float],
) -> Explanation:
    pieces = view.pieces if view is not None else ()
    nothing = (None,) * len(pieces)
    values = nothing if attribution is None else attribution.values
    rewards = nothing if along is None else along.ends
    said: dict[str, Any] = {}
    if along is not None:
        said |= {"kind": along.kind, "opening": along.opening}
    if attribution is not None:
        said |= {name: getattr(attribution, name) for name in _SAID}
    sums = [None if attribution is None else _sum_within(span, pieces, values) for span in parts]
    return Explanation(
        group=score.group,
        response=score.response,
        score=score.score,
        truncated=score.truncated,
        tokens=tuple(Token(text[p.start : p.end], r, v) for p, r, v in zip(pieces, rewards, values, strict=True)),
        sentences=tuple(Segment(text[a:b], w, s) for (a, b), w, s in zip(parts, worth, sums, strict=True)),
        unit=unit,
        each=each if parts else None,
        agreement=MethodAgreement.of([s for s in sums if s is not None], worth) if attribution and unit else None,
        randomised=randomised,
        **said,
    )


def _sum_within(span: Span, pieces: Sequence[TokenSpan], values: Sequence[float | None]) -> float:
    """What the pieces that end in a span contributed."""
    start, end = span
    return sum(value or 0.0 for piece, value in zip(pieces, values, strict=True) if start < piece.end <= end)


def _check(what: str, given: Collection[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise PlauditError(f"no {what} {name!r}; there are {', '.join(known)}")
