"""The protocols that trainers and gateways speak, one file each. A new one is a file here and a name in `ROUTERS`."""

from plaudit.serving.wires import llama_factory, native, openrlhf, rerank, slime, vllm

ROUTERS = tuple(wire.router for wire in (native, openrlhf, vllm, rerank, slime, llama_factory))
"""What the server answers, beside its health, its models and its metrics."""
