"""The list of what may stand in a page, and the sweep that lets nothing else through."""

from __future__ import annotations

import nh3
from markupsafe import Markup
from pygments.token import STANDARD_TYPES

MATH_TAGS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded"}
    | {"mphantom", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts"}
    | {"mtable", "mtr", "mtd"}
)
"""The elements of MathML that `latex2mathml` writes and a browser draws."""

MATH_ATTRIBUTES = frozenset(
    {"display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "separator", "form", "symmetric"}
    | {"largeop", "movablelimits", "accent", "accentunder", "linethickness", "lspace", "rspace", "minsize", "maxsize"}
    | {"width", "height", "depth", "voffset"}
)
"""Their attributes. Colours and sizes are not among them: they could hide what an answer says."""

TAGS = MATH_TAGS | frozenset(
    {"a", "blockquote", "br", "code", "div", "em", "h3", "h4", "h5", "h6", "hr", "li", "mark", "ol", "p", "pre"}
    | {"s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
"""Every element that may come out."""

SCHEMES = frozenset({"http", "https", "mailto"})
"""Where a link may lead."""

REL = "noopener noreferrer nofollow"

CODE_CLASSES = frozenset(name for name in STANDARD_TYPES.values() if name)
"""Pygments' short names of kinds of token."""

CLASSES = {
    "span": {"control", "image", "address", *CODE_CLASSES},
    "div": {"table", "formula"},
    "pre": {"code", "plain"},
    "code": {"tex"},
    "mark": {"differs"},
    "p": {"unused"},
    "mrow": {"boxed", "struck"},
    "mtable": {"aligned"},
    "mtd": {"left", "right", "line-below", "line-after"},
    "td": {"left", "center", "right"},
    "th": {"left", "center", "right"},
}
"""The classes each may have."""

# What has the direction of its first word.
_BLOCKS = ("p", "h3", "h4", "h5", "h6", "th", "td")
# A browser looks for that word past whatever has a direction already, so the renderer says what these have.
_CONTAINERS = ("ul", "ol", "blockquote", "table")

_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    attributes={
        "a": {"href"},
        "ol": {"start"},
        "span": {"title"},
        **{tag: set(MATH_ATTRIBUTES) for tag in MATH_TAGS},
    },
    tag_attribute_values={
        "pre": {"dir": {"auto", "ltr"}},
        "span": {"dir": {"ltr"}},
        **{tag: {"dir": {"ltr", "rtl"}} for tag in _CONTAINERS},
    },
    set_tag_attribute_values={**{tag: {"dir": "auto"} for tag in _BLOCKS}, "a": {"target": "_blank"}},
    allowed_classes=CLASSES,
    url_schemes=set(SCHEMES),
    url_relative="deny",
    link_rel=REL,
    strip_comments=True,
)


def sanitise(html: str) -> Markup:
    """HTML with only the elements, attributes, classes and schemes of the list; always the last step.

    Every paragraph, heading and cell gets `dir="auto"`, and every link a `rel` that tells its target nothing.

    Example:
        >>> sanitise('<p onclick="x()">a<script>b()</script><a href="javascript:c()">d</a></p>')
        Markup('<p dir="auto">a<a target="_blank" rel="noopener noreferrer nofollow">d</a></p>')
    """
    return Markup(_cleaner.clean(html))
