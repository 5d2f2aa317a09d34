"""The XHTML of a narrative: formatting alone, nothing that acts, nothing from outside (FHIR R4
narrative.html#xhtml, txt-1 and txt-2). Pure.

It is refused, never cleaned: what a clinician has signed is stored as it came, or not at all.
"""

import re
from typing import Any
from xml.parsers import expat

from records.fhir.issues import Issue

XHTML = "http://www.w3.org/1999/xhtml"
XML = "http://www.w3.org/XML/1998/namespace"
# HTML 4.0 chapters 7 to 11 and 15 without what is deprecated there, links and images.
ELEMENTS = frozenset(
    (
        "a",
        "abbr",
        "acronym",
        "address",
        "area",
        "b",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "kbd",
        "li",
        "map",
        "ol",
        "p",
        "pre",
        "q",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "ul",
        "var",
    )
)
ATTRIBUTES = frozenset(
    (
        "abbr",
        "accesskey",
        "align",
        "alt",
        "axis",
        "border",
        "cellpadding",
        "cellspacing",
        "char",
        "charoff",
        "charset",
        "cite",
        "class",
        "colspan",
        "coords",
        "dir",
        "frame",
        "headers",
        "height",
        "href",
        "hreflang",
        "id",
        "ismap",
        "lang",
        "longdesc",
        "name",
        "nowrap",
        "rel",
        "rev",
        "rowspan",
        "rules",
        "scope",
        "shape",
        "span",
        "src",
        "start",
        "style",
        "summary",
        "tabindex",
        "target",
        "title",
        "type",
        "usemap",
        "valign",
        "value",
        "width",
    )
)
ADDRESSES = ("href", "src", "cite", "longdesc", "usemap")
SCHEME = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.\-\s]*):")
SCHEMES = ("http", "https", "mailto", "tel", "urn", "cid")
IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*", re.I)
ACTIVE_STYLE = re.compile(r"\\|expression|javascript|vbscript|behaviou?r|binding|@import", re.I)
MOST = 10
FORM = (
    'A narrative is XHTML: one <div xmlns="http://www.w3.org/1999/xhtml"> with formatting, links'
    " and images"
)
OUTSIDE = (
    "Take out the DOCTYPE, the XML declaration and processing instructions: a narrative defines"
    " nothing and loads nothing."
)


class NarrativeParser:
    """One narrative as it is parsed; expat reads no file and expands no entity, for each way to
    declare one is a fault.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.depth, self.content = 0, False
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartElementHandler = self.start_element
        self.parser.EndElementHandler = self.end_element
        self.parser.CharacterDataHandler = self.character_data
        self.parser.StartDoctypeDeclHandler = self.parser.XmlDeclHandler = (
            self.parser.ProcessingInstructionHandler
        ) = self.refuse_outside
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def find_faults(self, text: str) -> list[str]:
        try:
            self.parser.Parse(text.encode(), True)
        except OutsideNarrative:
            self.faults.append(OUTSIDE)
        except UnicodeEncodeError:
            self.faults.append("Half of a character stands in the narrative: take it out.")
        except expat.ExpatError as error:
            self.faults.append(describe_parse_error(error))
        if not self.faults and not self.content:
            self.faults.append(
                "The narrative says nothing: write text or an image into it, or leave the whole"
                " element text out (txt-2)."
            )
        return list(dict.fromkeys(self.faults))[:MOST]

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self.depth and (space, local) != (XHTML, "div"):
            self.faults.append(f"{FORM} (txt-1): begin it so.")
        elif space != XHTML or local not in ELEMENTS:
            self.faults.append(
                f"<{printable_name(local)}> is not permitted in a narrative (txt-1): take it out."
                f" {FORM}."
            )
        self.depth += 1
        self.content = self.content or local == "img"
        for key, value in attributes.items():
            if says := attribute_fault(key, value):
                self.faults.append(says)

    def end_element(self, _: str) -> None:
        self.depth -= 1

    def character_data(self, text: str) -> None:
        self.content = self.content or not text.isspace()

    def refuse_outside(self, *_: Any) -> None:
        raise OutsideNarrative


class OutsideNarrative(Exception):
    """Something that reaches out of the narrative."""


def attribute_fault(key: str, value: str) -> str:
    """What is wrong with it, or ""."""
    space, _, name = key.rpartition(" ")
    if (space and space != XML) or (not space and name not in ATTRIBUTES):
        return (
            f"The attribute {printable_name(name)} is not permitted in a narrative (txt-1): take it"
            " out; what a browser would run, such as onclick, is never taken."
        )
    if (
        name in ADDRESSES
        and (m := SCHEME.match(value))
        and m.group(1).lower() not in SCHEMES
        and not (name == "src" and IMAGE.fullmatch(value))
    ):
        return (
            f"The address in {name} is of a kind that is not permitted in a narrative: use http,"
            " https, mailto, tel or a reference inside the resource; images also as"
            " data:image/png;base64."
        )
    if name == "style" and ACTIVE_STYLE.search(value):
        return (
            "The style does more than format (expression, javascript, behavior, @import): take that"
            " out of it."
        )
    return ""


def describe_parse_error(error: expat.ExpatError) -> str:
    if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
        return (
            f"Line {error.lineno}, column {error.offset + 1} of the narrative: XML knows no"
            " entities of HTML such as &nbsp;. Write the character itself, or its number, such as"
            " &#160;."
        )
    return (
        f"The narrative is no well-formed XHTML at line {error.lineno}, column {error.offset + 1}"
        f" ({expat.ErrorString(error.code)}): close every element, put attributes in quotes, write"
        " & as &amp; and < as &lt;."
    )


def printable_name(name: str) -> str:
    return re.sub(r"[^\w:.-]", "?", name)[:40]


def find_narrative_faults(text: str) -> list[str]:
    """What is wrong with the XHTML of a narrative, with advice on how to fix it."""
    return NarrativeParser().find_faults(text)


def find_narrative_issues(node: Any, where: str) -> list[Issue]:
    """Of every narrative below a node: of contained resources, of entries and sections too. No
    other element of FHIR is named div.
    """
    out: list[Issue] = []
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        place = f"{where}[{key}]" if isinstance(node, list) else f"{where}.{key}"
        if key == "div" and isinstance(value, str):
            out += [
                Issue("invariant", says, place, rule="narrative.xhtml", words=(("detail", says),))
                for says in find_narrative_faults(value)
            ]
        elif isinstance(value, dict | list):
            out += find_narrative_issues(value, place)
    return out
