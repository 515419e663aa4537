"""A linear head on a frozen backbone, stored as the head and the backbone's name: a copy of the backbone would be a
thousand times as large."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from plaudit.errors import InvalidInputError
from plaudit.model.folder.contents import LINEAR_PROBE, PROBE_PREFIX
from plaudit.model.folder.write import staged
from plaudit.storage import write_record

if TYPE_CHECKING:
    from plaudit.model.heads import Outputs
    from plaudit.model.reward_model import RewardModel

_HEAD_FILE = "head.safetensors"


def make_linear_probe(
    name: str, outputs: Outputs, weights: Float[np.ndarray, "outputs hidden"], **options: Any
) -> RewardModel:
    """A reward model whose backbone is as it came and whose linear head is given.

    Args:
        name: the backbone.
        outputs: W outputs of one linear head.
        weights: of the head.
        options: those of `RewardModel.from_backbone`.

    Raises:
        PlauditError: if the backbone cannot be loaded, or its features are not of size H.

    Example:
        >>> import numpy as np
        >>> from plaudit.model import Outputs
        >>> model = make_linear_probe("my-backbone", Outputs(), np.zeros((1, 64), dtype=np.float32))
        >>> model.rank("What is 2 + 2?", ["It is 4."])[0].score
        0.0
    """
    import torch

    from plaudit.model.reward_model import RewardModel

    model = RewardModel.from_backbone(name, outputs=outputs, **options)
    head = model.network.head_parameters[0]
    if weights.size != head.numel():
        raise InvalidInputError(
            f"the head is for features of size {weights.shape[-1]}, but {name} has {head.shape[-1]}",
            remedy="fit it again",
        )
    with torch.no_grad():
        head.copy_(torch.from_numpy(weights).reshape(head.shape))
    return model


def save_linear_probe(model: RewardModel, folder: str | Path) -> None:
    """Write the head, the backbone's name, and the chat template, which need not be the backbone's own.

    Example:
        >>> import numpy as np
        >>> from plaudit.model import Outputs, open_model
        >>> model = make_linear_probe("my-backbone", Outputs(), np.zeros((1, 64), dtype=np.float32))
        >>> save_linear_probe(model, "my-probe")
        >>> open_model("my-probe").rank("What is 2 + 2?", ["It is 4."])[0].score
        0.0
    """
    from safetensors.torch import save_file

    network = model.network
    record = model.run_record(
        LINEAR_PROBE,
        outputs=network.outputs.to_dict(),
        chat_template=model.tokenizer.chat_template,
    )
    weights = network.head_parameters[0].detach().reshape(-1, network.head.in_features).contiguous()
    with staged(Path(folder)) as staging:
        save_file({"weight": weights.cpu()}, staging / _HEAD_FILE)
        write_record(staging, record)


def open_linear_probe(folder: Path, record: Mapping[str, Any], **options: Any) -> RewardModel:
    """What `save_linear_probe` wrote, on its backbone. `options` are those of `RewardModel.from_pretrained`.

    Raises:
        PlauditError: if a file is missing or broken, or the backbone cannot be loaded.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    from plaudit.model.heads import Outputs
    from plaudit.model.self_check import settle_attention

    try:
        weights = load_file(folder / _HEAD_FILE)["weight"]
        outputs = Outputs.from_dict(record["outputs"])
        backbone = str(record["backbone"]).removeprefix(PROBE_PREFIX)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise InvalidInputError(f"{folder} is no whole head ({error})", remedy="fit the baseline again") from error
    if (precision := options.pop("precision", None)) not in (None, "fp32"):
        raise InvalidInputError(f"a linear probe computes in fp32, not {precision}", remedy="leave --precision out")
    attention = options.pop("attention", "auto")
    options["max_length"] = options.get("max_length") or record.get("max_length")
    model = make_linear_probe(backbone, outputs, weights, **options)
    if record.get("chat_template") and not options.get("chat_template"):
        model.tokenizer.chat_template = record["chat_template"]
    model.record = dict(record)
    settle_attention(model.network, attention, longest=model.renderer.max_length)
    return model
