"""The text of a query -> its parameters, in UTF-8, and back (FHIR R4 http.html#general; RFC 3986
2.5). Pure.
"""

from urllib.parse import parse_qsl, urlencode

from records.fhir.issues import Issue, Malformed

Pairs = list[tuple[str, str]]
FORMAT_PARAMETERS = ("_format", "_pretty")  # how the answer is written, not what is asked


def parse_query(text: str) -> Pairs:
    """In the order of the text, empty ones too. Raises Malformed for percent-encoded bytes that
    are not UTF-8: what they mean in another coding is never guessed.
    """
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise Malformed(
            Issue(
                "value",
                "The parameters are not UTF-8: percent-encode them as UTF-8, not as GBK or"
                " Latin-1.",
            )
        ) from error


def decode_utf8(text: str, where: str) -> str:
    """What came over HTTP byte for byte (as WSGI gives it), in UTF-8; where: for the message.
    Raises Malformed.
    """
    try:
        return text.encode("latin-1").decode()
    except UnicodeError as error:
        raise Malformed(
            Issue(
                "value",
                f"{where} is not UTF-8: send it in UTF-8, or percent-encode it as UTF-8.",
                where,
            )
        ) from error


def build_link(address: str, kept_pairs: Pairs, **instead: str) -> str:
    """An address with its parameters, for a Bundle's links; instead: those that another one
    replaces. A comma stands as it is, for it separates values (RFC 3986 2.2).
    """
    pairs = [(k, v) for k, v in kept_pairs if k not in instead] + list(instead.items())
    return f"{address}?{urlencode(pairs, safe=',')}" if pairs else address
