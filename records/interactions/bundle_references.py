"""What references mean inside a Bundle that is sent to a base (FHIR R4 bundle.html#references,
http.html#trules).

An absolute one means the entry with that fullUrl. A relative one means, where its own entry's
fullUrl is [root]/Type/id, the entry with the fullUrl [root]/reference: the sender's Type/id,
whoever has that id in this store. Only an entry without such a root speaks of this store. What
could mean two things is refused.
"""

from collections.abc import Collection, Mapping

from consent.terms import Scope
from records.fhir import link_elements
from records.fhir.base_address import is_foreign_base, make_relative, normalize_address
from records.fhir.issues import Issue, Problem, Unprocessable, truncate_issues
from records.fhir.limits import ISSUES
from records.fhir.reference_forms import ReferenceForm, classify_reference
from records.fhir.resource_references import RELATIVE, find_references, path_of_node
from records.ingest.subject_patient import parse_full_url_root
from records.interactions.bundle_entries import READ_METHODS, BundleEntry
from records.interactions.conditional_references import ConditionalReferenceResolver
from records.store.rows import LockedRow

FULL_URL_MISSING = (
    "No entry of this Bundle has this fullUrl: add the entry, or correct the reference."
)
TARGET_NOT_IN_BUNDLE = (
    "The entry comes from {root}, and {text} there is not in this Bundle: add it. Where the {type}"
    " of this store is meant, write its absolute address here, or leave out the entry's fullUrl."
)
REFERENCE_AMBIGUOUS = (
    "{text} may mean {place} or what this store has under that id: refer to the entry by its"
    " fullUrl."
)
SYSTEM_TYPES = ("CodeSystem", "NamingSystem")  # what a system may mean
FETCHED_LINK_KINDS = ("url", "xhtml")


class UnclearReference(ValueError):
    """A reference that is not taken; says why, with advice on how to fix it."""


class ReferenceResolver:
    """Of one transaction. locked_rows: those that its entries replace."""

    def __init__(
        self,
        scope: Scope,
        address: str,
        entries: list[BundleEntry],
        entries_by_url: Mapping[str, BundleEntry],
        locked_rows: Mapping[tuple[str, str], LockedRow],
    ) -> None:
        self.address, self.entries_by_url, self.locked_rows = address, entries_by_url, locked_rows
        self.by_key = {entry.key: entry for entry in entries if entry.method not in READ_METHODS}
        self.by_sender_id = index_entries_by_sender_id(entries)
        self.conditional = ConditionalReferenceResolver(scope, address, entries)

    def resolve(self, entry: BundleEntry) -> list[Issue]:
        """Write each reference and temporary address of an entry's resource as what it means, in
        place; what is wrong with those that are not.
        """
        issues = []
        for reference in find_references(entry.resource):
            try:
                reference.node["reference"] = self.resolve_reference(
                    reference.node["reference"], entry
                )
            except UnclearReference as unclear:
                issues.append(
                    Issue(
                        "not-found",
                        str(unclear),
                        path_of_node(entry.resource, reference.node, f"{entry.place}.resource")
                        + ".reference",
                    )
                )
            except Problem as problem:
                placed_problem = problem.with_path_prefix(
                    path_of_node(entry.resource, reference.node, f"{entry.place}.resource")
                    + ".reference"
                )
                if not isinstance(problem, Unprocessable):
                    raise placed_problem from problem
                issues += placed_problem.issues
        try:
            link_elements.rewrite_links(
                entry.resource, lambda text, kind: self.resolve_link(text, kind, entry)
            )
        except UnclearReference as unclear:
            issues.append(Issue("not-found", str(unclear), f"{entry.place}.resource"))
        return issues

    def resolve_link(self, text: str, kind: str, entry: BundleEntry) -> str:
        """Resolve a link outside of references. Raises UnclearReference.

        An absolute address is replaced where something is to be fetched (url, a narrative): a
        ValueSet's canonical url is often its own fullUrl, and stays.
        """
        target = self.entries_by_url.get(normalize_address(text))
        if kind == "system":
            return (
                "/".join(target.key)
                if target
                and target.type_name in SYSTEM_TYPES
                and text.startswith(link_elements.TEMPORARY)
                else text
            )
        if target and (text.startswith(link_elements.TEMPORARY) or kind in FETCHED_LINK_KINDS):
            return "/".join(target.key)
        if not link_elements.is_local_address(text):
            return text
        unversioned = text.partition("/_history/")[0]
        if sender_root := self.find_sender_root(entry):
            sender_target = self.entries_by_url.get(
                normalize_address(f"{sender_root}/{unversioned}")
            )
            return "/".join(sender_target.key) if sender_target else f"{sender_root}/{text}"
        type_name, _, fhir_id = unversioned.partition("/")
        self.check_unambiguous((type_name, fhir_id), unversioned)
        return text

    def resolve_reference(self, text: str, entry: BundleEntry) -> str:
        """Resolve a reference of the entry's resource as the head of this file says. Raises
        UnclearReference, Problem.
        """
        unversioned, _, version = text.partition("/_history/")
        if target := self.entries_by_url.get(normalize_address(unversioned)):
            return self.reference_to_entry(target, version)
        if classify_reference(text) is ReferenceForm.TEMPORARY:
            raise UnclearReference(FULL_URL_MISSING)
        if classify_reference(text) is ReferenceForm.CONDITIONAL:
            return self.conditional.resolve(text)

        relative = make_relative(text, self.address)
        type_and_id = RELATIVE.fullmatch(relative)
        if type_and_id is None:
            return text
        key = (type_and_id.group(1), type_and_id.group(2))
        if relative != text:
            return relative  # its absolute address says that this store's is meant
        if sender_root := self.find_sender_root(entry):
            return self.resolve_at_sender(text, key, sender_root, version)

        self.check_unambiguous(key, unversioned)
        target = self.by_key.get(key)
        if target is None or (version and target.method != "DELETE"):
            return text  # a version of this store's, whatever the Bundle makes of it
        return self.reference_to_entry(target, version)

    def find_sender_root(self, entry: BundleEntry) -> str:
        """Find the base of another server that the entry's fullUrl is of, "" for none."""
        root = parse_full_url_root(entry.full_url)
        return root if root and is_foreign_base(root, self.address) else ""

    def check_unambiguous(self, key: tuple[str, str], unversioned: str) -> None:
        """Raises UnclearReference where an entry has this id at its sender and another here."""
        if others := self.by_sender_id.get(key):
            raise UnclearReference(
                REFERENCE_AMBIGUOUS.format(text=unversioned, place=others[0].place)
            )

    def resolve_at_sender(
        self, text: str, key: tuple[str, str], sender_root: str, version: str
    ) -> str:
        """Of a relative reference in an entry that another server has sent."""
        sender_address = f"{sender_root}/{'/'.join(key)}"
        if target := self.entries_by_url.get(normalize_address(sender_address)):
            return self.reference_to_entry(target, version)
        if key[0] == "Patient" or key in self.by_key or key in self.by_sender_id:
            raise UnclearReference(
                TARGET_NOT_IN_BUNDLE.format(root=sender_root, text="/".join(key), type=key[0])
            )
        return f"{sender_root}/{text}"

    def reference_to_entry(self, target: BundleEntry, version: str) -> str:
        """A reference to an entry's resource. One to a version means that version of it in the
        Bundle, which gets a number of this store.
        """
        if target.method == "DELETE":
            raise UnclearReference(
                f"{target.place} deletes what this refers to: leave out the one or the other."
            )
        if not version:
            return "/".join(target.key)
        sent_meta = target.resource.get("meta") if isinstance(target.resource, dict) else None
        if (
            not target.writes
            or not isinstance(sent_meta, dict)
            or sent_meta.get("versionId") != version
        ):
            raise UnclearReference(
                f"The reference is to version {version}, and {target.place} is not that version:"
                " leave"
                " the version out."
            )
        row = self.locked_rows.get(target.key)
        return f"{target.type_name}/{target.fhir_id}/_history/{row.version + 1 if row else 1}"


def index_entries_by_full_url(entries: Collection[BundleEntry]) -> dict[str, BundleEntry]:
    """{fullUrl in its one spelling: entry}"""
    return {
        normalize_address(entry.full_url): entry
        for entry in entries
        if entry.full_url and entry.method not in READ_METHODS
    }


def index_entries_by_sender_id(
    entries: Collection[BundleEntry],
) -> dict[tuple[str, str], list[BundleEntry]]:
    """{(type, id): entries whose resource or fullUrl has this id, though it is not the one that
    they get here}.
    """
    entries_by_sender_id: dict[tuple[str, str], list[BundleEntry]] = {}
    for entry in entries:
        sender_ids = (
            {entry.full_url.rpartition("/")[2]} if parse_full_url_root(entry.full_url) else set()
        )
        if entry.method == "POST" and isinstance(entry.resource, dict):
            sender_ids.add(str(entry.resource.get("id") or ""))
        for sender_id in sender_ids - {"", entry.fhir_id}:
            entries_by_sender_id.setdefault((entry.type_name, sender_id), []).append(entry)
    return entries_by_sender_id


def resolve_references(
    scope: Scope,
    address: str,
    entries: list[BundleEntry],
    entries_by_url: Mapping[str, BundleEntry],
    locked_rows: Mapping[tuple[str, str], LockedRow],
) -> None:
    """Raises Unprocessable with all references that cannot be resolved, each with its place."""
    resolver = ReferenceResolver(scope, address, entries, entries_by_url, locked_rows)
    issues = [
        issue
        for entry in entries
        if entry.method in ("POST", "PUT") and not entry.already_exists
        for issue in resolver.resolve(entry)
    ]
    if issues:
        raise Unprocessable(*truncate_issues(issues, ISSUES))
