"""OpenRLHF's reward server (`openrlhf.cli.serve_rm`) where there is no GPU: run as it is, without what only GPUs need.

`deepspeed` and `flash_attn` cannot be installed without CUDA and are not called by the server with eager attention, so
names of theirs that are imported stand for nothing. The wheel is unpacked into a folder, its dependencies are not
installed: `pip download --no-deps openrlhf==0.11.2`.

    python benchmarks/openrlhf_server.py FOLDER_OF_THE_WHEEL --reward.model_name_or_path MODEL --port 5000 \
        --host 127.0.0.1 --ds.attn_implementation eager
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

ABSENT = ("deepspeed", "flash_attn", "ring_flash_attn", "vllm", "ray", "pylatexenc", "latex2sympy2", "sympy")


class _Standin(ModuleType):
    """A module that has whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock()


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in ABSENT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Standin(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def main(arguments: Sequence[str]) -> None:
    folder, *rest = arguments
    root = next(path.parent.parent for path in Path(folder).rglob("openrlhf/__init__.py"))
    # At the end: what is installed is what is used.
    sys.meta_path.append(_Finder())
    sys.path.insert(0, str(root))
    sys.argv = ["serve_rm", *rest]
    runpy.run_module("openrlhf.cli.serve_rm", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
