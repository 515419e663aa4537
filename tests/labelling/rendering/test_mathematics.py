"""Formulas: which are found, how they are drawn, and what stands where one cannot be."""

import pytest
from hostile_texts import ListedHtml

from plaudit.labelling.rendering import render_text
from plaudit.labelling.rendering.latex import prepare_latex
from plaudit.labelling.rendering.mathematics import LONGEST_FORMULA, render_formula


def count(text, element):
    return ListedHtml(render_text(text)).elements.count(element)


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "$5/US$10",
        "Set $HOME and $PATH.",
        r"\$x\$",
        "`$x$`",
        "    $x$",
        "```\n$x$\n```",
        "$ x $",
        "$$",
        "a $$ b",
        r"\(\)",
        "5$x$6",
        "$$\n\nnot closed",
        r"\[ not closed",
        r"\\(x\\)",
    ],
)
def test_no_formula(text):
    assert count(text, "math") == 0


@pytest.mark.parametrize(
    "text",
    [
        "$x$",
        "($x$)",
        "$x$ at 5",
        r"\(x\)",
        r"\[x\]",
        r"so \[x\] and",
        "$$x$$",
        "text $$x$$ text",
        "text\n$$\nx\n$$\ntext",
        "text\n\\[\nx\n= y\n- z\n\\]\ntext",
        "1. a\n   \\[\n   x\n   \\]\n2. b",
        "> $$\n> x\n> $$",
        "- $$x$$",
        "\\begin{align}\na&=b\n\\end{align}",
        "\\[\nx\n\\].",
        r"$\text{if $x>0$}$",
        r"$a\$b$",
        "```math\nx\n```",
        "| $x$ | b |\n|-|-|\n| c | d |",
        "**$x$**",
        "中文$x$中文",
        "$x$，",
    ],
)
def test_a_formula(text):
    assert count(text, "math") == 1


def test_setting_and_punctuation():
    assert render_text("\\[\nx\n\\].") == (
        '<div class="formula"><math display="block"><mrow><mi>x</mi></mrow></math>.</div>\n'
    )
    assert '<math display="block">' in render_text(r"so \[x\] and")
    assert '<math display="inline">' in render_text(r"so \(x\) and")


@pytest.mark.parametrize(
    "environment", ["aligned", "align", "align*", "split", "eqnarray*", "alignedat}{2", "alignat}{2"]
)
def test_aligned_columns_of_every_name(environment):
    html = render_formula(rf"\begin{{{environment}}}a&=b\\c&=d\end{{{environment.split('}')[0]}}}")
    assert html.count("<mtr>") == 2
    assert html.count('<mtd class="right">') == html.count('<mtd class="left">') == 2
    assert "&amp;" not in html


@pytest.mark.parametrize(
    "latex", [r"a \\ b", r"\begin{gather}a\\b\end{gather}", r"\begin{gathered}a\\b\\\end{gathered}"]
)
def test_lines_outside_a_table_are_rows(latex):
    assert render_formula(latex).count("<mtr>") == 2


@pytest.mark.parametrize(
    ("latex", "within"),
    [
        (r"\boxed{42}", '<mrow class="boxed"><mrow><mn>42</mn></mrow></mrow>'),
        (r"\cancel{x}", '<mrow class="struck">'),
        (r"\frac{1}{2}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "<mtr><mtd><mn>3</mn></mtd><mtd><mn>4</mn></mtd></mtr>"),
        (r"\begin{array}{c|c}1&2\\\hline3&4\end{array}", '<mtd class="line-below line-after"><mn>1</mn></mtd>'),
        (r"\text{a < b & \$5}", "<mtext>a\xa0&lt;\xa0b\xa0&amp;\xa0$5</mtext>"),
        (r"\text{if $x<0$}", "<mtext>if\xa0</mtext><mrow><mi>x</mi><mo>&lt;</mo><mn>0</mn></mrow>"),
        (r"\textbf{a \emph{b}}", '<mtext mathvariant="bold">a\xa0b</mtext>'),
        (r"a \implies b", "<mo>⟹</mo>"),
        (r"a \not= b", "<mo>≠</mo>"),
        ("速度", "<mi>速</mi><mi>度</mi>"),
        (r"|x|", '<mo stretchy="false" lspace="0" rspace="0">|</mo>'),
        (r"\color{white}x", "<mstyle><mi>x</mi></mstyle>"),
        (r"\hspace{-100em}x", "<mspace /><mi>x</mi>"),
        (r"\foo", r"<mi>\foo</mi>"),
    ],
)
def test_drawn(latex, within):
    assert within in render_formula(latex)


@pytest.mark.parametrize(
    "latex",
    [
        "x^",
        "{",
        r"\frac{1",
        r"\text{never closed",
        r"\def\a{\a}\a",
        r"\newcommand{\a}{b}\a",
        r"\href{https://a.example}{x}",
        r"\sqrt{" * 100 + "}" * 100,
        "{" * 1_900 + "}" * 1_900,
        "x" * (LONGEST_FORMULA + 1),
    ],
)
def test_what_cannot_be_drawn_is_shown_as_it_was_written(latex):
    assert render_formula(latex) is None
    html = render_text(f"a \\({latex}\\) b")
    assert ListedHtml(html).words.strip() == f"a \\({latex}\\) b"
    assert '<code class="tex">' in html


def test_a_definition_says_so():
    with pytest.raises(ValueError, match="defines commands"):
        prepare_latex(r"\gdef\x{1}")


def test_labels_go_and_spaces_are_one():
    assert prepare_latex("a  \n b \\label{eq:1}\\nonumber") == "a b "
