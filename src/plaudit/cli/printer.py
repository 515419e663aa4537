"""What is printed around the figures of several verbs, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plaudit.cli.verdicts import in_words
from plaudit.report import Wording, count, known_label, say
from plaudit.statistics import Form, Measurement
from plaudit.text import Language, page_name


@dataclass(frozen=True, slots=True)
class Printer:
    """Words and figures in one language."""

    language: Language

    def told(self, key: str, **values: Wording) -> str:
        """A sentence of the tables."""
        return in_words(say(key, **values), self.language)

    def value(self, measured: Measurement, form: Form) -> str:
        """A value, or that it is undefined."""
        return self.told("terminal.undefined") if measured.value is None else form(measured.value)

    def interval(self, measured: Measurement, form: Form) -> str:
        """Its interval; that it is exact; or nothing."""
        return self.told("terminal.exact") if measured.exact else measured.interval(form).replace("\u00a0", " ")

    def counts_line(self, counts: Mapping[str, int], judgements: Sequence[str], clusters: str) -> str:
        """What was measured, and everything that could not take part.

        Args:
            counts: by name.
            judgements: names of those that were measured on.
            clusters: what intervals are clustered by.
        """
        told = [self.told(f"terminal.count_{name}", n=count(counts[name])) for name in judgements if counts[name]]
        both = self.told("terminal.and", first=told[0], next=told[1]) if len(told) > 1 else None
        counted = self.told(
            "terminal.counted",
            judgements=both or next(iter(told), self.told("terminal.no_judgements")),
            groups=count(counts["groups"]),
            by=page_name(clusters, 40),
            clusters=count(counts["clusters"]),
        )
        always = (*judgements, "groups", "responses", "clusters")
        rest = [
            self.told("terminal.count", name=known_label("count", name, name.replace("_", " ")), n=count(number))
            for name, number in counts.items()
            if number and name not in always
        ]
        return ("; " if self.language == "en" else "；").join([counted, *rest])
