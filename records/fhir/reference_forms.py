"""TABLE form of a literal reference -> what it means in a resource that stands in a store of its
own (FHIR R4 references.html#literal). Pure.

A store is told of its own things as Type/id or by their absolute address here; of things elsewhere
by http(s). All else has no meaning outside of a Bundle, and is refused: a record that is stored
with it would belong to nobody.
"""

import re
from enum import StrEnum, auto

from records.fhir.resource_references import RELATIVE
from records.fhir.resource_types import TYPES, load_definition_table


class ReferenceForm(StrEnum):
    LOCAL = auto()  # Type/id, with a version or without
    CONTAINED = auto()  # #id
    FOREIGN = auto()  # http(s)://another server/...
    TEMPORARY = auto()  # urn:uuid: or urn:oid:, of an entry of a Bundle
    CONDITIONAL = auto()  # Type?parameter=value
    NONE = auto()


ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*")
SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?(\S.*)")
FORM_FAULTS = {
    ReferenceForm.TEMPORARY: (
        "A urn: names an entry of a transaction's Bundle, and here is none with this fullUrl: write"
        " Type/id of what it means, or send both in one transaction."
    ),
    ReferenceForm.CONDITIONAL: (
        "A condition in place of a reference is taken in a transaction only: write Type/id, or send"
        " a Bundle of type transaction."
    ),
}
HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(\./|\.\./|/)+[A-Z][A-Za-z]+/.*"),
        "A reference begins with the type: leave out what stands before it.",
    ),
    (
        re.compile(r"[A-Z][A-Za-z]+/[^/]+(/_history/[^/]+)?#.*"),
        "A reference leads to a whole resource: leave out what stands behind #.",
    ),
    (re.compile(r"[^/\s]+"), "This is an id alone: write the type before it, such as Patient/id."),
    (
        re.compile(r"[a-z][A-Za-z]+/[^/]+"),
        "Types are written with a capital letter, such as Patient/id.",
    ),
)
MEND = (
    "Write Type/id for what is in this store, #id for what the resource contains, or the absolute"
    " address (http or https) of what is elsewhere."
)


def classify_reference(text: str) -> ReferenceForm:
    """Of a reference whose own absolute address has been taken off."""
    if text.startswith("#"):
        return ReferenceForm.CONTAINED
    if m := RELATIVE.fullmatch(text):
        return (
            ReferenceForm.LOCAL
            if m.group(1) in TYPES or m.group(1) in load_definition_table("targets")["*"]
            else ReferenceForm.NONE
        )
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return ReferenceForm.TEMPORARY
    if SEARCH.fullmatch(text):
        return ReferenceForm.CONDITIONAL
    return ReferenceForm.FOREIGN if ADDRESS.fullmatch(text) else ReferenceForm.NONE


def reference_form_fault(text: str) -> str:
    """Why a reference is not taken where it stands, with advice on how to fix it; "" where it
    is.
    """
    form = classify_reference(text)
    if form is not ReferenceForm.NONE:
        return FORM_FAULTS.get(form, "")
    if m := RELATIVE.fullmatch(text):
        return f"FHIR R4 has no resource type {m.group(1)}: correct it."
    return next((says for pattern, says in HINTS if pattern.fullmatch(text)), MEND)
