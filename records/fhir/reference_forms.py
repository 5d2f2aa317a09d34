"""TABLE form of a literal reference -> what it means in a resource that stands in a store of its own (FHIR R4 references.html#literal). Pure.

A store is told of its own things as Type/id or by their absolute address here; of things elsewhere by http(s). All else has no meaning outside of a Bundle, and is refused: a
record that is stored with it would belong to nobody.
"""

import re
from enum import StrEnum, auto

from records.fhir.references import RELATIVE
from records.fhir.types import TYPES, table


class Form(StrEnum):
    LOCAL = auto()  # Type/id, with a version or without
    CONTAINED = auto()  # #id
    FOREIGN = auto()  # http(s)://another server/...
    TEMPORARY = auto()  # urn:uuid: or urn:oid:, of an entry of a Bundle
    CONDITIONAL = auto()  # Type?parameter=value
    NONE = auto()


ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*")
SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?(\S.*)")
SAYS = {
    Form.TEMPORARY: "A urn: names an entry of a transaction's Bundle, and here is none with this fullUrl: write Type/id of what it means, or send both in one transaction.",
    Form.CONDITIONAL: "A condition in place of a reference is taken in a transaction only: write Type/id, or send a Bundle of type transaction.",
}
HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\./|\.\./|/)+[A-Z][A-Za-z]+/.*"), "A reference begins with the type: leave out what stands before it."),
    (re.compile(r"[A-Z][A-Za-z]+/[^/]+(/_history/[^/]+)?#.*"), "A reference leads to a whole resource: leave out what stands behind #."),
    (re.compile(r"[^/\s]+"), "This is an id alone: write the type before it, such as Patient/id."),
    (re.compile(r"[a-z][A-Za-z]+/[^/]+"), "Types are written with a capital letter, such as Patient/id."),
)
MEND = "Write Type/id for what is in this store, #id for what the resource contains, or the absolute address (http or https) of what is elsewhere."


def form_of(text: str) -> Form:
    """Of a reference whose own absolute address has been taken off."""
    if text.startswith("#"):
        return Form.CONTAINED
    if m := RELATIVE.fullmatch(text):
        return Form.LOCAL if m.group(1) in TYPES or m.group(1) in table("targets")["*"] else Form.NONE
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return Form.TEMPORARY
    if SEARCH.fullmatch(text):
        return Form.CONDITIONAL
    return Form.FOREIGN if ADDRESS.fullmatch(text) else Form.NONE


def refusal(text: str) -> str:
    """Why a reference is not taken where it stands, with the mend; "" where it is."""
    form = form_of(text)
    if form is not Form.NONE:
        return SAYS.get(form, "")
    if m := RELATIVE.fullmatch(text):
        return f"FHIR R4 has no resource type {m.group(1)}: correct it."
    return next((says for pattern, says in HINTS if pattern.fullmatch(text)), MEND)
