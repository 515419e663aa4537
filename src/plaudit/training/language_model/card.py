"""README.md of a backbone: what it is, how it was made, its figures, and its use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plaudit.training.language_model.perplexity import validation_sentence


def stage_card(title: str, made: str, record: Mapping[str, Any]) -> str:
    """The card of a language model.

    Args:
        title: its heading.
        made: how it was made, in a sentence or two.
        record: the run record.
    """
    front = "---\nlibrary_name: transformers\ntags: [plaudit]\n---"
    return f"""{front}

# {title}

{made}
{validation_sentence(record["validation"])}

An ordinary transformers checkpoint, to be the backbone of a reward model:
`plaudit train DATA -o MODEL --backbone FOLDER`.

Settings:

```json
{json.dumps(record["settings"], indent=2)}
```
"""
