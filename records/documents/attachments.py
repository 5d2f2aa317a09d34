"""The files of a document: in it, or a Binary of the same store that it names; nothing else is ever
fetched (FHIR R4 datatypes.html#Attachment). Pure.
"""

import base64
import re
from binascii import Error
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from records.fhir.base_address import make_relative

Json = dict[str, Any]
BINARY = re.compile(r"Binary/([A-Za-z0-9.-]{1,64})")


@dataclass(frozen=True, slots=True)
class Attachment:
    """number: from 1, as it stands in the document. data: what stands in it; binary: id of the
    Binary that it names instead; elsewhere: host of another server's address, which is told and
    never asked.
    """

    number: int
    title: str
    media: str
    data: bytes | None = None
    binary: str = ""
    elsewhere: str = ""
    created: str = ""


def list_attachments(resource: Json, base: str) -> list[Attachment]:
    """Of a DocumentReference its contents, of a DiagnosticReport its printed forms. base: address
    of the store, as senders know it: what is below it is the store's own.
    """
    found = [
        *(c.get("attachment") or {} for c in resource.get("content") or []),
        *(resource.get("presentedForm") or []),
    ]
    if resource.get("resourceType") not in ("DocumentReference", "DiagnosticReport"):
        return []
    return [read_attachment(n, a, base) for n, a in enumerate(found, 1)]


def read_attachment(number: int, a: Json, base: str) -> Attachment:
    data, url = decode_base64(a.get("data")), make_relative(str(a.get("url") or ""), base)
    own = BINARY.fullmatch(url) if data is None else None
    return Attachment(
        number,
        str(a.get("title") or ""),
        str(a.get("contentType") or ""),
        data,
        own[1] if own else "",
        host_of(url) if data is None and url and not own else "",
        str(a.get("creation") or ""),
    )


def decode_base64(text: Any) -> bytes | None:
    """The bytes of a base64Binary; None where there are none."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except Error:
        return None


def host_of(url: str) -> str:
    """Whose address it is, in words: a host, or what else it begins with."""
    try:
        found = urlsplit(url)
        return found.hostname or url[:60]
    except ValueError:
        return url[:60]
