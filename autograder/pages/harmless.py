"""What students write, as HTML that can do nothing: Markdown, formulas as MathML, code with colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.messages import said

PICTURE = re.compile(r"data:[^\s()<>\"']{100,}")  # as Colab puts them into Markdown
LONG = 20_000  # characters of a cell; what is longer is shown as it stands
FORMULA = 2_000  # characters, likewise
SHOWN = 50_000  # characters of a cell that are shown at all
ALIKE = 500  # cells that are kept as HTML, since most are the same in all submissions
HEADINGS = {f"h{level}": f"h{min(level + 2, 6)}" for level in range(1, 7)}  # h1 and h2 are the page's own

TEXT_TAGS = frozenset([
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h3", "h4", "h5", "h6", "hr",
    "i", "kbd", "li", "mark", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "summary", "sup", "table",
    "tbody", "td", "th", "thead", "tr", "u", "ul",
])  # fmt: skip
MATH_TAGS = frozenset([
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mphantom", "mprescripts", "mroot", "mrow",
    "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder",
    "munderover",
])  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"style"},
    "th": {"style"},
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {"fence", "form", "separator", "stretchy"},
    "mover": {"accent"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"columnalign"},
    "munder": {"accentunder"},
}


def code_html(source: str) -> Markup:
    """Python code with colours."""
    return _coloured(source) if len(source) <= LONG else plain_html(source)


def markdown_html(source: str) -> Markup:
    """Markdown without scripts, styles, pictures, frames and ids; its headings stand below the page's own."""
    source = PICTURE.sub("data:", source)
    return _harmless(source, said("picture")) if len(source) <= LONG else plain_html(source)


def plain_html(source: str) -> Markup:
    """Text as it stands, and how much of it there is no room for."""
    more = len(source) - SHOWN
    left_out = said("… and {count:,} more characters", count=more) if more > 0 else ""
    return Markup("<pre>{}{}</pre>").format(source[:SHOWN], f"\n{left_out}" if left_out else "")


@lru_cache(maxsize=1)
def code_css() -> str:
    """The colours of code, light and dark: of Pygments' own styles those with the most contrast."""
    light = HtmlFormatter(style="xcode").get_style_defs(".code")
    dark = HtmlFormatter(style="monokai").get_style_defs(".code")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


@lru_cache(maxsize=ALIKE)
def _coloured(source: str) -> Markup:
    lines = highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return Markup(f'<pre class="code">{lines}</pre>')  # noqa: S704 - Pygments escapes


@lru_cache(maxsize=ALIKE)
def _harmless(source: str, picture: str) -> Markup:
    """`picture` is what stands in the place of one."""
    html = nh3.clean(
        _markdown.render(source, {"picture": picture}),
        tags=set(TEXT_TAGS | MATH_TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        filter_style_properties={"text-align"},
        url_schemes={"http", "https", "mailto"},
        clean_content_tags={"script", "style"},
    )
    return Markup(html)  # noqa: S704 - cleaned just now


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Links lead to other sites only: what a page of ours links to within itself is ours."""
    return None if attribute == "href" and not re.match(r"(https?|mailto):", value, re.IGNORECASE) else value


def _formula(tex: str, options: dict[str, Any]) -> str:
    """A formula as MathML; as its text where it is too long, or cannot be read."""
    if len(tex) <= FORMULA:
        try:
            return str(convert(tex, display="block" if options["display_mode"] else "inline"))
        except Exception:  # noqa: BLE001, S110 -- of many kinds, for what is no formula
            pass
    return str(Markup("<code>{}</code>").format(tex))


def _picture(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return str(Markup("<em>[{}: {}]</em>").format(env["picture"], tokens[at].content))


def _lower_headings(state: Any) -> None:
    for token in state.tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    reader.use(dollarmath_plugin, renderer=_formula, allow_labels=False, double_inline=True)
    reader.use(amsmath_plugin, renderer=lambda tex: _formula(tex, {"display_mode": True}))
    reader.core.ruler.push("lower_headings", _lower_headings)
    reader.add_render_rule("image", _picture)
    return reader


_markdown = _reader()
