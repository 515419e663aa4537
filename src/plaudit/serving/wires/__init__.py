"""The protocols that trainers and gateways speak, one file each. A new one is a file here and a line in `ROUTERS`."""

from plaudit.serving.wires.llama_factory import router as llama_factory
from plaudit.serving.wires.native import router as native
from plaudit.serving.wires.openrlhf import router as openrlhf
from plaudit.serving.wires.rerank import router as rerank
from plaudit.serving.wires.slime import router as slime
from plaudit.serving.wires.vllm import router as vllm

ROUTERS = (native, openrlhf, vllm, rerank, slime, llama_factory)
"""What the server answers, beside its health, its models and its metrics."""
