"""The owner's page as HTML: figures in words, each with its interval and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from plaudit.labelling.curves import compared, curve, mark, points_of
from plaudit.labelling.pages import render_page
from plaudit.labelling.people import OWNER
from plaudit.labelling.splitting import FEWEST_APART
from plaudit.labelling.wording import say, script_words
from plaudit.text import Language, Sentence, count

Figure = Mapping[str, Any]
"""`{"value", "low", "high", "n"}`, with None for what is not known."""

NOTHING = "–"

# That does not break: a figure and its interval stand on one line.
_SPACE = "\N{NO-BREAK SPACE}"

_USABLE, _RELIABLE = 2 / 3, 0.8
"""What Krippendorff asks of alpha for tentative conclusions, and for firm ones."""


def overview_page(figures: Mapping[str, Any], locale: Language, csrf: str, name: str, role: str, etag: str = "") -> str:
    """The page.

    Args:
        figures: of `plaudit.labelling.watching`.
        locale: the page's language.
        csrf: the session's token.
        name: of the person.
        role: of the person; who is no owner gets nothing to press that changes anything.
        etag: of the figures in it.
    """
    return render_page(
        "overview.html.j2",
        locale,
        csrf,
        **_values(figures, locale, role),
        person=name,
        etag=etag,
        words=script_words(("overview_script",), locale),
    )


def overview_parts(figures: Mapping[str, Any], locale: Language, role: str) -> str:
    """What of the page changes as people judge.

    Args:
        figures: of `plaudit.labelling.watching`.
        locale: the page's language.
        role: of the person.
    """
    return render_page("overview_parts.html.j2", locale, "", **_values(figures, locale, role))


def _values(figures: Mapping[str, Any], locale: Language, role: str) -> dict[str, Any]:
    return {"figures": figures, "owner": role == OWNER, "role": role, "show": Shown(locale)}


class Shown:
    """How figures stand on a page.

    Args:
        locale: the page's language.

    Example:
        >>> Shown("en").share({"value": 0.5, "low": 0.412, "high": 0.588, "n": 120})
        '50%\\xa0[41,\\xa059]'
    """

    def __init__(self, locale: Language) -> None:
        self._locale: Language = locale

    def text(self, key: str, **values: Any) -> Markup:
        """A sentence; numbers become counts, and what is not markup is escaped."""
        return say(f"overview.{key}", **{name: _wording(value) for name, value in values.items()}).html(self._locale)

    def count(self, number: float) -> str:
        """A count.

        Example:
            >>> Shown("en").count(1234)
            '1,234'
        """
        return str(count(number))

    def percent(self, share: float | None) -> str:
        """A share alone, where what it is of stands beside it."""
        return NOTHING if share is None else f"{share:.0%}"

    def of(self, part: int, whole: int) -> str:
        """A share of a count.

        Example:
            >>> Shown("en").of(1, 4), Shown("en").of(0, 0)
            ('25%', '–')
        """
        return self.percent(part / whole if whole else None)

    def number(self, number: float) -> str:
        """A mean of counts.

        Example:
            >>> Shown("en").number(1234.5), Shown("en").number(3.25)
            ('1,234', '3.2')
        """
        return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"

    def ends(self, figure: Figure) -> str:
        """An interval of such a mean."""
        if figure.get("low") is None:
            return ""
        return f"[{self.number(figure['low'])}, {self.number(figure['high'])}]"

    def share(self, figure: Figure) -> str:
        """A share with its interval."""
        if figure["value"] is None:
            return NOTHING
        if figure.get("low") is None:
            return f"{figure['value']:.0%}"
        return f"{figure['value']:.0%}{_SPACE}[{100 * figure['low']:.0f},{_SPACE}{100 * figure['high']:.0f}]"

    def two(self, figure: Figure) -> str:
        """A coefficient with its interval.

        Example:
            >>> Shown("en").two({"value": 0.5, "low": 0.412, "high": 0.588, "n": 120})
            '0.50\\xa0[0.41,\\xa00.59]'
        """
        if figure["value"] is None:
            return NOTHING
        if figure.get("low") is None:
            return f"{figure['value']:.2f}"
        return f"{figure['value']:.2f}{_SPACE}[{figure['low']:.2f},{_SPACE}{figure['high']:.2f}]".replace(
            "-", "\N{MINUS SIGN}"
        )

    def seconds(self, number: float | None) -> str:
        """A time.

        Example:
            >>> Shown("en").seconds(8.04), Shown("en").seconds(254.0)
            ('8.0\\xa0s', '254\\xa0s')
        """
        return NOTHING if number is None else f"{number:.1f}{_SPACE}s" if number < 100 else f"{number:.0f}{_SPACE}s"

    def moment(self, seconds: float) -> str:
        """A minute, in UTC."""
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")

    def bar(self, figure: Figure, usual: float | None, low: float = 0.0, high: float = 1.0) -> Markup:
        """An interval drawn on a scale, with a mark at what is usual."""
        if figure["value"] is None:
            return Markup()

        def at(value: float) -> str:
            return f"{4 + 112 * (min(max(value, low), high) - low) / (high - low):.1f}"

        value = at(figure["value"])
        ends = (figure["value"], figure["value"]) if figure.get("low") is None else (figure["low"], figure["high"])
        mark = Markup("")
        if usual is not None:
            mark = Markup('<line class="usual" x1="{0}" x2="{0}" y1="1" y2="13"/>').format(at(usual))
        return Markup(
            '<svg class="range" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true">'
            '<line class="scale" x1="4" x2="116" y1="7" y2="7"/>{}'
            '<line class="ends" x1="{}" x2="{}" y1="7" y2="7"/><circle cx="{}" cy="7" r="3"/></svg>'
        ).format(mark, at(ends[0]), at(ends[1]), value)

    def days(self, days: list[dict[str, Any]]) -> Markup:
        """Answers on each day, as columns."""
        most = max((one["answers"] for one in days), default=0) or 1
        columns = [
            Markup('<rect x="{}" y="{}" width="14" height="{}"><title>{}: {}</title></rect>').format(
                18 * place + 2, f"{46 - height:.1f}", f"{height:.1f}", one["day"], self.count(one["answers"])
            )
            for place, one in enumerate(days)
            for height in [max(1.0, 44 * one["answers"] / most)]
        ]
        return Markup('<svg class="days" viewBox="0 0 {} 46" aria-hidden="true">{}</svg>').format(
            max(18 * len(days), 18), Markup().join(columns)
        )

    def points(self, figure: Figure) -> str:
        """A difference of two shares with its interval, in points.

        Example:
            >>> Shown("en").points({"value": -0.012, "low": -0.05, "high": 0.03, "n": 120})
            '−1.2\xa0[−5.0,\xa0+3.0]'
        """
        if figure["value"] is None:
            return NOTHING
        value, *ends = (f"{100 * figure[end]:+.1f}" for end in ("value", "low", "high") if figure.get(end) is not None)
        told = f"{value}{_SPACE}[{ends[0]},{_SPACE}{ends[1]}]" if ends else value
        return told.replace("-", "\N{MINUS SIGN}")

    def curve(self, runs: list[dict[str, Any]]) -> Markup:
        """Held-out accuracy by the number of judgements."""
        points = points_of(runs)
        if not points:
            return Markup()
        return curve(points, self._plain("curve_across"), self._plain("held_out"))

    def compared(self, runs: list[dict[str, Any]]) -> list[Any]:
        """Runs in which asking was compared."""
        return [*compared(runs)]

    def series(self, name: str) -> Markup:
        """The mark of what is drawn under a name, and what it is."""
        return Markup("{} {}").format(mark(name), self.text(f"curve_{name}"))

    def asking(self, runs: list[dict[str, Any]]) -> Markup:
        """Whether asking by a model pays, in words."""
        told = compared(runs)
        if not told:
            return self.text("asking_unknown", fewest=FEWEST_APART)
        one = told[0]["comparison"]
        figure = one["difference"]
        low, high = figure.get("low"), figure.get("high")
        key = "asking_unclear" if low is None or low <= 0 <= high else "asking_ahead" if low > 0 else "asking_behind"
        return self.text(key, n=one["judgements"], difference=self.points(figure))

    def asked(self, attribute: Mapping[str, Any]) -> str:
        """What an attribute asks, in the page's language."""
        return str((attribute.get("question") or {}).get(self._locale) or attribute["name"])

    def rated(self, known: Mapping[str, Any], response: int, attribute: str) -> str:
        """The value of a known answer, or nothing.

        Example:
            >>> known = {"ratings": [{"response": 0, "attribute": "true", "value": 4}]}
            >>> Shown("en").rated(known, 0, "true"), Shown("en").rated(known, 1, "true")
            ('4', '')
        """
        rated = known.get("ratings", ())
        values = (one["value"] for one in rated if (one["response"], one["attribute"]) == (response, attribute))
        return next((f"{value:g}" for value in values), "")

    def _plain(self, key: str) -> str:
        return say(f"overview.{key}").plain(self._locale)

    def agreement(self, alpha: Figure) -> Markup:
        """What an alpha amounts to, in words."""
        low = alpha.get("low")
        if alpha["value"] is None or low is None:
            return self.text("alpha_unknown")
        if low >= _RELIABLE:
            return self.text("alpha_reliable")
        if low >= _USABLE:
            return self.text("alpha_usable")
        return self.text("alpha_low" if low > 0 else "alpha_chance")

    def finish(self, pace: Mapping[str, Any]) -> Markup:
        """When all is answered, in words."""
        if not pace["left"]:
            return self.text("finished")
        if not pace["until_done"]:
            return self.text("pace_unknown", left=pace["left"])
        if pace["unit"] == "day" and (pace["latest"] or pace["until_done"]) < 1:
            return self.text("finish_today", left=pace["left"])
        ends = {name: "" if pace[name] is None else _about(pace[name]) for name in ("until_done", "earliest", "latest")}
        kind = "alone" if pace["earliest"] is None else "open" if pace["latest"] is None else "range"
        return self.text(f"finish_{kind}_{pace['unit']}", **ends, left=pace["left"])

    def named(self, one: Mapping[str, Any]) -> Markup:
        """Why a person is named, in words."""
        name = Markup('<bdi class="who">{}</bdi>').format(one["name"])
        usual = one["usual"]
        values = {"name": name, "share": self.percent(one["value"]), "n": one["n"], "usual": self.percent(usual)}
        interval = Markup("")
        if one.get("low") is not None:
            interval = Markup(" [{}, {}]").format(f"{100 * one['low']:.0f}", f"{100 * one['high']:.0f}")
        return self.text(f"named_{one['why']}", **values, interval=interval)


def _about(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def _wording(value: Any) -> Any:
    return value if isinstance(value, str | Markup | Sentence) else count(value)
