"""One request for each protocol, of the same prompt and answers, as a line for a terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RequestExample:
    """A request that works as it stands.

    Attributes:
        wire: whose protocol it is.
        path: on the server.
        body: to be sent as JSON.

    Example:
        >>> print(RequestExample("slime", "/reward", {"prompt": "2 + 2?", "response": "4."}).curl("http://host:8000"))
        curl -s http://host:8000/reward --json '{"prompt": "2 + 2?", "response": "4."}'
    """

    wire: str
    path: str
    body: dict[str, Any]

    def curl(self, address: str) -> str:
        """The line for a terminal.

        Args:
            address: of the server, without a slash at the end.
        """
        return f"curl -s {address}{self.path} --json {shlex.quote(json.dumps(self.body, ensure_ascii=False))}"


def request_examples(prompt: str, answers: Sequence[str], conversation: str) -> list[RequestExample]:
    """One request for each protocol; those that carry one answer ask for the first.

    Args:
        prompt: what the user said.
        answers: to it, one or more.
        conversation: the prompt with the first answer, as the model's chat template writes them.

    Example:
        >>> examples = request_examples("2 + 2?", ["4."], "User: 2 + 2?\\n\\nAssistant: 4.")
        >>> [example.path for example in examples][:3]
        ['/v1/rewards', '/get_reward', '/classify']
    """
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answers[0]}]
    several = list(answers)
    return [
        RequestExample("Plaudit", "/v1/rewards", {"prompt": prompt, "responses": several}),
        RequestExample("OpenRLHF", "/get_reward", {"query": [conversation], "prompts": [prompt], "labels": [""]}),
        RequestExample("vLLM, veRL", "/classify", {"input": conversation, "use_activation": False}),
        RequestExample("SGLang", "/classify", {"text": [conversation]}),
        RequestExample("vLLM", "/pooling", {"messages": messages}),
        RequestExample("SGLang, veRL", "/v1/embeddings", {"input": conversation}),
        RequestExample("vLLM", "/score", {"queries": prompt, "documents": several}),
        RequestExample("vLLM, Jina, Cohere", "/v1/rerank", {"query": prompt, "documents": several}),
        RequestExample("slime", "/reward", {"prompt": prompt, "response": answers[0], "label": ""}),
        RequestExample("LLaMA-Factory", "/v1/score/evaluation", {"model": "model", "messages": [conversation]}),
    ]
