"""The settings of language-model training: pretraining on text, and supervised fine-tuning on good responses."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.settings import POSITIVE, SHARE, Rule, at_least, documented, setting
from plaudit.training.language_model.network import OBJECTIVES
from plaudit.training.run.settings import RunSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelSettings(RunSettings):
    """What the training of a language model can be told, by either objective."""

    evaluations: int = setting(
        5, "evaluations on the validation set; each is a checkpoint to resume from, and the best is kept", at_least(1)
    )


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainingSettings(LanguageModelSettings):
    """What pretraining can be told.

    Example:
        >>> PretrainingSettings(layers=2, hidden=128).learning_rate is None  # chosen by the hidden size
        True
    """

    epochs: int = setting(5, "times every document is met", at_least(1))
    learning_rate: float | None = setting(
        None, "the peak: 0.3 / H from scratch and 0.03 / H for a backbone that is trained on", POSITIVE, shown="auto"
    )
    validation_share: float = setting(
        0.1, "share of the documents held out; with 0 nothing is known of the model", SHARE
    )
    objective: str | None = setting(
        None,
        "`next-token` (a decoder) or `masked` (an encoder): the backbone's own; next-token from scratch",
        Rule(lambda value: value in OBJECTIVES, " or ".join(OBJECTIVES)),
        shown="the backbone's",
    )
    vocabulary: int = setting(4096, "entries of the tokenizer (from scratch, as are the next three)")
    layers: int = setting(4, "layers of the network", at_least(1))
    hidden: int = setting(256, "its hidden size H", at_least(2))
    heads: int = setting(4, "its attention heads", at_least(1))
    block: int | None = setting(
        None,
        "most tokens of a piece of a document, and from scratch the context: 512, or the context if less",
        at_least(8),
        shown="512",
    )
    batch_tokens: int = setting(4096, "tokens of one step", at_least(1))
    masked: float = setting(
        0.15,
        "share of the tokens that an encoder has to guess, as in BERT",
        Rule(lambda value: 0 < value < 1, "above 0 and below 1"),
    )


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuningSettings(LanguageModelSettings):
    """What supervised fine-tuning can be told.

    Example:
        >>> FineTuningSettings(top=0.5).with_changes({"epochs": "1"}, "--set").epochs
        1
    """

    epochs: int = setting(3, "times every response is met", at_least(1))
    learning_rate: float | None = setting(
        None, "the peak: 0.03 / H, H the hidden size; ten times that for LoRA", POSITIVE, shown="auto"
    )
    validation_share: float = setting(0.1, "share of the prompts held out; with 0 nothing is known of the model", SHARE)
    batch_size: int = setting(16, "responses of one step", at_least(1))
    lora: int = setting(0, "rank of LoRA adapters, merged when the model is saved; 0: all weights learn", at_least(0))
    top: float = setting(
        0.0,
        "share of a prompt's judged responses to imitate, best first; 0: the best alone (with those equally good)",
        Rule(lambda value: 0 <= value <= 1, "from 0 to 1"),
    )
    attribute: str | None = setting(
        None, "the ratings that say which response is best, where several attributes are rated", shown="any"
    )
    max_length: int | None = setting(
        None,
        "most tokens of prompt and response. A longer prompt loses its middle; a response that does not fit is left "
        "out, and counted: cut, it would teach to stop in mid-sentence",
        at_least(2),
        shown="the context",
    )
    chat_template: str | None = setting(
        None, "a Jinja file or a built-in template's name, in place of the tokenizer's own", shown="the tokenizer's"
    )
