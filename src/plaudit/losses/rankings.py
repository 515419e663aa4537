"""Losses of whole rankings: scores and tiers in, one loss a ranking out.

All take the scores and the tiers of each ranking's members (0 the best, equal where tied, -1 where a ranking has fewer
members than the longest), and give its loss in nats. A ranking that is one tie alone says nothing to those that ask for
the best: its loss is 0.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int

from plaudit.losses.table import RANKING_LOSSES, RankingLoss

Scores = Float[torch.Tensor, "*rankings members"]
Tiers = Int[torch.Tensor, "*#rankings members"]
Losses = Float[torch.Tensor, "*rankings"]


def plackett_luce(scores: Scores, tiers: Tiers, *, top: int | None = None) -> Losses:
    """Mean negative log-likelihood of the choices that make a ranking (Luce 1959; Plackett 1975).

    The best is chosen among all with probability softmax(scores), the next among those left, and so on. Ties are read
    as Efron 1977 does for survival times: the m members of a tier are chosen one after another, each time with their
    own chances shrunk by the share already gone; for a tier of one that is the exact likelihood, for a tie of two it is
    -log σ(a - b) - log σ(b - a) - log 2, least where the scores are equal. The last choice, among a single one, is
    certain and does not count.

    Without ties, the mean times the number of choices is ListMLE (Xia et al. 2008); with `top=1` it is `infonce`.

    Args:
        scores, tiers: see above.
        top: only the choices made in the first `top` tiers (top-k Plackett-Luce); None: all.

    Example:
        >>> plackett_luce(torch.zeros(3), torch.tensor([0, 1, 2]))  # (log 3 + log 2) / 2
        tensor(0.8959)
    """
    member = tiers >= 0
    # [..., i, j]: is j left when i is chosen, and is j tied with i?
    left = member[..., None, :] & (tiers[..., None, :] >= tiers[..., :, None])
    tied = member[..., None, :] & (tiers[..., None, :] == tiers[..., :, None])
    size = tied.sum(-1)
    # i is the (place + 1)-th of its tier to be chosen, in the order they stand in.
    place = (tied & torch.ones_like(tied).tril(-1)).sum(-1)
    gone = (place / size.clamp(min=1))[..., None]
    pool = scores[..., None, :] + torch.where(tied, torch.log1p(-gone.expand_as(tied).to(scores.dtype)), 0.0)
    pool = pool.masked_fill(~left, float("-inf")).masked_fill(~member[..., None], 0.0)
    loss = pool.logsumexp(-1) - scores
    counts = member & (left.sum(-1) > 1)
    if top is not None:
        counts = counts & (tiers < top)
    return _mean(loss, counts)


def infonce(scores: Scores, tiers: Tiers) -> Losses:
    """The best against the rest: -log of the best's share of a softmax over itself and all below it (van den Oord et
    al. 2018, with the scores as similarities). Members of a shared first tier are averaged, each against the rest.

    Example:
        >>> infonce(torch.zeros(4), torch.tensor([0, 1, 1, 2]))  # log 4
        tensor(1.3863)
    """
    best, rest = tiers == 0, tiers > 0
    below = scores.masked_fill(~rest, float("-inf")).logsumexp(-1, keepdim=True)
    return _mean(torch.logaddexp(scores, below) - scores, best & rest.any(-1, keepdim=True))


def best_worst(scores: Scores, tiers: Tiers) -> Losses:
    """-log P(this best and this worst) under the maximum-difference model (Marley & Louviere 2005): of all ordered
    pairs i ≠ j of the ranking, (best, worst) is picked with probability in proportion to exp(s_i - s_j). What stands
    between the best and the worst tier counts only as not picked; shared places are averaged. Of two responses it is
    Bradley-Terry on twice the gap.

    Example:
        >>> best_worst(torch.zeros(3), torch.tensor([0, 1, 2]))  # one of six ordered pairs: log 6
        tensor(1.7918)
    """
    member = tiers >= 0
    count = scores.shape[-1]
    other = ~torch.eye(count, dtype=torch.bool, device=scores.device)
    pairs = member[..., :, None] & member[..., None, :] & other
    gaps = (scores[..., :, None] - scores[..., None, :]).masked_fill(~pairs, float("-inf"))
    alone = ~pairs.flatten(-2).any(-1, keepdim=True)
    everything = gaps.flatten(-2).masked_fill(alone, 0.0).logsumexp(-1)
    last = tiers.amax(-1, keepdim=True)
    picked = (tiers == 0)[..., :, None] & (tiers == last)[..., None, :] & (last > 0)[..., None] & pairs
    return _mean((everything[..., None, None] - gaps).masked_fill(~picked, 0.0).flatten(-2), picked.flatten(-2))


def _mean(loss: Float[torch.Tensor, "*rankings choices"], counts: Bool[torch.Tensor, "*#rankings choices"]) -> Losses:
    """The mean over what counts in each ranking; 0 where nothing does."""
    return torch.where(counts, loss, 0.0).sum(-1) / counts.sum(-1).clamp(min=1)


RANKING_LOSSES.register(
    "plackett-luce", RankingLoss(function=plackett_luce, unit="rankings", parameter="top", likelihood=True)
)
RANKING_LOSSES.register(
    "infonce", RankingLoss(function=infonce, unit="rankings", reads_lone_ties=False, likelihood=True)
)
RANKING_LOSSES.register("best-worst", RankingLoss(function=best_worst, unit="rankings", reads_lone_ties=False))
