"""A GET inside a Bundle: read, vread, history, a search or a patient's everything, as its url
says.
"""

from dataclasses import replace

import orjson

from records.capability import capability_statement
from records.fhir.issues import Issue, NotSupported, TooLarge
from records.fhir.limits import READ_BYTES, READS
from records.fhir.media_types import require_json_format
from records.fhir.query_string import FORMAT_PARAMETERS, parse_query
from records.interactions import everything, history, read, search
from records.interactions.entry_url import parse_entry_url
from records.interactions.preconditions import Preconditions, is_not_modified
from records.requests.fhir_request import FhirRequest, FhirResponse


class BundleReads:
    """The GETs of one Bundle: the same one is asked once while nothing is written between, and
    all together cost no more than they may.
    """

    def __init__(self, fhir_request: FhirRequest) -> None:
        self.fhir_request = fhir_request
        self.responses: dict[str, FhirResponse] = {}
        self.cost, self.size = 0, 0

    def get(self, address: str) -> FhirResponse:
        """Raises TooLarge for what is too much, and for whatever comes after it."""
        if address not in self.responses:
            self.cost += estimate_read_cost(address)
            self.check_limits()
            self.responses[address] = answer_bundle_get(self.fhir_request, address)
        self.size += len(self.responses[address].body)
        self.check_limits()
        return self.responses[address]

    def respond(self, method: str, address: str, preconditions: Preconditions) -> FhirResponse:
        """To GET or HEAD, under preconditions."""
        response = self.get(address)
        if response.version and is_not_modified(
            preconditions, response.version, response.last_updated
        ):
            return replace(response, status=304, body=b"")
        return replace(response, body=b"") if method == "HEAD" else response

    def check_limits(self) -> None:
        if self.cost > READS or self.size > READ_BYTES:
            raise TooLarge(
                Issue(
                    "too-costly",
                    f"The GETs of this Bundle cost more than {READS} searches, or are answered with"
                    f" more than {READ_BYTES // 1048576} MiB: ask for this one, and for those"
                    " behind it, in another.",
                    "request.url",
                )
            )

    def forget_answers(self) -> None:
        """Something was written: what was read may have changed."""
        self.responses.clear()


def estimate_read_cost(address: str) -> int:
    """In searches: what looks at more than a type's index, or at everything of somebody, counts
    for several.
    """
    path = address.partition("?")[0]
    parts = [p for p in path.split("/") if p]
    if len(parts) == 1:
        return 1
    return 5 if not parts or parts[-1] in ("$everything", "_history") else 0


def wrap_raw_json(body: bytes) -> orjson.Fragment:
    """A stored body or a Bundle as a part of an answer, without reading it."""
    return orjson.Fragment(body)


def answer_bundle_get(fhir_request: FhirRequest, address: str) -> FhirResponse:
    parts, query = parse_entry_url(address, fhir_request.base_url)
    pairs = parse_query(query)
    for format_value in (v for k, v in pairs if k == "_format"):
        require_json_format(format_value)
    unfiltered = not [k for k, _ in pairs if k not in FORMAT_PARAMETERS]
    match parts:
        case []:
            return search.search_resources(fhir_request, "", pairs)
        case ["metadata"]:
            return FhirResponse(200, capability_statement(fhir_request.base, fhir_request.root))
        case ["Patient", fhir_id, "$everything"]:
            return everything.read_everything(fhir_request, fhir_id, pairs)
        case [name] if name[:1].isupper():
            return search.search_resources(fhir_request, name, pairs)
        case [name, "_history"] if name[:1].isupper():
            return history.read_history(fhir_request, name, None, pairs)
        case [name, fhir_id, "_history"]:
            return history.read_history(fhir_request, name, fhir_id, pairs)
        case [name, fhir_id, "_history", version] if unfiltered:
            return read.read_version(fhir_request, name, fhir_id, version)
        case [name, fhir_id] if unfiltered and not fhir_id.startswith(("$", "_")):
            return read.read_resource(fhir_request, name, fhir_id)
    raise NotSupported(
        Issue(
            "not-supported",
            "A GET in a Bundle is metadata, Type/id, Type/id/_history, Type/id/_history/version,"
            " Type?… or Patient/id/$everything.",
            "request.url",
        )
    )
