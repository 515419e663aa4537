"""`meta` in a GPU's place: tensors without numbers, so that whoever would read one, and wait for it, fails.

It also refuses to compute with tensors of two devices, as a GPU does, and knows the shapes of the flash operators.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import torch
from accelerate import PartialState
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import TrainingArguments

from plaudit.forest.attentions.flash import FlashKernel
from plaudit.forest.devices import on_device

META = torch.device("meta")


@contextmanager
def no_waiting() -> Iterator[None]:
    """Refuses copies to the device that the host would wait for: all that are not made by `on_device`."""
    with _Functions(), _Operators():
        yield


class _Operators(TorchDispatchMode):
    """Sees what tensors of the host meet those of the device."""

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        out = function(*arguments, **(options or {}))
        # A number in a tensor of the host is an argument of a kernel, and copied nowhere.
        taken = [t for t in tree_leaves((arguments, options)) if isinstance(t, torch.Tensor) and t.dim()]
        made = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor)]
        if {t.device.type for t in (*taken, *made)} >= {"cpu", "meta"} and not _inside(on_device):
            raise AssertionError(f"the host waits for a copy: {function}")
        return out


class _Functions(TorchFunctionMode):
    """Sees numbers of Python become tensors of the device, which happens below the operators."""

    def __torch_function__(self, function, types, arguments=(), options=None):
        out = function(*arguments, **(options or {}))
        numbers = function in (torch.tensor, torch.as_tensor) and not isinstance(arguments[0], torch.Tensor)
        made = numbers and out.device == META
        taken = function is torch.Tensor.__getitem__ and arguments[0].device == META and _is_list(arguments[1])
        if made or taken:
            raise AssertionError(f"the host waits for a copy: {function.__name__} of numbers")
        return out


def _is_list(index) -> bool:
    return any(isinstance(part, list) for part in (index if isinstance(index, tuple) else (index,)))


class FlashOnMeta(FlashKernel):
    """The flash operators, which give shapes here."""

    def lacks(self, kind):
        return super().lacks(kind._replace(device="cuda"))


class _Autocast(torch.autocast):
    """There is none for `meta`: it is switched off there as for the CPU."""

    def __init__(self, device_type, *arguments, **options):
        super().__init__("cpu" if device_type == "meta" else device_type, *arguments, **options)


@contextmanager
def trainers_on_meta() -> Iterator[None]:
    """Trainers of transformers that are made inside compute on `meta`."""
    device = TrainingArguments.device.fget

    def on_meta(arguments):
        device(arguments)
        PartialState._shared_state["device"] = META
        return META

    with patch.object(TrainingArguments, "device", property(on_meta)), patch("torch.autocast", _Autocast):
        try:
            yield
        finally:
            PartialState._shared_state["device"] = torch.device("cpu")


def _inside(function) -> bool:
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code is inspect.unwrap(function).__code__:
            return True
        frame = frame.f_back
    return False
