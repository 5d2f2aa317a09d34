"""A GET inside a Bundle: read, vread, history, a search or a patient's everything, as its url says."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from records.fhir.issues import Issue, NotSupported
from records.interactions import everything, history, read, search
from records.interactions.ask import Answer, Ask


def get(ask: Ask, address: Any) -> Answer:
    url = urlsplit(str(address))
    pairs = parse_qsl(url.query, keep_blank_values=True)
    match [p for p in url.path.split("/") if p]:
        case []:
            return search.search(ask, "", pairs)
        case ["Patient", fhir_id, "$everything"]:
            return everything.everything(ask, fhir_id, pairs)
        case [name] if name[:1].isupper():
            return search.search(ask, name, pairs)
        case [name, "_history"] if name[:1].isupper():
            return history.versions(ask, name, None, pairs)
        case [name, fhir_id, "_history"]:
            return history.versions(ask, name, fhir_id, pairs)
        case [name, fhir_id, "_history", version] if not pairs:
            return read.vread(ask, name, fhir_id, version)
        case [name, fhir_id] if not pairs and not fhir_id.startswith(("$", "_")):
            return read.read(ask, name, fhir_id)
    raise NotSupported(Issue("not-supported", "A GET in a Bundle is Type/id, Type/id/_history, Type/id/_history/version, Type?… or Patient/id/$everything.", "request.url"))
