"""Explanations: a scorer and a group in, why each response got its score out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from plaudit._arguments import checked, with_article
from plaudit.data import Score
from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.explaining.ablation import MAX_SEGMENTS, ablation_effects, score_prefixes, version_budget
from plaudit.explaining.explanation import Explanation, MethodAgreement, Segment, Token
from plaudit.explaining.sanity import shuffled_weights
from plaudit.explaining.tokens import TokenSpan
from plaudit.explaining.views import VIEWS, Attribution, Integration, PrefixRewards, View
from plaudit.groups import Group, plain_text
from plaudit.model import LINEAR_MODEL, Scorer
from plaudit.text import UNITS, Span, merge_spans, replace_surrogates, split_segments

METHODS = ("reading", "prefixes", "gradients", "ablation")
"""The reward read along the response, in one pass where tokens attend to earlier ones only; that by scoring prefixes in
any case; what its tokens contributed; what the score loses without each of its segments."""

_RENAMED = {"leaving-out": "ablation"}
"""Names of methods that were, or are elsewhere, in use -> the name here."""

_DEFAULT = Integration()


@checked
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
        methods: of `METHODS`; None: `available_methods(model)`.
        unit: what is ablated: "sentence", "line", "word", or "auto" for the first of these that a response has two of.
        integration: how gradients are integrated.
        check: compute attributions again with the weights shuffled, and compare the two.
        truncate_responses: as in `Scorer.score`.

    Returns:
        One explanation for each response, in order.

    Raises:
        PlauditError: for a scorer, method, unit or reference that is not known, a missing captum, a template that
            changes responses, or what `Scorer.score` refuses.

    Example:
        >>> from plaudit.model import open_model
        >>> group = Group("q", "What is 2 + 2?", ("The answer is 4.", "No idea."))
        >>> good, bad = explain(open_model("my-bow"), group, methods=["gradients"])
        >>> [token.text for token in bad.tokens if token.attribution < 0]  # what the reward is low for
        ['No', ' idea']
    """
    methods = available_methods(model) if methods is None else methods
    _check_names("method", methods, METHODS)
    _check_names("unit", [unit], ("auto", *UNITS))
    request = _Request(frozenset(methods), unit, integration, check, truncate_responses)
    return [_explain(model, group, score, request) for score in model.score(group, **request.options)[0]]


def available_methods(model: Scorer) -> list[str]:
    """The methods that are used where none is named.

    Prefixes are not among them, nor are gradients without captum, unless they are exact without it.

    Example:
        >>> from plaudit.model import open_model
        >>> available_methods(open_model("my-bow"))
        ['reading', 'gradients', 'ablation']
    """
    has_gradients = has_exact_attributions(model) or find_spec("captum") is not None
    return [name for name in METHODS if name != "prefixes" and (name != "gradients" or has_gradients)]


def has_exact_attributions(model: Scorer) -> bool:
    """Whether a scorer's reward is a sum over words, so that "gradients" are exact contributions and nothing is
    integrated.

    Example:
        >>> from plaudit.model import open_model
        >>> has_exact_attributions(open_model("my-bow")), has_exact_attributions(open_model("my-model"))
        (True, False)
    """
    return model.kind == LINEAR_MODEL


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked about each response; the fields are arguments of `explain`."""

    methods: frozenset[str]
    unit: str
    integration: Integration
    check: bool
    truncate_responses: bool

    @property
    def options(self) -> dict[str, Any]:
        """The options of `Scorer.score`."""
        return {"batch_tokens": self.integration.batch_tokens, "truncate_responses": self.truncate_responses}


@dataclass(frozen=True, slots=True)
class _Ablation:
    """The segments of a response that were left out one by one.

    Attributes:
        unit: of segmentation; None if nothing was ablated.
        each: units in one segment.
        spans: of the segments, in the response's text.
        effects: the score minus the score without each segment.
    """

    unit: str | None
    each: int
    spans: Sequence[Span]
    effects: Sequence[float]


def _explain(model: Scorer, group: Group, score: Score, request: _Request) -> Explanation:
    response = group.responses[score.response]
    text = replace_surrogates(plain_text(response))
    view = _view(model, group.with_responses([response])) if request.methods - {"ablation"} else None
    rewards = None if view is None else _prefix_rewards(model, group, score, view, request)
    attribution = randomised = None
    if view is not None and "gradients" in request.methods:
        attribution = view.attribute(request.integration)
        if request.check and view.networks:
            randomised = _randomised(view, attribution, request.integration)
    ablation = _ablate(model, group, score, text, request)
    return replace(
        _assemble(score, text, () if view is None else view.tokens, rewards, attribution, ablation),
        randomised=randomised,
    )


def _view(model: Scorer, group: Group) -> View:
    if model.kind not in VIEWS:
        raise InvalidInputError(
            f"{with_article(type(model).__name__)} shows nothing of how it reads a response",
            remedy="explain it with --method ablation",
        )
    return VIEWS[model.kind](model, group)


def _prefix_rewards(model: Scorer, group: Group, score: Score, view: View, request: _Request) -> PrefixRewards | None:
    """The reward along the response; None if it was not asked for."""
    if not {"reading", "prefixes"} & request.methods:
        return None
    in_one_pass = None if "prefixes" in request.methods else view.prefix_rewards()
    return in_one_pass or score_prefixes(model, group, score.response, view.text, view.tokens, **request.options)


def _ablate(model: Scorer, group: Group, score: Score, text: str, request: _Request) -> _Ablation:
    if "ablation" not in request.methods:
        return _Ablation(unit=None, each=1, spans=(), effects=())
    unit, spans = split_segments(text, request.unit)
    each, spans = merge_spans(spans, version_budget(text, MAX_SEGMENTS))
    effects = ablation_effects(model, group, score, spans, **request.options)
    return _Ablation(unit=unit, each=each, spans=spans, effects=effects)


def _randomised(
    view: View, attribution: Attribution, integration: Integration
) -> tuple[MethodAgreement, MethodAgreement]:
    """Agreement of the attributions, and of their sizes, with those under shuffled weights, of as many steps."""
    steps = attribution.steps or integration.steps
    with shuffled_weights(view.networks):
        other = view.attribute(replace(integration, steps=steps, max_steps=steps))
    pairs = [(a, b) for a, b in zip(attribution.values, other.values, strict=True) if a is not None and b is not None]
    columns = [list(column) for column in zip(*pairs, strict=True)] or [[], []]
    return MethodAgreement.of(*columns), MethodAgreement.of(*([abs(value) for value in column] for column in columns))


def _assemble(
    score: Score,
    text: str,
    tokens: Sequence[TokenSpan],
    rewards: PrefixRewards | None,
    attribution: Attribution | None,
    ablation: _Ablation,
) -> Explanation:
    missing = (None,) * len(tokens)
    values = missing if attribution is None else attribution.values
    ends = missing if rewards is None else rewards.ends
    sums = [None if attribution is None else _sum_within(span, tokens, values) for span in ablation.spans]
    known_sums = [total for total in sums if total is not None]
    explanation = Explanation(
        group=score.group,
        response=score.response,
        score=score.score,
        truncated=score.truncated,
        tokens=tuple(
            Token(text=text[token.start : token.end], reward=reward, attribution=value)
            for token, reward, value in zip(tokens, ends, values, strict=True)
        ),
        sentences=tuple(
            Segment(text=text[start:end], effect=effect, attribution=total)
            for (start, end), effect, total in zip(ablation.spans, ablation.effects, sums, strict=True)
        ),
        unit=ablation.unit,
        each=ablation.each if ablation.spans else None,
        agreement=MethodAgreement.of(known_sums, ablation.effects) if attribution and ablation.unit else None,
    )
    if rewards is not None:
        explanation = replace(explanation, kind=rewards.kind, opening=rewards.opening)
    if attribution is not None:
        explanation = replace(
            explanation,
            baseline=attribution.baseline,
            reference=attribution.reference,
            steps=attribution.steps,
            completeness=attribution.completeness,
            complete=attribution.complete,
        )
    return explanation


def _sum_within(span: Span, tokens: Sequence[TokenSpan], values: Sequence[float | None]) -> float:
    """The sum of the values of the tokens that end in a span."""
    start, end = span
    return sum(value or 0.0 for token, value in zip(tokens, values, strict=True) if start < token.end <= end)


def _check_names(what: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name in known:
            continue
        meant = _RENAMED.get(name)
        remedy = f"it is called {meant}" if meant in known else f"there are {', '.join(known)}"
        raise NotFoundError(f"no {what} {name!r}", remedy=remedy)
