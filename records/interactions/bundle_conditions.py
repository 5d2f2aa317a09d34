"""Which resources the conditions of a transaction's entries mean; one resource, one entry (FHIR
R4 http.html#trules).
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from consent.terms import Scope
from records.fhir.base_address import normalize_address
from records.fhir.issues import (
    Issue,
    Malformed,
    NotFound,
    Problem,
    TooLarge,
    Unprocessable,
    truncate_issues,
)
from records.fhir.limits import CONDITIONS, ISSUES
from records.fhir.link_elements import TEMPORARY
from records.interactions.bundle_entries import READ_METHODS, BundleEntry
from records.interactions.condition import (
    canonicalize_condition,
    find_conditional_match,
    list_identifier_forms,
    parse_identifier_condition,
)


def resolve_entry_conditions(
    scope: Scope,
    address: str,
    entries: list[BundleEntry],
    entries_by_url: Mapping[str, BundleEntry],
) -> None:
    """Give each entry with a condition the resource that it means. A condition may name other
    entries by their fullUrl; those are identified first. Raises Problem where entries mean the same
    resource.
    """
    unresolved = [
        entry for entry in entries if entry.condition and entry.method not in READ_METHODS
    ]
    check_condition_count(len(unresolved))
    while unresolved:
        unresolved_entries = {id(entry) for entry in unresolved}
        ready = [
            entry
            for entry in unresolved
            if not any(
                id(entries_by_url[name]) in unresolved_entries and entries_by_url[name] is not entry
                for name in find_full_urls_in_condition(entry, entries_by_url)
            )
        ]
        if not ready:
            raise Unprocessable(
                Issue(
                    "processing",
                    "The conditions of these entries wait for each other: give one of them an id or"
                    " another condition.",
                    f"{unresolved[0].place}.request",
                )
            )
        for entry in ready:
            entry.condition = urlencode(
                [
                    (name, fill_in_resolved_ids(value, entries_by_url, entry))
                    for name, value in parse_qsl(entry.condition, keep_blank_values=True)
                ]
            )
        for entry in sorted(
            ready,
            key=lambda entry: canonicalize_condition(entry.type_name, entry.condition, address),
        ):
            resolve_entry_condition(
                scope, entry, address
            )  # in one order, so that two writers with the same conditions never wait in a circle
        resolved_entries = {id(entry) for entry in ready}
        unresolved = [entry for entry in unresolved if id(entry) not in resolved_entries]
    check_distinct_entries(entries, address)


def check_condition_count(conditions: int) -> None:
    """Raises TooLarge: each is a search."""
    if conditions > CONDITIONS:
        raise TooLarge(
            Issue(
                "too-costly",
                f"The Bundle has more than {CONDITIONS} conditions and conditional references: send"
                " it in parts.",
            )
        )


def find_full_urls_in_condition(
    entry: BundleEntry, entries_by_url: Mapping[str, BundleEntry]
) -> list[str]:
    """The fullUrls of entries that a condition names."""
    return [
        full_url
        for _, value in parse_qsl(entry.condition, keep_blank_values=True)
        for part in value.split(",")
        if (full_url := normalize_address(part)) in entries_by_url
    ]


def fill_in_resolved_ids(
    value: str, entries_by_url: Mapping[str, BundleEntry], entry: BundleEntry
) -> str:
    """A parameter's value with the resolved id in place of each fullUrl. Raises Unprocessable
    for a temporary address that no entry has.
    """
    parts = value.split(",")
    for part in map(normalize_address, parts):
        if (
            part not in entries_by_url and part.startswith(TEMPORARY) and "|" not in part
        ):  # with a bar it is the system of an identifier or code
            raise Unprocessable(
                Issue(
                    "not-found",
                    "No entry of this Bundle has the fullUrl that the condition names: add the"
                    " entry, or correct the condition.",
                    f"{entry.place}.request",
                )
            )
        if part in entries_by_url and entries_by_url[part] is entry:
            raise Unprocessable(
                Issue(
                    "processing",
                    "The condition names its own entry, whose id it is to find: take that out.",
                    f"{entry.place}.request",
                )
            )
    return ",".join(
        "/".join(entries_by_url[full_url].key)
        if (full_url := normalize_address(part)) in entries_by_url
        else part
        for part in parts
    )


def resolve_entry_condition(scope: Scope, entry: BundleEntry, address: str) -> None:
    """Give an entry with a condition the resource that it means."""
    try:
        matched_id = find_conditional_match(scope, entry.type_name, entry.condition, address)
    except Problem as problem:
        raise problem.with_path_prefix(f"{entry.place}.request") from problem
    if matched_id is None:
        if entry.method == "PATCH":
            raise NotFound(
                Issue(
                    "not-found",
                    f"No {entry.type_name} fits the condition.",
                    f"{entry.place}.request.url",
                )
            )
        entry.matched_nothing = entry.method == "PUT"
        return
    if entry.method == "POST":
        entry.already_exists = True
    elif entry.method == "PUT" and entry.resource.get("id") not in (None, matched_id):
        raise Malformed(
            Issue(
                "value",
                f"The condition finds {entry.type_name}/{matched_id}, the resource has another id:"
                " leave it"
                " out, or correct it.",
                f"{entry.place}.resource.id",
            )
        )
    entry.fhir_id = matched_id


def check_distinct_entries(entries: list[BundleEntry], address: str) -> None:
    """One resource, one entry, whether an id or a condition names it; one fullUrl, one entry;
    what is not there yet is made once (FHIR R4: else the transaction fails).
    """
    place_by_identity: dict[str, str] = {}
    issues = []
    for entry in entries:
        if entry.method in READ_METHODS:
            continue
        canonical_condition = (
            canonicalize_condition(entry.type_name, entry.condition, address)
            if entry.condition and entry.method in ("POST", "PUT") and not entry.already_exists
            else ""
        )
        for identity in filter(
            None, (normalize_address(entry.full_url), canonical_condition, "/".join(entry.key))
        ):
            if identity in place_by_identity and place_by_identity[identity] != entry.place:
                issues.append(
                    Issue(
                        "duplicate",
                        f"{place_by_identity[identity]} means the same resource: a transaction may"
                        " name each only"
                        " once.",
                        entry.place,
                    )
                )
            place_by_identity.setdefault(identity, entry.place)
    if issues:
        raise Malformed(*truncate_issues(issues, ISSUES))


def check_no_twins(entries: list[BundleEntry]) -> None:
    """What a condition has not found, and so is written, is the only one that it will find:
    another entry that brings the same number would be its twin, and both would stand in each
    other's way the next time. Looked at by identifiers. Raises Malformed.
    """
    issues, entries_by_identifier = [], dict[tuple[str, str], list[BundleEntry]]()
    for entry in entries:
        for identifier_form in list_identifier_forms(entry.resource) if entry.writes else ():
            entries_by_identifier.setdefault((entry.type_name, identifier_form), []).append(entry)
    for entry in entries:
        wanted_identifiers = (
            parse_identifier_condition(entry.condition)
            if entry.condition
            and entry.writes
            and (entry.matched_nothing or entry.method == "POST")
            else None
        )
        others = {
            id(other): other
            for identifier_form in wanted_identifiers or ()
            for other in entries_by_identifier.get((entry.type_name, identifier_form), ())
            if other is not entry
        }
        for other in others.values():
            if len(issues) < ISSUES:
                issues.append(
                    Issue(
                        "duplicate",
                        f"The condition of {entry.place} fits this one, too: a transaction may name"
                        " each only once.",
                        other.place,
                    )
                )
    if issues:
        raise Malformed(*truncate_issues(issues, ISSUES))
