"""What references and links mean in a batch, whose entries stand alone (FHIR R4 http.html#batch): none means another entry, what another server's entry refers to gets its absolute
address there, and what could mean two things is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from records.fhir import links
from records.fhir.base_address import elsewhere, relative, spelled
from records.fhir.issues import Issue, Unprocessable, first
from records.fhir.limits import ISSUES
from records.fhir.reference_forms import Form, form_of
from records.fhir.references import RELATIVE, place, walk
from records.interactions.about import root_of
from records.interactions.bundle_references import ELSEWHERE, Unclear


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The other entries of a batch. urls: all fullUrls; twins: {(type, id): place} of entries whose resource or fullUrl has an id that they do not get here."""

    urls: frozenset[str]
    twins: Mapping[tuple[str, str], str]


def neighbours(entries: Sequence[Any]) -> Neighbours:
    urls, twins = set(), dict[tuple[str, str], str]()
    for i, raw in enumerate(entries):
        if not isinstance(raw, dict) or not isinstance(raw.get("resource"), dict):
            continue
        full_url, resource, asked = str(raw.get("fullUrl") or ""), raw["resource"], raw.get("request")
        urls.add(spelled(full_url))
        ids = {full_url.rpartition("/")[2] if root_of(full_url) else ""}
        if isinstance(asked, dict) and asked.get("method") == "POST":
            ids.add(str(resource.get("id") or ""))
        kept = str(asked.get("url") or "").rpartition("/")[2] if isinstance(asked, dict) and asked.get("method") != "POST" else ""
        for fhir_id in ids - {"", kept}:
            twins.setdefault((str(resource.get("resourceType")), fhir_id), f"Bundle.entry[{i}]")
    return Neighbours(frozenset(urls - {""}), twins)


def in_batch(resource: Any, full_url: str, address: str, others: Neighbours) -> None:
    """Write the references and links of an entry's resource as what they mean, in place. Raises Unprocessable."""
    issues, root = [], root_of(full_url)
    root = root if root and elsewhere(root, address) else ""
    for found in walk(resource):
        try:
            found.node["reference"] = alone(found.node["reference"], root, address, others, True)
        except Unclear as unclear:
            issues.append(Issue("value", str(unclear), place(resource, found.node, "resource") + ".reference"))
    try:
        links.rewrite(resource, lambda text, kind: text if kind == "system" or text == full_url else alone(text, root, address, others, False))
    except Unclear as unclear:
        issues.append(Issue("value", str(unclear), "resource"))
    if issues:
        raise Unprocessable(*first(issues, ISSUES))


def alone(text: str, root: str, address: str, others: Neighbours, reference: bool) -> str:
    """What a reference, or a link, means where no other entry is meant. root: of the other server that the entry comes from. Raises Unclear."""
    bare = text.partition("/_history/")[0]
    m = RELATIVE.fullmatch(text)
    whole = f"{root}/{bare}" if root and m else bare
    if spelled(whole) in others.urls and (reference or m or text.startswith(links.TEMPORARY)) and form_of(relative(whole, address)) is not Form.LOCAL:
        raise Unclear("Entries of a batch do not refer to each other: send a transaction.")
    if m is None or not (reference or links.is_local(text)):
        return text
    key = (m.group(1), m.group(2))
    if root and reference and key[0] == "Patient":
        raise Unclear(ELSEWHERE.format(root=root, text=bare, type="Patient"))
    if not root and key in others.twins:
        raise Unclear(f"{bare} may mean {others.twins[key]} or what this store has under that id: send a transaction, and refer to the entry by its fullUrl.")
    return f"{root}/{text}" if root else text
