"""Do annotators agree? Over pairs of responses that several of them compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from plaudit.groups import Group


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """How far annotators agree.

    Attributes:
        annotators: how many are named.
        pairs: pairs of responses that two or more of them judged.
        percent: of two annotators' verdicts (first, second, tie) on the same pair, the share that are the same, in
            [0, 1]; None when no pair has two.
        alpha: Krippendorff's alpha, nominal: 1 is perfect, 0 is what chance would give; None when it is not defined.
    """

    annotators: int
    pairs: int
    percent: float | None
    alpha: float | None


@dataclass
class Coincidences:
    """Krippendorff's coincidence matrix, filled a unit at a time (Krippendorff 2011, "Computing Krippendorff's
    Alpha-Reliability", nominal data, any number of observers, missing values)."""

    counts: Counter[tuple[Hashable, Hashable]] = field(default_factory=Counter)

    def add(self, values: Sequence[Hashable], weight: float = 1.0) -> None:
        """The values several observers gave one unit; a unit with fewer than two has nothing to coincide."""
        for pair in permutations(values, 2):
            self.counts[pair] += weight / (len(values) - 1)  # type: ignore[assignment]

    def alpha(self) -> float | None:
        """1 - observed disagreement / expected disagreement; None when fewer than two values were ever used."""
        margins: dict[Hashable, float] = defaultdict(float)
        for (value, _), count in self.counts.items():
            margins[value] += count
        total = sum(margins.values())
        expected = total**2 - sum(margin**2 for margin in margins.values())
        if expected <= 1e-9 * total**2:
            return None
        observed = sum(count for (a, b), count in self.counts.items() if a != b)
        return 1 - (total - 1) * observed / expected


class AgreementTally:
    """Agreement over a stream of groups. Judgements without an annotator's name cannot be told apart and do not count.

    Each pair of responses is a unit whose value is the first, the second or neither being better. Which response comes
    first is an accident, so each unit enters both ways round with half the weight: alpha then does not depend on it.
    An annotator who judged one pair more than once counts with the first verdict.
    """

    def __init__(self) -> None:
        self._annotators: set[str] = set()
        self._coincidences = Coincidences()
        self._pairs = self._same = self._compared = 0

    def add(self, group: Group) -> None:
        said: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
        self._annotators.update(r.annotator for r in group.ratings if r.annotator is not None)
        for ranking in group.rankings:
            if ranking.annotator is None:
                continue
            self._annotators.add(ranking.annotator)
            for better, worse, tied in ranking.comparisons():
                verdict = 0 if tied else 1 if better < worse else -1
                said[min(better, worse), max(better, worse)].setdefault(ranking.annotator, verdict)
        for verdicts in said.values():
            self._add_unit(list(verdicts.values()))

    def _add_unit(self, verdicts: list[int]) -> None:
        if len(verdicts) < 2:
            return
        self._pairs += 1
        self._compared += len(verdicts) * (len(verdicts) - 1) // 2
        self._same += sum(count * (count - 1) // 2 for count in Counter(verdicts).values())
        self._coincidences.add(verdicts, 0.5)
        self._coincidences.add([-verdict for verdict in verdicts], 0.5)

    def result(self) -> AnnotatorAgreement:
        percent = self._same / self._compared if self._compared else None
        return AnnotatorAgreement(len(self._annotators), self._pairs, percent, self._coincidences.alpha())
