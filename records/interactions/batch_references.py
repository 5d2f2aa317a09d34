"""What references and links mean in a batch, whose entries stand alone (FHIR R4
http.html#batch): none means another entry, what another server's entry refers to gets its absolute
address there, and what could mean two things is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from records.fhir import link_elements
from records.fhir.base_address import is_foreign_base, make_relative, normalize_address
from records.fhir.issues import Issue, Unprocessable, truncate_issues
from records.fhir.limits import ISSUES
from records.fhir.reference_forms import ReferenceForm, classify_reference
from records.fhir.resource_references import RELATIVE, find_references, path_of_node
from records.ingest.subject_patient import parse_full_url_root
from records.interactions.bundle_references import TARGET_NOT_IN_BUNDLE, UnclearReference


@dataclass(frozen=True, slots=True)
class OtherEntries:
    """The other entries of a batch. urls: all fullUrls; twins: {(type, id): place} of entries
    whose resource or fullUrl has an id that they do not get here.
    """

    urls: frozenset[str]
    sender_ids: Mapping[tuple[str, str], str]


def collect_other_entries(entries: Sequence[Any]) -> OtherEntries:
    urls, sender_ids = set(), dict[tuple[str, str], str]()
    for i, raw_entry in enumerate(entries):
        if not isinstance(raw_entry, dict) or not isinstance(raw_entry.get("resource"), dict):
            continue
        full_url, resource, request = (
            str(raw_entry.get("fullUrl") or ""),
            raw_entry["resource"],
            raw_entry.get("request"),
        )
        urls.add(normalize_address(full_url))
        entry_sender_ids = {full_url.rpartition("/")[2] if parse_full_url_root(full_url) else ""}
        if isinstance(request, dict) and request.get("method") == "POST":
            entry_sender_ids.add(str(resource.get("id") or ""))
        own_id = (
            str(request.get("url") or "").rpartition("/")[2]
            if isinstance(request, dict) and request.get("method") != "POST"
            else ""
        )
        for fhir_id in entry_sender_ids - {"", own_id}:
            sender_ids.setdefault(
                (str(resource.get("resourceType")), fhir_id), f"Bundle.entry[{i}]"
            )
    return OtherEntries(frozenset(urls - {""}), sender_ids)


def rewrite_batch_references(
    resource: Any, full_url: str, address: str, others: OtherEntries
) -> None:
    """Write the references and links of an entry's resource as what they mean, in place. Raises
    Unprocessable.
    """
    issues, sender_root = [], parse_full_url_root(full_url)
    sender_root = sender_root if sender_root and is_foreign_base(sender_root, address) else ""
    for reference in find_references(resource):
        try:
            reference.node["reference"] = resolve_batch_link(
                reference.node["reference"], sender_root, address, others, True
            )
        except UnclearReference as unclear:
            issues.append(
                Issue(
                    "value",
                    str(unclear),
                    path_of_node(resource, reference.node, "resource") + ".reference",
                )
            )
    try:
        link_elements.rewrite_links(
            resource,
            lambda text, kind: (
                text
                if kind == "system" or text == full_url
                else resolve_batch_link(text, sender_root, address, others, False)
            ),
        )
    except UnclearReference as unclear:
        issues.append(Issue("value", str(unclear), "resource"))
    if issues:
        raise Unprocessable(*truncate_issues(issues, ISSUES))


def resolve_batch_link(
    text: str, sender_root: str, address: str, others: OtherEntries, is_reference: bool
) -> str:
    """What a reference, or a link, means where no other entry is meant. sender_root: of the other
    server that the entry comes from. Raises Unclear.
    """
    unversioned = text.partition("/_history/")[0]
    type_and_id = RELATIVE.fullmatch(text)
    address_at_sender = (
        f"{sender_root}/{unversioned}" if sender_root and type_and_id else unversioned
    )
    if (
        normalize_address(address_at_sender) in others.urls
        and (is_reference or type_and_id or text.startswith(link_elements.TEMPORARY))
        and classify_reference(make_relative(address_at_sender, address)) is not ReferenceForm.LOCAL
    ):
        raise UnclearReference("Entries of a batch do not refer to each other: send a transaction.")
    if type_and_id is None or not (is_reference or link_elements.is_local_address(text)):
        return text
    key = (type_and_id.group(1), type_and_id.group(2))
    if sender_root and is_reference and key[0] == "Patient":
        raise UnclearReference(
            TARGET_NOT_IN_BUNDLE.format(root=sender_root, text=unversioned, type="Patient")
        )
    if not sender_root and key in others.sender_ids:
        raise UnclearReference(
            f"{unversioned} may mean {others.sender_ids[key]} or what this store has under that"
            " id: send a"
            " transaction, and refer to the entry by its fullUrl."
        )
    return f"{sender_root}/{text}" if sender_root else text
