"""What is plugged into `nbgrader generate_feedback`: harmless HTML, in our style."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import Any, ClassVar

import bleach
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbconvert.filters.strings import clean_html
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.pages.feedback import page_css

PICTURE = re.compile(r"data:[^\s()<>\"']{100,}")  # as Colab puts them into Markdown
LONG = 5_000  # characters of Markdown that are shown as they are: reading it can take the square of that
ALIKE = 500  # cells that are kept as HTML, since most are the same in all submissions
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"  # nbgrader's page loads it from there
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    f"style-src 'unsafe-inline'; font-src {MATHJAX}; script-src {MATHJAX} 'unsafe-eval'\">"
)
# What markdown makes; no images, which could tell somebody else that the page is read.
MARKDOWN_TAGS = frozenset([
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
])  # fmt: skip


class CompiledTemplates(BytecodeCache):
    """Jinja's compiled templates, kept for the next page of this process."""

    codes: ClassVar[dict[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get(bucket.key + bucket.checksum)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key + bucket.checksum] = bucket.code


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML, in half the time, and with a policy under which no script in the page runs but MathJax.

    nbconvert parses each page once more, for the `alt` of images and to make lab's cells focusable; our images have
    one, and nbgrader's page has no such cells.
    """

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.bytecode_cache = CompiledTemplates()
        return environment

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page's text, and nbconvert's resources."""
        prepared = self._init_resources(resources)
        self.register_filter("highlight_code", lambda source, **_: highlighted(source))
        self.register_filter(
            "filter_data_type",
            WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=prepared),
        )
        page, described = TemplateExporter.from_notebook_node(self, nb, prepared, **kwargs)
        return page.replace("<head>", f"<head>\n{POLICY}", 1), described


class FeedbackStyle(NbGraderPreprocessor):
    """Gives the feedback page the style of our blocks."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        resources.setdefault("inlining", {}).setdefault("css", []).append(page_css())
        return nb, resources


@lru_cache(maxsize=ALIKE)
def highlighted(source: str) -> str:
    """The HTML of a code cell."""
    return str(Highlight2HTML(pygments_lexer="ipython3")(source))


@lru_cache(maxsize=ALIKE)
def harmless_markdown(source: str) -> str:
    """A jinja filter in the place of nbconvert's markdown2html: the same HTML without scripts, images and frames."""
    source = PICTURE.sub("data:", source)
    if len(source) > LONG:
        return f"<pre>{escape(source)}</pre>"
    html = str(markdown2html_mistune(source))
    return str(bleach.clean(html, tags=MARKDOWN_TAGS, attributes={"a": ["href", "title"], "*": ["id"]}))


@lru_cache(maxsize=ALIKE)
def harmless_output(html: str) -> str:
    """A jinja filter in the place of nbconvert's clean_html: the same, remembered."""
    return str(clean_html(html))
