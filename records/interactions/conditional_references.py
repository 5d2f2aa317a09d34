"""Conditional references of a transaction: Type?condition in place of Type/id. They mean what fits once the transaction has done its work (FHIR R4 http.html#trules)."""

from consent.terms import Scope
from records.fhir.issues import Issue, NotSupported, PreconditionFailed, Unprocessable
from records.fhir.reference_forms import SEARCH
from records.fhir.types import TYPES
from records.interactions.bundle_conditions import must_be_few
from records.interactions.bundle_entries import Entry
from records.interactions.condition import forms, matching, numbers


class ConditionalReferences:
    """Each condition is looked up once. What the transaction itself writes is looked at by its identifiers; other conditions on such a type are refused."""

    def __init__(self, scope: Scope, address: str, entries: list[Entry]) -> None:
        self.scope, self.address, self.known = scope, address, {}  # type: tuple[Scope, str, dict[str, str]]
        self.others = sum(bool(e.condition) for e in entries)
        self.changed: dict[str, list[Entry]] = {}
        for e in entries:
            if e.method == "DELETE" or e.writes:
                self.changed.setdefault(e.type_name, []).append(e)

    def resolve(self, text: str) -> str:
        """Type/id of the one resource that fits. Raises Problem where none does, or several."""
        if text not in self.known:
            must_be_few(self.others + len(self.known) + 1)
            m = SEARCH.fullmatch(text)
            if m is None or m.group(1) not in TYPES:
                raise Unprocessable(Issue("not-supported", "This type is not hosted here: correct the reference."))
            self.known[text] = f"{m.group(1)}/{self.one(m.group(1), m.group(2))}"
        return self.known[text]

    def one(self, type_name: str, query: str) -> str:
        entries = self.changed.get(type_name, [])
        wanted = numbers(query)
        if entries and wanted is None:
            raise NotSupported(Issue("not-supported", f"This Bundle writes {type_name} as well: refer to it by the entry's fullUrl, or give the condition as identifier=system|value alone."))
        there = matching(self.scope, type_name, query, self.address)
        found = {e.fhir_id for e in entries if e.writes and e.method != "PATCH" and wanted and wanted & forms(e.resource)}
        if there and there not in {e.fhir_id for e in entries if e.method != "PATCH"}:
            found.add(there)
        if len(found) > 1:
            raise PreconditionFailed(Issue("multiple-matches", f"More than one {type_name} fits the condition: make it narrower."))
        if not found:
            raise Unprocessable(Issue("not-found", f"No {type_name} in this store or in this Bundle fits the condition: send it first."))
        return found.pop()
