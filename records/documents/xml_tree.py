"""XML of a stranger as a tree: no document type, no entity, nothing that is loaded, no more than a
page can show (OWASP XML External Entity Prevention). Pure.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from records.documents.text_decoding import charset_of_media, decode_text

DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
MOST_ELEMENTS = 100_000
MOST_DEPTH = 100


class UnreadableXml(Exception):
    """The text is no XML that is read here."""


@dataclass(slots=True)
class XmlElement:
    """space: its namespace; attributes by local name, those of a namespace as {namespace}name."""

    space: str
    name: str
    attributes: dict[str, str]
    children: "list[XmlElement | str]" = field(default_factory=list)

    def elements(self, name: str = "") -> "list[XmlElement]":
        """Its children of that name, or all of them."""
        return [
            c for c in self.children if isinstance(c, XmlElement) and (not name or c.name == name)
        ]

    def find(self, *path: str) -> "XmlElement | None":
        """The first element that a path of names leads to."""
        here: XmlElement | None = self
        for name in path:
            here = next(iter(here.elements(name)), None) if here else None
        return here

    def text(self) -> str:
        """All characters in it, blanks made one."""
        return " ".join(
            "".join(c if isinstance(c, str) else f" {c.text()} " for c in self.children).split()
        )


class TreeParser:
    """One document as expat tells of it."""

    def __init__(self) -> None:
        self.open: list[XmlElement] = []
        self.root: XmlElement | None = None
        self.count = 0
        # the encoding is said: characters were read before, whatever the document calls them
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start_element
        self.parser.EndElementHandler = self.end_element
        self.parser.CharacterDataHandler = self.character_data
        self.parser.StartDoctypeDeclHandler = self.parser.EntityDeclHandler = self.refuse
        self.parser.ExternalEntityRefHandler = self.refuse
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST_ELEMENTS or len(self.open) >= MOST_DEPTH:
            raise UnreadableXml
        space, _, local = name.rpartition(" ")
        made = XmlElement(space, local, dict(map(local_attribute, attributes.items())))
        if self.open:
            self.open[-1].children.append(made)
        else:
            self.root = made
        self.open.append(made)

    def end_element(self, _: str) -> None:
        self.open.pop()

    def character_data(self, text: str) -> None:
        self.open[-1].children.append(text)

    def refuse(self, *_: Any) -> NoReturn:
        raise UnreadableXml


def local_attribute(item: tuple[str, str]) -> tuple[str, str]:
    space, _, name = item[0].rpartition(" ")
    return (f"{{{space}}}{name}" if space else name), item[1]


def parse_xml_text(text: str) -> XmlElement:
    """The root of a document that is characters already. Raises UnreadableXml."""
    reader = TreeParser()
    try:
        reader.parser.Parse(DECLARATION.sub("", text, count=1).encode(), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise UnreadableXml from error
    if reader.root is None:
        raise UnreadableXml
    return reader.root


def parse_xml(data: bytes, declared: str = "") -> XmlElement:
    """declared: the media type. The document's own declaration wins over it, for many senders
    write none that is true there. Raises UnreadableXml.
    """
    own = DECLARED.search(data[:400])
    charset = own.group(1).decode().lower() if own else charset_of_media(declared)
    return parse_xml_text(decode_text(data, charset).text)
