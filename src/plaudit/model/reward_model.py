"""The reward model: load, score, rank, save."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from plaudit.data.scores import Score
from plaudit.errors import PlauditError
from plaudit.forest import Tree, pack
from plaudit.groups import Group, Text
from plaudit.model.backbones import resolve
from plaudit.model.freezing import merge_lora
from plaudit.model.loading import load, name_the_output, quiet, settle_padding
from plaudit.model.network import RewardNetwork, find_head
from plaudit.model.record import scoring_record
from plaudit.model.rendering import Rendered, Renderer, read_template
from plaudit.model.saving import staged

logger = logging.getLogger(__name__)

RECORD_FILE = "plaudit.json"

# Tokens of one forward pass. Large enough that the matrix products run at full speed, small enough that the
# activations of a 135M model fit a few gigabytes.
DEFAULT_BATCH_TOKENS = 4096

# Groups rendered ahead and packed together while scoring: enough to fill forests, little enough to stream.
_WINDOW = 128


class RewardModel:
    """A pretrained backbone with a linear head in place of its LM head, its tokenizer, and its run record.

    Make one with `from_backbone` (a new head, to be trained) or `from_pretrained` (a trained model).

    Attributes:
        network: the torch module; `network.model` is the transformers model inside.
        tokenizer: with the chat template the model was trained with.
        renderer: groups -> token sequences.
        record: the run record, as it stands in plaudit.json.
    """

    def __init__(
        self, network: RewardNetwork, tokenizer: Any, *, max_length: int | None = None, record: Mapping[str, Any] = {}
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        context = _context(network, tokenizer)
        if max_length is not None and not 1 <= max_length <= context:
            raise PlauditError(f"max_length is {max_length}, but the backbone's context holds 1 to {context} tokens")
        self.renderer = Renderer(
            tokenizer,
            max_length=max_length or context,
            causal=network.causal,
            segments=not network.causal and "token_type_ids" in tokenizer.model_input_names,
            padding=network.config.get_text_config().pad_token_id if network.causal else None,
        )
        self.record = dict(record)

    @classmethod
    def from_backbone(
        cls,
        name: str | Path,
        *,
        seed: int = 0,
        max_length: int | None = None,
        chat_template: str | None = None,
        device: str | torch.device | None = None,
        trust_remote_code: bool = False,
    ) -> RewardModel:
        """Put a new reward head on a pretrained backbone, in float32.

        The head starts at N(0, 1/(H+1)²), H the hidden size: with hidden states of unit variance the first scores
        spread by about 1/√H, so the first loss is log 2 whatever the backbone, yet gradients flow into it at once, as
        they would not through a head of zeros. A backbone that already has a one-output head keeps it.

        Args:
            name: a packaged backbone (`minilm-l6`, `smollm2-135m`), a local folder or a hub id.
            seed: of the head's initial weights.
            max_length: most tokens of prompt and response together; the backbone's whole context if None.
            chat_template: a Jinja file or the name of a built-in template, in place of the tokenizer's own.
            device: where to compute; a GPU if there is one.
            trust_remote_code: run code that comes with the checkpoint.
        """
        model, tokenizer, missing = load(resolve(name), trust_remote_code, dtype=torch.float32, num_labels=1)
        if template := read_template(chat_template):
            tokenizer.chat_template = template
        head = find_head(model)
        if missing:
            generator = torch.Generator().manual_seed(seed)
            with torch.no_grad():
                head.weight.copy_(torch.randn(head.weight.shape, generator=generator) / (head.in_features + 1))
                if head.bias is not None:
                    head.bias.zero_()
        name_the_output(model)
        settle_padding(model, tokenizer)
        return cls._ready(model, tokenizer, device, max_length, {"backbone": str(name), "seed": seed})

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        max_length: int | None = None,
        chat_template: str | None = None,
        device: str | torch.device | None = None,
        trust_remote_code: bool = False,
    ) -> RewardModel:
        """Load a trained reward model: a folder that `save` wrote, or any one-output sequence-classification
        checkpoint in a folder or on the hub.

        Raises:
            PlauditError: if it is no such checkpoint, or its head has no weights.
        """
        folder = Path(name).expanduser()
        if not folder.is_dir() and (str(name).startswith(("/", ".", "~")) or str(name).count("/") != 1):
            raise PlauditError(f"no model folder {str(name)!r}; train one with `plaudit train DATA -o {name}`")
        if folder.is_dir() and not (folder / "config.json").is_file():
            raise PlauditError(
                f"{name} has no config.json, so it is no model folder; give one that `plaudit train` wrote"
            )
        record = _read_record(folder / RECORD_FILE)
        source = str(folder) if folder.is_dir() else str(name)
        model, tokenizer, missing = load(source, trust_remote_code, dtype="auto")
        if missing or model.config.num_labels != 1:
            why = "it has no reward head" if missing else f"its head has {model.config.num_labels} outputs, not 1"
            raise PlauditError(f"{name} is not a reward model: {why}; train one with `plaudit train --backbone {name}`")
        if template := read_template(chat_template):
            tokenizer.chat_template = template
        return cls._ready(model, tokenizer, device, max_length or record.get("max_length"), record)

    @classmethod
    def _ready(
        cls,
        model: Any,
        tokenizer: Any,
        device: str | torch.device | None,
        max_length: int | None,
        record: Mapping[str, Any],
    ) -> RewardModel:
        # transformers calls a decoder's head `score` and an encoder's `classifier`.
        network = RewardNetwork(model, causal=hasattr(model, "score"))
        network.to(device or ("cuda" if torch.cuda.is_available() else "cpu")).eval()
        if reason := network.check():
            logger.warning("%s cannot use forests (%s); padded batches are used", type(model).__name__, reason)
        return cls(network, tokenizer, max_length=max_length, record=record)

    def score(
        self,
        groups: Group | Iterable[Group],
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
    ) -> list[list[Score]]:
        """Score every response of every group.

        Args:
            groups: one group or many.
            batch_tokens: most tokens of one forward pass; does not change the scores.
            truncate_responses: cut a response that is longer than the context, and say so on its score, instead of
                raising an error.

        Returns:
            For each group, one score a response, in their order.
        """
        several = [groups] if isinstance(groups, Group) else groups
        return list(self.stream(several, batch_tokens=batch_tokens, truncate_responses=truncate_responses))

    def stream(
        self,
        groups: Iterable[Group],
        *,
        batch_tokens: int = DEFAULT_BATCH_TOKENS,
        truncate_responses: bool = False,
    ) -> Iterator[list[Score]]:
        """`score`, lazily: groups are read a window at a time, and their scores yielded in order."""
        rendered = self.renderer.render(groups, truncate_responses=truncate_responses)
        cut = 0
        while window := list(islice(rendered, _WINDOW)):
            cut += sum(sum(item.prompt_cut) for item in window)
            values = iter(self.score_rendered(window, batch_tokens))
            for item in window:
                yield [
                    Score(item.group.id, index, next(values), len(sequence), item.response_cut[index])
                    for index, sequence in enumerate(item.sequences)
                ]
        if cut:
            limit = self.renderer.max_length
            logger.warning("%d responses were read with the middle of their prompt cut to fit %d tokens", cut, limit)

    def rank(self, prompt: Text, responses: Sequence[Text], **options: Any) -> list[Score]:
        """Score responses to one prompt and sort them, best first; `Score.response` is the index into `responses`.
        `options` are those of `score`."""
        group = Group(id="", prompt=prompt, responses=tuple(responses))
        return sorted(self.score(group, **options)[0], key=lambda score: -score.score)

    def trees(self, items: Iterable[Rendered]) -> list[Tree]:
        """One tree a rendered group."""
        return [self.network.grow(item.sequences, item.types) for item in items]

    @torch.no_grad()
    def score_rendered(self, items: Sequence[Rendered], batch_tokens: int = DEFAULT_BATCH_TOKENS) -> list[float]:
        """The scores of groups that are rendered already, all responses in order, in forests of `batch_tokens`."""
        parts = [part for tree in self.trees(items) for part in tree.split(batch_tokens)]
        self.network.eval()
        scored: list[list[float]] = [[] for _ in parts]
        for forest in pack([len(part) for part in parts], batch_tokens):
            values = iter(self.network([parts[i] for i in forest]).tolist())
            for i in forest:
                scored[i] = list(islice(values, len(parts[i].branches)))
        return [value for part in scored for value in part]

    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        """The record of what this model makes (`kind`: "model" or "scores"): how it was trained, and what decides its
        scores besides the weights."""
        network, dtype = self.network, str(self.network.dtype).removeprefix("torch.")
        scoring = scoring_record(
            self.tokenizer, max_length=self.renderer.max_length, causal=network.causal, dtype=dtype
        )
        return {**self.record, "plaudit": kind, **scoring, **more}

    def save(self, folder: str | Path, *, card: str | None = None) -> None:
        """Write an ordinary sequence-classification checkpoint (safetensors, tokenizer, chat template) with
        plaudit.json beside it. LoRA adapters are merged into the weights. An existing folder is replaced only once the
        new files are complete.

        Args:
            folder: where to.
            card: the text of README.md.

        Raises:
            PlauditError: if the folder cannot be written; what was there stays as it was.
        """
        model = merge_lora(self.network.adapters) if self.network.adapters is not None else self.network.model
        self.network.adapters = None
        self.record = self.run_record("model")
        with staged(Path(folder)) as staging, quiet():
            model.save_pretrained(staging)
            self.tokenizer.save_pretrained(staging)
            (staging / RECORD_FILE).write_text(json.dumps(self.record, indent=2, ensure_ascii=False) + "\n", "utf-8")
            if card is not None:
                (staging / "README.md").write_text(card, encoding="utf-8")


def _context(network: RewardNetwork, tokenizer: Any) -> int:
    """Most tokens the backbone can read."""
    config = network.config.get_text_config()
    known = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 1 << 20
    # RoBERTa spends its first position embeddings on padding.
    return min(int(known) - network.first_position, tokenizer.model_max_length)


def _read_record(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not isinstance(record.get("max_length"), int | None):
            raise ValueError("it must be an object, and its max_length a whole number")
    except ValueError as error:
        raise PlauditError(
            f"{path} is no run record ({error}); restore it, or delete it to load the plain checkpoint"
        ) from error
    return record
