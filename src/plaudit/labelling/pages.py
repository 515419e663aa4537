"""The pages of a labelling server as HTML: pure functions of what they show.

No page holds a script, a style or a handler of its own: all of them are files of ours under one address that changes
when any of them does, so that modules that import one another are never of two versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plaudit.labelling.wording import say, script_words
from plaudit.text import LANGUAGES, Language

STATIC = Path(__file__).with_name("static")
"""Scripts and styles."""

SKIP_REASONS = ("cannot_judge", "language", "broken", "unclear", "upsetting")
"""Reasons to skip that the page offers, by their names in `words/judge.toml`. They are sent in English."""

_SCRIPTED = ("judge", "choice", "keys", "network", "skip", "turn")
_TEMPLATES = Path(__file__).with_name("templates")


def judge_page(config: Mapping[str, Any], locale: Language, csrf: str, guidelines: Markup | None = None) -> str:
    """The page on which people judge.

    Args:
        config: of the project and the person, as `static/config.js` reads it.
        locale: the page's language.
        csrf: the session's token.
        guidelines: rendered and sanitised; None: there are none.

    Example:
        >>> config = {"name": "Rivers", "mode": "pair", "person": {"name": "Ann", "role": "annotator"}}
        >>> "Rivers" in judge_page(config, "en", "token")
        True
    """
    return render_page(
        "judge.html.j2",
        locale,
        csrf,
        config=config,
        guidelines=guidelines,
        words=script_words(_SCRIPTED, locale),
        skips={name: say(f"skip.{name}").plain("en") for name in SKIP_REASONS},
    )


def join_page(project: str, token: str, locale: Language, *, problem: str = "", returning: str = "") -> str:
    """What an invitation link shows. Only its form redeems, so that a preview of the link does not use it up.

    Args:
        project: its name.
        token: of the invitation.
        locale: the page's language.
        problem: "used", "expired" or "unknown": why the link opens nothing.
        returning: the name of the person who comes back by it; empty: somebody new.

    Example:
        >>> "no longer" in join_page("Rivers", "t", "en", problem="expired")
        True
    """
    return render_page("join.html.j2", locale, "", project=project, token=token, problem=problem, returning=returning)


def sign_in_page(project: str, locale: Language, csrf: str = "") -> str:
    """Name and password.

    Example:
        >>> 'type="password"' in sign_in_page("Rivers", "zh")
        True
    """
    return render_page("sign_in.html.j2", locale, csrf, project=project)


def not_found_page(project: str, locale: Language) -> str:
    """What stands where there is nothing.

    Example:
        >>> "/judge" in not_found_page("Rivers", "en")
        True
    """
    return render_page("not_found.html.j2", locale, "", project=project)


def guidelines_page(project: str, guidelines: Markup, locale: Language, csrf: str) -> str:
    """The guidelines as a page of their own.

    Args:
        project: its name.
        guidelines: rendered and sanitised.
        locale: the page's language.
        csrf: the session's token.

    Example:
        >>> "<p>Be fair.</p>" in guidelines_page("Rivers", Markup("<p>Be fair.</p>"), "en", "token")
        True
    """
    return render_page("guidelines.html.j2", locale, csrf, project=project, guidelines=guidelines)


def render_page(name: str, locale: Language, csrf: str, **values: Any) -> str:
    """A template of `templates/`, filled in.

    Args:
        name: of the template.
        locale: the page's language.
        csrf: the session's token.
        values: what the template asks for.

    Example:
        >>> render_page("sign_in.html.j2", "zh", "", project="<b>").count("&lt;b&gt;") > 0
        True
    """
    others = [language for language in LANGUAGES if language != locale]
    return _environment().get_template(name).render(locale=locale, csrf=csrf, others=others, **values)


def static_address(name: str) -> str:
    """Where a file of `static/` is served.

    Example:
        >>> static_address("judge.js").startswith("/static/")
        True
    """
    return f"/static/{static_version()}/{name}"


@cache
def static_version() -> str:
    """A hash of all files of `static/`.

    Example:
        >>> len(static_version())
        12
    """
    digest = sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"say": say, "static": static_address, "modules": _modules}
    return environment


@cache
def _modules() -> list[str]:
    """Modules that the judge's page imports, to be fetched all at once."""
    return sorted(path.name for path in STATIC.glob("*.js") if path.name not in ("theme.js", "entry.js", "judge.js"))
