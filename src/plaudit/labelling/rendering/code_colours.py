"""The colours of code, light and dark, as a style sheet.

`python -m plaudit.labelling.rendering.code_colours` writes it.

A dozen colours for the kinds of token that Pygments tells apart, each of a contrast of at least 4.5 : 1 on the ground
that code stands on. Bold and italic say some of it again, for eyes and screens that tell few colours.
"""

from __future__ import annotations

from pathlib import Path

STYLE_SHEET = Path(__file__).parents[1] / "static" / "code.css"
"""Where it stands."""

GROUND = ("#f3f1ec", "#21252c")
"""What code stands on, light and dark."""

COLOURS: dict[str, tuple[str, str, str, str]] = {
    "keyword": ("k kc kd kn kp kr kt ow", "#8b2252", "#ff9dc4", "font-weight: 600"),
    "string": ("s sa sb sc dl s2 sh s1 sx se si ss", "#1f6b2c", "#8fd6a0", ""),
    "documentation": ("sd c ch cm cp cpf c1 cs", "#5b6068", "#a9b0bb", "font-style: italic"),
    "number": ("m mb mf mh mi mo il l ld sr", "#8a4b00", "#f0b46a", ""),
    "function": ("nf fm nd", "#1d55a8", "#8fbcff", ""),
    "class": ("nc ne nn no", "#6a3fa0", "#cbb0ff", ""),
    "builtin": ("nb bp vm vg vi vc nv", "#0b6470", "#7fd4de", ""),
    "tag": ("nt nl ni", "#1d55a8", "#8fbcff", "font-weight: 600"),
    "attribute": ("na py", "#8a4b00", "#f0b46a", ""),
    "inserted": ("gi", "#1f6b2c", "#8fd6a0", ""),
    "deleted": ("gd gr", "#a3231c", "#ff9c92", ""),
    "heading": ("gh gu gp", "#5b6068", "#a9b0bb", "font-weight: 600"),
}
"""Kind of token -> Pygments' classes of it, its colour on light and on dark, and how else it is set."""


def code_style() -> str:
    """The style sheet.

    Example:
        >>> "light-dark(#8b2252, #ff9dc4)" in code_style()
        True
    """
    lines = ["/* Written by plaudit.labelling.rendering.code_colours; change the colours there. */"]
    lines.append(f"pre.code {{ background: light-dark({GROUND[0]}, {GROUND[1]}); }}")
    for classes, light, dark, style in COLOURS.values():
        names = ", ".join(f".{name}" for name in classes.split())
        lines.append(f"pre.code :is({names}) {{ color: light-dark({light}, {dark}); {style + '; ' if style else ''}}}")
    lines.append("@media (forced-colors: active) { pre.code span { color: CanvasText; } }")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    STYLE_SHEET.write_text(code_style(), encoding="utf-8")
