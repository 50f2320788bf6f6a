"""The documentation as a website, for Sphinx: `make docs`. Its root is the repository, so links work as on GitHub."""

from sphinx.addnodes import desc_content, desc_name
from sphinx.application import Sphinx

project = html_title = "nbgrader-outside"
root_doc = "README"
pages = ["docs/any-course", "docs/instructors", "docs/writing-checks", "docs/translating", "docs/reference",
         "docs/scale", "docs/security", "docs/evidence",
         "docs/architecture", "CONTRIBUTING", "CHANGELOG", "datasets/README",
         "datasets/shakespeare", "README.zh-Hant"]  # fmt: skip
include_patterns = [f"{page}.md" for page in (root_doc, *pages)]
exclude_patterns = [".*", "build"]
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 3
default_role = "py:obj"
add_module_names = False
html_theme = "furo"
html_show_copyright = False


def setup(app: Sphinx) -> None:
    """List the pages in the sidebar, and show a fixture as what it is for a check: a name."""
    app.connect("source-read", _list_pages)
    app.connect("object-description-transform", _name_fixtures)


def _list_pages(_: Sphinx, page: str, text: list[str]) -> None:
    if page == root_doc:
        text[0] += "\n".join(["", "```{toctree}", ":hidden:", *pages, "```", ""])


def _name_fixtures(_: Sphinx, domain: str, kind: str, content: desc_content) -> None:
    for signature in content.parent[:-1]:
        if "ChecksPlugin" in (signature["module"] or ""):
            signature[:] = [node for node in signature if isinstance(node, desc_name)]
