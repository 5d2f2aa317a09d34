"""What references mean inside a Bundle that is sent to a base (FHIR R4 bundle.html#references, http.html#trules).

An absolute one means the entry with that fullUrl. A relative one means, where its own entry's fullUrl is [root]/Type/id, the entry with the fullUrl [root]/reference: the sender's
Type/id, whoever has that id in this store. Only an entry without such a root speaks of this store. What could mean two things is refused.
"""

from collections.abc import Collection, Mapping

from consent.terms import Scope
from records.fhir import links
from records.fhir.base_address import elsewhere, relative, spelled
from records.fhir.issues import Issue, Problem, Unprocessable, first
from records.fhir.limits import ISSUES
from records.fhir.reference_forms import Form, form_of
from records.fhir.references import RELATIVE, place, walk
from records.interactions.about import root_of
from records.interactions.bundle_entries import READING, Entry
from records.interactions.conditional_references import ConditionalReferences
from records.store.rows import Current

MISSING = "No entry of this Bundle has this fullUrl: add the entry, or correct the reference."
ELSEWHERE = ("The entry comes from {root}, and {text} there is not in this Bundle: add it. Where the {type} of this store is meant, write its absolute address here, "
             "or leave out the entry's fullUrl.")
AMBIGUOUS = "{text} may mean {place} or what this store has under that id: refer to the entry by its fullUrl."
NAMED = ("CodeSystem", "NamingSystem")  # what a system may mean
FETCHED = ("url", "xhtml")


class Unclear(ValueError):
    """A reference that is not taken; says why, with the mend."""


class References:
    """Of one transaction. current: the rows that its entries replace, locked."""

    def __init__(self, scope: Scope, address: str, entries: list[Entry], urls: Mapping[str, Entry], current: Mapping[tuple[str, str], Current]) -> None:
        self.address, self.urls, self.current = address, urls, current
        self.by_key = {e.key: e for e in entries if e.method not in READING}
        self.alike = alike(entries)
        self.conditional = ConditionalReferences(scope, address, entries)

    def resolve(self, e: Entry) -> list[Issue]:
        """Write each reference and temporary address of an entry's resource as what it means, in place; what is wrong with those that are not."""
        issues = []
        for found in walk(e.resource):
            try:
                found.node["reference"] = self.meaning(found.node["reference"], e)
            except Unclear as unclear:
                issues.append(Issue("not-found", str(unclear), place(e.resource, found.node, f"{e.place}.resource") + ".reference"))
            except Problem as problem:
                told = problem.at(place(e.resource, found.node, f"{e.place}.resource") + ".reference")
                if not isinstance(problem, Unprocessable):
                    raise told from problem
                issues += told.issues
        try:
            links.rewrite(e.resource, lambda text, kind: self.link(text, kind, e))
        except Unclear as unclear:
            issues.append(Issue("not-found", str(unclear), f"{e.place}.resource"))
        return issues

    def link(self, text: str, kind: str, e: Entry) -> str:
        """Of a link outside of references. Raises Unclear.

        An absolute address is replaced where something is to be fetched (url, a narrative): a ValueSet's canonical url is often its own fullUrl, and stays."""
        meant = self.urls.get(spelled(text))
        if kind == "system":
            return "/".join(meant.key) if meant and meant.type_name in NAMED and text.startswith(links.TEMPORARY) else text
        if meant and (text.startswith(links.TEMPORARY) or kind in FETCHED):
            return "/".join(meant.key)
        if not links.is_local(text):
            return text
        bare, root = text.partition("/_history/")[0], root_of(e.full_url)
        if root and elsewhere(root, self.address):
            sent = self.urls.get(spelled(f"{root}/{bare}"))
            return "/".join(sent.key) if sent else f"{root}/{text}"
        type_name, _, fhir_id = bare.partition("/")
        if twins := [other for other in self.alike.get((type_name, fhir_id), ()) if other is not self.by_key.get((type_name, fhir_id))]:
            raise Unclear(AMBIGUOUS.format(text=bare, place=twins[0].place))
        return text

    def meaning(self, text: str, e: Entry) -> str:
        """Of a reference in the entry's resource. Raises Unclear, Problem."""
        bare, _, version = text.partition("/_history/")
        if named := self.urls.get(spelled(bare)):
            return self.entry(named, version)
        if form_of(text) is Form.TEMPORARY:
            raise Unclear(MISSING)
        if form_of(text) is Form.CONDITIONAL:
            return self.conditional.resolve(text)
        own = relative(text, self.address)
        m = RELATIVE.fullmatch(own)
        if m is None:
            return text
        key = (m.group(1), m.group(2))
        root = root_of(e.full_url) if own == text else ""
        if root and elsewhere(root, self.address):
            return self.sender(text, key, root, version)
        meant = self.by_key.get(key)
        if own == text and any(other is not meant for other in self.alike.get(key, ())):
            raise Unclear(AMBIGUOUS.format(text=bare, place=self.alike[key][0].place))
        if meant is None or own != text or (version and meant.method != "DELETE"):
            return own  # a version of this store's, whatever the Bundle makes of it
        return self.entry(meant, version)

    def sender(self, text: str, key: tuple[str, str], root: str, version: str) -> str:
        """Of a relative reference in an entry that another server has sent."""
        whole = f"{root}/{'/'.join(key)}"
        if named := self.urls.get(spelled(whole)):
            return self.entry(named, version)
        if key[0] == "Patient" or key in self.by_key or key in self.alike:
            raise Unclear(ELSEWHERE.format(root=root, text="/".join(key), type=key[0]))
        return f"{root}/{text}"

    def entry(self, e: Entry, version: str) -> str:
        """A reference to an entry's resource. One to a version means that version of it in the Bundle, which gets a number of this store."""
        if e.method == "DELETE":
            raise Unclear(f"{e.place} deletes what this refers to: leave out the one or the other.")
        if not version:
            return "/".join(e.key)
        sent = e.resource.get("meta") if isinstance(e.resource, dict) else None
        if not e.writes or not isinstance(sent, dict) or sent.get("versionId") != version:
            raise Unclear(f"The reference is to version {version}, and {e.place} is not that version: leave the version out.")
        row = self.current.get(e.key)
        return f"{e.type_name}/{e.fhir_id}/_history/{row.version + 1 if row else 1}"


def full_urls(entries: Collection[Entry]) -> dict[str, Entry]:
    """{fullUrl in its one spelling: entry}"""
    return {spelled(e.full_url): e for e in entries if e.full_url and e.method not in READING}


def alike(entries: Collection[Entry]) -> dict[tuple[str, str], list[Entry]]:
    """{(type, id): entries whose resource or fullUrl has this id, though it is not the one that they get here}."""
    out: dict[tuple[str, str], list[Entry]] = {}
    for e in entries:
        ids = {e.full_url.rpartition("/")[2]} if root_of(e.full_url) else set()
        if e.method == "POST" and isinstance(e.resource, dict):
            ids.add(str(e.resource.get("id") or ""))
        for i in ids - {"", e.fhir_id}:
            out.setdefault((e.type_name, i), []).append(e)
    return out


def resolve_references(scope: Scope, address: str, entries: list[Entry], urls: Mapping[str, Entry], current: Mapping[tuple[str, str], Current]) -> None:
    """Raises Unprocessable with all references that cannot be resolved, each with its place."""
    known = References(scope, address, entries, urls, current)
    issues = [issue for e in entries if e.method in ("POST", "PUT") and not e.there for issue in known.resolve(e)]
    if issues:
        raise Unprocessable(*first(issues, ISSUES))
