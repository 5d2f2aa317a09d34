"""What an entry of a Bundle asks for: its request.url, below this base (FHIR R4
bundle.html#Bundle.entry.request.url).
"""

import re
from urllib.parse import urlsplit

from records.fhir.base_address import make_relative
from records.fhir.issues import Issue, Malformed

FORBIDDEN_CHARACTERS = re.compile(
    r"[#\x00-\x1f\x7f]"
)  # a fragment, and what urlsplit takes out without a word
ABSOLUTE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


def parse_entry_url(url: str, address: str) -> tuple[list[str], str]:
    """(the steps of the path, the query). Raises Malformed for an address elsewhere, and for one
    of which reading would lose the end: what is left of a condition would mean another resource
    (RFC 3986 3.5).
    """
    if FORBIDDEN_CHARACTERS.search(url):
        raise Malformed(
            Issue(
                "value",
                "In a url # and control characters are percent-encoded, such as %23 for #.",
                "request.url",
            )
        )
    relative = make_relative(url, address) if address else url
    if ABSOLUTE_URL.match(relative.partition("?")[0]):
        raise Malformed(
            Issue(
                "value",
                "The url leads to another place than this base: write it as Type, Type/id or"
                " Type?condition.",
                "request.url",
            )
        )
    split_url = urlsplit(relative)
    return [p for p in split_url.path.split("/") if p], split_url.query
