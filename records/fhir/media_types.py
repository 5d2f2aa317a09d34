"""The media types in which resources come and go: JSON alone (FHIR R4 http.html#mime-type).
Pure.
"""

from records.fhir.issues import Issue, NotAcceptable

VERSIONS = ("4.0", "4.0.1", "4")  # of FHIR, as the parameter fhirVersion says them
NAMES = ("json", "application/json", "application/fhir+json", "text/json")
LINES = ("ndjson", "application/ndjson", "application/fhir+ndjson")
WILD = ("*/*", "application/*", "text/*")
FOREIGN = Issue(
    "not-supported", "Only JSON is served: send Accept: application/fhir+json, or _format=json."
)


def parse_media_type(text: str) -> tuple[str, dict[str, str]]:
    """A media type and its parameters. A plus that was not escaped in an address arrives as a
    blank.
    """
    name, *more = text.split(";")
    pairs = (p.partition("=") for p in more)
    return name.strip().lower().replace(" ", "+"), {
        k.strip().lower(): v.strip().strip('"').lower() for k, _, v in pairs
    }


def is_served_type(text: str, names: tuple[str, ...]) -> bool:
    name, more = parse_media_type(text)
    return (
        name in names
        and more.get("fhirversion", VERSIONS[0]) in VERSIONS
        and more.get("q", "1").rstrip("0") not in ("", "0.")
    )


def require_json_format(text: str) -> None:
    """_format, which wins over Accept; empty, it says nothing. Raises NotAcceptable."""
    if text and not is_served_type(text, (*NAMES, *LINES)):
        raise NotAcceptable(FOREIGN)


def require_json_accept(accept: str) -> None:
    """Raises NotAcceptable unless one of the media types that a client names will do."""
    if accept.strip() and not any(
        is_served_type(part, (*NAMES, *LINES, *WILD)) for part in accept.split(",")
    ):
        raise NotAcceptable(FOREIGN)
