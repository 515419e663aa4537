"""Tiny random models and tokenizers of real architectures, made on the spot: no download, milliseconds each.

Matrices are several times what the architectures start with, windows and soft caps are small, and dropout is off: a
wrong attention must show in the score, and two computations of one score must agree.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedTokenizerFast

VOCABULARY = 320

_SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
}
_GROUPED = {**_SIZES, "num_key_value_heads": 2}
_NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}

# Family -> (transformers' name for its configuration, its settings).
DECODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", _GROUPED),
    "qwen2": ("Qwen2", _GROUPED),
    "qwen3": ("Qwen3", {**_GROUPED, "head_dim": 16}),
    "mistral": ("Mistral", {**_GROUPED, "sliding_window": 8}),
    "gemma": ("Gemma", {**_GROUPED, "head_dim": 16}),
    "gemma2": ("Gemma2", {**_GROUPED, "head_dim": 16, "sliding_window": 8, "attn_logit_softcapping": 0.5}),
    "gemma3": ("Gemma3Text", {**_GROUPED, "num_hidden_layers": 6, "head_dim": 16, "sliding_window": 8}),
    "gpt-neox": ("GPTNeoX", _SIZES),
    "gpt2": (
        "GPT2",
        {
            "vocab_size": VOCABULARY,
            "n_embd": 64,
            "n_layer": 2,
            "n_head": 4,
            "n_positions": 256,
            "embd_pdrop": 0.0,
            "resid_pdrop": 0.0,
            "attn_pdrop": 0.0,
        },
    ),
    "phi3": ("Phi3", _GROUPED),
    "opt": (
        "OPT",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "ffn_dim": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "max_position_embeddings": 256,
            "word_embed_proj_dim": 64,
            "dropout": 0.0,
        },
    ),
    "gpt-oss": (
        "GptOss",
        {**_GROUPED, "head_dim": 16, "sliding_window": 8, "num_local_experts": 2, "num_experts_per_tok": 1},
    ),
}
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("Bert", {**_SIZES, **_NO_DROPOUT}),
    "roberta": ("Roberta", {**_SIZES, **_NO_DROPOUT, "max_position_embeddings": 258, "type_vocab_size": 1}),
    "electra": ("Electra", {**_SIZES, **_NO_DROPOUT, "embedding_size": 32}),
    "modernbert": ("ModernBert", {**_SIZES, "local_attention": 16}),
}
# The self-check must send these to padded batches: no attention interface, or a head and positions of their own.
PADDED: dict[str, tuple[str, dict[str, Any]]] = {
    "falcon": (
        "Falcon",
        {"vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "alibi": True},
    ),
    "bloom": (
        "Bloom",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "n_layer": 2,
            "n_head": 4,
            "hidden_dropout": 0.0,
            "attention_dropout": 0.0,
        },
    ),
    "deberta-v2": (
        "DebertaV2",
        {
            **_SIZES,
            **_NO_DROPOUT,
            "pooler_dropout": 0.0,
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_buckets": 16,
        },
    ),
}
FAMILIES = {**DECODERS, **ENCODERS, **PADDED}
BIDIRECTIONAL = (*ENCODERS, "deberta-v2")

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

_CORPUS = [
    "the cat sat on the mat and the dog sat on the log",
    "why is the sky blue and the sea green",
    "because light is scattered by the air and the water",
    "please answer the question in one short line",
    "天空为什么是蓝色的 因为光被空气散射",
]
# Ids 0 to 4 of both tokenizers. RoBERTa counts positions from its padding's id + 1, so padding is 1, as in real ones.
_DECODER_SPECIALS = ["<unk>", "<pad>", "<eos>", "<|im_start|>", "<|im_end|>"]
_ENCODER_SPECIALS = ["<cls>", "<pad>", "<sep>", "<unk>", "<mask>"]
PAD, EOS = 1, 2


def tiny_config(family: str, **settings: Any) -> Any:
    """The configuration of a family: three special tokens that its tokenizer has, one output."""
    name, sizes = FAMILIES[family]
    ids = {"bos_token_id": 0, "pad_token_id": PAD, "eos_token_id": EOS, "cls_token_id": 0, "sep_token_id": EOS}
    return getattr(transformers, f"{name}Config")(**{**sizes, **ids, "num_labels": 1, **settings})


def enlarge(model: torch.nn.Module, family: str) -> None:
    """Multiply the matrices, and give biases and sinks values that matter. An encoder's first token is always the same,
    so what it gathers from the others must outweigh its own embedding: its matrices grow more."""
    factor = 12.0 if family in BIDIRECTIONAL else 4.0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.mul_(factor)
            elif name.endswith(("bias", "sinks")):
                parameter.normal_(0, 0.3)


def tiny_classifier(family: str, *, seed: int = 0, **settings: Any) -> Any:
    """A one-output sequence classifier of a family, in evaluation mode."""
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_config(tiny_config(family, **settings))
    enlarge(model, family)
    return model.eval()


def decoder_tokenizer(
    *, chat_template: str | bool = True, pad_is_eos: bool = False, eos: bool = True, max_length: int = 256
) -> PreTrainedTokenizerFast:
    """Byte-level BPE, which merges across the seam of prompt and response. With a chat template (ChatML, unless one is
    given) the end of a turn ends the text; without, `<eos>` does."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        _CORPUS,
        trainers.BpeTrainer(vocab_size=VOCABULARY - 8, special_tokens=_DECODER_SPECIALS, initial_alphabet=alphabet),
    )
    names: dict[str, str] = {}
    if eos:
        names["eos_token"] = "<|im_end|>" if chat_template else "<eos>"
    if pad_is_eos:
        names["pad_token"] = names["eos_token"]
    else:
        names["pad_token"] = "<pad>"
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=max_length, **names)
    if chat_template:
        wrapped.chat_template = CHATML if chat_template is True else chat_template
    return wrapped


def encoder_tokenizer(family: str = "bert", *, max_length: int = 256) -> PreTrainedTokenizerFast:
    """Byte-level BPE that reads a pair as its family does: `<cls> A <sep> B <sep>`, RoBERTa with two in between."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        _CORPUS,
        trainers.BpeTrainer(vocab_size=VOCABULARY - 8, special_tokens=_ENCODER_SPECIALS, initial_alphabet=alphabet),
    )
    middle, second = ("<sep> <sep>", 0) if family == "roberta" else ("<sep>", 1)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<cls> $A <sep>",
        pair=f"<cls> $A {middle} $B:{second} <sep>:{second}",
        special_tokens=[("<cls>", 0), ("<sep>", EOS)],
    )
    types = family in ("bert", "electra", "deberta-v2")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_length,
        cls_token="<cls>",
        pad_token="<pad>",
        sep_token="<sep>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_input_names=["input_ids", *(["token_type_ids"] if types else []), "attention_mask"],
    )


def tiny_tokenizer(family: str = "llama", **options: Any) -> PreTrainedTokenizerFast:
    """The family's kind of tokenizer. `options` are those of `decoder_tokenizer`; an encoder has only `max_length`."""
    if family in BIDIRECTIONAL:
        return encoder_tokenizer(family, **{k: v for k, v in options.items() if k == "max_length"})
    return decoder_tokenizer(**options)


def tiny_model_folder(
    folder: Path, family: str = "llama", *, seed: int = 0, config: dict[str, Any] | None = None, **tokenizer: Any
) -> Path:
    """Save a one-output classifier of a family with its tokenizer, as plain transformers does.

    Args:
        folder: where to; made if it is not there.
        config: settings in place of the family's.
        tokenizer: options of `tiny_tokenizer`: chat_template, pad_is_eos, eos, max_length.
    """
    tiny_classifier(family, seed=seed, **(config or {})).save_pretrained(folder)
    tiny_tokenizer(family, **tokenizer).save_pretrained(folder)
    return folder


def tiny_language_model_folder(
    folder: Path, family: str = "llama", *, seed: int = 0, config: dict[str, Any] | None = None, **tokenizer: Any
) -> Path:
    """Save a causal language model of a family with its tokenizer: a backbone that has no reward head."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(tiny_config(family, **(config or {})))
    enlarge(model, family)
    model.save_pretrained(folder)
    tiny_tokenizer(family, **tokenizer).save_pretrained(folder)
    return folder


def random_sequences(lengths: Sequence[int], *, shared: int = 0, seed: int = 0) -> list[np.ndarray]:
    """Token sequences of these lengths after a common prefix of `shared` tokens, without special tokens. Sequences
    differ in their first token after it."""
    numbers = np.random.default_rng(seed)
    draw = lambda length: numbers.integers(10, VOCABULARY - 10, length)  # noqa: E731
    trunk = draw(shared)
    rows = [draw(length) for length in lengths]
    for index, row in enumerate(rows):
        row[0] = 10 + index
    return [np.concatenate([trunk, row]) for row in rows]
