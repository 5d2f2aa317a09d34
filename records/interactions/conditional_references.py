"""Conditional references of a transaction: Type?condition in place of Type/id. They mean what
fits once the transaction has done its work (FHIR R4 http.html#trules).
"""

from consent.terms import Scope
from records.fhir.issues import Issue, NotSupported, PreconditionFailed, Unprocessable
from records.fhir.reference_forms import SEARCH
from records.fhir.resource_types import TYPES
from records.interactions.bundle_conditions import check_condition_count
from records.interactions.bundle_entries import BundleEntry
from records.interactions.condition import (
    find_conditional_match,
    list_identifier_forms,
    parse_identifier_condition,
)


class ConditionalReferenceResolver:
    """Each condition is looked up once. What the transaction itself writes is looked at by its
    identifiers; other conditions on such a type are refused.
    """

    def __init__(self, scope: Scope, address: str, entries: list[BundleEntry]) -> None:
        self.scope, self.address, self.targets_by_condition = (
            scope,
            address,
            {},
        )  # type: tuple[Scope, str, dict[str, str]]
        self.entry_conditions = sum(bool(entry.condition) for entry in entries)
        self.written_entries: dict[str, list[BundleEntry]] = {}
        for entry in entries:
            if entry.method == "DELETE" or entry.writes:
                self.written_entries.setdefault(entry.type_name, []).append(entry)

    def resolve(self, text: str) -> str:
        """Type/id of the one resource that fits. Raises Problem where none does, or several."""
        if text not in self.targets_by_condition:
            check_condition_count(self.entry_conditions + len(self.targets_by_condition) + 1)
            type_and_query = SEARCH.fullmatch(text)
            if type_and_query is None or type_and_query.group(1) not in TYPES:
                raise Unprocessable(
                    Issue("not-supported", "This type is not hosted here: correct the reference.")
                )
            type_name, query = type_and_query.groups()
            self.targets_by_condition[text] = f"{type_name}/{self.find_target_id(type_name, query)}"
        return self.targets_by_condition[text]

    def find_target_id(self, type_name: str, query: str) -> str:
        entries = self.written_entries.get(type_name, [])
        wanted_identifiers = parse_identifier_condition(query)
        if entries and wanted_identifiers is None:
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"This Bundle writes {type_name} as well: refer to it by the entry's fullUrl,"
                    " or give the condition as identifier=system|value alone.",
                )
            )
        matched_id = find_conditional_match(self.scope, type_name, query, self.address)
        target_ids = {
            entry.fhir_id
            for entry in entries
            if entry.writes
            and entry.method != "PATCH"
            and wanted_identifiers
            and wanted_identifiers & list_identifier_forms(entry.resource)
        }
        if matched_id and matched_id not in {
            entry.fhir_id for entry in entries if entry.method != "PATCH"
        }:
            target_ids.add(matched_id)
        if len(target_ids) > 1:
            raise PreconditionFailed(
                Issue(
                    "multiple-matches",
                    f"More than one {type_name} fits the condition: make it narrower.",
                )
            )
        if not target_ids:
            raise Unprocessable(
                Issue(
                    "not-found",
                    f"No {type_name} in this store or in this Bundle fits the condition: send it"
                    " first.",
                )
            )
        return target_ids.pop()
