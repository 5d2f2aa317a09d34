"""The narrative of a Composition (FHIR R4 narrative.html) or of a CDA section (HL7 CDA R2,
StrucDocText) as HTML that does nothing: built anew from a table of elements, never passed on. The
template writes it; nothing is called safe.

No attribute of a sender's comes through but the span of a table's cell and the bytes of an image,
no address leads anywhere: a link is its words and the host to which it led.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from records.documents.xml_tree import UnreadableXml, XmlElement, parse_xml_text

# element -> the one that is written for it; "" : its contents alone
SAME = (
    *("p", "blockquote", "pre", "code", "b", "strong", "i", "em", "u", "sub", "sup", "small"),
    *("ul", "ol", "li", "dl", "dt", "dd", "q", "kbd", "samp", "var", "cite"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"),
)
TAGS = {
    **dict(zip(SAME, SAME, strict=True)),
    **dict.fromkeys(("div", "address", "paragraph"), "div"),
    "item": "li",
    "footnote": "small",
    "big": "b",
    "tt": "code",
    "acronym": "i",
    "dfn": "i",
}
BLOCK_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
EMPTY_TAGS = frozenset({"br", "hr"})
STYLE_CODES = {"bold": "b", "italics": "i", "underline": "u", "emphasis": "em"}
LEFT_OUT = frozenset(
    {
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "template",
        "noscript",
        "form",
        "textarea",
        "select",
        "head",
        "title",
        "meta",
        "link",
        "base",
    }
)
LINKS = frozenset({"a", "linkHtml", "area"})
IMAGES = frozenset({"img", "renderMultiMedia", "observationMedia"})
IMAGE_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]{1,2000000}")
SPAN = re.compile(r"[1-9]\d?")


@dataclass(frozen=True, slots=True)
class MarkupToken:
    """One piece of what is written: a tag that opens or closes, alone or as a cell with its spans;
    an image; or characters, which the page's template escapes like any others.
    """

    tag: str = ""
    closes: bool = False
    text: str = ""
    colspan: str = ""
    rowspan: str = ""
    src: str = ""


Markup = tuple[MarkupToken, ...]


def render_markup(node: XmlElement) -> Markup:
    """The contents of an element, harmless."""
    return tuple(t for c in node.children for t in render_child(c))


def render_child(child: XmlElement | str) -> Iterator[MarkupToken]:
    if isinstance(child, str):
        yield MarkupToken(text=child)
    elif child.name in EMPTY_TAGS:
        yield MarkupToken(child.name)
    elif child.name in IMAGES:
        yield from render_image(child)
    elif child.name in BLOCK_HEADINGS:
        yield from wrap_tokens(child, "p", "b")
    elif child.name in LINKS:
        yield from wrap_tokens(child)
        if host := find_host(child.attributes.get("href", "")):
            yield from (MarkupToken("small"), MarkupToken(text=f" [{host}]"), CLOSED_SMALL)
    elif child.name not in LEFT_OUT:
        tag = tag_for(child)
        yield from wrap_tokens(child, *((tag,) if tag else ()))


CLOSED_SMALL = MarkupToken("small", closes=True)


def wrap_tokens(node: XmlElement, *tags: str) -> Iterator[MarkupToken]:
    """The contents of an element between tags."""
    for tag in tags:
        yield MarkupToken(
            tag, colspan=span_of(node, tag, "colspan"), rowspan=span_of(node, tag, "rowspan")
        )
    for child in node.children:
        yield from render_child(child)
    for tag in reversed(tags):
        yield MarkupToken(tag, closes=True)


def tag_for(node: XmlElement) -> str:
    """The element that is written for one of a sender's."""
    if node.name == "list":
        return "ol" if node.attributes.get("listType") == "ordered" else "ul"
    if node.name == "content":
        said = node.attributes.get("styleCode", "").lower().split()
        return next((STYLE_CODES[s] for s in said if s in STYLE_CODES), "")
    return TAGS.get(node.name, "")


def span_of(node: XmlElement, tag: str, name: str) -> str:
    """colspan or rowspan of a cell, "" without one."""
    found = node.attributes.get(name, "") if tag in ("td", "th") else ""
    return found if SPAN.fullmatch(found) else ""


def render_image(node: XmlElement) -> Iterator[MarkupToken]:
    """An image whose bytes stand in the text; of others, that there is one."""
    source, words = node.attributes.get("src", ""), node.attributes.get("alt", "")
    if IMAGE_DATA.fullmatch(source):
        yield MarkupToken("img", text=words, src=source)
        return
    said = " ".join(filter(None, (_("image, not shown"), words)))
    yield from (MarkupToken("i"), MarkupToken(text=f"[{said}] "), MarkupToken("i", closes=True))


def find_host(address: str) -> str:
    """Where a link led, "" where it was to no host."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def render_narrative(xhtml: str) -> Markup:
    """A FHIR narrative, harmless; () where it is no XHTML, or says nothing."""
    try:
        root = parse_xml_text(xhtml)
    except UnreadableXml:
        return ()
    found = render_markup(root)
    return found if root.text() or any(t.tag == "img" for t in found) else ()
