"""A language model from nothing: a tokenizer trained on the text, and a small random network to go with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedTokenizerFast,
    set_seed,
)

from plaudit.errors import InvalidInputError

_DECODER_TOKENS = {"pad_token": "<|pad|>", "eos_token": "<|end|>"}
_ENCODER_TOKENS = {
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
    "unk_token": "[UNK]",
}


def train_tokenizer(texts: Iterable[str], vocabulary: int, *, block: int, causal: bool) -> PreTrainedTokenizerFast:
    """Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019): any text can be written in it.

    Args:
        texts: to learn merges from.
        vocabulary: how many entries, special tokens and the 256 bytes included.
        block: most tokens of a text, as the tokenizer will say of itself.
        causal: a decoder's texts end with the end of text; an encoder's stand between [CLS] and [SEP].

    Raises:
        PlauditError: if the texts do not support so many entries, or so few cannot hold the bytes.
    """
    names = _DECODER_TOKENS if causal else _ENCODER_TOKENS
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    least = len(alphabet) + len(names)
    if vocabulary < least:
        raise InvalidInputError(
            f"vocabulary is {vocabulary}",
            remedy=f"it must be at least {least}: {len(alphabet)} bytes and {len(names)} special tokens",
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # A merge seen once teaches nothing: its token would never be met again.
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=list(names.values()),
        initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if (supported := tokenizer.get_vocab_size()) < vocabulary:
        raise InvalidInputError(
            f"the text supports a vocabulary of {supported:,}, not {vocabulary:,}: nothing else occurs twice",
            remedy=f"give more text, or --vocabulary {supported}",
        )
    if not causal:
        ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=block,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )


def small_model(
    tokenizer: PreTrainedTokenizerFast, *, layers: int, hidden: int, heads: int, block: int, causal: bool, seed: int
) -> Any:
    """A random Llama (decoder) or ModernBERT (encoder) for a tokenizer, input and output embeddings shared.

    Raises:
        PlauditError: if the heads do not divide the hidden size into even widths, which rotary positions need.
    """
    if hidden % (2 * heads):
        raise InvalidInputError(
            f"hidden is {hidden} and heads {heads}", remedy="hidden must be a multiple of twice the heads"
        )
    sizes = {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "max_position_embeddings": block,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": True,
    }
    set_seed(seed)
    if causal:
        # Two thirds of four times the width: with its gate, as many parameters as a plain layer of four times.
        inner = 8 * -(-hidden // 3)
        config = LlamaConfig(**sizes, intermediate_size=inner, bos_token_id=None, eos_token_id=tokenizer.eos_token_id)
        return LlamaForCausalLM(config).to(torch.float32)
    ends = {"cls_token_id": tokenizer.cls_token_id, "sep_token_id": tokenizer.sep_token_id}
    ends |= {"bos_token_id": tokenizer.cls_token_id, "eos_token_id": tokenizer.sep_token_id}
    return ModernBertForMaskedLM(ModernBertConfig(**sizes, **ends, intermediate_size=2 * hidden)).to(torch.float32)
