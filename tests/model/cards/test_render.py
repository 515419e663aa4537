"""Model cards: front matter that the hub reads, and text from a template."""

import pytest
from huggingface_hub import ModelCard
from jinja2 import UndefinedError

from plaudit.model import card


def test_front_matter_is_what_the_hub_reads_and_text_is_the_templates():
    text = card("combined", task="text-classification", title="Two", description="Both.", models=["a <b>", "c"])
    assert ModelCard(text).data.to_dict() == {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "tags": ["reward-model", "plaudit"],
    }
    # The text as it is, nothing escaped: Markdown, not HTML.
    assert text.endswith(
        "\n# Two\n\nBoth. Nothing has been measured on it yet: `plaudit eval MODEL DATA`. Made of:\n\n- a <b>\n- c\n"
    )


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(UndefinedError, match="title"):
        card("combined", description="Both.", models=[])
