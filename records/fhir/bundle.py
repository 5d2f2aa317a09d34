"""Bundles from raw bytes: stored bodies are joined, never parsed (FHIR R4 bundle.html)."""

from collections.abc import Iterable, Sequence

from records.fhir.json_codec import dump_json


def build_entry(full_url: str, body: bytes | None, **parts: object) -> bytes:
    """One entry; parts (search, request, response) are small and made here."""
    out = b'{"fullUrl":' + dump_json(full_url)
    if body is not None:
        out += b',"resource":' + body
    for name, value in parts.items():
        out += b"," + dump_json(name) + b":" + dump_json(value)
    return out + b"}"


def build_bundle(
    kind: str, entries: Iterable[bytes], links: Sequence[tuple[str, str]], total: int | None = None
) -> bytes:
    """A Bundle of the kind (searchset, history, …); an empty one has no `entry`, as FHIR forbids
    empty arrays.
    """
    out = b'{"resourceType":"Bundle","type":' + dump_json(kind)
    if total is not None:
        out += b',"total":' + str(total).encode()
    if links:
        out += b',"link":' + dump_json([{"relation": r, "url": u} for r, u in links])
    joined = b",".join(entries)
    if joined:
        out += b',"entry":[' + joined + b"]"
    return out + b"}"
