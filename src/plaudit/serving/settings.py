"""What a reward server can be told."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.model import DEFAULT_BATCH_TOKENS
from plaudit.scoring import BatchingLimits
from plaudit.settings import NON_NEGATIVE, POSITIVE, Settings, at_least, setting


@dataclass(frozen=True, kw_only=True)
class ServingSettings(Settings):
    """What a reward server can be told."""

    batch_tokens: int = setting(DEFAULT_BATCH_TOKENS, "most tokens of one forward pass", at_least(1))
    gather_ms: float = setting(2.0, "how long an idle model that is asked waits for more to compute", NON_NEGATIVE)
    patience: float = setting(
        100.0,
        "seconds: a request that would wait longer is refused with 503. Below the 120 of slime and the 180 of "
        "OpenRLHF; to wait is the rule, since LLaMA-Factory never tries again",
        POSITIVE,
    )
    queued_tokens: int = setting(1 << 24, "most tokens that wait", at_least(1))
    waiting: int = setting(8192, "most requests that wait", at_least(1))
    responses: int = setting(4096, "most responses of one request", at_least(1))
    messages: int = setting(
        1 << 18, "most messages of one request; a prompt's count for each of its responses", at_least(1)
    )
    characters: int = setting(
        1 << 28, "most characters of one request; a prompt's count for each of its responses", at_least(1)
    )
    longest: int = setting(1 << 20, "most characters of one prompt with one response", at_least(1))
    values: int = setting(1 << 21, "most values (texts, numbers, lists, objects) in a request's JSON", at_least(1))
    body_mib: float = setting(32.0, "largest body of a request, in MiB", POSITIVE)
    cache_mib: float = setting(64.0, "memory for scores given before, which make a retry free; 0: none", NON_NEGATIVE)
    drain: float = setting(120.0, "seconds to work off what waits, when told to stop", NON_NEGATIVE)
    drain_delay: float = setting(
        0.0, "seconds between saying `not ready` and taking no more connections, for proxies", NON_NEGATIVE
    )
    keep_alive: int = setting(
        75, "seconds an idle connection is kept; clients that pool race shorter ones", at_least(1)
    )
    truncate_responses: bool = setting(False, "cut a response that is longer than the context instead of refusing it")
    foreign_text: bool = setting(False, "score a text of another chat template as it stands, instead of refusing it")
    as_generated: bool = setting(
        False, "leave the end of a rendered text as it is, instead of completing what the template writes there"
    )
    affine_mean: float = setting(0.0, "taken from every score before it is divided by affine_sd")
    affine_sd: float = setting(1.0, "what every score is divided by", POSITIVE)

    def batching(self) -> BatchingLimits:
        """What concerns the queue before a model.

        Example:
            >>> ServingSettings(gather_ms=5).batching().gather_seconds
            0.005
        """
        return BatchingLimits(
            batch_tokens=self.batch_tokens,
            gather_seconds=self.gather_ms / 1000,
            patience=self.patience,
            queued_tokens=self.queued_tokens,
            waiting=self.waiting,
            cache_mib=self.cache_mib,
        )

    @property
    def affine(self) -> str | None:
        """How scores are changed, as `MEAN:SD`; None where they are the raw rewards."""
        plain = self.affine_mean == 0 and self.affine_sd == 1
        return None if plain else f"{self.affine_mean:g}:{self.affine_sd:g}"
