"""Read CodeSystems, ValueSets and ConceptMaps from the caller's own store, for one request (FHIR R4
terminology-service.html).
"""

from typing import Any

from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir.issues import Issue, NotFound, NotSupported, TooLarge, Unprocessable
from records.fhir.json_codec import parse_json
from records.fhir.operation_outcome import ABSENT
from records.requests.fhir_request import FhirRequest, build_fhir_request, request_own_access
from records.search.escapes import escape_value
from records.search.parse import parse_search
from records.search.search_plan import plan_search
from records.store import resource_query, search_query
from records.terminology.code_system import BadFilter, Concept, list_concepts
from records.terminology.expand import (
    ExpansionTooCostly,
    NotLoaded,
    ValueSetMember,
    compute_expansion,
)

Json = dict[str, Any]
Pairs = list[tuple[str, str]]

CODE_SYSTEM_TYPES, VALUE_SET_TYPES = ("CodeSystem",), ("ValueSet", "CodeSystem")


class StoreTerminology:
    """The terminology of one hospital's store, for one request; each resource is read once.
    types: those that it may have to look into.
    """

    def __init__(self, fhir_request: FhirRequest, target: str, types: tuple[str, ...]) -> None:
        self.fhir_request = build_fhir_request(
            fhir_request.principal, fhir_request.principal.hospital, fhir_request.root
        )
        self.scope: Scope = gate.authorize_access(
            request_own_access(
                self.fhir_request, EventCode.RECORD_READ, target, need=ScopeNeed("r", types)
            )
        )
        self.resources: dict[tuple[str, str], Json | None] = {}

    def find_by_url(self, type_name: str, url: str) -> Json | None:
        """The newest with the url, or url|version; active ones first."""
        if (type_name, url) not in self.resources:
            bare_url, _, version = url.partition("|")
            request = parse_search(
                [type_name],
                [
                    ("url", escape_value(bare_url)),
                    *([("version", escape_value(version))] if version else []),
                ],
            )
            resources = [
                parse_json(r.body)
                for r in search_query.fetch_page(
                    self.scope, plan_search(request, self.fhir_request.hospital_id, None)
                )
            ]
            resources.sort(key=lambda r: r.get("status") != "active")
            self.resources[type_name, url] = resources[0] if resources else None
        return self.resources[type_name, url]

    def read_by_id(self, type_name: str, fhir_id: str) -> Json:
        row = resource_query.fetch_current(
            self.scope, self.fhir_request.hospital_id or 0, type_name, fhir_id
        )
        if row is None or row.deleted:
            raise NotFound(ABSENT)
        return parse_json(row.body)  # type: ignore[no-any-return]

    def find_value_set(self, name: str) -> Json:
        """By url, or by ValueSet/id. Raises NotFound."""
        value_set = (
            self.read_by_id("ValueSet", name.removeprefix("ValueSet/"))
            if name.startswith("ValueSet/")
            else self.find_by_url("ValueSet", name)
        )
        if value_set is None:
            raise NotFound(
                Issue(
                    "not-found",
                    f"The value set {name[:200]} is not loaded here: PUT it into this store first.",
                )
            )
        return value_set

    def load_code_system(self, url: str) -> dict[str, Concept]:
        code_system = self.find_by_url("CodeSystem", url)
        if code_system is None:
            raise NotFound(
                Issue(
                    "not-found",
                    f"The code system {url[:200]} is not loaded here: PUT it into this store"
                    " first.",
                )
            )
        return list_concepts(code_system)

    def expand_members(
        self, value_set: Json, language: str = ""
    ) -> dict[tuple[str, str], ValueSetMember]:
        try:
            return compute_expansion(value_set, self.find_by_url, language)
        except NotLoaded as error:
            raise Unprocessable(
                Issue("not-found", f"The value set cannot be expanded: {error}.")
            ) from error
        except ExpansionTooCostly as error:
            raise TooLarge(
                Issue("too-costly", f"The value set cannot be expanded: {error}.")
            ) from error
        except BadFilter as error:
            raise NotSupported(
                Issue("not-supported", f"The value set cannot be expanded: {error}.")
            ) from error
