"""How the pages become a site (make docs): Sphinx, MyST and Furo. Everything that a page loads
lies beside it: it is read in networks without the internet.
"""

import re
from itertools import pairwise
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage, languages

project = "Xinglin 杏林"
author = "the Xinglin project"
copyright = "the Xinglin project, Apache-2.0"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline"]
suppress_warnings = [
    "myst.header"
]  # a page may begin with a table, and a list of decisions with a third level
html_theme = "furo"
html_title = "Xinglin 杏林"
html_static_path = ["_static"]
html_css_files = ["xinglin.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
# a summary is fetched from the page, which a browser refuses where the site is read from a folder
html_show_search_summary = False
html_search_language = "xinglin"
highlight_language = "text"


class Words(SearchLanguage):
    """English words, and of Chinese, which writes no blanks, every two characters that follow
    each other: a search of the built site finds what holds them.
    """

    lang = "xinglin"
    language_name = "English and Chinese"
    js_stemmer_rawcode = ""
    stopwords = frozenset(
        {
            "a",
            "and",
            "are",
            "as",
            "at",
            "be",
            "by",
            "for",
            "in",
            "is",
            "it",
            "of",
            "on",
            "or",
            "the",
            "to",
            "with",
        }
    )

    def split(self, input: str) -> list[str]:
        found = re.findall(r"\w+", input)
        return found + [
            a + b for run in re.findall(r"[\u4e00-\u9fff]+", input) for a, b in pairwise(run)
        ]

    def stem(self, word: str) -> str:
        return word.lower()


def in_its_language(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any
) -> None:
    """Say in the head of a page below zh/ that it is Chinese, so that browsers choose its
    characters' shapes and read it aloud rightly.
    """
    if page.startswith("zh/"):
        context["language"] = "zh-Hans"


def between_root_pages(app: Sphinx, name: Any, parent: str, content: list[str]) -> None:
    """Pages of the repository's root are shown below project/: links from one to another lead
    there.
    """
    for page in ("CONTRIBUTING", "SECURITY", "CHANGELOG"):
        content[0] = content[0].replace(f"({page}.md)", f"(docs/project/{page.lower()}.md)")


def setup(app: Sphinx) -> None:
    languages["xinglin"] = Words
    app.connect("include-read", between_root_pages)
    app.connect("html-page-context", in_its_language)
