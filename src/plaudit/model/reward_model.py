"""The reward model: load, score, rank, save."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save_file

from plaudit._arguments import checked, with_article
from plaudit.data import Score, text_hash
from plaudit.errors import InvalidInputError
from plaudit.forest import Tree, on_device, pack
from plaudit.groups import Group
from plaudit.logs import muted
from plaudit.model.architecture import find_head
from plaudit.model.backbones import resolve
from plaudit.model.folder.contents import ENSEMBLE, HEADS_FILE, LINEAR_MODEL, LINEAR_PROBE, REWARD_MODEL, scoring_record
from plaudit.model.folder.open import check_model
from plaudit.model.folder.read import load_heads, stored_outputs
from plaudit.model.folder.write import check_model_folder, staged
from plaudit.model.frozen_weights import frozen_options, merge_lora, settle_frozen
from plaudit.model.heads import PLAIN, Outputs, draw_head
from plaudit.model.linear_probe import open_linear_probe
from plaudit.model.loading import best_device, dtype_of, load, name_the_output, settle_padding, settle_precision
from plaudit.model.network import RewardNetwork
from plaudit.model.prepared import Prepared
from plaudit.model.renderers import renderer_of
from plaudit.model.rendering import Rendered
from plaudit.model.scorer import DEFAULT_BATCH_TOKENS, Scorer, prepared_as
from plaudit.model.self_check import choose_layout, settle_attention
from plaudit.model.sharing import grow_shared
from plaudit.model.templates import read_template
from plaudit.model.token_check import TokenCheck
from plaudit.storage import read_record, write_record
from plaudit.text import rounded

logger = logging.getLogger(__name__)


class RewardModel(Scorer):
    """A pretrained backbone with a linear head in place of its LM head, its tokenizer, and its run record.

    Make one with `from_backbone` (a new head, to be trained) or `from_pretrained` (a trained model).

    Attributes:
        network: the torch module; `network.model` is the transformers model inside.
        tokenizer: with the chat template the model was trained with.
        renderer: groups -> token sequences.
        record: the run record, as it stands in plaudit.json.
        name: the folder, backbone or hub id it was made from, if any.

    Example:
        >>> model = RewardModel.from_pretrained("my-model")
        >>> model
        RewardModel('my-model': LlamaForSequenceClassification, 82.3K parameters, context 256, ...)
        >>> best, worst = model.rank("What is 2 + 2?", ["No idea.", "It is 4."])
        >>> best.response, best.score > worst.score
        (1, True)
    """

    kind = REWARD_MODEL

    def __init__(
        self, network: RewardNetwork, tokenizer: Any, *, max_length: int | None = None, record: Mapping[str, Any] = {}
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.name: str | None = None
        self.renderer = renderer_of(network.model, tokenizer, max_length)
        self.record = dict(record)

    @classmethod
    @checked
    def from_backbone(
        cls,
        name: str | Path,
        *,
        seed: int = 0,
        max_length: int | None = None,
        chat_template: str | None = None,
        device: str | torch.device | None = None,
        trust_remote_code: bool = False,
        outputs: Outputs = PLAIN,
    ) -> RewardModel:
        """Put a new reward head on a pretrained backbone, in float32 (or, inside `frozen_in`, in fewer bits).

        The head starts at N(0, 1/(H+1)²), H the hidden size: with hidden states of unit variance the first scores
        spread by about 1/√H, so the first loss is log 2 whatever the backbone, yet gradients flow into it at once, as
        they would not through a head of zeros. A backbone that already has a one-output head keeps it, also under the
        name of a value head (`v_head`, `reward_head`); other heads are left out, with a warning that names them.

        Args:
            name: a packaged backbone (`minilm-l6`, `smollm2-135m`), a local folder or a hub id.
            seed: of the head's initial weights.
            max_length: most tokens of prompt and response together; the backbone's whole context if None.
            chat_template: a Jinja file or the name of a built-in template, in place of the tokenizer's own.
            device: where to compute; a GPU if there is one.
            trust_remote_code: run code that comes with the checkpoint.
            outputs: what the head says of a response; a reward model's head that says the same is kept.
        """
        model, tokenizer, start = load(resolve(name), trust_remote_code, num_labels=1, **frozen_options())
        settle_frozen(model)
        if template := read_template(chat_template):
            tokenizer.chat_template = template
        if start == "new":
            draw_head(find_head(model), seed)
        name_the_output(model)
        settle_padding(model, tokenizer, as_trained=start == "kept")
        ready = cls._ready(model, tokenizer, device, max_length, {"backbone": str(name), "seed": seed}, outputs, seed)
        ready.name = str(name)
        if not outputs.plain and stored_outputs(read_record(Path(name)), str(name)) == outputs:
            load_heads(ready.network, Path(name))
        return ready

    @classmethod
    @checked
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        max_length: int | None = None,
        chat_template: str | None = None,
        device: str | torch.device | None = None,
        trust_remote_code: bool = False,
        precision: str | None = None,
        attention: str = "auto",
    ) -> RewardModel:
        """Load a trained reward model: a folder that `save` wrote, a frozen backbone with its fitted head, or any
        one-output sequence-classification checkpoint in a folder or on the hub. What is no single model with a backbone
        (an ensemble, a bag of words) is opened by `plaudit.open_model`.

        Args:
            name: the folder or hub id.
            max_length: most tokens of prompt and response together; as it was trained if None.
            chat_template: a Jinja file or the name of a built-in template, in place of the tokenizer's own.
            device: where to compute; a GPU if there is one.
            trust_remote_code: run code that comes with the checkpoint.
            precision: of the weights: fp32, bf16 or fp16; if None, as they are saved, and bf16 on a GPU that has it.
            attention: of forests: varlen, flex or segments; the best that came through its trial here if auto.

        Raises:
            PlauditError: if it is no such checkpoint, its head has no weights, or that attention cannot compute it.
        """
        folder = Path(name).expanduser()
        check_model(name)
        record = read_record(folder)
        if (kind := record.get("plaudit")) in (ENSEMBLE, LINEAR_MODEL):
            what = f"{name} holds {with_article(kind)}, which is not one model with a backbone"
            raise InvalidInputError(what, remedy=f"open it with plaudit.open_model({str(name)!r})")
        context = max_length or record.get("max_length")
        if kind == LINEAR_PROBE:
            rest = {"device": device, "trust_remote_code": trust_remote_code, "precision": precision}
            how = {"max_length": context, "chat_template": chat_template, "attention": attention}
            return open_linear_probe(folder, record, **rest, **how)
        outputs = stored_outputs(record, str(name))
        source = str(folder) if folder.is_dir() else str(name)
        # A head that plain transformers cannot hold stands beside a bare backbone.
        bare = {} if outputs.linear else {"num_labels": 1}
        device = device or best_device()
        model, tokenizer, _ = load(source, trust_remote_code, dtype=dtype_of(precision), **bare)
        if precision is None:
            settle_precision(model, device)
        if template := read_template(chat_template):
            tokenizer.chat_template = template
        ready = cls._ready(model, tokenizer, device, context, record, outputs)
        ready.name = str(name)
        if not outputs.plain:
            load_heads(ready.network, folder)
        settle_attention(ready.network, attention, longest=ready.renderer.max_length)
        return ready

    @classmethod
    def _ready(
        cls,
        model: Any,
        tokenizer: Any,
        device: str | torch.device | None,
        max_length: int | None,
        record: Mapping[str, Any],
        outputs: Outputs,
        seed: int = 0,
    ) -> RewardModel:
        # transformers calls a decoder's head `score` and an encoder's `classifier`.
        network = RewardNetwork(model, causal=hasattr(model, "score"), outputs=outputs, seed=seed)
        network.to(device or best_device()).eval()
        if reason := choose_layout(network):
            logger.warning("%s cannot use forests (%s); padded batches are used", type(model).__name__, reason)
        return cls(network, tokenizer, max_length=max_length, record=record)

    def __repr__(self) -> str:
        count = sum(parameter.numel() for parameter in self.network.model.parameters())
        name = "" if self.name is None else f"{self.name!r}: "
        kind, context, device = type(self.network.model).__name__, self.renderer.max_length, self.network.device
        return f"RewardModel({name}{kind}, {rounded(count)} parameters, context {context}, {device})"

    @checked
    def prepare(self, group: Group, *, truncate_responses: bool = False) -> Rendered:
        (item,) = self.renderer.render([group], truncate_responses=truncate_responses)
        return item

    @checked
    def prepare_text(
        self, text: str, *, foreign: bool = False, as_generated: bool = False, truncate_responses: bool = False
    ) -> Rendered:
        if self.renderer.reads_pairs:
            return prepared_as(Rendered, [super().prepare_text(text, truncate_responses=truncate_responses)])[0]
        how = {"foreign": foreign, "as_generated": as_generated, "truncate_responses": truncate_responses}
        return self.renderer.render_text(text, **how)

    def opens_answer(self, prompt: str) -> bool:
        if self.renderer.reads_pairs:
            return super().opens_answer(prompt)
        return self.renderer.template_text.opens_answer(prompt)

    def answer_in(self, generated: str) -> str:
        return self.renderer.template_text.answer_in(generated)

    def prepare_all(
        self, groups: Iterable[Group], *, truncate_responses: bool = False, check: TokenCheck | None = None
    ) -> Iterator[Rendered]:
        """Groups as the tokens that are scored, lazily. What they lose is counted, or warned of at the end."""
        counts = check or TokenCheck()
        for item in self.renderer.render(groups, truncate_responses=truncate_responses):
            counts.add(self.renderer, item)
            yield item
        if check is None:
            for warning in counts.warnings():
                logger.warning(warning)

    @checked
    def score_prepared(
        self, batch: Sequence[Prepared], *, batch_tokens: int = DEFAULT_BATCH_TOKENS
    ) -> list[list[Score]]:
        items = prepared_as(Rendered, batch)
        if not items:
            return []
        outputs, raw = self.network.outputs, self.outputs_of(items, batch_tokens)
        rewards = outputs.rewards(raw)
        means = iter(rewards.mean(1).tolist())
        spreads = iter(rewards.std(1).tolist() if outputs.heads > 1 else [None] * len(rewards))
        columns = {name: column.tolist() for name, column in outputs.values(raw, self.network.cut_points).items()}
        values = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        return [
            [
                Score(
                    group=item.group.id,
                    response=index,
                    score=next(means),
                    tokens=len(sequence),
                    truncated=item.response_cut[index],
                    scores=next(values, None),
                    spread=next(spreads),
                    hash=text_hash(item.group, index),
                )
                for index, sequence in enumerate(item.sequences)
            ]
            for item in items
        ]

    def trees(self, items: Iterable[Rendered]) -> list[Tree]:
        """One tree a rendered group."""
        return [self.network.grow(item.sequences, item.types) for item in items]

    @torch.no_grad()
    def outputs_of(
        self, items: Sequence[Rendered], batch_tokens: int = DEFAULT_BATCH_TOKENS
    ) -> Float[torch.Tensor, "responses heads outputs"]:
        """The head's outputs for rendered groups, all responses in order."""
        return self._of_responses(self.network, items, batch_tokens)

    @torch.no_grad()
    @checked
    def features(
        self, items: Sequence[Rendered], batch_tokens: int = DEFAULT_BATCH_TOKENS
    ) -> Float[np.ndarray, "responses hidden"]:
        """What the head reads of every response of rendered groups, in order, in float32."""
        return self._of_responses(self.network.features, items, batch_tokens).float().cpu().numpy()

    def _of_responses(
        self,
        compute: Callable[[list[Tree]], Float[torch.Tensor, "responses ..."]],
        items: Sequence[Rendered],
        batch_tokens: int,
    ) -> Float[torch.Tensor, "responses ..."]:
        """What `compute` makes of all responses, in order, in forests of `batch_tokens`; of equal ones only once."""
        parts, responses = grow_shared(self.network, items, batch_tokens)
        self.computed_tokens += sum(map(len, parts))
        self.network.eval()
        computed: list[Float[torch.Tensor, "_ ..."]] = [torch.empty(0)] * len(parts)
        for forest in pack([len(part) for part in parts], batch_tokens):
            rows = compute([parts[i] for i in forest])
            for i, row in zip(forest, torch.split(rows, [len(parts[i].branches) for i in forest]), strict=True):
                computed[i] = row
        different = torch.cat(computed)
        return different[on_device(responses, different.device)]

    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        """The record of what this model makes (`kind`: "model" or "scores"): how it was trained, and what decides its
        scores besides the weights."""
        network, dtype = self.network, str(self.network.dtype).removeprefix("torch.")
        pooled = "mean" if network.outputs.pooling == "mean" else "last" if network.causal else "first"
        scoring = scoring_record(self.tokenizer, max_length=self.renderer.max_length, pooled=pooled, dtype=dtype)
        return {**self.record, "plaudit": kind, **scoring, "attention": network.layout.attention_name, **more}

    @checked
    def save(
        self, folder: str | Path, *, card: str | None = None, overwrite: bool = False, precision: str | None = None
    ) -> None:
        """Write an ordinary sequence-classification checkpoint (safetensors, tokenizer, chat template) with
        plaudit.json beside it. LoRA adapters are merged into the weights. Several heads or attributes stand beside it
        too, and the checkpoint's own head is folded from them to give their reward; only a head that is not linear
        (`Outputs.linear`) leaves a bare backbone, which plain transformers cannot score with. An existing folder is
        replaced only once the new files are complete.

        Args:
            folder: where to.
            card: the text of README.md.
            overwrite: replace a model that is there, whole.
            precision: of the weights, to which this model is brought too: fp32, bf16 or fp16; None: as computed in.

        Raises:
            PlauditError: if the folder holds something, or cannot be written; what was there stays as it was.
        """
        check_model_folder(Path(folder), overwrite=overwrite, exactly=False)
        model = self.network.model = merge_lora(self.network.adapters or self.network.model, precision)
        self.network.adapters = None
        self.record = self.run_record(self.kind, outputs=self.network.outputs.to_dict())
        name_the_output(model)
        self.tokenizer.padding_side = "right"
        heads = self.network.reward_head
        if heads is not None and self.network.outputs.linear:
            with torch.no_grad():
                find_head(model).weight.copy_(heads.folded())
        with staged(Path(folder)) as staging, muted("transformers", "huggingface_hub"):
            (model if self.network.outputs.linear else getattr(model, model.base_model_prefix)).save_pretrained(staging)
            if heads is not None:
                save_file(heads.state_dict(), staging / HEADS_FILE)
            self.tokenizer.save_pretrained(staging)
            write_record(staging, self.record, card)
