"""The policy that learns, beside the one that it was: the tokens of their answers, and what each says of them."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import nn

from plaudit.alignment.prompts import Prompt, decode
from plaudit.errors import InvalidInputError, MissingExtraError
from plaudit.groups import Group
from plaudit.model import Renderer, adding_adapters
from plaudit.training import open_decoder


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An answer that the policy wrote.

    Attributes:
        prompt: which it answers.
        tokens: as they were sampled, the end among them if it was said. Training sees these, never the text again.
        log_probs: of each, in nats, by the policy that wrote it.
        ended: whether it said its end; else it was cut.
        text: without what ends it.
    """

    prompt: Prompt
    tokens: Int[np.ndarray, " tokens"]
    log_probs: Float[np.ndarray, " tokens"]
    ended: bool
    text: str


class TokenBatch(NamedTuple):
    """Prompts and answers as tensors: prompts end, and answers begin, in the same column.

    Attributes:
        tokens: prompts padded on the left, answers on the right.
        attended: where there is a token.
        width: columns of the answers, the last ones.
    """

    tokens: Int[torch.Tensor, "samples columns"]
    attended: Bool[torch.Tensor, "samples columns"]
    width: int

    @property
    def mask(self) -> Bool[torch.Tensor, "samples width"]:
        """Where an answer has tokens."""
        return self.attended[:, -self.width :]

    @property
    def positions(self) -> Int[torch.Tensor, "samples columns"]:
        """Of each token in its own text, whatever stands to its left."""
        return (self.attended.long().cumsum(1) - 1).clamp(min=0)


class TokenScores(NamedTuple):
    """What a policy says of the tokens of answers, 0 where there is none.

    Attributes:
        log_probs: of each token, in nats.
        entropies: of the distribution it was drawn from, in nats; None where nobody asked.
        states: the hidden states from which each was predicted; None where nobody asked.
    """

    log_probs: Float[torch.Tensor, "samples width"]
    entropies: Float[torch.Tensor, "samples width"] | None
    states: Float[torch.Tensor, "samples width hidden"] | None


class Policy:
    """A decoder that writes answers, and the reference: the same before it learned anything.

    The distribution that samples and the one that learns are the same: logits divided by the temperature, and nothing
    else. No top-k, no top-p, no penalty, whatever the folder's generation settings say; dropout is off throughout.

    Args:
        model: a causal language model of transformers.
        renderer: of its tokenizer.
        temperature: of sampling.
        lora: rank of adapters; with them the reference is the model without, so no copy is needed.
        autocast: arithmetic in bfloat16.
        learns: whether a reference is kept; a policy that only writes needs none.

    Example:
        >>> policy = Policy.open("my-backbone")
        >>> policy.trainable[0].requires_grad
        True
    """

    def __init__(
        self,
        model: Any,
        renderer: Renderer,
        *,
        temperature: float = 1.0,
        lora: int = 0,
        autocast: bool = False,
        learns: bool = True,
    ) -> None:
        self.renderer = renderer
        self.temperature = temperature
        self.autocast = autocast
        self._reference = copy.deepcopy(model).requires_grad_(False).eval() if learns and not lora else None
        self.model = (_adapted(model, lora) if lora else model).eval()

    @classmethod
    def open(
        cls,
        name: str | Path,
        *,
        temperature: float = 1.0,
        lora: int = 0,
        autocast: bool = False,
        learns: bool = True,
        trust_remote_code: bool = False,
    ) -> Policy:
        """From a packaged decoder, a folder or a hub id.

        Raises:
            PlauditError: if it cannot be read, or is no decoder.
        """
        model, renderer = open_decoder(name, trust_remote_code=trust_remote_code)
        if torch.cuda.is_available():
            model.to("cuda")
        return cls(model, renderer, temperature=temperature, lora=lora, autocast=autocast, learns=learns)

    @property
    def device(self) -> torch.device:
        return torch.device(next(self.model.parameters()).device)

    @property
    def trainable(self) -> list[nn.Parameter]:
        """What learns."""
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    @property
    def hidden_size(self) -> int:
        return int(self.model.config.get_text_config().hidden_size)

    @cached_property
    def ends(self) -> frozenset[int]:
        """Every token that ends an answer: the tokenizer's end of text, those of the folder's generation settings, and
        what the chat template closes an answer with."""
        tokenizer, generation = self.renderer.tokenizer, getattr(self.model, "generation_config", None)
        configured = getattr(generation, "eos_token_id", None)
        ends = {tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])}
        if tokenizer.chat_template:
            group = Group("", "q", ("the",))
            _, ids = self.renderer.uncut(group, 0)
            after = ids[len(ids) - self.renderer.completion_lengths(group)[0] :].tolist()
            ends.add(next((token for token in after if token in tokenizer.all_special_ids), None))
        ends.discard(None)
        if not ends:
            raise InvalidInputError("the policy's tokenizer has no end of text, so no answer could end")
        return frozenset(ends)

    @contextmanager
    def as_reference(self) -> Iterator[Any]:
        """The reference's model, for the time of the block."""
        if self._reference is not None:
            yield self._reference
        else:
            with self.model.disable_adapter():
                yield self.model

    @property
    def reference(self) -> Any:
        """The reference where it is a model of its own; None beside adapters."""
        return self._reference

    def take_back(self) -> None:
        """After somebody else's trainer: without what it has put around the forward passes, and no dropout."""
        for model in (self.model, self._reference):
            if model is not None:
                base = model.get_base_model() if hasattr(model, "get_base_model") else model
                base.__dict__.pop("forward", None)
                model.__dict__.pop("forward", None)
                model.eval()

    def sample_of(self, prompt: Prompt, tokens: Int[np.ndarray, " tokens"], log_probs: Any) -> Sample:
        """An answer out of its tokens."""
        ended = bool(len(tokens)) and int(tokens[-1]) in self.ends
        words = tokens[:-1] if ended else tokens
        text = decode(self.renderer, np.concatenate([prompt.tokens, words]))[len(prompt.text) :]
        return Sample(prompt, tokens, np.asarray(log_probs, dtype=np.float64), ended, text.removeprefix(prompt.seam))

    def batch(self, samples: Sequence[Sample]) -> TokenBatch:
        """Samples as tensors on the policy's device."""
        before = max(len(sample.prompt.tokens) for sample in samples)
        width = max(1, *(len(sample.tokens) for sample in samples))
        tokens = torch.full((len(samples), before + width), self._filler)
        attended = torch.zeros(tokens.shape, dtype=torch.bool)
        for row, sample in enumerate(samples):
            start, end = before - len(sample.prompt.tokens), before + len(sample.tokens)
            tokens[row, start:end] = torch.from_numpy(np.concatenate([sample.prompt.tokens, sample.tokens]))
            attended[row, start:end] = True
        return TokenBatch(tokens.to(self.device), attended.to(self.device), width)

    def scores(self, model: Any, batch: TokenBatch, *, entropies: bool = False, states: bool = False) -> TokenScores:
        """What a model (this policy's, or the reference's) says of each token of the answers."""
        options: dict[str, Any] = {"output_hidden_states": True} if states else {}
        if "logits_to_keep" in self._understood:
            # Of the prompt only the last position is needed.
            options["logits_to_keep"] = batch.width + 1
        with self.arithmetic():
            output = model(**self.inputs(batch), use_cache=False, **options)
        logits = output.logits[:, -batch.width - 1 : -1].float() / self.temperature
        # The logarithm of a softmax, without a second copy of logits that are most of the memory.
        total = logits.logsumexp(-1)
        chosen = logits.gather(-1, batch.tokens[:, -batch.width :, None])[..., 0] - total
        return TokenScores(
            log_probs=torch.where(batch.mask, chosen, 0.0),
            entropies=torch.where(batch.mask, _entropies(logits, total), 0.0) if entropies else None,
            states=output.hidden_states[-1][:, -batch.width - 1 : -1].float() if states else None,
        )

    def inputs(self, batch: TokenBatch) -> dict[str, Any]:
        """A batch by the names of a model's parameters; positions only where it takes them."""
        known = {"position_ids": batch.positions} if "position_ids" in self._understood else {}
        return {"input_ids": batch.tokens, "attention_mask": batch.attended.long(), **known}

    @property
    def cache_parameter(self) -> str:
        """What the model's forward calls the keys and values of earlier tokens: before transformers 5.24 otherwise."""
        return "cache" if "cache" in self._understood else "past_key_values"

    def arithmetic(self) -> Any:
        """The context that a forward pass is computed in."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.autocast else nullcontext()

    @property
    def _filler(self) -> int:
        """What stands where there is no token; it is never attended to, so any will do, the end of text included."""
        pad = self.renderer.tokenizer.pad_token_id
        return min(self.ends) if pad is None else int(pad)

    @cached_property
    def _understood(self) -> frozenset[str]:
        """Parameters of the model's forward."""
        base = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        return frozenset(inspect.signature(base.forward).parameters)


def _entropies(
    logits: Float[torch.Tensor, "samples width vocabulary"], total: Float[torch.Tensor, "samples width"]
) -> Float[torch.Tensor, "samples width"]:
    """log Z - sum p * logit, a sample at a time."""
    means = [(torch.softmax(sample, -1) * sample).sum(-1) for sample in logits]
    return total - torch.stack(means)


def _adapted(model: Any, rank: int) -> Any:
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingExtraError("LoRA needs the `lora` extra", remedy="pip install 'plaudit[lora]'") from error
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")
    with adding_adapters():
        return get_peft_model(model, config)
