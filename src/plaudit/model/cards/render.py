"""A model card from its template: front matter for the hub, then Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from huggingface_hub import ModelCard, ModelCardData
from jinja2 import Environment, PackageLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=PackageLoader("plaudit.model", "cards"),
    # A card is Markdown, not HTML; a value that a template wants and nobody gives is a mistake.
    autoescape=False,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters["indented_json"] = lambda value: json.dumps(value, indent=2)
_TEMPLATES.filters["loss"] = lambda loss: "unknown: one prompt" if loss is None else f"{loss:.3f}"


def card(
    template: str,
    *,
    library: str = "transformers",
    task: str | None = None,
    tags: Sequence[str] = ("reward-model", "plaudit"),
    **values: Any,
) -> str:
    """The text of README.md.

    Args:
        template: a file of this folder, without `.md.j2`.
        library: what opens the model, as the hub knows it.
        task: the hub's pipeline tag.
        tags: what the hub finds it by.
        values: what stands in the template.

    Example:
        >>> print(card("combined", title="Two models", description="The mean of two.", models=["a", "b"]), end="")
        ---
        library_name: transformers
        tags:
        - reward-model
        - plaudit
        ---
        <BLANKLINE>
        # Two models
        <BLANKLINE>
        The mean of two. Nothing has been measured on it yet: `plaudit eval MODEL DATA`. Made of:
        <BLANKLINE>
        - a
        - b
    """
    front = ModelCardData(library_name=library, pipeline_tag=task, tags=list(tags)).to_yaml()
    body = _TEMPLATES.get_template(f"{template}.md.j2").render(values)
    return str(ModelCard(f"---\n{front}\n---\n\n{body}"))
