"""A group that is ready to be scored."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.groups import Group, prompt_key, text_key


@dataclass(frozen=True, slots=True)
class Prepared:
    """A group that is ready to be scored. Each kind of scorer adds what it reads.

    Attributes:
        group: the group.
        cost: tokens to compute where nothing is shared, for whoever fills batches.

    Example:
        >>> from plaudit.model import open_model
        >>> open_model("my-bow").prepare(Group("q", "What is 2 + 2?", ("It is four.", "Four."))).cost  # words, here
        4
    """

    group: Group
    cost: int

    def key(self, response: int) -> bytes:
        """What decides a response's score: responses with equal keys have equal scores, whatever groups they are of."""
        texts = prompt_key(self.group), text_key(self.group.responses[response])
        return "\0".join(texts).encode("utf-8", "surrogatepass")

    @property
    def prompts_cut(self) -> int:
        """Of how many responses the middle of the prompt was cut to fit."""
        return 0

    def was_cut(self, response: int) -> bool:
        """Whether any of a response itself was cut to fit."""
        return False
